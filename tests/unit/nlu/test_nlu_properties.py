"""Whatever stay is written is read back; whatever text is sent is survived."""

import time
from collections.abc import Callable
from datetime import date, timedelta

import pytest
from hypothesis import example, given, settings
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
    ],
)
def test_a_hostile_text_costs_no_more_than_many_messages(piece: str):
    text = piece * 2000
    begin = time.thread_time()
    read(text, date(2026, 11, 24))

    # A message takes 0.3 ms; a pattern that backtracks takes minutes.
    assert time.thread_time() - begin < 2
