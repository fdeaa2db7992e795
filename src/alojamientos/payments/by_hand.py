"""Money that came in cash, by transfer or over the lodging's own terminal: entered by a person.

An entry stays as it was written. One that was made by mistake gets a counter-entry: the ledger then
has both, and sums to what is true.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

import sqlalchemy as sa

from alojamientos.kit.db import Transaction
from alojamientos.kit.errors import Conflict, Invalid, NotFound
from alojamientos.payments import ledger, queries, standing, store
from alojamientos.payments.events import (
    HandPaymentRecorded,
    HandPaymentReverted,
    Method,
    Outcome,
)
from alojamientos.payments.plans import HAND
from alojamientos.payments.store import hand_payment, hand_payment_reversal, refund
from alojamientos.payments.store import payment as payments
from alojamientos.reservations import operations as reservations
from alojamientos.reservations.domain import DatesTaken
from alojamientos.reservations.events import Status
from alojamientos.reservations.queries import by_code, by_id
from alojamientos.reservations.views import ReservationView

_LONGEST_NOTE = 500
_FARTHEST_BACK = timedelta(days=730)
REVERTED = "reverted"  # the status of a payment that has its counter-entry


class NoSuchEntry(NotFound):
    """There is no such payment by hand; see: alojamientos payments list CODE."""

    code = "no_such_entry"


class NotAcceptable(Conflict):
    """Money cannot be entered for this booking as it stands."""

    code = "payment_not_acceptable"


class AlreadyEntered(Conflict):
    """The same amount was entered for this booking, day and method before."""

    code = "payment_already_entered"


class NotRevertible(Conflict):
    """The entry cannot be taken back."""

    code = "entry_not_revertible"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What a person enters: how much in centavos, how it came, when, and a note of their own."""

    amount: int
    method: Method
    received_on: date
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """What an entry, or its counter-entry, came to; `left` is what is to pay now, in centavos."""

    payment_id: int
    code: str
    amount: int
    left: int
    status: Status
    confirmed: bool = False


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
    _check(entry, today=today)
    reservation_id = (await by_code(tx.conn, code)).id
    await store.lock_reservation(tx.conn, reservation_id)
    view = await by_id(tx.conn, reservation_id)
    paid = await standing.left_by_others(tx.conn, reservation_id=view.id, payment_id=None)
    _check_acceptable(view, entry, paid=paid, over=over)
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


def _check(entry: Entry, *, today: date) -> None:
    if entry.amount <= 0:
        raise Invalid("The amount must be more than nothing", field="amount")
    if entry.received_on > today:
        raise Invalid(
            f"The money cannot have come after today, {today.isoformat()}", field="received_on"
        )
    if today - entry.received_on > _FARTHEST_BACK:
        raise Invalid("That is more than two years ago; check the year", field="received_on")
    if len(entry.note) > _LONGEST_NOTE or "\x00" in entry.note:
        raise Invalid(f"A note has at most {_LONGEST_NOTE} letters", field="note")


def _check_acceptable(view: ReservationView, entry: Entry, *, paid: int, over: bool) -> None:
    if view.status is Status.CANCELLED:
        raise NotAcceptable("This booking is cancelled: give the money back, or book again")
    if view.status is Status.EXPIRED and paid + entry.amount < view.deposit:
        raise NotAcceptable(
            "The hold has run out, and this does not reach its deposit; book again first",
            deposit=view.deposit,
        )
    left = view.total - paid
    if entry.amount > left and not over:
        raise Invalid(
            "That is more than what is left to pay; check the amount, or insist with --over",
            field="amount",
            left=left,
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
