"""Giving money back: written down with its key before the provider is asked, ended once."""

from dataclasses import dataclass
from uuid import NAMESPACE_URL, UUID, uuid5

import sqlalchemy as sa

from alojamientos.kit.db import Transaction
from alojamientos.kit.errors import NotFound
from alojamientos.payments import ledger, store
from alojamientos.payments.events import Outcome, RefundFinished, RefundRequested
from alojamientos.payments.provider import ProviderPayment, RefundStatus
from alojamientos.payments.store import payment as payments
from alojamientos.payments.store import refund


class NoSuchRefund(NotFound):
    """There is no such refund."""

    code = "no_such_refund"


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundOrder:
    """A refund that is still to be asked for."""

    id: int
    payment_provider_id: str
    amount: int
    idempotency_key: UUID
    attempts: int  # how often the provider was asked before this time


async def order(
    tx: Transaction, *, payment: ProviderPayment, payment_id: int, outcome: Outcome
) -> None:
    """Write down that what is left of `payment` goes back; emits RefundRequested."""
    key = uuid5(
        NAMESPACE_URL, f"alojamientos:refund:{store.PROVIDER}:{payment.provider_id}:{outcome}"
    )
    statement = (
        sa.insert(refund)
        .values(
            payment_id=payment_id,
            reason=outcome.value,
            amount=payment.amount - payment.given_back,
            idempotency_key=key,
        )
        .returning(refund.c.id)
    )
    tx.emit(RefundRequested(refund_id=(await tx.conn.execute(statement)).scalar_one()))


async def begin(tx: Transaction, *, refund_id: int) -> RefundOrder | None:
    """Count one more attempt at a refund and return it; None when it has ended.

    Raises NoSuchRefund.
    """
    query = (
        sa.select(refund, payments.c.provider_id.label("payment_provider_id"))
        .join(payments, payments.c.id == refund.c.payment_id)
        .where(refund.c.id == refund_id)
        .with_for_update(of=refund)
    )
    row = (await tx.conn.execute(query)).one_or_none()
    if row is None:
        raise NoSuchRefund
    if row.status != RefundStatus.PENDING:
        return None
    await tx.conn.execute(
        sa.update(refund).where(refund.c.id == refund_id).values(attempts=refund.c.attempts + 1)
    )
    return RefundOrder(
        id=refund_id,
        payment_provider_id=row.payment_provider_id,
        amount=row.amount,
        idempotency_key=row.idempotency_key,
        attempts=row.attempts,
    )


async def finish(
    tx: Transaction, *, refund_order: RefundOrder, status: RefundStatus, provider_id: str | None
) -> bool:
    """Write how a refund ended, and what went back into the ledger; emits RefundFinished.

    Returns False when it had ended before.
    """
    await store.lock_payment(tx.conn, refund_order.payment_provider_id)
    result = await tx.conn.execute(
        sa.update(refund)
        .where(refund.c.id == refund_order.id, refund.c.status == RefundStatus.PENDING.value)
        .values(status=status.value, provider_id=provider_id, done_at=sa.func.now())
    )
    if not result.rowcount:
        return False
    row = await store.load_payment(tx.conn, refund_order.payment_provider_id)
    if status is RefundStatus.DONE and row is not None and row.reservation_id is not None:
        await ledger.record_refund(
            tx.conn,
            payment_id=row.id,
            reservation_id=row.reservation_id,
            returned=row.refunded,
            currency=row.currency,
        )
    tx.emit(
        RefundFinished(
            payment_provider_id=refund_order.payment_provider_id,
            amount=refund_order.amount,
            status=status.value,
        )
    )
    return True
