"""What is neither dates nor people: codes, cabins, choices, names, addresses."""

from datetime import date

import pytest

from alojamientos.nlu import parser
from alojamientos.nlu.holidays import Argentina
from alojamientos.nlu.values import Context, Understanding

HOLIDAYS = Argentina()
CABINS = ("Cabaña Río", "Cabaña Bosque", "Cabaña Cerro")
CODE = "7K3M-Q2XW-9DPA"


def read(text: str, **known: object) -> Understanding:
    context = Context(cabins=CABINS, **known)  # type: ignore[arg-type] # by name
    return parser.understand(text, today=date(2026, 11, 24), holidays=HOLIDAYS, context=context)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (CODE, CODE),
        ("mi codigo es 7k3m-q2xw-9dpa.", CODE),
        ("7k3m q2xw 9dpa", CODE),
        ("reserva 7K3MQ2XW9DPA", CODE),
        ("7K3M-Q2XW-9DPI", "7K3M-Q2XW-9DP1"),
        ("codigo OK3M-Q2XW-9DPL", "0K3M-Q2XW-9DP1"),
        ("codigo abcd efgh jkm1", "ABCD-EFGH-JKM1"),
        ("del 15 al 18 de enero", None),
        ("11 5555 1234", None),
        ("para 2027 casa", None),
        ("Fecha de ingreso 15/01/2027 Cantidad 4", None),
        ("tengo la reserva para esta casa", None),
        ("7U3M-Q2XW-9DPA", None),
        ("UUUU UUU1 UU11", None),
    ],
)
def test_codes(text: str, code: str | None):
    assert read(text).code == code


def test_a_code_is_no_date_and_no_crowd():
    found = read("quiero cancelar 1515-1818-12AB")

    assert found.code == "1515-1818-12AB"
    assert found.dates is None
    assert found.party is None


@pytest.mark.parametrize(
    ("text", "cabin"),
    [
        ("la del bosque", "Cabaña Bosque"),
        ("cabaña bosqe", "Cabaña Bosque"),
        ("EL RIO", "Cabaña Río"),
        ("quiero cabana cero", "Cabaña Cerro"),
        ("rio o bosque", None),
        ("la del lago", None),
    ],
)
def test_cabins_are_known_by_their_own_word(text: str, cabin: str | None):
    assert read(text).cabin == cabin


@pytest.mark.parametrize(
    ("text", "expecting", "choice"),
    [
        ("la 2", "cabin", 2),
        ("2", "cabin", 2),
        ("la segunda", "cabin", 2),
        ("opción 3", "cabin", 3),
        ("la última", "cabin", 3),
        ("15", "cabin", None),
        ("2", None, None),
        ("la primera", None, 1),
        ("la primera quincena", None, None),
        ("hola", "cabin", None),
    ],
)
def test_choices_from_a_list(text: str, expecting: str | None, choice: int | None):
    assert read(text, expecting=expecting).choice == choice


def test_the_last_of_nothing_is_no_choice():
    found = parser.understand("la ultima", today=date(2026, 11, 24), holidays=HOLIDAYS)

    assert found.choice is None


def test_a_choice_is_no_date():
    assert read("la 2", expecting="cabin").dates is None
    assert read("6", expecting="guests").dates is None


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("me llamo Ana", "Ana"),
        ("me llamo ana", "Ana"),
        ("soy Ana Pérez, hola", "Ana Pérez"),
        ("a nombre de Juan Cruz Gómez", "Juan Cruz Gómez"),
        ("mi nombre es Lucía", "Lucía"),
        ("soy de Rosario", None),
        ("soy la que llamo ayer", None),
        ("soy yo", None),
        ("soy cliente", None),
        ("soy ñandú", None),
        ("me llamo X", None),
        ("hola", None),
    ],
)
def test_names(text: str, name: str | None):
    assert read(text).name == name


def test_mail_addresses_are_kept_as_written_and_read_as_nothing_else():
    found = read("mi mail es Ana.15.18@mail.com.ar")

    assert found.email == "Ana.15.18@mail.com.ar"
    assert found.dates is None
