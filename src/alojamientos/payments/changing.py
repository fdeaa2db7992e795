"""A guest's own change of a booking: whether it is theirs to make, what it costs, and making it.

The rule is the policy's: while cancelling would give everything back, nothing is at stake and the
guest may change a confirmed stay alone. After that a change would be a way around the policy, and
the owner decides. What was paid beyond the new price goes back, as cancelling would have given it.
"""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from sqlalchemy.ext.asyncio import AsyncConnection

from alojamientos.kit.db import Transaction
from alojamientos.payments import giving_back, standing, store
from alojamientos.payments.plans import Share
from alojamientos.reservations import moving
from alojamientos.reservations.cancellation import CancellationPolicy
from alojamientos.reservations.domain import Policy, Quote, Stay
from alojamientos.reservations.events import Channel, Status
from alojamientos.reservations.views import ReservationView

BY_GUEST = "guest"
_ALL = 100  # percent


class Hindrance(StrEnum):
    """Why a change is the owner's to decide."""

    LATE = "late"  # cancelling would not give everything back any more
    AGREED = "agreed"  # the owner made this booking by hand: the price may be a word given
    MONEY = "money"  # a part of the deposit has come in, or a payment is disputed


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What a changed booking would cost, in centavos, and what of what was paid goes back."""

    total: int
    deposit: int
    paid: int
    refund: int
    by_hand: int = 0  # of `refund`, what goes back in person or by transfer

    @property
    def due(self) -> int:
        return max(0, self.total - self.paid)

    @property
    def shown(self) -> tuple[int, ...]:
        """What a guest says yes to: with any of it different they are asked again."""
        return (self.total, self.deposit, self.paid, self.refund)


@dataclass(frozen=True, slots=True, kw_only=True)
class Changed:
    """A booking before and after its guest changed it."""

    before: ReservationView
    after: ReservationView
    terms: Terms


async def hindrance(
    conn: AsyncConnection, view: ReservationView, *, policy: CancellationPolicy, today: date
) -> Hindrance | None:
    """Return why the owner has to decide on a change of this booking; None when nothing does.

    The policy that it was booked under counts, `policy` where none was written down.
    """
    if view.channel is Channel.MANUAL:
        return Hindrance.AGREED
    payments = await standing.of_reservation(conn, reservation_id=view.id)
    if any(one.disputed for one in payments):
        return Hindrance.MONEY
    if view.status is Status.PRE_RESERVED:
        return Hindrance.MONEY if any(one.left for one in payments) else None
    agreed = giving_back.agreed(view, policy)
    late = agreed.percent(check_in=view.check_in, today=today) < _ALL
    return Hindrance.LATE if late else None


async def terms(
    conn: AsyncConnection, view: ReservationView, quote: Quote, *, now: datetime
) -> Terms:
    """Compute what `view` costs at `quote`, today's price of the nights wanted; writes nothing."""
    unpaid = view.status is Status.PRE_RESERVED
    payments = await standing.of_reservation(conn, reservation_id=view.id)
    paid = sum(one.left for one in payments)
    refund = max(0, paid - quote.total)
    shares: tuple[Share, ...] = ()
    if refund:
        shares = await giving_back.plan(conn, reservation_id=view.id, amount=refund, now=now)
    return Terms(
        total=quote.total,
        deposit=quote.deposit if unpaid else min(view.deposit, quote.total),
        paid=paid,
        refund=refund,
        by_hand=sum(share.amount for share in shares if share.by_hand),
    )


async def change(
    tx: Transaction,
    *,
    reservation_id: int,
    stay: Stay,
    guests: int,
    cabin: str | None,
    agreed: int,
    policy: Policy,
    today: date,
    now: datetime,
) -> Changed:
    """Move a booking at today's price, which its guest has `agreed` to, and settle the money.

    A refusal leaves the booking as it was. Emits what `moving.move` does, and a refund for what
    was paid beyond the new price. Raises what `moving.move` does.
    """
    await store.lock_reservation(tx.conn, reservation_id)
    moved = await moving.move(
        tx,
        reservation_id=reservation_id,
        today=today,
        policy=policy,
        actor=BY_GUEST,
        check_in=stay.check_in,
        check_out=stay.check_out,
        cabin=cabin,
        guests=guests,
        reprice=True,
        agreed=agreed,
    )
    found = await terms(tx.conn, moved.after, moved.after.quote, now=now)
    if found.refund:
        await giving_back.give_back(
            tx,
            reservation_id=reservation_id,
            amount=found.refund,
            actor=BY_GUEST,
            now=now,
            cause="changed",
        )
    return Changed(before=moved.before, after=moved.after, terms=found)
