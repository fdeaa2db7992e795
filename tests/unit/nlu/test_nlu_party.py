import pytest

from alojamientos.nlu import animals, party, text
from alojamientos.nlu.values import Context, Party


def read(said: str, expecting: str | None = None) -> Party | None:
    return party.find(text.canonical(text.fold(said)), context=Context(expecting=expecting))


@pytest.mark.parametrize(
    ("said", "adults", "children"),
    [
        ("somos 4", 4, 0),
        ("seríamos cuatro", 4, 0),
        ("4 pers", 4, 0),
        ("para dos", 2, 0),
        ("p/ 5", 5, 0),
        ("2 adultos y 2 nenes", 2, 2),
        ("2 adultos y 2 nenes (3 y 5 años)", 2, 2),
        ("2 mayores, 1 menor", 2, 1),
        ("somos 2 y 2 nenes", 2, 2),
        ("somos 5, 2 son chicos", 3, 2),
        ("pareja", 2, 0),
        ("pareja con bebé", 2, 1),
        ("yo y mi señora", 2, 0),
        ("mi marido y nuestra hija", 2, 1),
        ("tres parejas", 6, 0),
        ("familia de 5", 5, 0),
        ("somos un grupo de 9", 9, 0),
        ("un amigo y yo, mi amigo y yo", 2, 0),
        ("viajo sola", 1, 0),
        ("Adultos: 2\nMenores: 3", 2, 3),
        ("Cantidad de personas: 6", 6, 0),
        ("4 personas y un bebe", 4, 1),
        ("2 adultos con mi hija", 2, 1),
    ],
)
def test_who_comes(said: str, adults: int, children: int):
    assert read(said) == Party(adults=adults, children=children)


@pytest.mark.parametrize(
    ("said", "adults", "children"), [("familia tipo", 2, 2), ("somos 4 o 5", 5, 0)]
)
def test_what_leaves_a_doubt_is_read_back(said: str, adults: int, children: int):
    assert read(said) == Party(adults=adults, children=children, confirm=True)


@pytest.mark.parametrize(
    "said",
    [
        "para 2 noches", "para el 15", "son 300 mil", "son 4 noches", "2 nenes", "del 4 al 8",
        "cabaña de 2 dormitorios", "vamos 3 dias", "son 41 personas", "mi dni es 30123456",
        "para 15 de enero", "llegamos 15/1", "somos 0",
    ],
)  # fmt: skip
def test_numbers_that_count_nobody(said: str):
    assert read(said) is None


def test_a_bare_number_counts_people_only_as_an_answer():
    assert read("6") is None
    assert read("6", expecting="guests") == Party(adults=6)
    assert read("seis nomas", expecting="guests") == Party(adults=6)


@pytest.mark.parametrize(
    ("said", "brought"),
    [
        ("somos 2 con un perro", 1),
        ("2 adultos y 2 perritos", 2),
        ("llevamos a la gata", 1),
        ("aceptan mascotas?", 0),
        ("puedo ir con mi perro?", 1),
        ("mascotas?", 0),
        ("somos 4", 0),
    ],
)
def test_animals_that_come_and_animals_that_are_asked_about(said: str, brought: int):
    assert animals.find(text.canonical(text.fold(said))) == brought
