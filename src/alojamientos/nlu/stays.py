"""From the dates and nights in a text to one stay, several, a part of one, or why not."""

import re
from dataclasses import replace
from datetime import date

from alojamientos.nlu import (
    days,
    joined,
    limits,
    occasions,
    options,
    single,
    talked,
    vague,
    wording,
)
from alojamientos.nlu.days import DAY, Wrong
from alojamientos.nlu.holidays import Holidays
from alojamientos.nlu.said import Said
from alojamientos.nlu.values import (
    Ambiguous,
    Context,
    Dates,
    Incomplete,
    InvalidDates,
    Missing,
    Resolved,
    Span,
)


def find(text: str, *, today: date, context: Context, holidays: Holidays) -> Dates | None:
    """Return what canonical `text` says of a stay, or None when it says nothing of one."""
    text = wording.clean(text, today)
    named = occasions.months(text, [], today)
    text = wording.in_month(text, named[0] if len(named) == 1 else context.month)
    found = _read(Said(text=text, today=today, context=context, holidays=holidays))
    return None if found is None else limits.check(found, today)


def _read(said: Said) -> Dates | None:
    """Go from what says most to what says least."""
    for read in (_moved, _around, joined.read, _by_name, _without_days):
        found = read(said)
        if found is not None:
            return found
    singles = said.linked.singles
    different = {(a.day, a.month, a.weekday, a.exact) for a in singles}
    if len(different) > 1:
        return Incomplete(missing=Missing.DAYS, nights=said.least_nights())
    return single.read(said, singles[0]) if singles else None


def _moved(said: Said) -> Dates | None:
    return None if said.found else talked.moved(said.text, said.context)


def _around(said: Said) -> Dates | None:
    """Return the weekend that a date is said to be of: "el finde del 16/1"."""
    for atom in said.found:
        match = occasions.BEFORE_A_DAY.search(atom.before(said.text))
        if match is None or atom.day is None:
            continue
        if said.linked.ranges:
            return None
        month = said.month_of(atom) or said.about(talked.month(said.context))[1]
        day = days.resolve(atom, today=said.today, month=month)
        if isinstance(day, Wrong):
            return InvalidDates(reason=day.reason, quote=day.quote)
        around = occasions.weekend_around(
            day.date,
            is_long=re.search("largo|feriado|puente", match[0]) is not None,
            holidays=said.holidays,
            label=match[0],
        )
        return options.with_nights(around, said.nights)
    return None


def _by_name(said: Said) -> Dates | None:
    """Return the stay that has a name: "carnaval". A date beside it says more."""
    if any(atom.day is not None or atom.weekday is not None for atom in said.found):
        return None
    named = said.named
    if named is None or _day_within(said, named):
        return None
    return options.with_nights(_as_meant(said, named), said.nights)


def _as_meant(said: Said, named: Dates) -> Dates:
    """Return of `named` as much as the rest of the text and of the talk lets it be."""
    match named:
        case Resolved(span=span) if _of_another_month(said, span):
            return Incomplete(missing=Missing.DAYS, month=said.months[0])
        case Resolved() if said.context.check_in is not None:
            return replace(named, confirm=True)  # "¿y el finde?", after other dates
        case Ambiguous() if vague.is_near_a_name(said.text):
            return Incomplete(missing=Missing.DAYS)
        case Incomplete(month=None) if len(said.months) == 1:
            return replace(named, month=said.months[0])
    return named


def _day_within(said: Said, named: Dates | None) -> bool:
    """Tell whether a day that is said falls into what is named: "mañana, por fin de año"."""
    return any(
        span.check_in - DAY <= atom.exact <= span.check_out
        for atom in said.found
        for span in options.spans(named)
        if atom.exact is not None
    )


def _of_another_month(said: Said, span: Span) -> bool:
    """Tell whether the text is about a month that `span` is not in: "un finde en enero"."""
    within = {(day.year, day.month) for day in (span.check_in, span.check_out)}
    return len(said.months) == 1 and not within & set(said.months)


def _without_days(said: Said) -> Dates | None:
    if said.linked.singles:
        return None
    answer = single.answer(said)
    if answer is not None:
        return answer
    month = said.months[0] if len(said.months) == 1 else None
    if said.nights:
        return talked.lasting(said.text, said.nights, said.context, month)
    if not said.months:
        return None
    label = " o ".join(dict.fromkeys(wording.month_name(one) for _, one in said.months))
    return Incomplete(missing=Missing.DAYS, month=month, label=label)
