"""What follows from a reading, and when the next one is due; pure."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

from alojamientos.channels.ical.domain import ErrorType, FeedError, Known, Occupancy, Reading

INTERVAL = timedelta(minutes=10)
# Missing, and missing again so long after: gone. Once is a hiccup of the host's.
_MISSING_FOR = timedelta(minutes=30)
# Most of a calendar gone at once is a fault of the host's until it has lasted for a day.
_MASS_SHARE = 0.5
_MASS_LEAST = 2
_MASS_HELD = timedelta(hours=24)
_FIRST_PAUSE = timedelta(minutes=1)
_LONGEST_PAUSE = timedelta(hours=6)
_SPREAD = 0.2  # of a pause


# After these the host wants to be left alone; after the others it is worth asking again soon.
_REFUSALS = {
    ErrorType.HTTP_4XX,
    ErrorType.RATE_LIMITED,
    ErrorType.REDIRECT,
    ErrorType.ADDRESS_REFUSED,
    ErrorType.TOO_LARGE,
}


@dataclass(slots=True, kw_only=True)
class Plan:
    """What a reading changes in what is stored."""

    added: list[Occupancy] = field(default_factory=list)
    changed: list[tuple[Known, Occupancy]] = field(default_factory=list)
    found_again: list[Known] = field(default_factory=list)
    missing: list[Known] = field(default_factory=list)
    cancelled: list[Known] = field(default_factory=list)
    held: int = 0  # events that are gone with most of the calendar, and kept for now
    vanishing_since: datetime | None = None

    @property
    def blocks_more(self) -> bool:
        """Tell whether nights may be taken that were free before."""
        return bool(self.added or self.changed)


def plan(
    reading: Reading,
    known: Sequence[Known],
    *,
    today: date,
    now: datetime,
    vanishing_since: datetime | None,
) -> Plan:
    """Compare what a feed says with what is stored of it."""
    result = Plan()
    stored = {event.uid: event for event in known}
    absent = {
        event.uid: event
        for event in known
        if event.cancelled_at is None
        and event.starts_on > today
        # An event that cannot be read is not one that is gone.
        and reading.doubtful.isdisjoint((event.uid, event.uid.rpartition("/")[0]))
    }
    unmatched = []
    for found in reading.occupied:
        absent.pop(found.uid, None)
        event = stored.get(found.uid)
        if event is None:
            unmatched.append(found)
        else:
            _compare(result, event, found, today=today)
    for found in unmatched:
        renamed = _renamed(found, absent)
        if renamed is None:
            result.added.append(found)
        else:
            absent.pop(renamed.uid, None)
            result.changed.append((renamed, found))
    for event in known:
        if event.uid in reading.freed and event.cancelled_at is None:
            absent.pop(event.uid, None)
            result.cancelled.append(event)
    _judge_absent(result, list(absent.values()), known, today=today, now=now, since=vanishing_since)
    return result


def _compare(result: Plan, event: Known, found: Occupancy, *, today: date) -> None:
    same_end = event.ends_on == found.ends_on and event.kind == found.kind
    # Booking.com moves the start of a stay in progress forward every day.
    under_way = event.starts_on < found.starts_on and event.starts_on <= today
    if (
        event.cancelled_at is None
        and same_end
        and (event.starts_on == found.starts_on or under_way)
    ):
        if event.miss_count:
            result.found_again.append(event)
    else:
        result.changed.append((event, found))


def _renamed(found: Occupancy, absent: dict[str, Known]) -> Known | None:
    """Return the stored event that has come back under another UID: the check-out stays."""
    for event in absent.values():
        if (
            event.ends_on == found.ends_on
            and event.kind == found.kind
            and event.starts_on < found.ends_on
        ):
            return event
    return None


def _judge_absent(
    result: Plan,
    absent: list[Known],
    known: Sequence[Known],
    *,
    today: date,
    now: datetime,
    since: datetime | None,
) -> None:
    future = [e for e in known if e.cancelled_at is None and e.starts_on > today]
    fresh = [event for event in absent if not event.miss_count]
    if len(fresh) >= _MASS_LEAST and len(fresh) > _MASS_SHARE * len(future):
        result.vanishing_since = since or now
        if now - result.vanishing_since < _MASS_HELD:
            result.held = len(fresh)
            absent = [event for event in absent if event.miss_count]
    for event in absent:
        first = event.first_missed_at or now
        if now - first >= _MISSING_FOR:
            result.cancelled.append(event)
        else:
            result.missing.append(event)


def next_turn(feed_id: int, now: datetime) -> datetime:
    """Return a feed's next turn: every ten minutes, each feed at its own second of them."""
    seconds = int(INTERVAL.total_seconds())
    offset = int.from_bytes(hashlib.sha256(str(feed_id).encode()).digest()[:4]) % seconds
    since = (int(now.timestamp()) - offset) % seconds
    return datetime.fromtimestamp(int(now.timestamp()) - since + seconds, tz=UTC)


def next_try(error: FeedError, failures: int, now: datetime, *, feed_id: int) -> datetime:
    """Return when to ask a feed again that has failed `failures` times in a row.

    Never sooner than the host has asked for, and each feed at a moment of its own: those of a host
    that was down must not all come back at once.
    """
    if error.error_type in _REFUSALS:
        first, longest = INTERVAL, _LONGEST_PAUSE
    else:
        first, longest = _FIRST_PAUSE, INTERVAL
    wait = min(longest, first * (1 << min(failures - 1, 20)))
    drawn = hashlib.sha256(f"{feed_id}:{failures}".encode()).digest()[0] / 255
    wait *= 1 - _SPREAD * drawn
    asked = timedelta(seconds=error.retry_after_s or 0)
    return now + max(wait, min(asked, _LONGEST_PAUSE))
