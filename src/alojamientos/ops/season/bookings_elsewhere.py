"""What is booked at Airbnb and Booking.com in a season: drawn from a seed alone."""

import random
from dataclasses import dataclass
from datetime import timedelta

from alojamientos.ops.season.troubles import CALENDAR_MODES
from alojamientos.ops.simulator.calendars import DEMO

LISTINGS = tuple(listing for listing, _source in DEMO)
_A_DAY = 0.5  # bookings of one listing
_NEAREST, _FARTHEST = 2, 240
_SHORTEST, _LONGEST = 2, 7
_CANCELLED, _MOVED = 0.25, 0.15
_FAILS_EVERY_DAYS = 4
_TRIES = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Elsewhere:
    """A booking at a host, and what becomes of it; days count from the season's first."""

    listing: str
    at: timedelta
    first_day: int
    nights: int
    cancelled_after: timedelta | None = None
    moved_after: timedelta | None = None  # by a day's shorter stay


@dataclass(frozen=True, slots=True, kw_only=True)
class Silence:
    """A host that answers wrongly for a while."""

    listing: str
    at: timedelta
    lasts: timedelta
    mode: str


def bookings(*, seed: int, days: int) -> list[Elsewhere]:
    """Return every booking elsewhere; a host never sells a night of its own twice."""
    rng = random.Random(f"calendars:{seed}")
    found = []
    for listing in LISTINGS:
        taken: set[int] = set()
        for day in range(days):
            if rng.random() > _A_DAY:
                continue
            stay = _free_stay(rng, taken, day)
            if stay is None:
                continue
            first, nights = stay
            taken.update(range(first, first + nights))
            fate = rng.random()
            later = timedelta(hours=rng.uniform(1, 24 * 8))
            found.append(
                Elsewhere(
                    listing=listing,
                    at=timedelta(days=day, hours=rng.uniform(0, 24)),
                    first_day=first,
                    nights=nights,
                    cancelled_after=later if fate < _CANCELLED else None,
                    moved_after=later if _CANCELLED <= fate < _CANCELLED + _MOVED else None,
                )
            )
    return found


def silences(*, seed: int, days: int) -> list[Silence]:
    """Return when which host answers wrongly, one at a time for each listing."""
    rng = random.Random(f"hosts:{seed}")
    found = []
    for listing in LISTINGS:
        modes = rng.sample(CALENDAR_MODES, len(CALENDAR_MODES))
        for number, day in enumerate(range(0, days, _FAILS_EVERY_DAYS)):
            found.append(
                Silence(
                    listing=listing,
                    at=timedelta(days=day, hours=rng.uniform(0, 24)),
                    lasts=timedelta(hours=rng.uniform(0.5, 30)),
                    mode=modes[number % len(modes)],
                )
            )
    return found


def _free_stay(rng: random.Random, taken: set[int], day: int) -> tuple[int, int] | None:
    for _ in range(_TRIES):
        first = day + _NEAREST + round(rng.random() ** 2 * (_FARTHEST - _NEAREST))
        nights = rng.randint(_SHORTEST, _LONGEST)
        if taken.isdisjoint(range(first, first + nights)):
            return first, nights
    return None
