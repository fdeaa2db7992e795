import pytest

from alojamientos.nlu import intents, text
from alojamientos.nlu.values import Intent

A, P, B = Intent.AVAILABILITY, Intent.PRICE, Intent.BOOK


def read(
    said: str, *, dates: bool = False, people: bool = False, expecting: str | None = None
) -> set[Intent]:
    words = text.canonical(text.fold(said))
    return set(intents.find(words, has_dates=dates, has_people=people, expecting=expecting))


@pytest.mark.parametrize(
    ("said", "wanted"),
    [
        ("Hola!", {Intent.GREETING}),
        ("hay lugar?", {A}),
        ("cuánto sale?", {P}),
        ("hola, tenés lugar y cuánto está?", {Intent.GREETING, A, P}),
        ("quiero reservar", {B}),
        ("¿cómo pago?", {Intent.PAYMENT_INFO}),
        ("quiero cancelar la reserva", {Intent.CANCEL}),
        ("cual es la politica si cancelo?", {Intent.OTHER}),
        ("quiero cambiar la fecha de mi reserva", {Intent.MODIFY_DATES, Intent.MY_RESERVATION}),
        ("tienen pileta?", {Intent.SERVICES}),
        ("donde queda?", {Intent.LOCATION}),
        ("a qué hora es la entrada?", {Intent.CHECKIN_INFO}),
        ("check in?", {Intent.CHECKIN_INFO}),
        ("fotos?", {Intent.PHOTOS}),
        ("me hacés precio?", {Intent.DISCOUNT}),
        ("quiero hablar con una persona", {Intent.HUMAN}),
        ("muchas gracias", {Intent.THANKS}),
        ("quiero hacer un reclamo", {Intent.COMPLAINT}),
        ("asdf", {Intent.OTHER}),
        ("", {Intent.OTHER}),
    ],
)
def test_wishes(said: str, wanted: set[Intent]):
    assert read(said) == wanted


@pytest.mark.parametrize("said", ["si", "sí!", "dale", "joya", "ok perfecto", "👍", "de una"])
def test_yes(said: str):
    assert read(said, expecting="yes_no") == {Intent.CONFIRM}


@pytest.mark.parametrize("said", ["no", "nooo", "nop", "mejor no", "no, dejalo"])
def test_no(said: str):
    assert read(said, expecting="yes_no") == {Intent.DENY}


@pytest.mark.parametrize(
    "said",
    ["no se", "si tenes lugar avisame", "si hay pileta vamos", "no hay apuro", "si cancelo?"],
)
def test_sentences_that_only_begin_like_an_answer(said: str):
    assert not read(said, expecting="yes_no") & {Intent.CONFIRM, Intent.DENY}


def test_dates_alone_ask_whether_there_is_room():
    assert read("del 15 al 18", dates=True) == {A}
    assert read("somos 4", people=True) == {A}
    assert read("cuanto sale del 15 al 18", dates=True) == {A, P}
    assert read("y para 6 cuanto?", people=True) == {P}
    assert read("ingreso 15/1 egreso 18/1", dates=True) == {A}


def test_dates_of_another_business_do_not():
    assert read("quiero reservar del 15 al 18", dates=True) == {B}
    assert read("cancelar la del 15", dates=True) == {Intent.CANCEL}


@pytest.mark.parametrize(
    ("said", "services"),
    [
        ("tienen pileta y wifi?", {"pool", "wifi"}),
        ("hay parrilla y cochera?", {"grill", "parking"}),
        ("ropa de cama, calefacción, cuna", {"linen", "heating", "crib"}),
        ("aceptan perros?", {"pets"}),
        ("vamos con un perro", set()),
        ("vamos con un perro, hay problema?", {"pets"}),
        ("hola", set()),
    ],
)
def test_services(said: str, services: set[str]):
    assert intents.services(text.canonical(text.fold(said))) == services
