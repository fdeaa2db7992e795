"""Which of a channel's events are only what we have told it ourselves; pure.

A host that imports our calendar publishes our nights as its own closed ones. Taken in, they would
be told to the next channel, come back from there, and stay for ever after our guest has cancelled.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from alojamientos.channels.ical.domain import Kind, Known, Occupancy, Reading, Source

# A host that has been told that nights are free may go on publishing its old copy for so long.
GRACE = timedelta(hours=3)
# A host that has not asked for so long does not follow our calendar: its nights are its own.
FOLLOWS = timedelta(hours=48)
# These call a booking one, and what they imported never so.
_TELL_BOOKINGS = {Source.AIRBNB, Source.BOOKING, Source.VRBO}


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """Nights that a channel was told of; `withdrawn`: and later that they are free."""

    starts_on: date
    ends_on: date
    withdrawn: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Sorted:
    """A reading without what is ours, and the withdrawn nights that the channel has let go."""

    reading: Reading
    echoes: int
    let_go: tuple[Told, ...]


def sort_out(
    reading: Reading,
    told: Sequence[Told],
    known: Sequence[Known],
    *,
    source: Source,
    domain: str,
    today: date,
) -> Sorted:
    """Take out of a reading what is ours.

    What was there before we told of it is the host's own, and stays.
    """
    own = {(one.uid, one.starts_on, one.ends_on) for one in known if one.cancelled_at is None}
    echoes = [
        one
        for one in reading.occupied
        if one.uid.partition("/")[0].endswith(f"@{domain}")
        or ((one.uid, one.starts_on, one.ends_on) not in own and _is_echo(one, told, source, today))
    ]
    uids = {one.uid for one in echoes}
    let_go = tuple(
        one for one in told if one.withdrawn and not any(_overlap(one, echo) for echo in echoes)
    )
    return Sorted(
        reading=replace(
            reading,
            occupied=tuple(one for one in reading.occupied if one.uid not in uids),
            freed=reading.freed | uids,
        ),
        echoes=len(echoes),
        let_go=let_go,
    )


def _is_echo(found: Occupancy, told: Sequence[Told], source: Source, today: date) -> bool:
    if found.kind is Kind.RESERVATION:
        same = any((one.starts_on, one.ends_on) == (found.starts_on, found.ends_on) for one in told)
        return same and source not in _TELL_BOOKINGS
    if found.kind is Kind.BLOCK:
        return _covers(told, found)  # hosts write neighbouring nights as one
    # It may be a booking inside of nights of ours: ours are only whole ones, but for a stay under
    # way, whose start Booking.com moves forward every day.
    if found.starts_on <= today and any(
        one.ends_on == found.ends_on and one.starts_on <= found.starts_on for one in told
    ):
        return True
    within = [o for o in told if found.starts_on <= o.starts_on and o.ends_on <= found.ends_on]
    return _covers(within, found)


def _covers(told: Sequence[Told], found: Occupancy) -> bool:
    reached = found.starts_on
    for one in sorted(told, key=lambda one: one.starts_on):
        if one.starts_on > reached:
            break
        reached = max(reached, one.ends_on)
    return reached >= found.ends_on


def _overlap(one: Told, other: Occupancy) -> bool:
    return one.starts_on < other.ends_on and other.starts_on < one.ends_on
