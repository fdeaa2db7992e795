"""What happened to payments, told after the commit."""

from dataclasses import dataclass
from enum import StrEnum


class Outcome(StrEnum):
    """What we did about a payment; the values are the metric's labels."""

    SEEN = "seen"  # nothing to do: pending, in process, authorized, an older state, a repeat
    CONFIRMED = "confirmed"  # approved, the hold was alive
    REVIVED = "revived"  # approved after expiry, the dates were free
    REFUND_DATES_TAKEN = "refund_dates_taken"  # approved after expiry, the dates were taken
    REFUND_CANCELLED = "refund_cancelled"  # approved for a cancelled reservation
    REFUND_DUPLICATE = "refund_duplicate"  # a second approved payment
    PARTIAL = "partial"  # less than the deposit
    BALANCE = "balance"  # of a booking that was confirmed before
    REJECTED = "rejected"  # the guest may try again
    REFUNDED = "refunded"  # given back by us or by the provider
    CHARGED_BACK = "charged_back"  # dates stay blocked until a person decides
    DISPUTED = "disputed"  # in mediation
    ORPHAN = "orphan"  # unknown reference
    FOREIGN = "foreign"  # other collector, currency or live mode


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentApplied:
    """A payment's state was taken in and `outcome` is what came of it.

    `excess` is what of it goes back because it was more than the whole price.
    """

    provider_id: str
    outcome: Outcome
    amount: int
    reservation_id: int | None
    code: str | None
    excess: int = 0


class Purpose(StrEnum):
    """What a link is to pay."""

    DEPOSIT = "deposit"
    BALANCE = "balance"


@dataclass(frozen=True, slots=True, kw_only=True)
class BalanceLinkRequested:
    """Somebody wants a link for what is left to pay; what must follow is the job that makes it."""

    reservation_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentLinkCreated:
    """A guest can now pay a reservation's deposit, or its balance."""

    link_id: int
    reservation_id: int
    code: str
    amount: int
    purpose: Purpose = Purpose.DEPOSIT


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentLinkClosed:
    """A link asks for what is no more; what must follow is the job that closes it for payers."""

    link_id: int
    reservation_id: int


class Method(StrEnum):
    """How money came that did not come through the provider."""

    CASH = "cash"
    TRANSFER = "transfer"
    CARD = "card"  # the lodging's own terminal


@dataclass(frozen=True, slots=True, kw_only=True)
class HandPaymentRecorded:
    """Money was entered by hand; `left` is what is still to pay. `tell` asks for a receipt."""

    payment_id: int
    reservation_id: int
    code: str
    method: Method
    amount: int
    left: int
    confirmed: bool  # it made a hold a confirmed booking
    tell: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class HandPaymentReverted:
    """A payment by hand was taken back by its counter-entry; `left` is what is to pay now."""

    payment_id: int
    reservation_id: int
    code: str
    amount: int
    left: int
    tell: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundRequested:
    """Money is to go back; what must follow is the job that asks the provider for it."""

    refund_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundFinished:
    """A refund was made (`done`) or finally refused by the provider (`failed`).

    `by_rule` tells that nobody asked for it: money that came too late, twice or too much.
    """

    refund_id: int
    payment_provider_id: str
    amount: int
    status: str
    reservation_id: int | None = None
    by_hand: bool = False
    by_rule: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class OrphanAssigned:
    """A person said whose booking an orphan pays; what must follow is taking it in again."""

    provider_id: str


class Trouble(StrEnum):
    """What only the owner can decide about money."""

    CHARGED_BACK = "charged_back"
    DISPUTED = "disputed"
    FRAUD = "fraud"  # the provider warns: the payment is probably not the cardholder's
    ORPHAN = "orphan"
    BY_HAND = "by_hand"  # money to be given back by hand
    REFUND_FAILED = "refund_failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnerNeeded:
    """Something about money waits for the owner. `key` tells it from every other such thing."""

    trouble: Trouble
    key: str
    amount: int
    reservation_id: int | None = None
    payment: str | None = None  # the provider's number of it


@dataclass(frozen=True, slots=True, kw_only=True)
class CancellationSettled:
    """A paid booking was cancelled and it is decided what goes back, and how; in centavos.

    `notice` is in days before arrival, `reason` the cancellation's.
    """

    reservation_id: int
    code: str
    paid: int
    refund: int
    by_hand: int  # of `refund`
    percent: int
    notice: int
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReconciliationFound:
    """Reconciliation found a payment that no notification had told us of."""

    provider_id: str
    reservation_id: int | None
