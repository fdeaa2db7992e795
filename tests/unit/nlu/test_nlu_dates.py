"""Dates on several todays: a weekday, a weekend, the turn of the year, a leap year."""

from datetime import date

import pytest

from alojamientos.nlu import parser
from alojamientos.nlu.holidays import Argentina
from alojamientos.nlu.values import (
    Ambiguous,
    Context,
    Dates,
    Incomplete,
    InvalidDates,
    Missing,
    Reason,
    Resolved,
    Span,
)

HOLIDAYS = Argentina()
TUESDAY = "2026-11-24"
FRIDAY, SATURDAY, SUNDAY = "2026-11-27", "2026-11-28", "2026-11-29"
EVE = "2026-12-31"
ARRIVING = Context(check_in=date(2027, 1, 15), expecting="check_out")


def read(text: str, today: str = TUESDAY, context: Context | None = None) -> Dates | None:
    return parser.understand(
        text, today=date.fromisoformat(today), holidays=HOLIDAYS, context=context
    ).dates


def stay(check_in: str, check_out: str) -> Span:
    return Span(check_in=date.fromisoformat(check_in), check_out=date.fromisoformat(check_out))


@pytest.mark.parametrize(
    ("text", "today", "check_in", "check_out", "confirm"),
    [
        ("este finde", FRIDAY, "2026-11-27", "2026-11-29", False),
        ("este finde", SATURDAY, "2026-11-28", "2026-11-29", True),
        ("este finde", SUNDAY, "2026-12-04", "2026-12-06", True),
        ("de viernes a domingo", FRIDAY, "2026-12-04", "2026-12-06", True),
        ("de viernes a domingo", SATURDAY, "2026-12-04", "2026-12-06", False),
        ("de viernes a domingo", SUNDAY, "2026-12-04", "2026-12-06", False),
        ("hoy hasta el domingo", FRIDAY, "2026-11-27", "2026-11-29", False),
        ("esta noche", EVE, "2026-12-31", "2027-01-01", False),
        ("mañana 2 noches", EVE, "2027-01-01", "2027-01-03", False),
        ("del 2 al 5 de enero", EVE, "2027-01-02", "2027-01-05", False),
        ("del 31/12 al 3/1", EVE, "2026-12-31", "2027-01-03", False),
        ("del 31/12 al 3/1", "2027-01-02", "2027-12-31", "2028-01-03", True),
        ("del 27 de febrero al 1 de marzo", "2028-02-01", "2028-02-27", "2028-03-01", False),
        ("29 de febrero 2 noches", "2028-02-01", "2028-02-29", "2028-03-02", False),
        ("del 28/2 al 29/2/2028", "2027-11-01", "2028-02-28", "2028-02-29", False),
        ("mañana una noche", "2028-02-28", "2028-02-29", "2028-03-01", False),
        ("jueves a domingo de la semana que viene", TUESDAY, "2026-12-03", "2026-12-06", True),
        ("el mes que viene del 5 al 8", TUESDAY, "2026-12-05", "2026-12-08", False),
        ("el mes que viene del 5 al 8", EVE, "2027-01-05", "2027-01-08", False),
        ("este finde 3 noches", TUESDAY, "2026-11-27", "2026-11-30", True),
        ("semana santa 4 noches", TUESDAY, "2027-03-24", "2027-03-28", True),
        ("dia del padre", "2027-06-21", "2028-06-16", "2028-06-18", True),
        ("dia de la madre", TUESDAY, "2027-10-15", "2027-10-17", True),
        ("segundo finde de diciembre", TUESDAY, "2026-12-11", "2026-12-13", True),
        ("toda la primera quincena de enero", TUESDAY, "2027-01-01", "2027-01-16", True),
        ("todo febrero", "2027-11-24", "2028-02-01", "2028-03-01", True),
        ("del 28 al 3 de enero", TUESDAY, "2026-12-28", "2027-01-03", False),
        ("del 27 de diciembre al 5", TUESDAY, "2026-12-27", "2027-01-05", False),
    ],
)
def test_stays(text: str, today: str, check_in: str, check_out: str, confirm: bool):
    assert read(text, today) == Resolved(span=stay(check_in, check_out), confirm=confirm)


@pytest.mark.parametrize(
    ("text", "today", "options"),
    [
        ("el finde que viene", FRIDAY, "2026-12-04/2026-12-06 2026-11-27/2026-11-29"),
        ("del 2 al 5", EVE, "2027-01-02/2027-01-05 2027-02-02/2027-02-05"),
        ("navidad", "2026-12-25", "2027-12-24/2027-12-26 2027-12-24/2027-12-25"),
        ("año nuevo", "2026-12-30", "2026-12-31/2027-01-01 2026-12-30/2027-01-02"),
        ("semana santa", "2027-03-29", "2028-04-13/2028-04-16 2028-04-12/2028-04-16"),
        ("carnaval", "2027-02-08", "2028-02-26/2028-02-29 2028-02-25/2028-02-29"),
        ("10 dias desde el 5/1", TUESDAY, "2027-01-05/2027-01-15 2027-01-05/2027-01-14"),
        ("2 o 3 noches desde el 5/1", TUESDAY, "2027-01-05/2027-01-07 2027-01-05/2027-01-08"),
        ("finde largo 2 noches", TUESDAY, "2026-12-05/2026-12-07 2026-12-04/2026-12-06"),
        ("mañana y pasado mañana", TUESDAY, "2026-11-25/2026-11-27 2026-11-25/2026-11-26"),
    ],
)  # fmt: skip
def test_questions_which_of_several_stays(text: str, today: str, options: str):
    found = read(text, today)

    assert isinstance(found, Ambiguous)
    assert list(found.options) == [stay(*one.split("/")) for one in options.split()]


def test_an_option_that_is_over_is_not_offered():
    # On 31 December the evening before is gone.
    assert read("año nuevo", EVE) == Resolved(span=stay("2026-12-31", "2027-01-01"), confirm=True)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("31 de febrero", Reason.NO_SUCH_DAY),
        ("del 30/2 al 3/3", Reason.NO_SUCH_DAY),
        ("29/2/2027", Reason.NO_SUCH_DAY),
        ("el 32", Reason.NO_SUCH_DAY),
        ("del 40 al 45", Reason.NO_SUCH_DAY),
        ("del 15 al 40", Reason.NO_SUCH_DAY),
        ("finde del 31 de febrero", Reason.NO_SUCH_DAY),
        ("del 18 al 15 de enero", Reason.REVERSED),
        ("del 18 al 15", Reason.REVERSED),
        ("sábado 15 de enero", Reason.WEEKDAY_MISMATCH),
        ("del viernes 15 de enero al domingo 18", Reason.WEEKDAY_MISMATCH),
        ("lunes 5", Reason.WEEKDAY_MISMATCH),
        ("ayer", Reason.PAST),
        ("anteayer 2 noches", Reason.PAST),
        ("del 5 al 8 de este mes", Reason.PAST),
        ("del 1/7/2028 al 5/7/2028", Reason.TOO_FAR),
        ("del 1/1 al 15/3", Reason.TOO_LONG),
        ("15/1 por 90 noches", Reason.TOO_LONG),
        ("15/1 por 0 noches", Reason.REVERSED),
        ("del 15 al 18 de enero 5 noches", Reason.CONTRADICTION),
    ],
)
def test_what_cannot_be_meant_is_never_corrected(text: str, reason: Reason):
    found = read(text)

    assert isinstance(found, InvalidDates)
    assert found.reason is reason


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("el 15", Incomplete(missing=Missing.CHECK_OUT, check_in=date(2026, 12, 15))),
        ("en 10 dias", Incomplete(missing=Missing.CHECK_OUT, check_in=date(2026, 12, 4))),
        ("2 noches", Incomplete(missing=Missing.CHECK_IN, nights=2)),
        ("el 15 o el 20", Incomplete(missing=Missing.DAYS)),
    ],
)
def test_parts_of_a_stay(text: str, expected: Incomplete):
    assert read(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "cuesta 15.000?", "son 25 mil", "tengo $ 40000", "a las 15", "tipo 21:30 hs",
        "11 5555-1234", "dni 30.123.456", "mi cel es 2944 12 3456", "atienden 24/7?",
        "queda a 15 km", "20% off", "somos 4", "hola", "", "?",
    ],
)  # fmt: skip
def test_numbers_that_are_no_days(text: str):
    assert read(text) is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("18", Resolved(span=stay("2027-01-15", "2027-01-18"))),
        ("hasta el 18", Resolved(span=stay("2027-01-15", "2027-01-18"))),
        ("el lunes", Resolved(span=stay("2027-01-15", "2027-01-18"))),
        ("4", Resolved(span=stay("2027-01-15", "2027-01-19"), confirm=True)),
        ("4 noches", Resolved(span=stay("2027-01-15", "2027-01-19"))),
        ("20 de enero", Resolved(span=stay("2027-01-15", "2027-01-20"))),
        ("del 20 al 22 de enero", Resolved(span=stay("2027-01-20", "2027-01-22"))),
        ("el 31 de abril", InvalidDates(reason=Reason.NO_SUCH_DAY, quote="31 de abril")),
        ("el 14/1", InvalidDates(reason=Reason.REVERSED, quote="14/1")),
    ],
)
def test_answers_to_until_when(text: str, expected: Dates):
    assert read(text, context=ARRIVING) == expected


def test_a_small_number_that_may_be_nights_or_a_day_is_asked_about():
    context = Context(check_in=date(2027, 1, 2), expecting="check_out")

    assert read("5", context=context) == Ambiguous(
        options=(stay("2027-01-02", "2027-01-05"), stay("2027-01-02", "2027-01-07"))
    )


def test_answers_to_from_when():
    assert read("15", context=Context(expecting="check_in")) == read("el 15")
    assert read("el 10", context=Context(month=(2027, 2))) == Incomplete(
        missing=Missing.CHECK_OUT, check_in=date(2027, 2, 10)
    )


def test_other_days_are_looked_for_near_the_stay_that_is_talked_of():
    context = Context(check_in=date(2027, 2, 15), check_out=date(2027, 2, 18))

    assert read("mejor del 20 al 22", context=context) == Resolved(
        span=stay("2027-02-20", "2027-02-22"), confirm=True
    )
    assert read("y una noche mas?", context=context) == Ambiguous(
        options=(stay("2027-02-15", "2027-02-19"), stay("2027-02-14", "2027-02-18"))
    )
