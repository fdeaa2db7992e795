"""What every change of a reservation has in common: its row locked, its fact told."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from alojamientos.kit.db import Transaction
from alojamientos.reservations import domain, statements
from alojamientos.reservations.events import Channel, ReservationChanged, Status
from alojamientos.reservations.views import ReservationView


async def locked(tx: Transaction, reservation_id: int) -> Status:
    """Lock the row and return the status that is stored."""
    return Status(
        await tx.conn.scalar(statements.LOCK_RESERVATION, {"id": reservation_id}),
    )


def taken(accommodation_id: int, channel: Channel) -> domain.DatesTaken:
    return domain.DatesTaken(field="check_in", accommodation_id=accommodation_id, channel=channel)


def changed(
    tx: Transaction,
    view: ReservationView,
    status: Status,
    *,
    previous: Status | None,
    reason: str = "",
) -> ReservationView:
    """Emit that a reservation has come to `status`, and return it so."""
    tx.emit(
        ReservationChanged(
            reservation_id=view.id,
            code=view.code,
            accommodation_id=view.accommodation_id,
            channel=view.channel,
            status=status,
            previous=previous,
            nights=view.stay.nights,
            reason=reason,
        )
    )
    return replace(view, status=status)


def emit_expired(tx: Transaction, row: Mapping[Any, Any], *, reason: str = "deadline") -> None:
    """Emit that the hold in `row` has run out."""
    tx.emit(
        ReservationChanged(
            reservation_id=row["id"],
            code=row["code"],
            accommodation_id=row["accommodation_id"],
            channel=Channel(row["channel"]),
            status=Status.EXPIRED,
            previous=Status.PRE_RESERVED,
            nights=(row["check_out"] - row["check_in"]).days,
            reason=reason,
        )
    )
