"""What a stay's own days bring: a reminder before the arrival, thanks after the departure.

By the lodging's wall clock, in decent hours, once for each day: the database refuses a second time.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from alojamientos.jobs.registry import Job
from alojamientos.kit.db import Database, Transaction
from alojamientos.reservations.events import ArrivalNear, StayEnded

_JUST_CONFIRMED = timedelta(hours=6)  # the confirmation has said it all
_LATEST_THANKS_DAYS = 3  # after an outage; later it would be odd
_TELL = """
    INSERT INTO stay_notice (reservation_id, kind, stay_date, told_at)
    SELECT r.id, '{kind}', r.{day}, :now
    FROM reservation r JOIN accommodation a ON a.id = r.accommodation_id,
        LATERAL (SELECT CAST(:now AS timestamptz) AT TIME ZONE a.time_zone AS at) wall
    WHERE {which} AND EXTRACT(hour FROM wall.at) BETWEEN {hours}
    ON CONFLICT DO NOTHING
    RETURNING reservation_id"""
_ARRIVALS = sa.text(
    _TELL.format(
        kind="arrival",
        day="check_in",
        which="r.status = 'confirmed' AND r.confirmed_at <= :now - CAST(:settled AS interval)"
        " AND r.check_in - wall.at::date BETWEEN 0 AND :days",
        hours="9 AND 20",
    )
)
_DEPARTURES = sa.text(
    _TELL.format(
        kind="thanks",
        day="check_out",
        which="r.status IN ('confirmed', 'completed')"
        " AND wall.at::date - r.check_out BETWEEN 1 AND :days",
        hours="10 AND 20",
    )
)


async def remind_arrivals(tx: Transaction, *, days: int, now: datetime) -> int:
    """Tell of every confirmed stay that begins within `days`; return how many."""
    values = {"now": now, "days": days, "settled": _JUST_CONFIRMED}
    ids = (await tx.conn.execute(_ARRIVALS, values)).scalars().all()
    for reservation_id in ids:
        tx.emit(ArrivalNear(reservation_id=reservation_id))
    return len(ids)


async def thank_departed(tx: Transaction, *, now: datetime) -> int:
    """Tell of every stay that has ended a day ago or a little more; return how many."""
    values = {"now": now, "days": _LATEST_THANKS_DAYS}
    ids = (await tx.conn.execute(_DEPARTURES, values)).scalars().all()
    for reservation_id in ids:
        tx.emit(StayEnded(reservation_id=reservation_id))
    return len(ids)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Work:
    database: Database
    days: int
    now: Callable[[], datetime]

    async def tell(self) -> None:
        async with self.database.begin() as tx:
            await remind_arrivals(tx, days=self.days, now=self.now())
        async with self.database.begin() as tx:
            await thank_departed(tx, now=self.now())


def create_job(*, database: Database, days: int, now: Callable[[], datetime]) -> Job:
    """Return the job that looks every five minutes whose day has come."""
    work = _Work(database=database, days=days, now=now)
    return Job(name="reservations.tell_days", run=work.tell, every="*/5 * * * *")
