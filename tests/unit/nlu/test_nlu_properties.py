"""Whatever stay is written is read back; whatever text is sent is survived."""

import time
import unicodedata
from collections.abc import Callable
from datetime import date, timedelta

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from alojamientos.nlu import parser
from alojamientos.nlu.holidays import Argentina
from alojamientos.nlu.text import MONTHS
from alojamientos.nlu.values import Ambiguous, Context, Dates, Resolved, Span

HOLIDAYS = Argentina()
DAY = timedelta(days=1)
WEEKDAYS = ("lunes", "martes", "miércoles", "jueves", "viernes", "sábado", "domingo")
NUMBER_WORDS = """
cero uno dos tres cuatro cinco seis siete ocho nueve diez once doce trece catorce quince dieciséis
diecisiete dieciocho diecinueve veinte veintiuno veintidós veintitrés veinticuatro veinticinco
veintiséis veintisiete veintiocho veintinueve treinta
"""
NUMBERS = (*NUMBER_WORDS.split(), "treinta y uno")
Style = Callable[[date, date], str]


def month(day: date) -> str:
    return MONTHS[day.month - 1]


def long(day: date) -> str:
    return f"{day.day} de {month(day)}"


def weekday(day: date) -> str:
    return WEEKDAYS[day.weekday()]


DATED: dict[str, Style] = {
    "words": lambda a, b: f"del {long(a)} de {a.year} al {long(b)} de {b.year}",
    "year once": lambda a, b: f"del {long(a)} al {long(b)} de {b.year}",
    "slashes": lambda a, b: f"{a.day}/{a.month}/{a.year} al {b.day}/{b.month}/{b.year}",
    "short years": lambda a, b: f"{a:%d/%m/%y} a {b:%d/%m/%y}",
    "dashes": lambda a, b: f"{a:%d-%m-%Y} al {b:%d-%m-%Y}",
    "dots": lambda a, b: f"{a:%d.%m.%Y} – {b:%d.%m.%Y}",
    "iso": lambda a, b: f"{a} {b}",
    "weekdays": lambda a, b: (
        f"desde el {weekday(a)} {long(a)} de {a.year} hasta el {weekday(b)} {long(b)} de {b.year}"
    ),
    "numbers in words": lambda a, b: (
        f"del {NUMBERS[a.day]} de {month(a)} de {a.year}"
        f" al {NUMBERS[b.day]} de {month(b)} de {b.year}"
    ),
    "coming and going": lambda a, b: f"llegamos el {a:%d/%m/%Y} y nos vamos el {b:%d/%m/%Y}",
    "form": lambda a, b: f"Ingreso: {a:%d/%m/%Y}\nEgreso: {b:%d/%m/%Y}",
    "nights from": lambda a, b: f"{(b - a).days} noches desde el {long(a)} de {a.year}",
    "by nights": lambda a, b: f"{a.day}/{a.month}/{a.year} x {(b - a).days} noches",
    "capitals": lambda a, b: f"DEL {long(a)} {a.year} AL {long(b)} {b.year}".upper(),
    "abbreviated": lambda a, b: (
        f"{a.day} {month(a)[:3]} {a.year} al {b.day} {month(b)[:3]} {b.year}"
    ),
    "between": lambda a, b: f"entre el {long(a)} de {a.year} y el {long(b)} de {b.year}",
    "chatty": lambda a, b: (
        f"hola! tenés lugar del {long(a)} de {a.year} al {long(b)} de {b.year} para 4 con un perro?"
    ),
}
DATED |= {
    "english": lambda a, b: (
        f"from {a:%B} {a.day}th {a.year} to {b:%B} {b.day}th {b.year} for 2 people"
    ),
    "with weekdays in brackets": lambda a, b: (
        f"{a:%d/%m/%Y} ({weekday(a)}) al {b:%d/%m/%Y} ({weekday(b)})"
    ),
    "until and from": lambda a, b: f"hasta el {b:%d/%m/%Y}, desde el {a:%d/%m/%Y}",
    "lines": lambda a, b: f"hola\nsomos 4\n{a:%d/%m/%Y}\n{b:%d/%m/%Y}\ngracias",
    "leaving": lambda a, b: f"caemos el {long(a)} de {a.year} y nos volvemos el {long(b)} {b.year}",
    "entering for nights": lambda a, b: (
        f"{(b - a).days} noches entrando el {weekday(a)} {long(a)} de {a.year}"
    ),
    "voice": lambda a, b: (
        f"hola buenas queria saber si tenes lugar del {NUMBERS[a.day]} de {month(a)} de {a.year}"
        f" hasta el {NUMBERS[b.day]} de {month(b)} de {b.year} somos cuatro adultos y dos nenes"
    ),
}
UNDATED: dict[str, Style] = {
    "words": lambda a, b: f"del {long(a)} al {long(b)}",
    "slashes": lambda a, b: f"{a.day}/{a.month} - {b.day}/{b.month}",
    "nights": lambda a, b: f"{long(a)} por {(b - a).days} noches",
    "weekdays": lambda a, b: f"{weekday(a)} {a.day}/{a.month} al {weekday(b)} {b.day}/{b.month}",
}
todays = st.dates(min_value=date(2026, 1, 1), max_value=date(2032, 12, 31))
nights = st.integers(min_value=1, max_value=45)


def read(text: str, today: date, context: Context | None = None) -> Dates | None:
    return parser.understand(text, today=today, holidays=HOLIDAYS, context=context).dates


@pytest.mark.parametrize("style", DATED.values(), ids=DATED)
@settings(max_examples=60, deadline=None)
@given(today=todays, ahead=st.integers(min_value=0, max_value=500), length=nights)
def test_a_stay_with_its_year_is_read_exactly(style: Style, today: date, ahead: int, length: int):
    span = Span(check_in=today + ahead * DAY, check_out=today + (ahead + length) * DAY)

    assert read(style(span.check_in, span.check_out), today) == Resolved(span=span)


@pytest.mark.parametrize("style", UNDATED.values(), ids=UNDATED)
@settings(max_examples=60, deadline=None)
@given(today=todays, ahead=st.integers(min_value=0, max_value=310), length=nights)
def test_a_stay_without_its_year_is_the_next_one(
    style: Style, today: date, ahead: int, length: int
):
    span = Span(check_in=today + ahead * DAY, check_out=today + (ahead + length) * DAY)
    found = read(style(span.check_in, span.check_out), today)

    assert isinstance(found, Resolved)
    assert found.span == span


@settings(max_examples=150, deadline=None)
@given(today=todays, ahead=st.integers(min_value=0, max_value=27), length=st.integers(1, 15))
def test_a_stay_without_its_month_is_never_acted_on_unasked(today: date, ahead: int, length: int):
    span = Span(check_in=today + ahead * DAY, check_out=today + (ahead + length) * DAY)
    found = read(f"del {span.check_in.day} al {span.check_out.day}", today)

    if isinstance(found, Ambiguous):
        assert span in found.options
    else:
        assert found == Resolved(span=span, confirm=True)


def plain(text: str) -> str:
    """Return `text` without accents, as a hurried thumb types."""
    return "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))


DISTORTIONS: dict[str, Callable[[str], str]] = {
    "no accents": plain,
    "capitals": str.upper,
    "plain capitals": lambda text: plain(text).upper(),
    "spaces": lambda text: "  " + text.replace(" ", "   ") + " ",
    "composed otherwise": lambda text: unicodedata.normalize("NFD", text),
    "polite": lambda text: f"Hola! Buenas tardes, {text}, por favor. Muchas gracias!!",
    "with marks": lambda text: f"¿{text}?",
}


@pytest.mark.parametrize("distort", DISTORTIONS.values(), ids=DISTORTIONS)
@settings(max_examples=80, deadline=None)
@given(
    style=st.sampled_from(sorted(DATED)),
    today=todays,
    ahead=st.integers(min_value=1, max_value=500),
    length=nights,
)
def test_it_is_read_however_it_is_typed(
    distort: Callable[[str], str], style: str, today: date, ahead: int, length: int
):
    span = Span(check_in=today + ahead * DAY, check_out=today + (ahead + length) * DAY)

    assert read(distort(DATED[style](span.check_in, span.check_out)), today) == Resolved(span=span)


# A slip in one of the others may be another month: they are asked about, or read as the nearest.
PLAIN_MONTHS = [*MONTHS[:2], MONTHS[3], *MONTHS[7:]]


@st.composite
def slips(draw: st.DrawFn) -> tuple[int, str]:
    """Return a month, and its name with two letters swapped, one left out or one doubled."""
    name = draw(st.sampled_from(PLAIN_MONTHS))
    at = draw(st.integers(min_value=1, max_value=len(name) - 2))
    slip = draw(st.sampled_from(["swap", "drop", "double"]))
    if slip == "swap":
        typed = name[:at] + name[at + 1] + name[at] + name[at + 2 :]
    elif slip == "drop":
        typed = name[:at] + name[at + 1 :]
    else:
        typed = name[:at] + 2 * name[at] + name[at + 1 :]
    return MONTHS.index(name) + 1, typed


@settings(max_examples=300, deadline=None)
@given(slip=slips(), first=st.integers(1, 20), length=st.integers(1, 8))
def test_a_slip_in_the_name_of_a_month_is_forgiven(slip: tuple[int, str], first: int, length: int):
    number, typed = slip
    span = Span(check_in=date(2027, number, first), check_out=date(2027, number, first + length))

    found = read(f"del {first} al {first + length} de {typed} de 2027", date(2026, 12, 1))

    assert found == Resolved(span=span)


PARTIES: dict[str, Callable[[int, int], str]] = {
    "adults and children": lambda a, c: f"{a} adultos y {c} nenes",
    "form": lambda a, c: f"Adultos: {a}\nMenores: {c}",
    "big and small": lambda a, c: f"somos {a} grandes y {c} chicos",
    "words": lambda a, c: f"somos {NUMBERS[a]} adultos con {NUMBERS[c]} chicos",
    "in all": lambda a, c: f"somos {a + c}, {a} adultos y {c} menores",
    "short": lambda a, c: f"{a}ad + {c}men",
    "with a stay": lambda a, c: f"del 15 al 18 de enero {a} mayores, {c} niños",
    "capitals": lambda a, c: f"SOMOS {a} ADULTOS Y {c} NIÑOS",
}


@pytest.mark.parametrize("style", PARTIES.values(), ids=PARTIES)
@settings(max_examples=40, deadline=None)
@given(adults=st.integers(2, 12), children=st.integers(2, 9))
def test_who_comes_is_read_exactly(style: Callable[[int, int], str], adults: int, children: int):
    found = parser.understand(style(adults, children), today=date(2026, 11, 24), holidays=HOLIDAYS)

    assert found.party is not None
    assert (found.party.adults, found.party.children) == (adults, children)


CROWDS: dict[str, Callable[[int], str]] = {
    "we are": lambda n: f"somos {n}",
    "in words": lambda n: f"somos {NUMBERS[n]}",
    "for": lambda n: f"para {n}",
    "for people": lambda n: f"para {n} personas",
    "short": lambda n: f"x {n}",
    "with a dog": lambda n: f"somos {n} y un perro",
    "with ages": lambda n: f"{n - 2} adultos y 2 nenes de 3 y 6",
}
ALONE = [
    name for name in {**DATED, **UNDATED} if name not in ("chatty", "english", "lines", "voice")
]


@pytest.mark.parametrize("style", ALONE)
@settings(max_examples=60, deadline=None)
@given(
    crowd=st.sampled_from(sorted(CROWDS)),
    people=st.integers(4, 12),
    between=st.sampled_from([", ", ". ", "\n", "; ", " - "]),
    people_first=st.booleans(),
    ahead=st.integers(1, 300),
    length=st.integers(2, 20),
)
def test_people_and_days_beside_each_other_are_not_taken_for_each_other(
    style: str, crowd: str, people: int, between: str, people_first: bool, ahead: int, length: int
):
    today = date(2026, 11, 24)
    span = Span(check_in=today + ahead * DAY, check_out=today + (ahead + length) * DAY)
    parts = [{**DATED, **UNDATED}[style](span.check_in, span.check_out), CROWDS[crowd](people)]
    assume(not (between == " - " and "night" in style and people_first))  # "para 5 - 7 noches"
    text = between.join(parts[::-1] if people_first else parts)

    found = parser.understand(text, today=today, holidays=HOLIDAYS)

    assert isinstance(found.dates, Resolved)
    assert found.dates.span == span
    assert found.party is not None
    assert found.party.total == people


NO_DATES = [
    "mi celular es 3794 556677", "DNI 30.123.456", "mi tel 11-5555-1234", "llegamos a las 15",
    "tipo 22:30", "hasta 120 mil la noche", "a 15.000 por noche", "$85.000", "15 lucas",
    "vivo en calle 9 de julio 1234", "av. 25 de mayo 850", "mi mail es ana.15.18@mail.com",
    "soy Julio", "el 50% se paga antes?", "en 3 cuotas", "a 12 cuadras", "tiene 2 baños?",
    "con 2 autos", "hace 3 dias les escribi", "te deposito mañana", "feliz año nuevo",
    "ayer hable con ustedes", "mañana te confirmo", "hoy les transfiero la seña", "depto 3",
    "somos clientes desde 2019", "ruta 40 km 12", "24/7 hay alguien?", "2x1 tienen?",
    "el nene tiene 5 años", "cumple 15 mi hija", "CP 8400", "codigo 7K3M-Q2XW-9DPA",
]  # fmt: skip


@settings(max_examples=600, deadline=None)
@given(
    style=st.sampled_from(ALONE),
    trap=st.sampled_from(NO_DATES),
    between=st.sampled_from([", ", ". ", "\n"]),
    trap_first=st.booleans(),
    ahead=st.integers(1, 300),
    length=st.integers(2, 20),
)
def test_numbers_of_another_kind_beside_a_stay_do_not_change_it(
    style: str, trap: str, between: str, trap_first: bool, ahead: int, length: int
):
    today = date(2026, 11, 24)
    span = Span(check_in=today + ahead * DAY, check_out=today + (ahead + length) * DAY)
    parts = [{**DATED, **UNDATED}[style](span.check_in, span.check_out), trap]

    found = read(between.join(parts[::-1] if trap_first else parts), today)

    assert isinstance(found, Resolved)
    assert found.span == span


alphabet = st.one_of(
    st.text(),
    st.text(alphabet=" 0123456789/-.,:del alymnochs°º"),
    st.lists(
        st.sampled_from(
            ["del", "al", "15", "31", "0", "99", "de", "enero", "febrero", "2027", "finde", "largo",
             "que viene", "viernes", "/", "-", "y", "o", "noches", "semana", "mañana", "hoy", "el",
             "primera quincena", "29/2", "semana santa", "carnaval", "entre", "hasta", "una más",
             "noche", "inclusive", "somos", "nenes", "\u202e", "👍", "\x00", "1°", "dia del padre",
             "año nuevo", "9999", "31/12/2099", "en 999 dias", "todo"]
        ),
        max_size=14,
    ).map(" ".join),
)  # fmt: skip
contexts = st.builds(
    Context,
    check_in=st.none() | todays,
    check_out=st.none() | todays,
    guests=st.none() | st.integers(1, 20),
    month=st.none() | st.tuples(st.integers(2026, 2033), st.integers(1, 12)),
    expecting=st.sampled_from(
        [None, "check_in", "check_out", "dates", "guests", "cabin", "yes_no"]
    ),
    cabins=st.just(()) | st.tuples(st.text(min_size=1), st.text()),
)


@settings(max_examples=1500, deadline=None)
@given(text=alphabet, today=todays, context=contexts)
@example(text="1" * 10**6, today=date(2026, 11, 24), context=Context())
@example(text="del 15 al " * 10**5, today=date(2026, 11, 24), context=Context())
@example(text="15, " * 10**5, today=date(2026, 11, 24), context=Context())
@example(text="\u202e\u0000\u200f👨‍👩‍👧‍👦" * 500, today=date(2026, 11, 24), context=Context())
@example(text="\ud800 del 15 al 18", today=date(2026, 11, 24), context=Context())
@example(text="a@" * 10**5, today=date(2026, 11, 24), context=Context())
def test_any_text_is_survived_and_only_possible_stays_come_out(
    text: str, today: date, context: Context
):
    found = read(text, today, context)

    assert found == read(text, today, context)
    if isinstance(found, Resolved):
        assert found.span.check_in >= today
        assert 1 <= found.span.nights <= 60
    if isinstance(found, Ambiguous):
        assert len(found.options) > 1
        assert len(set(found.options)) == len(found.options)


@pytest.mark.parametrize(
    "piece",
    [
        "15 al ",
        "15/1 ",
        "1-",
        "20",
        "1.",
        "el ",
        "15, ",
        "a@",
        "a.",
        "viernes y ",
        "somos ",
        "(",
        " ",
        "antes del ",
        "nene de 3 y ",
        "mi mama y ",
        "1 semana despues ",
        "hasta $1.000 ",
        "llueve ",
        "no mas mas ",
        "dale, ",
        "cuanto sale ",
        "25 de mayo ",
        "\n",
    ],
)
def test_a_hostile_text_costs_no_more_than_many_messages(piece: str):
    text = piece * 2000
    begin = time.thread_time()
    read(text, date(2026, 11, 24))

    # A message takes 0.3 ms; a pattern that backtracks takes minutes.
    assert time.thread_time() - begin < 2
