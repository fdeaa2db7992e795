"""From one day that a text names to a stay, or to what is missing for one."""

import re
from datetime import date

from alojamientos.nlu import days, links, options, pairs, talked, vague
from alojamientos.nlu.atoms import Atom
from alojamientos.nlu.days import DAY, Day, Wrong
from alojamientos.nlu.said import Said
from alojamientos.nlu.values import (
    Ambiguous,
    Dates,
    Incomplete,
    InvalidDates,
    Missing,
    Resolved,
    Span,
)

_EARLY = 4  # days: so long before an occasion a stay for it may begin
_MANY_NIGHTS = 10  # a bare number up to this may be nights as well as a day
_MOVED_TO = re.compile(
    r"\b(?:cambi|pas|mov|corr|modific|reprogram|posterg|adelant)\w*\b[^.?!]{0,30}\bal\s*$"
)
_BARE_ANSWER = re.compile(
    r"\W*(?P<lead>el |al |hasta el |el dia |dia )?(?P<d>\d{1,2})"
    r"(?P<rest>\W*(?:por |x )?\d{1,2} (?:noches?|dias))?\W*"
)


def read(said: Said, atom: Atom) -> Dates:
    """Return what `atom` says of the stay: its first day, or its last where that was asked."""
    near = _vague(said, atom)
    if near is not None:
        return near
    check_in = said.context.check_in
    if check_in is not None and not links.is_arriving(said.text, atom) and not said.nights:
        asked = said.context.expecting == "check_out" and said.context.check_out is None
        if asked or links.is_leaving(said.text, atom):
            found = _leaving(said, atom, check_in)
            soft = isinstance(found, Resolved) and said.context.check_out is not None
            return Resolved(span=found.span, confirm=True) if soft else found  # type: ignore[union-attr] # soft
    return arriving(said, atom)


def _vague(said: Said, atom: Atom) -> Dates | None:
    """Return what is left to ask where a day is only near the stay: "antes del 20"."""
    nights = said.least_nights()
    if atom.day is None and atom.weekday is not None:
        month = said.months[0] if len(said.months) == 1 else None
        if month is None and not vague.is_some_weekday(said.text):
            return None
        return Incomplete(missing=Missing.DAYS, month=month, nights=nights)
    if not vague.is_near(said.text, atom):
        return None
    day = days.resolve(atom, today=said.today, month=said.month_of(atom))
    if isinstance(day, Wrong):
        return InvalidDates(reason=day.reason, quote=day.quote)
    month = (day.date.year, day.date.month)
    return Incomplete(missing=Missing.DAYS, month=month, nights=nights)


def arriving(said: Said, atom: Atom) -> Dates:
    """Return the stay that begins on `atom`, as far as it is said."""
    year, month = said.topic()
    if month is None and atom.is_bare:
        year, month = said.about(talked.month(said.context))
    when = days.resolve(atom, today=said.starts(atom)[0], month=month, year=year)
    if isinstance(when, Wrong):
        return InvalidDates(reason=when.reason, quote=when.quote)
    if month is None and atom.is_bare:
        when = _near_occasion(said, atom) or when
    leaving = links.is_leaving(said.text, atom) and not _MOVED_TO.search(atom.before(said.text))
    if said.nights:
        unsure = when.soft or (atom.is_bare and month is None)
        unsure = unsure or said.starts(atom)[0] != said.today
        return _with_nights(said, when.date, leaving=leaving, confirm=unsure)
    if leaving and said.context.check_in is None:
        return Incomplete(missing=Missing.CHECK_IN)
    if when.date == said.today and atom.exact is not None:
        span = Span(check_in=when.date, check_out=when.date + DAY)
        return Resolved(span=span, confirm="noche" not in atom.text)
    return Incomplete(missing=Missing.CHECK_OUT, check_in=when.date)


def _near_occasion(said: Said, atom: Atom) -> Day | None:
    """Return the bare day of the occasion that is named: "año nuevo, desde el 30"."""
    named = said.named
    for span in options.spans(named):
        first, last = span.check_in - _EARLY * DAY, span.check_out
        for ahead in range((last - first).days + 1):
            day = first + ahead * DAY
            if day.day == atom.day and day >= said.today and days.fits(atom, day):
                return Day(day, soft=True)
    return None


def _with_nights(said: Said, day: date, *, leaving: bool, confirm: bool) -> Dates:
    if leaving:
        start = day - DAY * said.nights[0]
        return Resolved(span=Span(check_in=start, check_out=day), confirm=True)
    return options.lasting(day, said.nights, confirm=confirm)


def _leaving(said: Said, atom: Atom, check_in: date) -> Dates:
    """Return the stay up to `atom` when the day of arriving is known."""
    arrival = Atom(start=0, end=0, text="", exact=check_in)
    return pairs.join(arrival, atom, today=said.today)


def answer(said: Said) -> Dates | None:
    """Read the bare number that answers our question for a day or for nights."""
    if said.context.expecting not in ("check_in", "check_out", "dates"):
        return None
    match = _BARE_ANSWER.fullmatch(said.text)
    if match is None or (match["rest"] and said.context.expecting == "check_out"):
        return None
    number = int(match["d"])
    atom = Atom(start=match.start("d"), end=match.end("d"), text=match["d"], day=number)
    check_in = said.context.check_in
    if said.context.expecting != "check_out" or check_in is None or match["lead"]:
        return read(said, atom)
    return _day_or_nights(number, _leaving(said, atom, check_in), check_in)


def _day_or_nights(number: int, by_day: Dates, check_in: date) -> Dates:
    if not 1 <= number <= _MANY_NIGHTS:
        return by_day
    by_nights = Span(check_in=check_in, check_out=check_in + DAY * number)
    if isinstance(by_day, Resolved) and by_day.span != by_nights:
        return Ambiguous(options=(by_day.span, by_nights))
    return Resolved(span=by_nights, confirm=True)
