"""One refund: written down with its key before the provider is asked, ended once.

A refund by hand waits for the owner to say that it was made; so does one that the provider has
finally refused.
"""

from dataclasses import dataclass
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

import sqlalchemy as sa

from alojamientos.kit.db import Transaction
from alojamientos.kit.errors import Conflict, NotFound
from alojamientos.payments import ledger, store
from alojamientos.payments.events import OwnerNeeded, RefundFinished, RefundRequested, Trouble
from alojamientos.payments.plans import Share
from alojamientos.payments.provider import RefundStatus
from alojamientos.payments.store import payment as payments
from alojamientos.payments.store import refund

RULE = "rule"  # who asked for a refund that a rule wants


class NoSuchRefund(NotFound):
    """There is no such refund."""

    code = "no_such_refund"


class NotByHand(Conflict):
    """The provider is still at this refund, or it was made; there is nothing to do by hand."""

    code = "refund_not_by_hand"


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundOrder:
    """A refund that is still to be asked for."""

    id: int
    payment_provider_id: str
    amount: int
    up_to: int  # what the payment has given back at the provider once this is made
    idempotency_key: UUID
    attempts: int  # how often the provider was asked before this time


async def order(
    tx: Transaction, *, share: Share, reason: str, asked_by: str = RULE, note: str = ""
) -> int:
    """Write down that a share of a payment goes back and return the refund's number.

    Emits RefundRequested, or OwnerNeeded when it is to be made by hand. A payment is refunded
    once for each `reason`.
    """
    named = f"{store.PROVIDER}:{share.provider_id}" if not share.by_hand else str(share.payment_id)
    statement = (
        sa.insert(refund)
        .values(
            payment_id=share.payment_id,
            reason=reason,
            amount=share.amount,
            idempotency_key=uuid5(NAMESPACE_URL, f"alojamientos:refund:{named}:{reason}"),
            by_hand=share.by_hand,
            up_to=share.up_to,
            asked_by=asked_by,
            note=note,
        )
        .returning(refund.c.id)
    )
    refund_id = int((await tx.conn.execute(statement)).scalar_one())
    if share.by_hand:
        await _need_owner(tx, refund_id, Trouble.BY_HAND)
    else:
        tx.emit(RefundRequested(refund_id=refund_id))
    return refund_id


async def _need_owner(tx: Transaction, refund_id: int, trouble: Trouble) -> None:
    row = await _load(tx, refund_id)
    tx.emit(
        OwnerNeeded(
            trouble=trouble,
            key=f"refund:{refund_id}",
            amount=row.amount,
            reservation_id=row.reservation_id,
            payment=row.payment_provider_id,
        )
    )


async def _load(tx: Transaction, refund_id: int) -> sa.Row[Any]:
    """Return the refund with its payment, locked; raises NoSuchRefund."""
    query = (
        sa.select(
            refund,
            payments.c.provider_id.label("payment_provider_id"),
            payments.c.reservation_id,
            payments.c.currency,
            payments.c.refunded,
        )
        .join(payments, payments.c.id == refund.c.payment_id)
        .where(refund.c.id == refund_id)
        .with_for_update(of=refund)
    )
    row = (await tx.conn.execute(query)).one_or_none()
    if row is None:
        raise NoSuchRefund(field="refund")
    return row


async def begin(tx: Transaction, *, refund_id: int) -> RefundOrder | None:
    """Count one more attempt at a refund and return it; None when it has ended.

    Raises NoSuchRefund.
    """
    row = await _load(tx, refund_id)
    if row.status != RefundStatus.PENDING or row.by_hand:
        return None
    await tx.conn.execute(
        sa.update(refund).where(refund.c.id == refund_id).values(attempts=refund.c.attempts + 1)
    )
    return RefundOrder(
        id=refund_id,
        payment_provider_id=row.payment_provider_id,
        amount=row.amount,
        up_to=row.up_to,
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
    row = await _load(tx, refund_order.id)
    if status is RefundStatus.DONE:
        await _record(tx, row)
    else:
        # What was to go back after this one at the provider does not wait for it any more.
        await tx.conn.execute(
            sa.update(refund)
            .where(
                refund.c.payment_id == row.payment_id,
                refund.c.id > row.id,
                ~refund.c.by_hand,
                refund.c.status != RefundStatus.FAILED.value,
            )
            .values(up_to=refund.c.up_to - row.amount)
        )
        await _need_owner(tx, row.id, Trouble.REFUND_FAILED)
    _tell(tx, row, status)
    return True


async def made_after_all(tx: Transaction, *, payment_id: int, given_back: int) -> None:
    """End refused refunds of a payment that has given their money back all the same.

    Somebody made them at the provider's own panel; nobody has to make them by hand any more.
    """
    statement = (
        sa.update(refund)
        .where(
            refund.c.payment_id == payment_id,
            refund.c.status == RefundStatus.FAILED.value,
            ~refund.c.by_hand,
            refund.c.up_to <= given_back,
        )
        .values(status=RefundStatus.DONE.value, done_at=sa.func.now(), ended_by=store.PROVIDER)
        .returning(refund.c.id)
    )
    for refund_id in (await tx.conn.execute(statement)).scalars().all():
        _tell(tx, await _load(tx, refund_id), RefundStatus.DONE)


async def made_by_hand(tx: Transaction, *, refund_id: int, actor: str, note: str = "") -> int:
    """Write that the owner gave the money back; return the amount. Emits RefundFinished.

    Raises NoSuchRefund, or NotByHand when there is nothing (any more) to do by hand.
    """
    row = await _load(tx, refund_id)
    failed = row.status == RefundStatus.FAILED
    if not failed and not (row.by_hand and row.status == RefundStatus.PENDING):
        raise NotByHand
    await tx.conn.execute(
        sa.update(refund)
        .where(refund.c.id == refund_id)
        .values(
            status=RefundStatus.DONE.value,
            by_hand=True,
            up_to=refund.c.amount,
            done_at=sa.func.now(),
            ended_by=actor,
            note=note or row.note,
        )
    )
    row = await _load(tx, refund_id)
    await _record(tx, row)
    await store.audit(
        tx.conn,
        actor=actor,
        action="refund.made_by_hand",
        subject=f"refund:{refund_id}",
        amount=row.amount,
        note=note,
    )
    _tell(tx, row, RefundStatus.DONE)
    return int(row.amount)


async def _record(tx: Transaction, row: sa.Row[Any]) -> None:
    if row.reservation_id is not None:
        await ledger.record_refund(
            tx.conn,
            payment_id=row.payment_id,
            reservation_id=row.reservation_id,
            returned=row.refunded,
            currency=row.currency,
        )


def _tell(tx: Transaction, row: sa.Row[Any], status: RefundStatus) -> None:
    tx.emit(
        RefundFinished(
            refund_id=row.id,
            payment_provider_id=row.payment_provider_id,
            amount=row.amount,
            status=status.value,
            reservation_id=row.reservation_id,
            by_hand=row.by_hand,
            by_rule=row.asked_by == RULE,
        )
    )
