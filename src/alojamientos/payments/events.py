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
    REJECTED = "rejected"  # the guest may try again
    REFUNDED = "refunded"  # given back by us or by the provider
    CHARGED_BACK = "charged_back"  # dates stay blocked until a person decides
    DISPUTED = "disputed"  # in mediation
    ORPHAN = "orphan"  # unknown reference
    FOREIGN = "foreign"  # other collector, currency or live mode


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentApplied:
    """A payment's state was taken in and `outcome` is what came of it."""

    provider_id: str
    outcome: Outcome
    amount: int
    reservation_id: int | None
    code: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentLinkCreated:
    """A guest can now pay a reservation's deposit."""

    reservation_id: int
    code: str
    amount: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundRequested:
    """Money is to go back; what must follow is the job that asks the provider for it."""

    refund_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundFinished:
    """A refund was accepted (`done`) or finally refused by the provider (`failed`)."""

    payment_provider_id: str
    amount: int
    status: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReconciliationFound:
    """Reconciliation found a payment that no notification had told us of."""

    provider_id: str
    reservation_id: int | None
