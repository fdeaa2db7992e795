"""Bookings as the owner looks for them."""

from dataclasses import dataclass
from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from alojamientos.reservations import queries
from alojamientos.reservations.events import Channel, Status
from alojamientos.reservations.store import EFFECTIVE_STATUS
from alojamientos.reservations.views import ReservationView

MOST = 5_000

_SEARCH = sa.text(
    queries.VIEW
    + f"""(CAST(:since AS date) IS NULL OR r.check_out > :since)
    AND (CAST(:until AS date) IS NULL OR r.check_in < :until)
    AND (CAST(:cabin AS text) IS NULL OR a.slug = :cabin)
    AND (CAST(:channel AS text) IS NULL OR r.channel = :channel)
    AND (CAST(:guest_id AS bigint) IS NULL OR r.guest_id = :guest_id)
    AND (CAST(:statuses AS text[]) IS NULL OR {EFFECTIVE_STATUS} = ANY(:statuses))
    AND (CAST(:words AS text) IS NULL OR position(lower(:words) IN lower(concat_ws(
         ' ', r.code, replace(r.code, '-', ''), g.name, g.email, g.phone))) > 0)
    ORDER BY r.check_in, r.id LIMIT :limit"""
).bindparams(
    sa.bindparam("since", type_=sa.Date),
    sa.bindparam("until", type_=sa.Date),
    sa.bindparam("statuses", type_=sa.ARRAY(sa.Text)),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """Which bookings: those with a night in [since, until), and so on; None takes all."""

    since: date | None = None
    until: date | None = None
    cabin: str | None = None
    statuses: tuple[Status, ...] | None = None
    channel: Channel | None = None
    guest_id: int | None = None
    words: str | None = None  # in the code, or the guest's name, address or phone


async def search(
    conn: AsyncConnection, wanted: Filter, *, limit: int = MOST
) -> list[ReservationView]:
    """Return the bookings that match, earliest arrival first."""
    values: dict[str, Any] = {
        "since": wanted.since,
        "until": wanted.until,
        "cabin": wanted.cabin,
        "channel": wanted.channel,
        "guest_id": wanted.guest_id,
        "statuses": None if wanted.statuses is None else [each.value for each in wanted.statuses],
        "words": wanted.words or None,
        "limit": limit,
    }
    rows = (await conn.execute(_SEARCH, values)).mappings()
    return [queries.view_from(row) for row in rows]
