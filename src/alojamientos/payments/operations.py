"""What a payment's state changes. Commits are the caller's."""

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from alojamientos.kit.db import Transaction
from alojamientos.kit.errors import Conflict
from alojamientos.payments import domain, ledger, links, refunds, standing, store
from alojamientos.payments.domain import Account, Booking, Decision, Effect, Known
from alojamientos.payments.events import (
    Outcome,
    OwnerNeeded,
    PaymentApplied,
    Purpose,
    Trouble,
)
from alojamientos.payments.plans import Share
from alojamientos.payments.provider import PaymentStatus, ProviderPayment
from alojamientos.payments.store import payment as payments
from alojamientos.payments.store import payment_event, payment_link
from alojamientos.reservations import operations as reservations
from alojamientos.reservations import queries
from alojamientos.reservations.domain import DatesTaken
from alojamientos.reservations.events import ReservationChanged, ReservationMoved, Status
from alojamientos.reservations.views import ReservationView

_TRIES = 3
_TROUBLES = {
    Outcome.CHARGED_BACK: Trouble.CHARGED_BACK,
    Outcome.DISPUTED: Trouble.DISPUTED,
    Outcome.ORPHAN: Trouble.ORPHAN,
}
# Money that stays, but for an excess over the whole price.
_KEPT = (Outcome.CONFIRMED, Outcome.REVIVED, Outcome.BALANCE)
_EXCESS = "refund_excess"


@dataclass(frozen=True, slots=True, kw_only=True)
class Applied:
    """What came of a payment's state."""

    outcome: Outcome
    reservation_id: int | None


async def record_reservation_changed(tx: Transaction, fact: ReservationChanged) -> None:
    """Charge or release a reservation's price in the ledger; the rules are in `ledger`."""
    await ledger.follow_reservation(tx.conn, reservation_id=fact.reservation_id, status=fact.status)


async def record_reservation_moved(tx: Transaction, fact: ReservationMoved) -> None:
    """Charge or release what a reservation costs more or less; close links for what it was."""
    await ledger.follow_reservation(tx.conn, reservation_id=fact.reservation_id, status=fact.status)
    if fact.status is Status.PRE_RESERVED or fact.total != fact.previous_total:
        await links.close_links(tx, reservation_id=fact.reservation_id)


async def apply(tx: Transaction, *, payment: ProviderPayment, account: Account) -> Applied:
    """Take in a payment's state: decide, and write everything that follows from it.

    Emits PaymentApplied, and RefundRequested when the money is to go back. The same or an older
    state changes nothing. Decisions about one payment, and about one reservation's money, are
    made one at a time.
    """
    await store.lock_payment(tx.conn, payment.provider_id)
    row = await store.load_payment(tx.conn, payment.provider_id)
    reservation_id = await _resolve(tx.conn, payment, row)
    known = await _known(tx.conn, row)
    if reservation_id is None or not domain.is_ours(payment, account):
        decision, view = domain.decide(payment, account=account, known=known, booking=None), None
    else:
        await store.lock_reservation(tx.conn, reservation_id)
        decision, view = await _settle(
            tx, payment, account, known, reservation_id, row.id if row else None
        )
    if decision.store:
        await _write(tx, payment, decision, view)
    kept = decision.outcome in _KEPT
    tx.emit(
        PaymentApplied(
            provider_id=payment.provider_id,
            outcome=decision.outcome,
            amount=payment.amount,
            reservation_id=view.id if view else None,
            code=view.code if view else None,
            excess=decision.give_back if kept else 0,
        )
    )
    trouble = _TROUBLES.get(decision.outcome)
    if trouble is not None:
        tx.emit(
            OwnerNeeded(
                trouble=trouble,
                key=f"payment:{payment.provider_id}:{trouble}",
                amount=payment.amount,
                reservation_id=view.id if view else None,
                payment=payment.provider_id,
            )
        )
    return Applied(outcome=decision.outcome, reservation_id=view.id if view else None)


async def warn_of_fraud(tx: Transaction, *, provider_id: str) -> None:
    """Tell the owner that the provider takes a payment for fraud; emits OwnerNeeded.

    The money's fate comes as the payment's own state; until then nobody should be handed a key.
    """
    row = await store.load_payment(tx.conn, provider_id)
    if row is not None:
        tx.emit(
            OwnerNeeded(
                trouble=Trouble.FRAUD,
                key=f"payment:{provider_id}:{Trouble.FRAUD}",
                amount=row.amount,
                reservation_id=row.reservation_id,
                payment=provider_id,
            )
        )


async def _resolve(
    conn: AsyncConnection, payment: ProviderPayment, row: sa.Row[Any] | None
) -> int | None:
    """Return the reservation paid for; once linked, a payment stays with its reservation."""
    if row is not None and row.reservation_id is not None:
        return int(row.reservation_id)
    query = sa.select(payment_link.c.reservation_id).where(
        payment_link.c.external_reference == payment.external_reference
    )
    return (await conn.execute(query)).scalar_one_or_none()


async def _purpose(conn: AsyncConnection, payment: ProviderPayment) -> Purpose:
    query = sa.select(payment_link.c.purpose).where(
        payment_link.c.external_reference == payment.external_reference
    )
    # Without a link of ours a person has said whose it is: then it is money for what is left.
    return Purpose((await conn.execute(query)).scalar_one_or_none() or Purpose.BALANCE)


async def _known(conn: AsyncConnection, row: sa.Row[Any] | None) -> Known | None:
    if row is None:
        return None
    return Known(
        status=PaymentStatus(row.status),
        refunded=row.refunded,
        version=row.provider_updated_at,
        recorded=await ledger.is_recorded(conn, row.id),
    )


async def _settle(
    tx: Transaction,
    payment: ProviderPayment,
    account: Account,
    known: Known | None,
    reservation_id: int,
    payment_id: int | None,
) -> tuple[Decision, ReservationView]:
    """Decide, and confirm or revive the reservation if that is the decision.

    The reservation may change between the look and the attempt (its hold runs out, the guest
    cancels): then the decision is made again from what it has become.
    """
    others = await standing.left_by_others(
        tx.conn, reservation_id=reservation_id, payment_id=payment_id
    )
    purpose = await _purpose(tx.conn, payment)
    refusal: Conflict | None = None
    for _ in range(_TRIES):
        view = await queries.by_id(tx.conn, reservation_id)
        booking = Booking(
            status=view.status,
            deposit=view.deposit,
            total=view.total,
            paid_by_others=others,
            for_balance=purpose is Purpose.BALANCE,
            dates_taken=isinstance(refusal, DatesTaken),
        )
        decision = domain.decide(payment, account=account, known=known, booking=booking)
        try:
            if Effect.CONFIRM in decision.effects:
                await reservations.confirm(tx, reservation_id=reservation_id, reason="paid")
            elif Effect.REVIVE in decision.effects:
                await reservations.revive(tx, reservation_id=reservation_id)
        except Conflict as error:
            refusal = error
        else:
            return decision, view
    raise refusal or Conflict  # pragma: no cover - a reservation does not change thrice in a row


async def _write(
    tx: Transaction, payment: ProviderPayment, decision: Decision, view: ReservationView | None
) -> None:
    payment_id = await _store(tx.conn, payment, decision.outcome, view.id if view else None)
    if view is None:
        return
    if Effect.RECORD_PAID in decision.effects:
        await ledger.record_paid(
            tx.conn,
            payment_id=payment_id,
            reservation_id=view.id,
            amount=payment.amount,
            currency=payment.currency,
        )
    if Effect.RECORD_RETURNED in decision.effects:
        await refunds.made_after_all(tx, payment_id=payment_id, given_back=payment.given_back)
        await ledger.record_returned(
            tx.conn, payment_id=payment_id, reservation_id=view.id, payment=payment
        )
    if Effect.REFUND in decision.effects:
        share = Share(
            payment_id=payment_id,
            provider_id=payment.provider_id,
            amount=decision.give_back,
            by_hand=False,
            up_to=payment.given_back + decision.give_back,
        )
        reason = _EXCESS if decision.outcome in _KEPT else decision.outcome.value
        await refunds.order(tx, share=share, reason=reason)


async def _store(
    conn: AsyncConnection, payment: ProviderPayment, outcome: Outcome, reservation_id: int | None
) -> int:
    values = {
        "reservation_id": reservation_id,
        "external_reference": payment.external_reference,
        "status": payment.status.value,
        "status_detail": payment.status_detail,
        "amount": payment.amount,
        "refunded": payment.given_back,
        "currency": payment.currency,
        "disputed": payment.disputed,
        "provider_updated_at": payment.updated_at,
        "approved_at": payment.approved_at,
    }
    # What we did about it stays on the payment when there is nothing more to do, and while only a
    # part of it went back.
    in_part = outcome is Outcome.REFUNDED and payment.given_back < payment.amount
    decided = {} if outcome is Outcome.SEEN or in_part else {"outcome": outcome.value}
    statement = (
        insert(payments)
        .values(provider=store.PROVIDER, provider_id=payment.provider_id, **values, **decided)
        .on_conflict_do_update(
            index_elements=["provider", "provider_id"],
            set_={**values, **decided, "updated_at": sa.func.now()},
        )
        .returning(payments.c.id)
    )
    payment_id = int((await conn.execute(statement)).scalar_one())
    await conn.execute(
        sa.insert(payment_event).values(
            payment_id=payment_id,
            status=payment.status.value,
            outcome=outcome.value,
            detail={"status_detail": payment.status_detail, "refunded": payment.given_back},
        )
    )
    return payment_id
