"""From days that a text joins to one stay: "del 15 al 18", "el 4 y el 5", "o del 22 al 25"."""

import re

from alojamientos.nlu import atoms, days, options, pairs, single, talked
from alojamientos.nlu.atoms import Atom
from alojamientos.nlu.days import DAY, Wrong
from alojamientos.nlu.said import Said
from alojamientos.nlu.values import (
    Ambiguous,
    Dates,
    Incomplete,
    InvalidDates,
    Missing,
    Reason,
    Resolved,
    Span,
)

_INCLUSIVE = re.compile(
    rf"\binclusive\b|\b(?:\d|ambos|{atoms.MONTH}|{atoms.WEEKDAY}) incluid[oa]s?\b|\bcontando el \d"
)
_WITHIN = re.compile(r"\bentre\b")
_NIGHTS_OF = re.compile(r"(?<!\d )\bnoches? (?:del?|de los dias)\b")


def read(said: Said) -> Dates | None:
    """Return the stay, or the stays, that the days of the text are joined to, or None."""
    linked = said.linked
    if not (linked.ranges or linked.lists):
        return None
    # "del 15 al 18 o del 22 al 25 de enero": the month is said once.
    dated = [pair for pair in linked.ranges if not all(atom.is_bare for atom in pair)]
    elsewhere = [_range(said, pair, None) for pair in dated][-1:]
    elsewhere += [single.arriving(said, atom) for atom in linked.singles if atom.month is not None]
    readings = [_range(said, pair, elsewhere[0] if elsewhere else None) for pair in linked.ranges]
    readings += [_list(said, run) for run in linked.lists]
    if len(readings) == 1:
        return _with_rest(said, readings[0])
    spans = [span for one in readings for span in options.spans(one)]
    different = tuple(dict.fromkeys(spans))
    if not different:
        return readings[0]
    if len(different) == 1:
        return Resolved(span=different[0], confirm=len(spans) < len(readings))
    return Ambiguous(options=different)


def _range(said: Said, pair: tuple[Atom, Atom], elsewhere: Dates | None) -> Dates:
    first, second = pair
    if all(one.day is None and one.exact is None for one in pair) and len(said.months) == 1:
        # "de lunes a viernes en enero": of which week?
        return Incomplete(missing=Missing.DAYS, month=said.months[0])
    topics = [said.about(month) for month in said.months]
    of_the_talk = False
    if not topics and first.is_bare and second.is_bare:
        month_elsewhere = options.month_of(elsewhere)
        known = talked.month(said.context)
        of_the_talk = (
            month_elsewhere is None and known is not None and said.context.check_in is not None
        )
        topics = [said.about(month_elsewhere or known)]
    joined = [
        pairs.join(first, second, today=start, month=month, year=year)
        for year, month in topics or [(None, None)]
        for start in said.starts(first)
    ]
    different = tuple(dict.fromkeys(span for one in joined for span in options.spans(one)))
    if len(joined) > 1 and len(different) > 1:
        return Ambiguous(options=different)
    found = joined[0]
    if len(joined) == 1 and not any(month for _, month in topics):
        found = _of_occasion(said, pair, found)
    of_the_talk = of_the_talk or said.starts(first)[0] != said.today
    if of_the_talk and isinstance(found, Resolved):
        found = Resolved(span=found.span, confirm=True)
    return _including_last(said, found)


def _of_occasion(said: Said, pair: tuple[Atom, Atom], found: Dates) -> Dates:
    """Take two bare days as those of the occasion that is named: "navidad, del 24 al 27"."""
    if not all(atom.is_bare for atom in pair):
        return found
    named = options.spans(said.named)
    for span in named:
        year, month = said.about((span.check_in.year, span.check_in.month))
        joined = pairs.join(*pair, today=said.today, month=month, year=year)
        for one in options.spans(joined):
            if one.check_in <= span.check_out and span.check_in <= one.check_out:
                return Resolved(span=one, confirm=True)
    return found


def _including_last(said: Said, found: Dates) -> Dates:
    """Offer the night of the last day, too, where it is said to be included."""
    if not isinstance(found, Resolved) or not _INCLUSIVE.search(said.text):
        return found
    span = found.span
    longer = Span(check_in=span.check_in, check_out=span.check_out + DAY)
    return Ambiguous(options=(longer, span), label="inclusive")


def _list(said: Said, run: tuple[Atom, ...]) -> Dates:
    year, month = said.topic() if said.months else said.about(talked.month(said.context))
    found = pairs.listed(
        list(run),
        today=said.starts(run[0])[0],
        month=next((atom.month for atom in reversed(run) if atom.month), month),
        year=year,
        nights=_NIGHTS_OF.search(said.text[: run[0].start]) is not None,
    )
    return found if found is not None else Incomplete(missing=Missing.DAYS)


def _with_rest(said: Said, found: Dates) -> Dates:
    """Hold the stay against the nights and the other dates that the text has."""
    spans = options.spans(found)
    if not spans:
        return found
    nights = () if _NIGHTS_OF.search(said.text) else said.nights
    fitting = tuple(span for span in spans if not nights or span.nights in nights)
    if not fitting and _WITHIN.search(said.text) and nights[0] < spans[0].nights:
        start = spans[0].check_in
        return Incomplete(
            missing=Missing.CHECK_IN, nights=nights[0], month=(start.year, start.month)
        )
    if not fitting:
        return InvalidDates(reason=Reason.CONTRADICTION)
    if len(fitting) > 1:
        return Ambiguous(options=fitting, label=getattr(found, "label", ""))
    other = any(
        isinstance(day := days.resolve(atom, today=said.today), Wrong)
        or not fitting[0].check_in <= day.date <= fitting[0].check_out
        for atom in said.linked.singles
        if atom.exact is None and not atom.is_bare
    )
    confirm = other or not isinstance(found, Resolved) or found.confirm
    return Resolved(span=fitting[0], confirm=confirm)
