"""What is said of the stay that the conversation is about: later, longer, so many nights."""

import re

from alojamientos.nlu import lengths, options
from alojamientos.nlu.days import DAY
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

_ARRIVING = re.compile(r"\b(?:lleg|entr|ingres|caemos|caig|arranc)\w*|\bllegada\b")
_LEAVING = re.compile(r"\b(?:sal(?:imos|ir|go|ida)|vamos|volv\w+|irnos|irme|egres\w+|me voy)\b")


def month(context: Context) -> tuple[int, int] | None:
    """Return the year and month that the conversation is about, or None."""
    if context.check_in is not None:
        return context.check_in.year, context.check_in.month
    return context.month


def moved(text: str, context: Context) -> Dates | None:
    """Return the stay that is talked about, earlier or later: "¿y una semana después?"."""
    days_later = lengths.shift(text)
    first, last = context.check_in, context.check_out
    if days_later is None or first is None or last is None:
        return None
    if not _LEAVING.search(text):
        first += DAY * days_later
    if not _ARRIVING.search(text):
        last += DAY * days_later
    return Resolved(span=Span(check_in=first, check_out=last), confirm=True)


def lasting(
    text: str, nights: tuple[int, ...], context: Context, month: tuple[int, int] | None
) -> Dates | None:
    """Return what so many `nights` make of the stay that is talked about."""
    more = lengths.more(text)
    if more is not None and context.check_in is None:
        return None  # of a stay that is not being talked about
    if context.check_in is None or month is not None:
        return Incomplete(missing=Missing.CHECK_IN, nights=nights[0], month=month)
    if more is None or context.check_out is None:
        return options.lasting(context.check_in, nights, confirm=False)
    later = Span(check_in=context.check_in, check_out=context.check_out + DAY * more)
    sooner = Span(check_in=context.check_in - DAY * more, check_out=context.check_out)
    if later.nights < 1:
        return InvalidDates(reason=Reason.REVERSED)
    return Ambiguous(options=(later, sooner))
