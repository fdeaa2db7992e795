"""Guests of Airbnb and Booking.com: they show in calendars only. Hosts go silent, or lie."""

from datetime import timedelta

from alojamientos.ops.season.bookings_elsewhere import Elsewhere, Silence, bookings, silences
from alojamientos.ops.season.season import Season


def actors(season: Season) -> None:
    """Send every booking elsewhere, and every host's bad hours, on their way."""
    for booking in bookings(seed=season.seed, days=season.days):
        season.agenda.spawn(_book(season, booking))
    for silence in silences(seed=season.seed, days=season.days):
        season.agenda.spawn(_be_silent(season, silence))


async def _book(season: Season, booking: Elsewhere) -> None:
    await season.agenda.until(season.at(booking.at))
    starts_on = season.starts_at.date() + timedelta(days=booking.first_day)
    ends_on = starts_on + timedelta(days=booking.nights)
    hands, listing = season.hands, booking.listing
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
