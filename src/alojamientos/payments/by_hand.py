"""Money that came in cash, by transfer or over the lodging's own terminal: entered by a person.

An entry stays as it was written. One that was made by mistake gets a counter-entry: the ledger then
has both, and sums to what is true.
"""

from datetime import date, datetime

import sqlalchemy as sa

from alojamientos.kit.db import Transaction
from alojamientos.payments import entries, ledger, queries, standing, store
from alojamientos.payments.entries import (
    AlreadyEntered,
    Entry,
    NoSuchEntry,
    NotAcceptable,
    NotRevertible,
    Recorded,
)
from alojamientos.payments.events import HandPaymentRecorded, HandPaymentReverted, Outcome
from alojamientos.payments.plans import HAND
from alojamientos.payments.store import hand_payment, hand_payment_reversal, refund
from alojamientos.payments.store import payment as payments
from alojamientos.reservations import operations as reservations
from alojamientos.reservations.domain import DatesTaken
from alojamientos.reservations.events import Status
from alojamientos.reservations.queries import by_code, by_id
from alojamientos.reservations.views import ReservationView

REVERTED = "reverted"  # the status of a payment that has its counter-entry


async def record(
    tx: Transaction,
    *,
    code: str,
    entry: Entry,
    actor: str,
    today: date,
    now: datetime,
    over: bool = False,
    again: bool = False,
    tell: bool = True,
) -> Recorded:
    """Enter money for a booking; with the deposit in, a hold is confirmed.

    `over` takes more than what is left to pay, `again` a second entry that is like a first. Emits
    HandPaymentRecorded. Raises Invalid naming the field, NoSuchReservation, NotAcceptable or
    AlreadyEntered.
    """
    entries.check(entry, today=today)
    reservation_id = (await by_code(tx.conn, code)).id
    await store.lock_reservation(tx.conn, reservation_id)
    view = await by_id(tx.conn, reservation_id)
    paid = await standing.left_by_others(tx.conn, reservation_id=view.id, payment_id=None)
    entries.check_acceptable(view, entry, paid=paid, over=over)
    if not again:
        await _check_first(tx, view, entry)
    confirmed = await _confirm(tx, view, covers=paid + entry.amount >= view.deposit)
    short = paid + entry.amount < view.deposit and view.status is Status.PRE_RESERVED
    outcome = Outcome.CONFIRMED if confirmed else Outcome.PARTIAL if short else Outcome.BALANCE
    payment_id = await _insert(tx, view, entry, outcome=outcome, actor=actor, now=now)
    await store.audit(
        tx.conn,
        actor=actor,
        action="payment.recorded",
        subject=f"reservation:{view.code}",
        payment=payment_id,
        amount=entry.amount,
        method=entry.method.value,
    )
    left = view.total - paid - entry.amount
    tx.emit(
        HandPaymentRecorded(
            payment_id=payment_id,
            reservation_id=view.id,
            code=view.code,
            method=entry.method,
            amount=entry.amount,
            left=left,
            confirmed=confirmed,
            tell=tell,
        )
    )
    return Recorded(
        payment_id=payment_id,
        code=view.code,
        amount=entry.amount,
        left=left,
        status=Status.CONFIRMED if confirmed else view.status,
        confirmed=confirmed,
    )


async def _check_first(tx: Transaction, view: ReservationView, entry: Entry) -> None:
    query = (
        sa.select(payments.c.id)
        .join(hand_payment, hand_payment.c.payment_id == payments.c.id)
        .where(
            payments.c.reservation_id == view.id,
            payments.c.amount == entry.amount,
            payments.c.status != REVERTED,
            hand_payment.c.method == entry.method.value,
            hand_payment.c.received_on == entry.received_on,
        )
    )
    like_it = (await tx.conn.execute(query)).scalars().first()
    if like_it is not None:
        raise AlreadyEntered(
            f"Entry {like_it} is the same amount, method and day; if this is another one,"
            " insist with --again",
            entry=like_it,
        )


async def _confirm(tx: Transaction, view: ReservationView, *, covers: bool) -> bool:
    """Make a hold whose deposit is in a confirmed booking; tell whether that was done."""
    if not covers:
        return False
    if view.status is Status.PRE_RESERVED:
        await reservations.confirm(tx, reservation_id=view.id, reason="paid by hand")
        return True
    if view.status is Status.EXPIRED:
        try:
            await reservations.revive(tx, reservation_id=view.id)
        except DatesTaken as error:
            raise NotAcceptable(
                "The hold has run out and its dates are taken: give the money back, or book others"
            ) from error
        return True
    return False


async def _insert(
    tx: Transaction,
    view: ReservationView,
    entry: Entry,
    *,
    outcome: Outcome,
    actor: str,
    now: datetime,
) -> int:
    number = sa.func.nextval("hand_payment_number")
    statement = (
        sa.insert(payments)
        .values(
            provider=HAND,
            provider_id=sa.cast(number, sa.Text),
            reservation_id=view.id,
            status="approved",
            amount=entry.amount,
            currency=view.currency,
            outcome=outcome.value,
            provider_updated_at=now,
            approved_at=now,
        )
        .returning(payments.c.id)
    )
    payment_id = int((await tx.conn.execute(statement)).scalar_one())
    await tx.conn.execute(
        sa.insert(hand_payment).values(
            payment_id=payment_id,
            method=entry.method.value,
            received_on=entry.received_on,
            note=entry.note,
            entered_by=actor,
        )
    )
    await ledger.record_paid(
        tx.conn,
        payment_id=payment_id,
        reservation_id=view.id,
        amount=entry.amount,
        currency=view.currency,
    )
    return payment_id


async def revert(
    tx: Transaction, *, payment_id: int, actor: str, note: str = "", tell: bool = True
) -> Recorded:
    """Take an entry back by its counter-entry; the booking keeps its dates.

    Emits HandPaymentReverted. Raises NoSuchEntry, or NotRevertible for one that was reverted
    before or of which money went back.
    """
    query = (
        sa.select(payments)
        .join(hand_payment, hand_payment.c.payment_id == payments.c.id)
        .where(payments.c.id == payment_id)
    )
    row = (await tx.conn.execute(query)).one_or_none()
    if row is None:
        raise NoSuchEntry(field="entry")
    await store.lock_reservation(tx.conn, row.reservation_id)
    row = (await tx.conn.execute(query)).one()
    if row.status == REVERTED:
        raise NotRevertible("This entry was taken back before")
    going_back = sa.select(refund.c.id).where(refund.c.payment_id == payment_id)
    if (await tx.conn.execute(going_back)).first() is not None:
        raise NotRevertible("Money of this entry went back, or is to go back, to the guest")
    await tx.conn.execute(
        sa.insert(hand_payment_reversal).values(payment_id=payment_id, note=note, entered_by=actor)
    )
    await tx.conn.execute(
        sa.update(payments)
        .where(payments.c.id == payment_id)
        .values(status=REVERTED, updated_at=sa.func.now())
    )
    await ledger.record_reverted(
        tx.conn,
        payment_id=payment_id,
        reservation_id=row.reservation_id,
        amount=row.amount,
        currency=row.currency,
    )
    view = await by_id(tx.conn, row.reservation_id)
    left = (await queries.balance(tx.conn, reservation_id=view.id)).due
    await store.audit(
        tx.conn,
        actor=actor,
        action="payment.reverted",
        subject=f"reservation:{view.code}",
        payment=payment_id,
    )
    tx.emit(
        HandPaymentReverted(
            payment_id=payment_id,
            reservation_id=view.id,
            code=view.code,
            amount=row.amount,
            left=left,
            tell=tell,
        )
    )
    return Recorded(
        payment_id=payment_id, code=view.code, amount=row.amount, left=left, status=view.status
    )
