"""The single dates in a text: "15/1", "viernes 4 de diciembre", "pasado mañana", "el 15"."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta

from alojamientos.nlu.text import MONTHS, WEEKDAYS

MONTH = "|".join(MONTHS)
WEEKDAY = "|".join(WEEKDAYS)
# What a number counts when it is not a day.
_COUNTED = (
    r"(?!\s*(?:noches?|n|dias?|semanas?|quincenas?|meses|personas|huespedes|gentes?|mayores|grandes|pibes"
    r"|hs|horas|am|pm|de la (?:manana|tarde|noche)|mil|lucas|palos|pesos|k|anos|bb|parejas?|matrimonios?|familias?|km|cuadras|en total|pax|p)\b)"
    r"(?!\s*(?:adult|nen[eaio]|nin[oa]|chic[oa]|chiquit|menor|peque|hij|niet|sobrin|amig|bebe|perr|gat|mascot|caban|%|:\s?\d|\$))"
)
_ALONE = r"(?![\d/]|[.,-]\d)"
_NUMBER = rf"(?P<d>\d{{1,2}})\b{_ALONE}{_COUNTED}"
_TO = r"(?:-|/|al?\b|hasta\b)"
_YEAR = rf"(?:\s*(?:/|-|\.|,|del ano|del?)?\s*(?P<y>20\d\d|(?<=del )\d\d(?!\d|\s*(?:{_TO}))|(?<=/)\d\d(?!\d)))?"
_WEEKDAY_BEFORE = rf"(?:(?P<w>{WEEKDAY})\s*,?\s+(?:el\s+)?(?:dia\s+)?)?"
_LEAD = (
    r"\b(?:el|dias?|del|al|desde|hasta|entre|fecha|ingreso|egreso|entrada|salida|llegada|check ?-?in|check ?-?out)\b"
    r"[\s:]+(?:el\s+)?(?:dia\s+)?"
)
_CENTURY = 2000
_TWO_DIGITS = 100
_MOST = 40  # dates of one message that are looked at: more are nobody's stay
_NEAR = 60  # characters: what stands before a date and belongs to it
_PASSES = 4  # "14, 15, 16 y 17": one day more each time


@dataclass(frozen=True, slots=True, kw_only=True)
class Atom:
    """A date as far as it was said, and where."""

    start: int
    end: int
    text: str
    day: int | None = None
    month: int | None = None
    year: int | None = None
    weekday: int | None = None
    exact: date | None = None  # hoy, mañana, en 10 días

    @property
    def soft(self) -> bool:
        """Tell whether "que viene" leaves open which one is meant."""
        return self.exact is None and self.day is None and len(self.text.split()) > 1

    def before(self, text: str) -> str:
        """Return the words of `text` right before it."""
        return text[max(0, self.start - _NEAR) : self.start]

    @property
    def is_bare(self) -> bool:
        """Tell whether it is only the number of a day."""
        return self.day is not None and self.month is None


def find(text: str, today: date) -> list[Atom]:
    """Return the dates in canonical `text`, in order, none within another."""
    found: list[Atom] = []
    for pattern, build in _PATTERNS:
        for match in pattern.finditer(text):
            _add(found, build(match, today))
    for match in _BARE_RANGE.finditer(text):
        first, second = (_plain(match, group) for group in ("a", "d"))
        if len(found) < _MOST and not (_overlaps(first, found) or _overlaps(second, found)):
            found += [first, second]
    for _ in range(_PASSES):
        more = [*_before(text, found), *_after(text, found)]
        if not more:
            break
        for atom in more:
            _add(found, atom)
    return sorted(found, key=lambda atom: atom.start)


def _add(found: list[Atom], atom: Atom) -> None:
    if len(found) < _MOST and not _overlaps(atom, found):
        found.append(atom)


def _overlaps(atom: Atom, found: list[Atom]) -> bool:
    return any(atom.start < other.end and atom.end > other.start for other in found)


def _before(text: str, found: list[Atom]) -> Iterator[Atom]:
    """Yield the days that lead up to a date: the 15 of "15 al 18 de enero"."""
    for atom in found:
        match = _LEADS_UP.search(text, max(0, atom.start - _NEAR), atom.start)
        if match is not None:
            one = _plain(match, "d", weekday=_weekday(match))
            if not _overlaps(one, found):
                yield one
        match = _IN_A_ROW.search(text, max(0, atom.start - _NEAR), atom.start)
        in_a_row = match is not None and atom.day is not None and int(match["d"]) == atom.day - 1
        if match is not None and in_a_row and not _counts_people(text, match):
            one = _plain(match, "d")
            if not _overlaps(one, found):
                yield one


def _counts_people(text: str, match: re.Match[str]) -> bool:
    """Tell whether the number before a date is of people: "somos 4, 5/1 al 8/1"."""
    led = _LED_BY_PEOPLE.search(text, max(0, match.start() - _NEAR), match.start())
    return led is not None and (led["sure"] is not None or "y" not in match[0])


def _after(text: str, found: list[Atom]) -> Iterator[Atom]:
    """Yield the days that go on from a date: the 18 of "15/1 a 18", the 16 of "15, 16 y 17"."""
    for atom in found:
        for pattern in (_GOES_ON, _LISTED):
            match = pattern.match(text, atom.end)
            if match is None or atom.day is None:
                continue
            one = _plain(match, "d")
            in_order = pattern is _GOES_ON or (one.day or 0) > atom.day
            if in_order and not _overlaps(one, found):
                yield one


def _plain(match: re.Match[str], group: str, weekday: int | None = None) -> Atom:
    start, end = match.span(group)
    if weekday is not None:
        start = match.start("w")
    return Atom(
        start=start,
        end=end,
        text=match.string[start:end],
        day=int(match[group]),
        weekday=weekday,
    )


def _dated(match: re.Match[str], today: date) -> Atom:
    """Day first, always."""
    del today
    groups = match.groupdict()
    year = int(groups["y"]) if groups.get("y") else None
    if year is not None and year < _TWO_DIGITS:
        year += _CENTURY
    month = groups.get("m")
    number = None
    if month is not None:
        number = int(month) if month.isdigit() else MONTHS.index(month) + 1
    start = match.start("w") if groups.get("w") else _start(match)
    return Atom(
        start=start,
        end=match.end(),
        text=match.string[start : match.end()].strip(" ,"),
        day=int(match["d"]),
        month=number,
        year=year,
        weekday=_weekday(match),
    )


def _start(match: re.Match[str]) -> int:
    """Return where a date begins, whichever of its parts comes first."""
    named = [match.start(name) for name in ("d", "m", "y") if name in match.re.groupindex]
    return min(start for start in named if start >= 0)


def _weekday(match: re.Match[str]) -> int | None:
    word = match.groupdict().get("w")
    return WEEKDAYS.index(word) if word else None


def _on_weekday(match: re.Match[str], today: date) -> Atom:
    del today
    return replace(_whole(match), weekday=_weekday(match))


def _relative(days: int) -> Callable[[re.Match[str], date], Atom]:
    def build(match: re.Match[str], today: date) -> Atom:
        return replace(_whole(match), exact=today + timedelta(days=days))

    return build


def _within(match: re.Match[str], today: date) -> Atom:
    days = int(match["n"]) * (7 if match["u"].startswith("sem") else 1)
    return replace(_whole(match), exact=today + timedelta(days=days))


def _whole(match: re.Match[str]) -> Atom:
    return Atom(start=match.start(), end=match.end(), text=match[0].strip())


_Builder = Callable[[re.Match[str], date], Atom]
# Where two patterns meet, the earlier one has the text.
_PATTERNS: tuple[tuple[re.Pattern[str], _Builder], ...] = tuple(
    (re.compile(pattern), build)
    for pattern, build in (
        (r"(?<!/)\b(?P<y>20\d\d)(?P<s>[-/])(?P<m>\d{1,2})(?P=s)(?P<d>\d{1,2})\b", _dated),
        (rf"{_WEEKDAY_BEFORE}(?<![\d/.])(?P<d>\d{{1,2}})(?:\s*(?:del mes de|de)\b\s*(?:mes de\s+)?|\s*/\s*|-|\s*)(?P<m>{MONTH})\b{_YEAR}", _dated),
        (rf"{_WEEKDAY_BEFORE}(?<![\d/.])\b(?P<d>\d{{1,2}})\s?[/.]\s?(?P<m>\d{{1,2}})(?:\s?[/.]\s?(?P<y>20\d\d|\d\d))?(?![\d/]|\s(?:{MONTH}|de (?:{MONTH})))", _dated),
        (rf"{_WEEKDAY_BEFORE}(?<![\d-])\b(?P<d>\d{{1,2}})-(?P<m>\d{{1,2}})-(?P<y>20\d\d|\d\d)(?![\d-])", _dated),
        (rf"\b(?:el|al|dia|hasta)\s+(?P<d>\d{{1,2}}) del (?P<m>0?[1-9]|1[0-2])\b{_ALONE}{_COUNTED}(?!\s*(?:{_TO}|de\b|y\b))", _dated),
        (rf"\b(?P<m>{MONTH})\s+(?:el\s+)?{_NUMBER}(?:,? (?P<y>20\d\d)\b)?(?!\s*de\b)", _dated),
        (r"\bpasado manana\b", _relative(2)),
        (r"\b(?:hoy(?: a la noche)?|esta noche|esta tarde)\b", _relative(0)),
        (r"\bmanana\b", _relative(1)),
        (r"(?:(?<=\bhasta )|(?<=\by )|(?<=\bo )|(?<=\ba ))pasado\b(?! (?:el|la|las|mes|ano|finde|fin|por))", _relative(2)),
        (r"\b(?:antes de ayer|anteayer)\b", _relative(-2)),
        (r"\bayer\b", _relative(-1)),
        (r"\b(?:dentro de|en|de aca a)\s+(?P<n>\d{1,3})\s+(?P<u>dias?|semanas?)\b", _within),
        (rf"\b(?P<w>{WEEKDAY})\s*,?\s+(?:el\s+)?(?:dia\s+)?{_NUMBER}", _dated),
        (rf"(?<!\blos )\b(?:proximo\s+)?(?P<w>{WEEKDAY})\b(?:\s+(?:que viene|proximo|siguiente))?", _on_weekday),
        (rf"{_LEAD}{_NUMBER}", _dated),
    )
)  # fmt: skip
# "10 al 17", "10-17": no month at all.
_BARE_RANGE = re.compile(rf"(?<![\d/.$-])\b(?P<a>\d{{1,2}})\s?(?:al|-)\s?(?:el\s+)?{_NUMBER}")
_LEADS_UP = re.compile(
    rf"(?:\b(?P<w>{WEEKDAY})\s*,?\s+(?:el\s+)?(?:dia\s+)?)?(?<![\d/.$-])\b(?P<d>\d{{1,2}})\s?"
    rf"(?:{_TO}|(?<=entre \d )y\b|(?<=entre \d\d )y\b|(?<=^\d )y\b|(?<=^\d\d )y\b)\s?(?:el\s+)?(?:dia\s+)?$"
)
_LED_BY_PEOPLE = re.compile(
    r"\b(?:(?P<sure>somos|son|seriamos|seremos|vamos|iriamos|personas|huespedes|adultos|menores|noches|pax)|para|x|p|por)\s?[:=/]?\s?$"
)
_IN_A_ROW = re.compile(r"(?<![\d/.$-])\b(?P<d>\d{1,2})\s?(?:,\s?y|,|y)\s?(?:el\s+)?$")
_GOES_ON = re.compile(rf"\s?(?:-|a\b)\s?(?:el\s+)?(?:dia\s+)?{_NUMBER}")
_LISTED = re.compile(rf"(?:\s?,\s?(?=\d{{1,2}}\s?(?:,|y\b))|\s?,?\s?y\s+)(?:el\s+)?{_NUMBER}")
