"""What is behind a conflict: which two stays claim a night."""

from dataclasses import dataclass
from datetime import date

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from alojamientos.channels.ical.events import ConflictFound
from alojamientos.channels.ical.store import calendar_event, calendar_feed
from alojamientos.reservations.store import accommodation, reservation


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A stay, sold here (it has a code) or at a site."""

    site: str
    code: str | None
    is_paid: bool
    starts_on: date
    ends_on: date
    is_certain: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Claims:
    """The cabin's name, and the stays that claim it: ours first."""

    cabin: str
    claims: tuple[Claim, ...]


async def claims(conn: AsyncConnection, fact: ConflictFound) -> Claims:
    """Return the two stays of a conflict."""
    cabin = await conn.scalar(
        sa.select(accommodation.c.name).where(accommodation.c.id == fact.accommodation_id)
    )
    ours = await conn.execute(
        sa.select(
            sa.literal("").label("site"),
            reservation.c.code,
            (reservation.c.status == "confirmed").label("is_paid"),
            reservation.c.check_in.label("starts_on"),
            reservation.c.check_out.label("ends_on"),
            sa.true().label("is_certain"),
        ).where(reservation.c.id == fact.reservation_id)
    )
    theirs = await conn.execute(
        sa.select(
            calendar_feed.c.source.label("site"),
            sa.null().label("code"),
            sa.false().label("is_paid"),
            calendar_event.c.starts_on,
            calendar_event.c.ends_on,
            (calendar_event.c.kind == "reservation").label("is_certain"),
        )
        .join_from(calendar_event, calendar_feed, calendar_feed.c.id == calendar_event.c.feed_id)
        .where(calendar_event.c.id.in_([fact.event_id, fact.other_event_id]))
        .order_by(calendar_event.c.id)
    )
    found = [*ours.mappings(), *theirs.mappings()]
    return Claims(cabin=str(cabin), claims=tuple(Claim(**row) for row in found))
