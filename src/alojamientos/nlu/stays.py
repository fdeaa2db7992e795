"""From the dates and nights in a text to one stay, several, a part of one, or why not."""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date

from alojamientos.nlu import atoms, days, joins, lengths, limits, occasions, pairs, wording
from alojamientos.nlu.atoms import Atom
from alojamientos.nlu.days import DAY, Wrong
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

_INCLUSIVE = re.compile(r"\binclusiv[eo]\b")
_NIGHTS_OF = re.compile(r"\bnoches? (?:del?|de los dias?)\b")
_NEXT_WEEK = re.compile(r"\b(?:proxima semana|semana (?:que viene|proxima|siguiente))\b")
_WEEKEND_OF = re.compile(r"\bfinde (?:del|de los|de|el)\s+(?:dias?\s+)?$")
_ANSWER = re.compile(
    r"\W*(?P<the>(?:hasta )?(?:el |al )(?:dia )?|hasta (?:dia )?)?(?P<d>\d{1,2})\W*"
)
_TONIGHT = re.compile(r"hoy a la noche|esta noche")
_TODAY = re.compile(r"hoy|esta tarde|hoy a la noche|esta noche")
_SUNDAY = 6
_FEW_NIGHTS = 7


@dataclass(frozen=True, slots=True, kw_only=True)
class _Reading:
    """A text with everything found in it."""

    text: str
    today: date
    context: Context
    holidays: Holidays
    found: list[Atom]
    nights: tuple[int, ...]
    topic: tuple[int | None, int] | None  # (year, month) that the text or the talk is about
    moved: bool = False  # counted from the week to come

    @property
    def since(self) -> date:
        """Return from when a bare day is looked for: near the stay that was talked of."""
        known = self.context.check_in
        return max(self.today, known.replace(day=1)) if known is not None else self.today


def find(text: str, *, today: date, context: Context, holidays: Holidays) -> Dates | None:
    """Return what canonical `text` says of a stay, or None when it says nothing of one."""
    text = wording.prepare(text, today)
    found = atoms.find(text, today)
    # "El jueves de la semana que viene" is counted from the Sunday before that week.
    moved = bool(_NEXT_WEEK.search(text)) and all(atom.weekday is not None for atom in found)
    reading = _Reading(
        text=text,
        today=today + DAY * (_SUNDAY - today.weekday()) if moved and found else today,
        context=context,
        holidays=holidays,
        found=found,
        nights=lengths.find(text),
        topic=_topic(atoms.without(text, found), context, today),
        moved=moved and bool(found),
    )
    for kind in _KINDS:
        dates = kind(reading)
        if dates is not None:
            return limits.check(_read_back(dates) if reading.moved else dates, today)
    return None


def _topic(rest: str, context: Context, today: date) -> tuple[int | None, int] | None:
    said = occasions.month_only(rest, today)
    if said is not None and said.month is not None:
        return (said.month[0] if said.label[-1].isdigit() else None), said.month[1]
    return context.month


def _read_back(found: Dates) -> Dates:
    return replace(found, confirm=True) if isinstance(found, Resolved) else found


def _more_nights(reading: _Reading) -> Dates | None:
    """Return the stay that is talked of with "una noche más", at its end or before it."""
    more, known = lengths.more(reading.text), reading.context
    if not more or reading.found or known.check_in is None or known.check_out is None:
        return None
    later = Span(check_in=known.check_in, check_out=known.check_out + DAY * more)
    sooner = Span(check_in=known.check_in - DAY * more, check_out=known.check_out)
    return Ambiguous(options=(later, sooner))


def _from_pairs(reading: _Reading) -> Dates | None:
    joined = joins.pairs(reading.text, reading.found)
    if not joined:
        return None
    stays = [_from_pair(first, second, reading) for first, second in joined]
    spans = {stay.span: None for stay in stays if isinstance(stay, Resolved)}
    if len(stays) == len(spans) and len(spans) > 1:
        return Ambiguous(options=tuple(spans))
    wrong = next((stay for stay in stays if not isinstance(stay, Resolved)), None)
    return wrong or stays[0]


def _from_pair(first: Atom, second: Atom, reading: _Reading) -> Dates:
    first = _on_topic(first, reading) if second.is_bare else first
    since = reading.since if reading.since > reading.today else None
    found = pairs.join(first, second, today=reading.today, since=since)
    if not isinstance(found, Resolved):
        return found
    if _INCLUSIVE.search(reading.text):
        span = found.span
        return Ambiguous(options=(replace(span, check_out=span.check_out + DAY), span))
    if reading.nights and found.span.nights not in reading.nights:
        return InvalidDates(reason=Reason.CONTRADICTION)
    return found


def _on_topic(atom: Atom, reading: _Reading) -> Atom:
    """Give a bare day the month that another date carries, or that the talk is about."""
    if not atom.is_bare:
        return atom
    dated = [other for other in reading.found if other.month is not None]
    for other in (*(one for one in dated if one.start > atom.start), *reversed(dated)):
        return replace(atom, month=other.month, year=other.year)
    if reading.topic is None:
        return atom
    year, month = reading.topic
    return replace(atom, month=month, year=year)


def _weekend_of(reading: _Reading) -> Dates | None:
    """Return the weekend of "el finde del 20 de junio": the one that has the day or is nearest."""
    if not reading.found or not _WEEKEND_OF.search(reading.text[: reading.found[0].start]):
        return None
    if joins.listed(reading.text, reading.found):
        found = pairs.join(reading.found[0], reading.found[-1], today=reading.today)
        return _read_back(found)
    when = days.resolve(_on_topic(reading.found[0], reading), today=reading.today)
    if isinstance(when, Wrong):
        return InvalidDates(reason=when.reason, quote=when.quote)
    named = Resolved(span=occasions.weekend_with(when.date), confirm=True)
    return _with_nights(named, reading.nights)


def _from_list(reading: _Reading) -> Dates | None:
    if reading.nights or not joins.listed(reading.text, reading.found):
        return None
    first, *rest = reading.found
    listed = [_on_topic(first, reading) if rest[-1].is_bare else first, *rest]
    nights = bool(_NIGHTS_OF.search(reading.text))
    return pairs.listed(listed, today=reading.today, nights=nights)


def _occasion(reading: _Reading) -> Dates | None:
    """A named stay, unless a day of a month says better when."""
    if reading.moved or any(atom.day is not None for atom in reading.found):
        return None
    rest = atoms.without(reading.text, reading.found)
    named = occasions.find(rest, today=reading.today, holidays=reading.holidays)
    if named is None or (reading.found and isinstance(named, Incomplete)):
        return None
    return _with_nights(named, reading.nights)


def _with_nights(found: Dates, nights: tuple[int, ...]) -> Dates:
    """Keep a named stay where it agrees with the nights that were said, else change its end."""
    if not nights or isinstance(found, InvalidDates):
        return found
    if isinstance(found, Incomplete):
        return replace(found, missing=Missing.CHECK_IN, nights=nights[0])
    options = (found.span,) if isinstance(found, Resolved) else found.options
    fitting = tuple(span for span in options if span.nights in nights)
    if fitting == options:
        return found
    fitting = fitting or tuple(_lasting(one.check_in, nights[0]) for one in options)
    return _choice(fitting, confirm=True)


def _choice(spans: tuple[Span, ...], *, confirm: bool) -> Dates:
    if len(spans) > 1:
        return Ambiguous(options=spans)
    return Resolved(span=spans[0], confirm=confirm)


def _lasting(check_in: date, nights: int) -> Span:
    return Span(check_in=check_in, check_out=check_in + DAY * nights)


def _answer(reading: _Reading) -> Dates | None:
    """Return the stay when the text gives the day of leaving that we asked for."""
    known = reading.context
    if known.expecting != "check_out" or known.check_in is None or known.check_out is not None:
        return None
    bare = _ANSWER.fullmatch(reading.text)
    if bare is not None:
        return _number(bare, known.check_in)
    if reading.nights or len(reading.found) != 1:
        return None
    return pairs.leaving(reading.found[0], known.check_in)


def _number(match: re.Match[str], check_in: date) -> Dates:
    """Read a number alone as the day of leaving, or as nights where it is small."""
    number = int(match["d"])
    by_day = pairs.leaving(_bare_day(match), check_in)
    if match["the"] or not 1 <= number <= _FEW_NIGHTS:
        return by_day
    by_nights = _lasting(check_in, number)
    if not isinstance(by_day, Resolved) or by_day.span.nights > pairs.CROSSES_A_MONTH_UP_TO:
        return Resolved(span=by_nights, confirm=True)
    return _choice(tuple(dict.fromkeys((by_day.span, by_nights))), confirm=False)


def _bare_day(match: re.Match[str]) -> Atom:
    return Atom(start=match.start("d"), end=match.end("d"), text=match["d"], day=int(match["d"]))


def _from_one(reading: _Reading) -> Dates | None:
    """One date: the day of arriving, with the nights if they were said."""
    atom = reading.found[0] if reading.found else _asked_day(reading)
    if atom is None or len({_key(one) for one in reading.found}) > 1:
        return None
    known = _on_topic(atom, reading)
    since = reading.since if known.is_bare else reading.today
    when = days.resolve(known, today=since)
    if isinstance(when, Wrong):
        return InvalidDates(reason=when.reason, quote=when.quote)
    if reading.nights:
        spans = tuple(_lasting(when.date, nights) for nights in reading.nights)
        return _choice(spans, confirm=when.soft or known.is_bare)
    if _TODAY.fullmatch(atom.text):
        return Resolved(span=_lasting(when.date, 1), confirm=not _TONIGHT.fullmatch(atom.text))
    return Incomplete(missing=Missing.CHECK_OUT, check_in=when.date)


def _key(atom: Atom) -> tuple[object, ...]:
    return atom.day, atom.month, atom.weekday if atom.day is None else None, atom.exact


def _asked_day(reading: _Reading) -> Atom | None:
    """Return the bare number that answers our question for a day, or None."""
    if reading.context.expecting not in ("check_in", "dates"):
        return None
    match = _ANSWER.fullmatch(reading.text)
    return _bare_day(match) if match is not None else None


def _several(reading: _Reading) -> Dates | None:
    """Several dates that nothing joins: "el 15 o el 20"; which is for the guest to say."""
    return Incomplete(missing=Missing.DAYS) if reading.found else None


def _nights_alone(reading: _Reading) -> Dates | None:
    if not reading.nights:
        return None
    arriving = reading.context.check_in
    if arriving is None:
        month = occasions.month_only(reading.text, reading.today)
        return Incomplete(
            missing=Missing.CHECK_IN,
            nights=reading.nights[0],
            month=month.month if month is not None else None,
        )
    spans = tuple(_lasting(arriving, nights) for nights in reading.nights)
    return _choice(spans, confirm=False)


def _month(reading: _Reading) -> Dates | None:
    return occasions.month_only(reading.text, reading.today)


# The first kind that the text is of has it.
_KINDS: tuple[Callable[[_Reading], Dates | None], ...] = (
    *(_more_nights, _from_pairs, _weekend_of, _answer, _from_list, _occasion, _from_one),
    *(_several, _nights_alone, _month),
)
