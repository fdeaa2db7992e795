"""The single dates in a text: "15/1", "viernes 4 de diciembre", "pasado mañana", "el 15"."""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, timedelta

from alojamientos.nlu.text import MONTHS, WEEKDAYS
from alojamientos.nlu.values import Reason

_MONTH = "|".join(MONTHS)
_WEEKDAY = "|".join(WEEKDAYS)
_DAY = r"(?P<d>\d{1,2})(?:\s?(?:ro|do|°|º))?"
_YEAR = r"(?:\s*(?:/|-|\.|,|del?|del ano)?\s*(?P<y>20\d\d))?"
_BEFORE = rf"(?:(?P<w>{_WEEKDAY})\s*,?\s+(?:el\s+)?(?:dia\s+)?)?"
_CENTURY = 2000
_TWO_DIGITS = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Atom:
    """A date as far as it was said, and where. `soft` asks to read it back."""

    start: int
    end: int
    text: str
    day: int | None = None
    month: int | None = None
    year: int | None = None
    weekday: int | None = None
    exact: date | None = None  # hoy, mañana, el viernes
    soft: bool = False


@dataclass(frozen=True, slots=True)
class Wrong:
    """A date that cannot be."""

    reason: Reason


def _numeric(m: re.Match[str], today: date) -> Atom | None:
    """Day first, always."""
    del today
    year = m["y"]
    number = int(year) if year else None
    if number is not None and number < _TWO_DIGITS:
        number += _CENTURY
    return _atom(m, day=int(m["d"]), month=int(m["m"]), year=number, weekday=_weekday(m))


def _iso(m: re.Match[str], today: date) -> Atom | None:
    del today
    return _atom(m, day=int(m["d"]), month=int(m["m"]), year=int(m["y"]))


def _worded(m: re.Match[str], today: date) -> Atom | None:
    del today
    return _atom(
        m,
        day=int(m["d"]),
        month=MONTHS.index(m["m"]) + 1,
        year=int(m["y"]) if m["y"] else None,
        weekday=_weekday(m),
    )


def _bare(m: re.Match[str], today: date) -> Atom | None:
    del today
    return _atom(m, day=int(m["d"]), weekday=_weekday(m))


def _relative(days: int) -> Callable[[re.Match[str], date], Atom]:
    def build(m: re.Match[str], today: date) -> Atom:
        return _atom(m, exact=today + timedelta(days=days))

    return build


def _within(m: re.Match[str], today: date) -> Atom | None:
    days = int(m["n"]) * (7 if m["u"].startswith("sem") else 1)
    return _atom(m, exact=today + timedelta(days=days))


def _weekday_only(m: re.Match[str], today: date) -> Atom | None:
    """The next such weekday; "que viene" may mean a week later to some, so it is read back."""
    wanted = WEEKDAYS.index(m["w"])
    ahead = (wanted - today.weekday()) % 7 or 7
    soft = bool(m["next"]) or bool(m["prox"])
    return _atom(m, exact=today + timedelta(days=ahead), soft=soft)


def _weekday(m: re.Match[str]) -> int | None:
    return WEEKDAYS.index(m["w"]) if m["w"] else None


def _atom(m: re.Match[str], **known: object) -> Atom:
    return Atom(start=m.start(), end=m.end(), text=m[0].strip(), **known)  # type: ignore[arg-type] # by name


# The first pattern that matches at a place wins; at equal starts the longer reading comes first.
_PATTERNS: tuple[tuple[re.Pattern[str], Callable[[re.Match[str], date], Atom | None]], ...] = (
    (re.compile(r"\b(?P<y>20\d\d)-(?P<m>\d{1,2})-(?P<d>\d{1,2})\b"), _iso),
    (
        re.compile(
            rf"{_BEFORE}\b(?P<d>\d{{1,2}})\s?[/.]\s?(?P<m>\d{{1,2}})(?:\s?[/.]\s?(?P<y>20\d\d|\d\d))?(?![\d/])"
        ),
        _numeric,
    ),
    (
        re.compile(rf"{_BEFORE}\b(?P<d>\d{{1,2}})-(?P<m>\d{{1,2}})-(?P<y>20\d\d|\d\d)(?![\d-])"),
        _numeric,
    ),
    (
        re.compile(rf"{_BEFORE}\b{_DAY}\s*(?:de|/|-)?\s*(?:mes de\s+)?(?P<m>{_MONTH})\b{_YEAR}"),
        _worded,
    ),
    (re.compile(r"\bpasado manana\b"), _relative(2)),
    (re.compile(r"\b(?:hoy|esta noche|esta tarde)\b"), _relative(0)),
    (re.compile(r"\bmanana\b"), _relative(1)),
    (re.compile(r"\b(?:antes de ayer|anteayer)\b"), _relative(-2)),
    (re.compile(r"\bayer\b"), _relative(-1)),
    (
        re.compile(r"\b(?:dentro de|en|de aca a)\s+(?P<n>\d{1,3})\s+(?P<u>dias?|semanas?)\b"),
        _within,
    ),
    (
        re.compile(
            rf"\b(?P<w>{_WEEKDAY})\s*,?\s+(?:el\s+)?(?:dia\s+)?{_DAY}\b(?!\s*(?:noches?|personas|hs|:))"
        ),
        _bare,
    ),
    (
        re.compile(
            rf"\b(?P<prox>proximo\s+)?(?P<w>{_WEEKDAY})\b(?P<next>\s+(?:que viene|proximo|siguiente))?"
        ),
        _weekday_only,
    ),
    (
        re.compile(
            r"(?P<w>(?!))?(?:\b(?:el|del|al|dia|hasta|desde|entre|y|a|llegamos|llego|llegando"
            r"|vamos|nos vamos|salimos|entrada|salida)\s+(?:el\s+)?(?:dia\s+)?)(?P<d>\d{1,2})\b"
            r"(?!\s*(?:noches?|n\b|personas|adult|nen|nin|chic|menor|hij|hs|horas|am\b|pm\b|de la|mil"
            r"|lucas|%|:|/|semanas?|dias|bebe|perr|gat|cab|pareja|km))"
        ),
        _bare,
    ),
)
# "15-18/1", "15 al 18 de enero": the first day takes its month from the second.
_FIRST_OF_RANGE = re.compile(
    rf"(?<![\d/.-])(?P<d>\d{{1,2}})(?="
    rf"\s?(?:-|/|al?|hasta)\s?(?:el\s+)?(?:(?:{_WEEKDAY})\s+)?\d{{1,2}}\s*(?:de\s+)?(?:{_MONTH})\b"
    rf"|\s?(?:-|al?|hasta)\s?(?:el\s+)?(?:(?:{_WEEKDAY})\s+)?\d{{1,2}}\s?[/.]\s?\d{{1,2}}(?![\d/]))"
)
_COUNTED = (
    r"noches?|n\b|personas|adult|nen|nin|chic|menor|hij|hs|horas|am\b|pm\b|de la|mil|lucas|%|:|/"
    r"|semanas?|dias|bebe|perr|gat|cab|pareja|km"
)
# "10 al 17", "10-17": no month at all.
_BARE_RANGE = re.compile(
    rf"(?<![\d/.-])(?P<a>\d{{1,2}})\s?(?:al|-)\s?(?:el\s+)?(?P<b>\d{{1,2}})\b(?!\s*(?:{_COUNTED}|[./-]))"
)


def find(text: str, today: date) -> list[Atom]:
    """Return the dates in canonical `text`, in order, none within another."""
    found = [
        Atom(start=match.start(), end=match.end(), text=match[0], day=int(match[0]))
        for match in _FIRST_OF_RANGE.finditer(text)
    ]
    found = [_with_weekday(atom, text) for atom in found]
    taken = [(atom.start, atom.end) for atom in found]
    for pattern, build in _PATTERNS:
        for match in pattern.finditer(text):
            begin = _begin(match)
            if _is_taken(begin, match.end(), taken):
                continue
            atom = build(match, today)
            if atom is not None:
                found.append(replace(atom, start=begin))
                taken.append((begin, match.end()))
    for match in _BARE_RANGE.finditer(text):
        for group in ("a", "b"):
            begin, end = match.span(group)
            if not _is_taken(begin, end, taken):
                found.append(Atom(start=begin, end=end, text=match[group], day=int(match[group])))
                taken.append((begin, end))
    return sorted(found, key=lambda atom: atom.start)


def _with_weekday(atom: Atom, text: str) -> Atom:
    """Take in the weekday right before a day."""
    match = re.search(rf"\b(?P<w>{_WEEKDAY})\s*,?\s+(?:el\s+)?(?:dia\s+)?$", text[: atom.start])
    if match is None:
        return atom
    return replace(atom, start=match.start(), weekday=WEEKDAYS.index(match["w"]))


def _begin(match: re.Match[str]) -> int:
    """Return where the date itself begins, after the words that only lead to it."""
    named = [match.start(name) for name in ("w", "d") if name in match.re.groupindex]
    known = [start for start in named if start >= 0]
    return min(known) if known else match.start()


def _is_taken(begin: int, end: int, taken: list[tuple[int, int]]) -> bool:
    return any(begin < other_end and end > other_begin for other_begin, other_end in taken)


def resolve(
    atom: Atom, *, today: date, month: int | None = None, year: int | None = None
) -> date | Wrong:
    """Return the day that `atom` means: the next one that it fits, or why there is none.

    `month` and `year` are what the text says elsewhere.
    """
    if atom.exact is not None:
        return atom.exact
    day, month_known = atom.day or 0, atom.month or month
    if month_known is None:
        return next_day_of_month(day, today)
    if not 1 <= month_known <= len(MONTHS):
        return Wrong(Reason.NO_SUCH_DAY)
    given_year = atom.year or year
    years = [given_year] if given_year else [today.year, today.year + 1]
    candidates = [built for one in years if (built := _build(one, month_known, day)) is not None]
    if not candidates:
        leap = month_known == 2 and day == 29  # noqa: PLR2004 - the one day that not every year has
        return Wrong(Reason.TOO_FAR if leap and not given_year else Reason.NO_SUCH_DAY)
    chosen = next((one for one in candidates if one >= today), candidates[-1])
    if atom.weekday is not None and chosen.weekday() != atom.weekday:
        return Wrong(Reason.WEEKDAY_MISMATCH)
    return chosen


def next_day_of_month(day: int, today: date) -> date | Wrong:
    """Return the next `day` of a month, today included; months without it are passed over."""
    if not 1 <= day <= 31:  # noqa: PLR2004 - no month has more
        return Wrong(Reason.NO_SUCH_DAY)
    for ahead in range(12):
        years, month = divmod(today.month - 1 + ahead, 12)
        built = _build(today.year + years, month + 1, day)
        if built is not None and built >= today:
            return built
    raise AssertionError  # pragma: no cover - every day up to 31 comes within a year


def _build(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None
