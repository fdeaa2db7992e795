"""How confirmed stays end: the guest left, or never came; and what the owner notes about them."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from alojamientos.kit import audit
from alojamientos.kit.db import Transaction
from alojamientos.kit.errors import Conflict, Invalid
from alojamientos.reservations import queries, rows, statements
from alojamientos.reservations.events import Channel, ReservationChanged, Status
from alojamientos.reservations.store import reservation_note
from alojamientos.reservations.views import ReservationView

_LONGEST_NOTE = 2000


class NotNoShow(Conflict):
    """Only a confirmed stay that has begun can be one that nobody came to."""

    code = "not_no_show"


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """What somebody wrote down about a reservation."""

    text: str
    actor: str
    created_at: datetime


async def complete_ended(tx: Transaction, *, now: datetime, limit: int) -> int:
    """Complete up to `limit` confirmed stays whose day of leaving is over; return how many."""
    values = {"now": now, "limit": limit}
    ended = (await tx.conn.execute(statements.COMPLETE_ENDED, values)).mappings().all()
    for row in ended:
        tx.emit(_completed(row))
    return len(ended)


def _completed(row: sa.RowMapping) -> ReservationChanged:
    return ReservationChanged(
        reservation_id=row["id"],
        code=row["code"],
        accommodation_id=row["accommodation_id"],
        channel=Channel(row["channel"]),
        status=Status.COMPLETED,
        previous=Status.CONFIRMED,
        nights=(row["check_out"] - row["check_in"]).days,
        reason="stay over",
    )


async def no_show(
    tx: Transaction, *, reservation_id: int, today: date, actor: str
) -> ReservationView:
    """Note that the guest of a confirmed stay never came: its nights are free again.

    What was charged stays charged. Twice changes nothing. Raises NoSuchReservation or NotNoShow.
    """
    view = await queries.by_id(tx.conn, reservation_id)
    status = await rows.locked(tx, reservation_id)
    if status is Status.NO_SHOW:
        return view
    if status is not Status.CONFIRMED:
        raise NotNoShow(
            f"{view.code} is {status}; only a confirmed stay can be a no-show",
            reservation_status=status,
        )
    if today < view.check_in:
        raise NotNoShow(
            f"{view.code} begins on {view.check_in.isoformat()}; before that, cancel it instead",
            field="code",
        )
    await tx.conn.execute(statements.NO_SHOW, {"id": reservation_id})
    await audit.record(
        tx, actor=actor, action="booking.no_show", subject=f"booking:{view.code}", previous=status
    )
    return rows.changed(tx, view, Status.NO_SHOW, previous=status, reason="no show")


async def add_note(tx: Transaction, *, reservation_id: int, text: str, actor: str) -> Note:
    """Write down something about a reservation, for the owner only; raises Invalid."""
    wanted = text.strip()
    if not wanted or len(wanted) > _LONGEST_NOTE or "\x00" in wanted:
        raise Invalid(f"note must be a text of at most {_LONGEST_NOTE} letters", field="note")
    view = await queries.by_id(tx.conn, reservation_id)
    statement = (
        sa.insert(reservation_note)
        .values(reservation_id=reservation_id, text=wanted, actor=actor)
        .returning(reservation_note.c.created_at)
    )
    written_at: Any = (await tx.conn.execute(statement)).scalar_one()
    # The text may be about a person: it is in the note alone, which goes when the guest's data do.
    await audit.record(
        tx, actor=actor, action="booking.noted", subject=f"booking:{view.code}", letters=len(wanted)
    )
    return Note(text=wanted, actor=actor, created_at=written_at)


async def notes(conn: AsyncConnection, *, reservation_id: int) -> list[Note]:
    """Return what was noted about a reservation, oldest first."""
    columns = reservation_note.c
    query = (
        sa.select(columns.text, columns.actor, columns.created_at)
        .where(columns.reservation_id == reservation_id)
        .order_by(columns.id)
    )
    return [Note(**row) for row in (await conn.execute(query)).mappings()]
