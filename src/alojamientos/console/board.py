"""A day at the lodging: who comes, who leaves, who stays, what to clean, what is owed."""

from dataclasses import dataclass
from datetime import date

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

# Bookings of ours and stays that calendars tell of. An overdue hold is nobody; a stay that was
# moved to completed still left that day.
_DAY = sa.text(
    """SELECT a.slug AS cabin, a.name AS cabin_name, r.code, r.check_in, r.check_out, r.guests,
        g.name AS guest, g.phone, r.status, r.channel AS source,
        (SELECT coalesce(sum(l.amount), 0) FROM ledger_entry l
         WHERE l.reservation_id = r.id)::bigint AS due
    FROM reservation r JOIN accommodation a ON a.id = r.accommodation_id
        JOIN guest g ON g.id = r.guest_id
    WHERE r.check_in <= :day AND r.check_out >= :day
        AND (r.status IN ('confirmed', 'completed') OR (r.status = 'pre_reserved'
             AND r.hold_expires_at > statement_timestamp()))
    UNION ALL
    SELECT a.slug, a.name, NULL, event.starts_on, event.ends_on, NULL, NULL, NULL, 'confirmed',
        feed.source, 0
    FROM calendar_event event JOIN calendar_feed feed ON feed.id = event.feed_id
        JOIN accommodation a ON a.id = event.accommodation_id
    WHERE event.starts_on <= :day AND event.ends_on >= :day AND event.cancelled_at IS NULL
        AND event.kind <> 'block'
    ORDER BY 1, 4, 3"""
).bindparams(sa.bindparam("day", type_=sa.Date))


@dataclass(frozen=True, slots=True, kw_only=True)
class Staying:
    """A stay that touches the day; `due` in centavos, `code` None for one from a calendar."""

    cabin: str
    cabin_name: str
    code: str | None
    check_in: date
    check_out: date
    guests: int | None
    guest: str | None
    phone: str | None
    status: str
    source: str
    due: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Cleaning:
    """A cabin that was left; `arriving` when somebody comes the same day."""

    cabin: str
    cabin_name: str
    arriving: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Board:
    """The day, as it is printed on the wall of the office."""

    day: date
    arrivals: list[Staying]
    departures: list[Staying]
    staying: list[Staying]
    cleaning: list[Cleaning]
    due: list[Staying]


async def board(conn: AsyncConnection, *, day: date) -> Board:
    """Return who arrives, leaves and stays on `day`, what to clean, and who owes what."""
    stays = [Staying(**row) for row in (await conn.execute(_DAY, {"day": day})).mappings()]
    arrivals = [each for each in stays if each.check_in == day]
    departures = [each for each in stays if each.check_out == day]
    comes = {each.cabin for each in arrivals}
    left = {each.cabin: each.cabin_name for each in departures}
    return Board(
        day=day,
        arrivals=arrivals,
        departures=departures,
        staying=[each for each in stays if each.check_in < day < each.check_out],
        # What is needed first is cleaned first.
        cleaning=sorted(
            (
                Cleaning(cabin=cabin, cabin_name=name, arriving=cabin in comes)
                for cabin, name in left.items()
            ),
            key=lambda each: (not each.arriving, each.cabin),
        ),
        due=[each for each in stays if each.due > 0],
    )
