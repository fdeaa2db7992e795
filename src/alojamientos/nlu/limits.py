"""What can be booked at all: not in the past, not too far ahead, not too long."""

from datetime import date

from alojamientos.nlu.days import DAY
from alojamientos.nlu.values import (
    Ambiguous,
    Dates,
    Incomplete,
    InvalidDates,
    Reason,
    Resolved,
    Span,
)

MAX_NIGHTS = 60
MAX_DAYS_AHEAD = 548  # 18 months


def check(found: Dates, today: date) -> Dates:
    """Return `found` without the stays that cannot be meant, or why none can."""
    if isinstance(found, Incomplete) and found.check_in is not None:
        last = min(found.check_in, date.max - DAY) + DAY
        reason = _against(Span(check_in=found.check_in, check_out=last), today)
        return found if reason is None else InvalidDates(reason=reason)
    if isinstance(found, Resolved):
        reason = _against(found.span, today)
        return found if reason is None else InvalidDates(reason=reason)
    if isinstance(found, Ambiguous):
        return _possible(found, today)
    return found


def _possible(found: Ambiguous, today: date) -> Dates:
    reasons = {span: _against(span, today) for span in found.options}
    spans = tuple(span for span, reason in reasons.items() if reason is None)
    if not spans:
        return InvalidDates(reason=next(iter(reasons.values())) or Reason.PAST)
    if len(spans) == 1:
        return Resolved(span=spans[0], confirm=True)
    return Ambiguous(options=spans, label=found.label)


def _against(span: Span, today: date) -> Reason | None:
    if span.check_in < today:
        return Reason.PAST
    if span.nights < 1:
        return Reason.REVERSED
    if span.nights > MAX_NIGHTS:
        return Reason.TOO_LONG
    return Reason.TOO_FAR if (span.check_out - today).days > MAX_DAYS_AHEAD else None
