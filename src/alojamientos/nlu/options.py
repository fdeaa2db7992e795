"""The stays that a reading offers, and what the number of nights makes of them."""

from dataclasses import replace
from datetime import date, timedelta

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

_DAY = timedelta(days=1)


def spans(found: Dates | None) -> tuple[Span, ...]:
    """Return the stays that a finding offers."""
    if isinstance(found, Resolved):
        return (found.span,)
    return found.options if isinstance(found, Ambiguous) else ()


def offer(stays: tuple[Span, ...]) -> Dates | None:
    """Return the question for one of `stays`, or whether the only one is meant."""
    if len(stays) == 1:
        return Resolved(span=stays[0], confirm=True)
    return Ambiguous(options=stays) if stays else None


def lasting(start: date, nights: tuple[int, ...], *, confirm: bool) -> Dates:
    """Return the stays from `start` of so many nights, likeliest first."""
    stays = tuple(Span(check_in=start, check_out=start + _DAY * n) for n in nights if n > 0)
    if len(stays) == 1:
        return Resolved(span=stays[0], confirm=confirm)
    return offer(stays) or InvalidDates(reason=Reason.REVERSED)


def with_nights(found: Dates, nights: tuple[int, ...]) -> Dates:
    """Keep a named stay where it agrees with the nights that were said, else change its end."""
    if not nights:
        return found
    if isinstance(found, Incomplete):
        return replace(found, missing=Missing.CHECK_IN, nights=nights[0])
    stays = spans(found)
    fitting = tuple(span for span in stays if span.nights in nights)
    if isinstance(found, Resolved) and fitting:
        return found
    if len(fitting) == 1:
        return Resolved(span=fitting[0], confirm=True)
    changed = [replace(one, check_out=one.check_in + _DAY * nights[0]) for one in stays]
    return offer(tuple(dict.fromkeys(changed))) or found


def month_of(found: Dates | None) -> tuple[int, int] | None:
    """Return the year and month that a finding is in, or None."""
    stays = spans(found)
    if stays:
        return stays[0].check_in.year, stays[0].check_in.month
    day = found.check_in if isinstance(found, Incomplete) else None
    return (day.year, day.month) if day is not None else None
