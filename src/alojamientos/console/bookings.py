"""A booking with its money and its notes, and what the owner does that touches money."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from alojamientos.kit import audit, codes
from alojamientos.kit.db import Transaction
from alojamientos.kit.errors import Invalid
from alojamientos.payments import giving_back, standing
from alojamientos.payments import queries as payments
from alojamientos.payments.queries import Balance, PaymentLink
from alojamientos.payments.store import ledger_entry, lock_reservation
from alojamientos.reservations import operations, queries, stays
from alojamientos.reservations.cancellation import CancellationPolicy
from alojamientos.reservations.domain import NoSuchReservation
from alojamientos.reservations.events import Status
from alojamientos.reservations.stays import Note
from alojamientos.reservations.views import ReservationView

BY_OWNER = "owner"
_LONGEST_REASON = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Booking:
    """Everything that the owner wants to see of one booking; money in centavos."""

    view: ReservationView
    email: str | None
    phone: str | None
    balance: Balance
    link: PaymentLink | None
    notes: list[Note]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cancelled:
    """A booking that is no more, what was paid for it, and what of that goes back."""

    view: ReservationView
    paid: int
    refunded: int


async def find(conn: AsyncConnection, code: str) -> ReservationView:
    """Return the booking with this code, however it was typed; raises NoSuchReservation."""
    canonical = codes.canonical(code)
    if canonical is None:
        raise NoSuchReservation(
            "A code has 12 letters and digits, such as 7K3M-9QXT-A2BD", field="code"
        )
    return await queries.by_code(conn, canonical)


async def booking(conn: AsyncConnection, code: str) -> Booking:
    """Return one booking whole; raises NoSuchReservation."""
    view = await find(conn, code)
    guest = (
        await conn.execute(
            sa.text("SELECT email, phone FROM guest WHERE id = :id"), {"id": view.guest_id}
        )
    ).one()
    return Booking(
        view=view,
        email=guest.email,
        phone=guest.phone,
        balance=await payments.balance(conn, reservation_id=view.id),
        link=await payments.link_for(conn, reservation_id=view.id),
        notes=await stays.notes(conn, reservation_id=view.id),
    )


async def balances(conn: AsyncConnection, ids: Collection[int]) -> dict[int, int]:
    """Return what is due of each of these reservations, in centavos; below zero the guest's."""
    entries = ledger_entry.c
    query = (
        sa.select(entries.reservation_id, sa.func.sum(entries.amount))
        .where(entries.reservation_id.in_(list(ids)))
        .group_by(entries.reservation_id)
    )
    found = {row[0]: int(row[1]) for row in await conn.execute(query)}
    return {one: found.get(one, 0) for one in ids}


async def cancel(
    tx: Transaction, *, code: str, reason: str, give_back: bool, actor: str, now: datetime
) -> Cancelled:
    """Cancel a booking; with `give_back`, all that was paid goes back, whatever the policy says.

    Without it the money stays in the guest's favor. Raises NoSuchReservation, NotCancellable or
    Invalid.
    """
    if len(reason) > _LONGEST_REASON or not reason.isprintable():
        raise Invalid(f"reason must be one line of at most {_LONGEST_REASON}", field="reason")
    before = await find(tx.conn, code)
    await lock_reservation(tx.conn, before.id)
    paid = (await payments.balance(tx.conn, reservation_id=before.id)).paid
    why = reason or BY_OWNER
    refunded = await _refunded(tx, before, why, actor, now) if give_back else 0
    view = await operations.cancel(tx, reservation_id=before.id, reason=why)
    if before.status is not Status.CANCELLED or refunded:
        await audit.record(
            tx,
            actor=actor,
            action="booking.cancelled",
            subject=f"booking:{view.code}",
            previous=before.status.value,
            paid=paid,
            refunded=refunded,
        )
    return Cancelled(view=view, paid=paid, refunded=refunded)


async def _refunded(
    tx: Transaction, view: ReservationView, reason: str, actor: str, now: datetime
) -> int:
    """Give back all that is left of what was paid, cancelling what is not cancelled yet."""
    if view.status is Status.CANCELLED:
        left = await standing.of_reservation(tx.conn, reservation_id=view.id)
        if not any(one.left for one in left):
            return 0
        shares = await giving_back.give_back(
            tx, reservation_id=view.id, amount=None, actor=actor, now=now
        )
        return sum(share.amount for share in shares)
    settled = await giving_back.cancel(
        tx,
        reservation_id=view.id,
        reason=reason,
        policy=CancellationPolicy(),
        today=now.date(),
        now=now,
        actor=actor,
        everything=True,
    )
    return settled.refund
