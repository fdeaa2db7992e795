"""From the dates and nights in a text to one stay, several, a part of one, or why not."""

import re
from collections.abc import Callable
from datetime import date, timedelta
from itertools import pairwise

from alojamientos.nlu import atoms, occasions
from alojamientos.nlu.atoms import Atom, Wrong
from alojamientos.nlu.holidays import Holidays
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

_DAY = timedelta(days=1)
_MAX_NIGHTS = 60
_MAX_DAYS_AHEAD = 548  # 18 months
_CROSSES_A_MONTH_UP_TO = 15  # nights: "del 28 al 2" does, "del 18 al 15 de enero" is a mistake
_NEAR = 6  # days: a bare day so near may be meant of this month or of the next
_LONG_PAST = 270  # days: "15 de enero" said in November is plainly next year's

_NOISE = re.compile(
    r"\b(?:a|por|de|en) la manana\b|\ba las \d{1,2}(?::\d\d)?(?:\s?(?:hs|am|pm))?\b|\b\d{1,2}:\d\d\b(?:\s?hs)?"
    r"|\b\d{1,2}\s?(?:hs|horas|am|pm)\b|\$\s?[\d.,]+(?:\s?(?:mil|lucas|k))?|\b\d{1,3}(?:\.\d{3})+(?!\d)(?:\s?pesos)?"
    r"|\b\d+\s?(?:mil|lucas?|pesos|k|%|usd|dolares|km|kilometros|cuadras|metros|mts)\b|\+?\b\d{6,}\b|\b\d+(?:[ -]\d{3,4}){2,}\b"
)
_NIGHTS = re.compile(
    r"(?:\bx\s*)?\b(?P<n>\d{1,3})\s?(?:noches?|n)\b(?!\s*(?:de|del)\s+(?:el\s+)?\d)"
)
_WEEKS = re.compile(
    r"(?<!en )(?<!dentro de )\b(?P<n>\d{1,2}) semanas?\b(?! (?:santa|que viene|proxima))"
)
_DAYS = re.compile(r"(?<!en )(?<!dentro de )(?<!de aca a )\b(?P<n>\d{1,2}) dias?\b")
_FORTNIGHT = re.compile(r"\b(?:1 )?quincena\b")
_BETWEEN = re.compile(
    r"^[\s,()]*(?:y\s+)?(?:-|/|al?|hasta|hata|y|nos vamos|nos iriamos|nos volvemos|yendonos|volviendo|saliendo|salida|salimos|check ?-?out|check ?-?out:|me voy|vuelvo|volvemos|y nos vamos|y salimos)"
    r"[\s:,]*(?:(?:el|la|dia|hasta|al|a)\s+)*(?:proximo\s+|este\s+)?$"
)


def find(  # noqa: C901, PLR0911 - one return per kind of finding
    text: str, *, today: date, context: Context, holidays: Holidays
) -> Dates | None:
    """Return what canonical `text` says of a stay, or None when it says nothing of one."""
    text = _NOISE.sub(" ", text)
    nights = _nights(text)
    around = occasions.weekend_around(text, today)
    if around is not None:
        return _with_nights_of(around, nights, today)
    found = atoms.find(text, today)
    if not found:
        occasion = occasions.find(text, today=today, holidays=holidays)
        if occasion is not None:
            return _with_nights_of(occasion, nights, today)
        bare = _expected_day(text, context)
        if bare is not None:
            found = [bare]
    if not found:
        if nights:
            return _nights_alone(nights, context, today)
        month = occasions.month_only(text, today)
        return month if month is not None else None
    pair = _pair(text, found)
    if pair is not None:
        return _checked(_from_pair(*pair, nights, today), today, text)
    named = occasions.find(_without(text, found), today=today, holidays=holidays)
    if named is not None and not nights and len(found) == 1 and found[0].exact is None:
        named = None if found[0].day else named
    if named is not None and not isinstance(named, Incomplete):
        return _with_nights_of(named, nights, today)
    if len(found) > 1 and not nights:
        return _several(text, found, today)
    return _checked(_from_one(found[0], nights, context, today), today, text)


def _without(text: str, found: list[Atom]) -> str:
    for atom in reversed(found):
        text = text[: atom.start] + " " + text[atom.end :]
    return text


def _nights(text: str) -> tuple[int, ...]:
    """Return the numbers of nights that the text may mean, likeliest first."""
    match = _NIGHTS.search(text)
    if match is not None:
        return (int(match["n"]),)
    match = _WEEKS.search(text)
    if match is not None:
        return (7 * int(match["n"]),)
    match = _DAYS.search(text)
    if match is not None:
        days = int(match["n"])
        return (days, days - 1) if days > 1 else (1,)
    if _FORTNIGHT.search(text) and not re.search(r"quincena de\b", text):
        return (14, 15)
    return ()


def _pair(text: str, found: list[Atom]) -> tuple[Atom, Atom] | None:
    """Return the two dates that the text joins as from and to, or None."""
    for first, second in pairwise(found):
        if _BETWEEN.match(text[first.end : second.start]):
            return first, second
        # "el 15 al 18": the second date's own "al" may have become part of it.
        joined = text[first.end : second.end]
        if re.match(r"^[\s,]*(?:-|al|a|hasta)\s", joined):
            return first, second
    ordered = re.search(r"entra(?:da|mos|r)|llega(?:da|mos|r)|check ?-?in", text)
    leaving = re.search(r"sali(?:da|mos|r)|nos vamos|check ?-?out|volve", text)
    if len(found) == 2 and ordered and leaving:  # noqa: PLR2004 - in and out
        return found[0], found[1]
    return None


def _from_pair(first: Atom, second: Atom, nights: tuple[int, ...], today: date) -> Dates:
    month, year = second.month, second.year
    right = atoms.resolve(second, today=today, month=first.month, year=first.year)
    left = atoms.resolve(first, today=today, month=month, year=year)
    if isinstance(left, Wrong) or isinstance(right, Wrong):
        wrong = left if isinstance(left, Wrong) else right
        return InvalidDates(reason=wrong.reason if isinstance(wrong, Wrong) else Reason.NO_SUCH_DAY)
    soft = first.soft or second.soft
    if first.day and not first.month and first.exact is None and second.month:
        left = _same_or_month_before(first, left, right, today)
    elif second.exact is None and not second.month:
        after = _first_after(second, left, today)
        right = after if after is not None else right
        soft = soft or (first.month is None and first.exact is None)
    elif first.exact is not None and second.exact is not None and right <= left:
        right += 7 * _DAY  # "de viernes a domingo" said on a Saturday
    elif right <= left and second.year is None and first.year is None:
        moved = _next_year(right)
        right = moved if moved is not None and (moved - left).days <= _MAX_NIGHTS else right
    if right <= left:
        return InvalidDates(reason=Reason.REVERSED)
    span = Span(check_in=left, check_out=right)
    if nights and span.nights not in nights:
        return InvalidDates(reason=Reason.CONTRADICTION)
    bare = first.month is None and second.month is None and first.exact is second.exact is None
    if bare and (left - today).days <= _NEAR:
        return Ambiguous(options=(span, _a_month_later(span)), label="")
    return Resolved(span=span, confirm=soft or bare or _was_lately(first, second, left, today))


def _same_or_month_before(first: Atom, left: date, right: date, today: date) -> date:
    """Return "28" of "28 al 2 de enero": of the month before where that makes a short stay."""
    del today
    day = first.day or left.day
    same = _replace_day(right, day)
    if same is not None and same < right:
        return same
    before = _replace_day(right.replace(day=1) - _DAY, day)
    if before is not None and (right - before).days <= _CROSSES_A_MONTH_UP_TO:
        return before
    return same if same is not None else left


def _first_after(second: Atom, left: date, today: date) -> date | None:
    """Return the first day after `left` that has the number of `second`."""
    del today
    if second.weekday is not None and second.day is None:
        return None
    found = atoms.next_day_of_month(second.day or 0, left + _DAY)
    if isinstance(found, Wrong):
        return None
    return found if (found - left).days <= _MAX_NIGHTS else None


def _a_month_later(span: Span) -> Span:
    start = atoms.next_day_of_month(span.check_in.day, span.check_in + _DAY)
    if isinstance(start, Wrong):
        return span
    return Span(check_in=start, check_out=start + _DAY * span.nights)


def _was_lately(first: Atom, second: Atom, left: date, today: date) -> bool:
    """Tell whether a date without a year was in this year not long ago: read it back then."""
    if first.year or second.year or first.exact is not None:
        return False
    return left.year > today.year and (today - _year_before(left)).days < _LONG_PAST


def _year_before(day: date) -> date:
    return _replace_year(day, day.year - 1) or day - 365 * _DAY


def _next_year(day: date) -> date | None:
    return _replace_year(day, day.year + 1)


def _replace_year(day: date, year: int) -> date | None:
    try:
        return day.replace(year=year)
    except ValueError:
        return None


def _replace_day(day: date, number: int) -> date | None:
    try:
        return day.replace(day=number)
    except ValueError:
        return None


def _from_one(  # noqa: PLR0911 - as above
    atom: Atom, nights: tuple[int, ...], context: Context, today: date
) -> Dates:
    when = atoms.resolve(atom, today=today, month=_context_month(atom, context))
    if isinstance(when, Wrong):
        return InvalidDates(reason=when.reason, quote=atom.text)
    leaving = _leaving(atom, when, context)
    if leaving is not None and not nights:
        return leaving
    if when < today and atom.exact is None and not atom.year:
        return InvalidDates(reason=Reason.PAST, quote=atom.text)
    if nights:
        spans = tuple(Span(check_in=when, check_out=when + _DAY * n) for n in nights if n > 0)
        if not spans:
            return InvalidDates(reason=Reason.REVERSED)
        if len(spans) > 1:
            return Ambiguous(options=spans)
        soft = atom.soft or _was_lately(atom, atom, when, today)
        return Resolved(span=spans[0], confirm=soft)
    if re.fullmatch(r"hoy|esta noche|esta tarde", atom.text):
        return Resolved(
            span=Span(check_in=when, check_out=when + _DAY), confirm="noche" not in atom.text
        )
    return Incomplete(missing=Missing.CHECK_OUT, check_in=when)


def _context_month(atom: Atom, context: Context) -> int | None:
    if atom.month is None and atom.exact is None and context.month is not None:
        return context.month[1]
    return None


def _leaving(atom: Atom, when: date, context: Context) -> Dates | None:
    """Return the stay when the text gives the day of leaving that we asked for, or None."""
    if context.check_in is None or context.check_out is not None:
        return None
    if context.expecting != "check_out":
        return None
    if atom.day and not atom.month:
        after = _first_after(atom, context.check_in, context.check_in)
        when = after if after is not None else when
    if when <= context.check_in:
        return InvalidDates(reason=Reason.REVERSED, quote=atom.text)
    return Resolved(span=Span(check_in=context.check_in, check_out=when), confirm=atom.soft)


def _nights_alone(nights: tuple[int, ...], context: Context, today: date) -> Dates:
    if context.check_in is None:
        return Incomplete(missing=Missing.CHECK_IN, nights=nights[0])
    spans = tuple(
        Span(check_in=context.check_in, check_out=context.check_in + _DAY * n)
        for n in nights
        if n > 0
    )
    if not spans:
        return InvalidDates(reason=Reason.REVERSED)
    if len(spans) > 1:
        return Ambiguous(options=spans)
    return _checked(Resolved(span=spans[0]), today, "")


def _with_nights_of(found: Dates, nights: tuple[int, ...], today: date) -> Dates:
    """Keep a named stay where it agrees with the nights that were said, else ask."""
    if not nights:
        return found
    if isinstance(found, Resolved) and found.span.nights in nights:
        return found
    if isinstance(found, Ambiguous):
        fitting = tuple(span for span in found.options if span.nights in nights)
        if len(fitting) == 1:
            return Resolved(span=fitting[0], confirm=True)
    if isinstance(found, Resolved):
        start = found.span.check_in
        span = Span(check_in=start, check_out=start + _DAY * nights[0])
        return _checked(Resolved(span=span, confirm=True), today, "")
    if isinstance(found, Incomplete):
        return Incomplete(
            missing=Missing.CHECK_IN, nights=nights[0], month=found.month, label=found.label
        )
    return found


def _several(text: str, found: list[Atom], today: date) -> Dates:
    """Several dates that nothing joins: "el 15 o el 20"; which is for the guest to say."""
    del text, today
    if len({(atom.day, atom.month, atom.exact) for atom in found}) == 1:
        when = atoms.resolve(found[0], today=date.min)
        if isinstance(when, date):
            return Incomplete(missing=Missing.CHECK_OUT, check_in=when)
    return Incomplete(missing=Missing.DAYS)


def _expected_day(text: str, context: Context) -> Atom | None:
    """Return the bare number that answers our question for a day, or None."""
    if context.expecting not in ("check_in", "check_out", "dates"):
        return None
    match = re.fullmatch(r"\W*(?:el |al |hasta el |el dia )?(\d{1,2})\W*", text)
    if match is None:
        return None
    return Atom(start=match.start(1), end=match.end(1), text=match[1], day=int(match[1]))


def _checked(found: Dates, today: date, quote: str) -> Dates:
    """Refuse what cannot be meant: past, too far, too long."""
    del quote
    if isinstance(found, Incomplete) and found.check_in is not None:
        reason = _reason_against(found.check_in, found.check_in + _DAY, today)
        return found if reason is None else InvalidDates(reason=reason)
    spans: Callable[[], tuple[Span, ...]] = lambda: (  # noqa: E731 - only read when there are any
        (found.span,) if isinstance(found, Resolved) else getattr(found, "options", ())
    )
    for span in spans():
        reason = _reason_against(span.check_in, span.check_out, today)
        if reason is not None:
            return InvalidDates(reason=reason)
    return found


def _reason_against(check_in: date, check_out: date, today: date) -> Reason | None:
    if check_in < today:
        return Reason.PAST
    if (check_out - check_in).days > _MAX_NIGHTS:
        return Reason.TOO_LONG
    return Reason.TOO_FAR if (check_out - today).days > _MAX_DAYS_AHEAD else None
