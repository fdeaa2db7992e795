"""What changes payments: links and payments' states. Commits are the caller's."""

from dataclasses import dataclass
from typing import Any
from uuid import NAMESPACE_URL, uuid5

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from alojamientos.kit.db import Transaction
from alojamientos.kit.errors import Conflict
from alojamientos.payments import domain, ledger, refunds, store
from alojamientos.payments.domain import Account, Booking, Decision, Effect, Known
from alojamientos.payments.events import (
    Outcome,
    PaymentApplied,
    PaymentLinkCreated,
)
from alojamientos.payments.provider import (
    LinkRequest,
    PaymentStatus,
    Preference,
    ProviderPayment,
)
from alojamientos.payments.store import payment as payments
from alojamientos.payments.store import payment_event, payment_link
from alojamientos.reservations import operations as reservations
from alojamientos.reservations import queries
from alojamientos.reservations.domain import DatesTaken
from alojamientos.reservations.events import ReservationChanged, ReservationMoved, Status
from alojamientos.reservations.views import ReservationView

_TRIES = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Applied:
    """What came of a payment's state."""

    outcome: Outcome
    reservation_id: int | None


async def request_link(tx: Transaction, *, reservation_id: int) -> LinkRequest | None:
    """Write down the link to ask for, before anyone is asked; None when none is needed (any more).

    A hold gets one link; it closes with the hold. A second call returns the very same request.
    """
    view = await queries.by_id(tx.conn, reservation_id)
    if view.status is not Status.PRE_RESERVED or view.hold_expires_at is None:
        return None
    await store.lock_reservation(tx.conn, reservation_id)
    links = (
        await tx.conn.execute(
            sa.select(payment_link)
            .where(payment_link.c.reservation_id == reservation_id)
            .order_by(payment_link.c.id)
        )
    ).all()
    current = next((one for one in links if one.expires_at == view.hold_expires_at), None)
    if current is None:
        reference = f"{view.code}:dep:{len(links) + 1}"
        current = await store.insert_link(
            tx.conn,
            reservation_id=reservation_id,
            external_reference=reference,
            idempotency_key=uuid5(NAMESPACE_URL, f"alojamientos:link:{reference}"),
            amount=view.deposit,
            currency=view.currency,
            expires_at=view.hold_expires_at,
        )
    return None if current.ready_at else _link_request(current, view)


def _link_request(link: sa.Row[Any], view: ReservationView) -> LinkRequest:
    dates = f"{view.check_in:%d/%m/%Y} al {view.check_out:%d/%m/%Y}"
    return LinkRequest(
        link_id=link.id,
        reservation_id=view.id,
        code=view.code,
        external_reference=link.external_reference,
        idempotency_key=link.idempotency_key,
        amount=link.amount,
        currency=link.currency,
        title=f"Seña {view.accommodation_name}, {dates}",
        description=f"Reserva {view.code}, {view.guests} huéspedes",
        valid_from=link.created_at,
        expires_at=link.expires_at,
    )


async def link_ready(tx: Transaction, *, request: LinkRequest, preference: Preference) -> bool:
    """Keep the link that the provider made; emits PaymentLinkCreated while it can be paid.

    Returns False when it was kept before.
    """
    result = await tx.conn.execute(
        sa.update(payment_link)
        .where(payment_link.c.id == request.link_id, payment_link.c.ready_at.is_(None))
        .values(preference_id=preference.preference_id, url=preference.url, ready_at=sa.func.now())
    )
    if not result.rowcount:
        return False
    view = await queries.by_id(tx.conn, request.reservation_id)
    if view.status is Status.PRE_RESERVED:
        tx.emit(PaymentLinkCreated(reservation_id=view.id, code=view.code, amount=request.amount))
    return True


async def record_reservation_changed(tx: Transaction, fact: ReservationChanged) -> None:
    """Charge or release a reservation's price in the ledger; the rules are in `ledger`."""
    await ledger.follow_reservation(tx.conn, reservation_id=fact.reservation_id, status=fact.status)


async def record_reservation_moved(tx: Transaction, fact: ReservationMoved) -> None:
    """Charge or release what a reservation costs more or less than before."""
    await ledger.follow_reservation(tx.conn, reservation_id=fact.reservation_id, status=fact.status)


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
    tx.emit(
        PaymentApplied(
            provider_id=payment.provider_id,
            outcome=decision.outcome,
            amount=payment.amount,
            reservation_id=view.id if view else None,
            code=view.code if view else None,
        )
    )
    return Applied(outcome=decision.outcome, reservation_id=view.id if view else None)


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
    others = await ledger.paid_by_others(
        tx.conn, reservation_id=reservation_id, payment_id=payment_id
    )
    refusal: Conflict | None = None
    for _ in range(_TRIES):
        view = await queries.by_id(tx.conn, reservation_id)
        booking = Booking(
            status=view.status,
            deposit=view.deposit,
            paid_by_others=others,
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
        await ledger.record_returned(
            tx.conn, payment_id=payment_id, reservation_id=view.id, payment=payment
        )
    if Effect.REFUND in decision.effects:
        await refunds.order(tx, payment=payment, payment_id=payment_id, outcome=decision.outcome)


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
    # What we did about it stays on the payment when there is nothing more to do.
    decided = {} if outcome is Outcome.SEEN else {"outcome": outcome.value}
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
