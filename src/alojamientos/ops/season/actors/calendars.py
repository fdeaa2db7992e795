"""Guests of Airbnb and Booking.com: they show in calendars only. Hosts go silent, or lie."""

import re
from datetime import timedelta

from alojamientos.kit.errors import AlojamientosError
from alojamientos.ops.season.bookings_elsewhere import (
    Elsewhere,
    Silence,
    bookings,
    silences,
)
from alojamientos.ops.season.season import WIND_DOWN, Season
from alojamientos.ops.simulator.calendars import DEMO

_ADDRESS = re.compile(r"http://\S+")
_LOOKS_EVERY = timedelta(hours=3)


def actors(season: Season) -> None:
    """Send every booking elsewhere, and every host's bad hours, on their way."""
    for listing, source in DEMO:
        season.agenda.spawn(_import_ours(season, listing, source))
    for booking in bookings(seed=season.seed, days=season.days):
        season.agenda.spawn(_book(season, booking))
    for silence in silences(seed=season.seed, days=season.days):
        season.agenda.spawn(_be_silent(season, silence))


async def _import_ours(season: Season, listing: str, source: str) -> None:
    """Connect a host with our calendar; it looks every few hours, as hosts do."""
    printed = await season.stack.command("feeds", "export", "--cabin", listing, "--for", source)
    address = _ADDRESS.search(printed)
    if address is None:
        raise AlojamientosError("feeds export told no address")
    path = f"/_control/calendars/{listing}/imports"
    await season.hands.control("PUT", path, url=address[0])
    # On to the end, when the audit looks at what is closed there.
    last = season.ends_at + WIND_DOWN - timedelta(minutes=30)
    while (now := season.clock.now()) < last:
        await season.agenda.until(min(now + _LOOKS_EVERY, last), quietly=True)
        await season.hands.control("POST", path)
        season.counts["our calendar imported"] += 1


async def _book(season: Season, booking: Elsewhere) -> None:
    await season.agenda.until(season.at(booking.at))
    starts_on = season.starts_at.date() + timedelta(days=booking.first_day)
    ends_on = starts_on + timedelta(days=booking.nights)
    hands, listing = season.hands, booking.listing
    shown = await hands.control("GET", f"/_control/calendars/{listing}")
    # ISO dates sort as the days do. Nights that the host knows as taken, it does not sell.
    if any(
        one["starts_on"] < ends_on.isoformat() and starts_on.isoformat() < one["ends_on"]
        for one in shown["published"]
    ):
        season.counts["taken elsewhere"] += 1
        return
    season.counts["booked elsewhere"] += 1
    uid = await hands.book_elsewhere(listing, starts_on=starts_on, ends_on=ends_on)
    if booking.cancelled_after is not None:
        await season.sleep(booking.cancelled_after)
        season.counts["cancelled elsewhere"] += 1
        await hands.control("DELETE", f"/_control/calendars/{listing}/events/{uid}")
    elif booking.moved_after is not None:
        await season.sleep(booking.moved_after)
        season.counts["moved elsewhere"] += 1
        await hands.control(
            "PUT",
            f"/_control/calendars/{listing}/events/{uid}",
            starts_on=starts_on.isoformat(),
            ends_on=(ends_on - timedelta(days=1)).isoformat(),
        )


async def _be_silent(season: Season, silence: Silence) -> None:
    await season.agenda.until(season.at(silence.at))
    season.counts[f"calendar answers {silence.mode}"] += 1
    path = f"/_control/calendars/{silence.listing}/answer"
    await season.hands.control("PUT", path, mode=silence.mode)
    await season.sleep(silence.lasts)
    await season.hands.control("PUT", path, mode="ok")
