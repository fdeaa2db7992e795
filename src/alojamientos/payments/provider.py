"""What a payment provider can do for us, and the values that go in and out of it."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol
from uuid import UUID

from alojamientos.kit.errors import ProviderError
from alojamientos.payments.events import Purpose


class PaymentStatus(StrEnum):
    """The provider's word for where a payment stands; anything else reads as UNKNOWN."""

    PENDING = "pending"
    IN_PROCESS = "in_process"
    AUTHORIZED = "authorized"
    APPROVED = "approved"
    IN_MEDIATION = "in_mediation"
    REJECTED = "rejected"
    CANCELLED = "cancelled"
    REFUNDED = "refunded"
    CHARGED_BACK = "charged_back"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderPayment:
    """A payment as its provider tells it; amounts in centavos, `updated_at` is its version."""

    provider_id: str
    status: PaymentStatus
    status_detail: str
    amount: int
    refunded: int
    currency: str
    external_reference: str | None
    collector_id: str
    live_mode: bool
    updated_at: datetime
    approved_at: datetime | None = None

    @property
    def charged_back(self) -> int:
        """What a chargeback has taken from us; nothing once the provider has reimbursed it."""
        if self.status is not PaymentStatus.CHARGED_BACK or self.status_detail == "reimbursed":
            return 0
        return max(self.amount - self.refunded, 0)

    @property
    def given_back(self) -> int:
        """What the payer has got back; all of it once the status says so."""
        return self.amount if self.status is PaymentStatus.REFUNDED else self.refunded

    @property
    def disputed(self) -> bool:
        return self.status is PaymentStatus.IN_MEDIATION or self.charged_back > 0


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundPayment:
    """A payment that a search came across: enough to know whether to look at it."""

    provider_id: str
    external_reference: str | None
    updated_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkRequest:
    """What a link is asked for with. The same request has the same key, whenever it is made."""

    link_id: int
    reservation_id: int
    code: str
    external_reference: str
    idempotency_key: UUID
    purpose: Purpose
    amount: int
    currency: str
    title: str
    description: str
    valid_from: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Preference:
    """A link that the provider made."""

    preference_id: str
    url: str


class RefundStatus(StrEnum):
    DONE = "done"
    PENDING = "pending"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderRefund:
    """What the provider answered to a refund."""

    provider_id: str
    status: RefundStatus


class PaymentRefused(ProviderError):  # noqa: N818 - reads as a sentence where it is raised
    """The payment provider refused the request; asking again will not help."""

    code = "payment_refused"


class PaymentProvider(Protocol):
    """One account with a payment provider.

    Every method raises ProviderUnavailable when the same call may succeed later and
    PaymentRefused when it will not.
    """

    async def create_preference(self, request: LinkRequest) -> Preference:
        """Return a link for `request`; the same one when asked again with the same key."""
        ...

    async def close_preference(self, preference_id: str, *, at: datetime) -> None:
        """Let nobody begin to pay by a link from `at` on; closing it again changes nothing."""
        ...

    async def get_payment(self, provider_id: str) -> ProviderPayment | None:
        """Return the payment as it stands now, or None when there is no such payment."""
        ...

    async def search_payments(
        self, *, external_reference: str | None = None, updated_since: datetime | None = None
    ) -> list[FoundPayment]:
        """Return the account's payments that match, oldest first."""
        ...

    async def refund(
        self, *, payment_id: str, amount: int, idempotency_key: UUID
    ) -> ProviderRefund:
        """Give `amount` centavos back; once, however often it is asked with the same key."""
        ...
