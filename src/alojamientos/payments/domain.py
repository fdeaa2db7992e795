"""What to do about a payment. Pure: the whole table of strange cases is here.

Source of the rules: Mercado Pago's payment statuses and the required behaviour for late and
strange payments (docs/architecture.md). A payment's version is when the provider last changed
it; an older state never replaces a newer one, and the same state twice does nothing twice.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from alojamientos.payments.events import Outcome
from alojamientos.payments.provider import PaymentStatus, ProviderPayment
from alojamientos.reservations.events import Status


class Effect(StrEnum):
    """Something to write besides the payment itself, in the order of `Decision.effects`."""

    CONFIRM = "confirm"  # the hold becomes a confirmed reservation
    REVIVE = "revive"  # the expired hold does, if its dates are still free
    RECORD_PAID = "record_paid"  # ledger: the guest paid
    RECORD_RETURNED = "record_returned"  # ledger: what was refunded or charged back
    REFUND = "refund"  # give back `Decision.give_back` of it


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """Whose payments are ours."""

    collector_id: str
    live_mode: bool
    currency: str = "ARS"


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What we had stored of the payment before."""

    status: PaymentStatus
    refunded: int
    version: datetime
    recorded: bool = False  # the ledger has it as paid


@dataclass(frozen=True, slots=True, kw_only=True)
class Booking:
    """What matters of the reservation that the payment names.

    `status` is the effective one: an overdue hold is expired. `paid_by_others` is what other
    payments, not counting what is being refunded, have brought in and left there, in centavos.
    `for_balance` tells that the guest paid by a link for what was left to pay.
    """

    status: Status
    deposit: int
    total: int
    paid_by_others: int = 0
    for_balance: bool = False
    dates_taken: bool = False  # found out by trying to revive it


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What becomes of a payment's state; without `store` it is not even kept."""

    outcome: Outcome
    effects: tuple[Effect, ...] = ()
    store: bool = True
    give_back: int = 0


# How far along a status is, to order two states of the same instant.
_RANK: Mapping[PaymentStatus, int] = {
    status: rank
    for rank, group in enumerate(
        (
            {PaymentStatus.UNKNOWN},
            {PaymentStatus.PENDING},
            {PaymentStatus.IN_PROCESS},
            {PaymentStatus.AUTHORIZED},
            {PaymentStatus.APPROVED, PaymentStatus.REJECTED, PaymentStatus.CANCELLED},
            {PaymentStatus.IN_MEDIATION},
            {PaymentStatus.REFUNDED, PaymentStatus.CHARGED_BACK},
        )
    )
    for status in group
}


def decide(
    payment: ProviderPayment, *, account: Account, known: Known | None, booking: Booking | None
) -> Decision:
    """Return what to do about `payment`, given what we had of it and what it pays for."""
    if known is not None and not _is_news(payment, known):
        return Decision(outcome=Outcome.SEEN, store=False)
    if not is_ours(payment, account):
        return Decision(outcome=Outcome.FOREIGN)
    if booking is None:
        return Decision(outcome=Outcome.ORPHAN)
    return _BY_STATUS[payment.status](payment, known, booking)


def is_ours(payment: ProviderPayment, account: Account) -> bool:
    """Tell whether the money came to `account`: its collector, its currency, its environment."""
    return (
        payment.collector_id == account.collector_id
        and payment.currency == account.currency
        and payment.live_mode is account.live_mode
    )


def _is_news(payment: ProviderPayment, known: Known) -> bool:
    if payment.updated_at != known.version:
        return payment.updated_at > known.version
    ahead = (_RANK[payment.status], payment.given_back)
    return ahead > (_RANK[known.status], known.refunded)


def _wait(_payment: ProviderPayment, _known: Known | None, _booking: Booking) -> Decision:
    return Decision(outcome=Outcome.SEEN)


def _rejected(_payment: ProviderPayment, _known: Known | None, _booking: Booking) -> Decision:
    return Decision(outcome=Outcome.REJECTED)


def _disputed(_payment: ProviderPayment, _known: Known | None, _booking: Booking) -> Decision:
    return Decision(outcome=Outcome.DISPUTED)


def _charged_back(payment: ProviderPayment, _known: Known | None, _booking: Booking) -> Decision:
    outcome = Outcome.CHARGED_BACK if payment.charged_back else Outcome.SEEN
    return Decision(outcome=outcome, effects=(Effect.RECORD_RETURNED,))


def _refunded(_payment: ProviderPayment, _known: Known | None, _booking: Booking) -> Decision:
    return Decision(outcome=Outcome.REFUNDED, effects=(Effect.RECORD_RETURNED,))


def _approved(payment: ProviderPayment, known: Known | None, booking: Booking) -> Decision:
    if payment.given_back >= payment.amount:
        return _refunded(payment, known, booking)
    if known is not None and known.recorded:
        # Partially refunded keeps the status approved; so does a dispute that was settled.
        more = payment.given_back > known.refunded
        return Decision(
            outcome=Outcome.REFUNDED if more else Outcome.SEEN, effects=(Effect.RECORD_RETURNED,)
        )
    return _accept(payment, booking)


def _accept(payment: ProviderPayment, booking: Booking) -> Decision:
    """Decide about money that has just come in."""
    net = payment.amount - payment.given_back
    if booking.status is Status.CANCELLED:
        return _return_all(Outcome.REFUND_CANCELLED, net)
    if booking.dates_taken:
        return _return_all(Outcome.REFUND_DATES_TAKEN, net)
    due = booking.total - booking.paid_by_others
    has_deposit = booking.paid_by_others >= booking.deposit
    if due <= 0 or (has_deposit and not booking.for_balance):
        return _return_all(Outcome.REFUND_DUPLICATE, net)
    is_short = booking.paid_by_others + net < booking.deposit
    if has_deposit or (is_short and booking.status in _SOLD):
        return _keep(Outcome.BALANCE, excess=net - due)
    if is_short:
        return _keep(Outcome.PARTIAL)
    outcome, effect = _ACCEPTED[booking.status]
    return _keep(outcome, effect, excess=net - due)


_RECORD = (Effect.RECORD_PAID, Effect.RECORD_RETURNED)


def _return_all(outcome: Outcome, net: int) -> Decision:
    return Decision(outcome=outcome, effects=(*_RECORD, Effect.REFUND), give_back=net)


def _keep(outcome: Outcome, effect: Effect | None = None, *, excess: int = 0) -> Decision:
    """Keep the money, but for what is more than the whole price."""
    first = (effect,) if effect else ()
    last = (Effect.REFUND,) if excess > 0 else ()
    return Decision(outcome=outcome, effects=(*first, *_RECORD, *last), give_back=max(excess, 0))


_SOLD = frozenset({Status.CONFIRMED, Status.COMPLETED, Status.NO_SHOW})
# A reservation that somebody confirmed by hand takes the deposit as it is.
_ACCEPTED: Mapping[Status, tuple[Outcome, Effect | None]] = {
    Status.PRE_RESERVED: (Outcome.CONFIRMED, Effect.CONFIRM),
    Status.EXPIRED: (Outcome.REVIVED, Effect.REVIVE),
    Status.CONFIRMED: (Outcome.CONFIRMED, None),
    Status.COMPLETED: (Outcome.CONFIRMED, None),
    Status.NO_SHOW: (Outcome.CONFIRMED, None),
}

_Rule = Callable[[ProviderPayment, Known | None, Booking], Decision]
_BY_STATUS: Mapping[PaymentStatus, _Rule] = {
    PaymentStatus.UNKNOWN: _wait,
    PaymentStatus.PENDING: _wait,
    PaymentStatus.IN_PROCESS: _wait,
    PaymentStatus.AUTHORIZED: _wait,
    PaymentStatus.CANCELLED: _wait,  # of a payment that never came in: the hold runs out by itself
    PaymentStatus.REJECTED: _rejected,
    PaymentStatus.APPROVED: _approved,
    PaymentStatus.IN_MEDIATION: _disputed,
    PaymentStatus.REFUNDED: _refunded,
    PaymentStatus.CHARGED_BACK: _charged_back,
}
