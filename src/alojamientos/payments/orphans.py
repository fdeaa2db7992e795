"""A payment that names no booking of ours, and the person who knows whose it is."""

import sqlalchemy as sa

from alojamientos.kit.db import Transaction
from alojamientos.kit.errors import Conflict, NotFound
from alojamientos.payments import store
from alojamientos.payments.events import OrphanAssigned, Outcome
from alojamientos.payments.store import payment
from alojamientos.reservations.queries import by_code


class NoSuchPayment(NotFound):
    """There is no such payment; see: alojamientos payments list --todo."""

    code = "no_such_payment"


class NotAnOrphan(Conflict):
    """The payment belongs to a booking already, or its money is not there."""

    code = "payment_not_an_orphan"


async def assign(tx: Transaction, *, provider_id: str, code: str, actor: str) -> None:
    """Say that an orphan pays for the booking `code`; emits OrphanAssigned.

    What it does there is decided as for any payment once it is taken in again: it confirms a
    hold, lowers a balance, or goes back from a cancelled booking. Raises NoSuchPayment,
    NotAnOrphan or NoSuchReservation.
    """
    view = await by_code(tx.conn, code)
    await store.lock_payment(tx.conn, provider_id)
    row = await store.load_payment(tx.conn, provider_id)
    if row is None:
        raise NoSuchPayment(field="payment")
    if row.reservation_id is not None or row.outcome != Outcome.ORPHAN:
        raise NotAnOrphan
    await tx.conn.execute(
        sa.update(payment)
        .where(payment.c.id == row.id)
        # Of no version yet: whatever the provider tells of it is news.
        .values(reservation_id=view.id, provider_updated_at=sa.text("to_timestamp(0)"))
    )
    await store.audit(
        tx.conn,
        actor=actor,
        action="payment.assigned",
        subject=f"reservation:{view.code}",
        payment=provider_id,
    )
    tx.emit(OrphanAssigned(provider_id=provider_id))
