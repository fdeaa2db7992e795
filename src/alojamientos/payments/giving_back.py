"""Giving money back to a guest: by the policy when a booking is cancelled, or as the owner says.

What goes back is computed first, so that whoever decides sees it; doing it computes it again, and
refuses when it has become something else in between.
"""

from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from alojamientos.kit import audit
from alojamientos.kit.db import Transaction
from alojamientos.kit.errors import Conflict
from alojamientos.payments import ledger, plans, refunds, standing, store
from alojamientos.payments.events import CancellationSettled
from alojamientos.payments.plans import Settlement, Share
from alojamientos.payments.store import payment, refund
from alojamientos.reservations import operations as reservations
from alojamientos.reservations.cancellation import CancellationPolicy
from alojamientos.reservations.domain import TRANSITIONS, NotCancellable
from alojamientos.reservations.events import Status
from alojamientos.reservations.queries import by_id
from alojamientos.reservations.views import ReservationView

_WHOLE = 100  # percent


class RefundChanged(Conflict):
    """What would go back is not what was shown; look at it again."""

    code = "refund_changed"


def agreed(view: ReservationView, policy: CancellationPolicy) -> CancellationPolicy:
    """Return the policy that a booking was made under; `policy` where none was written down."""
    found = view.quote.cancellation
    return CancellationPolicy.parse(found) if found else policy


async def settlement(
    conn: AsyncConnection,
    view: ReservationView,
    *,
    policy: CancellationPolicy,
    today: date,
    now: datetime,
    everything: bool = False,
) -> Settlement:
    """Compute what goes back if this booking is cancelled today; writes nothing.

    The policy that it was booked under counts, `policy` where none was written down. All of it
    goes back of a hold that was never confirmed, and with `everything`.
    """
    payments = await standing.of_reservation(conn, reservation_id=view.id)
    paid = sum(one.left for one in payments)
    rules = agreed(view, policy)
    if everything or view.status in (Status.PRE_RESERVED, Status.EXPIRED):
        percent, back = _WHOLE, paid
    else:
        percent = rules.percent(check_in=view.check_in, today=today)
        back = rules.refund(paid, check_in=view.check_in, today=today)
    return Settlement(
        paid=paid,
        refund=back,
        percent=percent,
        notice=(view.check_in - today).days,
        shares=plans.spread(back, payments, now=now) if back else (),
    )


async def cancel(
    tx: Transaction,
    *,
    reservation_id: int,
    reason: str,
    policy: CancellationPolicy,
    today: date,
    now: datetime,
    shown: int | None = None,
    actor: str = "guest",
    everything: bool = False,
) -> Settlement:
    """Cancel a booking and send back what the policy gives; cancelling twice changes nothing.

    Emits what reservations.cancel does, a refund for every payment that gives some back, and
    CancellationSettled when there was money, or a confirmed booking. `shown` is the refund that
    the canceller agreed to. Raises RefundChanged, NoSuchReservation or NotCancellable.
    """
    await store.lock_reservation(tx.conn, reservation_id)
    view = await by_id(tx.conn, reservation_id)
    if view.status is Status.CANCELLED:
        return Settlement(paid=0, refund=0, percent=0, notice=0)
    if Status.CANCELLED not in TRANSITIONS[view.status]:
        raise NotCancellable(
            f"A booking that is {view.status} cannot be cancelled",
            reservation_status=view.status,
            channel=view.channel,
        )
    found = await settlement(
        tx.conn, view, policy=policy, today=today, now=now, everything=everything
    )
    if shown is not None and shown != found.refund:
        raise RefundChanged(refund=found.refund, shown=shown)
    await reservations.cancel(tx, reservation_id=reservation_id, reason=reason)
    for share in found.shares:
        await refunds.order(tx, share=share, reason="cancelled", asked_by=actor)
    if found.paid:
        await ledger.retain(
            tx.conn,
            reservation_id=view.id,
            amount=found.paid - found.refund,
            currency=view.currency,
        )
    if found.paid or view.is_confirmed:
        tx.emit(
            CancellationSettled(
                reservation_id=view.id,
                code=view.code,
                paid=found.paid,
                refund=found.refund,
                by_hand=found.by_hand,
                percent=found.percent,
                notice=found.notice,
                reason=reason,
            )
        )
    return found


async def plan(
    conn: AsyncConnection, *, reservation_id: int, amount: int | None, now: datetime
) -> tuple[Share, ...]:
    """Return where `amount` (all that is left when None) would come from; raises NotThatMuch."""
    payments = await standing.of_reservation(conn, reservation_id=reservation_id)
    wanted = sum(one.left for one in payments) if amount is None else amount
    if amount is None and not wanted:
        raise plans.NotThatMuch("There is nothing left to give back", field="amount", left=0)
    return plans.spread(wanted, payments, now=now)


async def give_back(
    tx: Transaction,
    *,
    reservation_id: int,
    amount: int | None,
    actor: str,
    now: datetime,
    note: str = "",
    cause: str = "owner",
) -> tuple[Share, ...]:
    """Send back `amount` of what a guest has paid, newest payment first; return the shares.

    Of a cancelled booking the rest is retained; of any other the guest owes it again, unless it was
    too much. `cause` names what the refund is for. Raises NoSuchReservation or NotThatMuch.
    """
    await store.lock_reservation(tx.conn, reservation_id)
    view = await by_id(tx.conn, reservation_id)
    shares = await plan(tx.conn, reservation_id=reservation_id, amount=amount, now=now)
    reason = f"{cause}:{await _count(tx.conn, reservation_id) + 1}"
    for share in shares:
        await refunds.order(tx, share=share, reason=reason, asked_by=actor, note=note)
    await audit.record(
        tx,
        actor=actor,
        action="refund.ordered",
        subject=f"booking:{view.code}",
        amount=sum(share.amount for share in shares),
        note=note,
    )
    if view.status is Status.CANCELLED:
        left = await standing.left_by_others(
            tx.conn, reservation_id=reservation_id, payment_id=None
        )
        await ledger.retain(
            tx.conn, reservation_id=reservation_id, amount=left, currency=view.currency
        )
    return shares


async def _count(conn: AsyncConnection, reservation_id: int) -> int:
    query = (
        sa.select(sa.func.count())
        .select_from(refund)
        .join(payment, payment.c.id == refund.c.payment_id)
        .where(payment.c.reservation_id == reservation_id)
    )
    return int((await conn.execute(query)).scalar_one())
