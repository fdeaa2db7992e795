"""From which payments money goes back, and how. Pure.

Source of the limits: Mercado Pago refunds an approved payment within 180 days, whole or in parts.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from alojamientos.kit.errors import Invalid

HAND = "hand"  # the provider of payments that were entered by hand
REFUNDABLE = timedelta(days=180)
_MARGIN = timedelta(days=1)  # the provider's clock, and a refund that has to wait for it


class NotThatMuch(Invalid):
    """There is not that much left to give back."""

    code = "not_that_much_to_give_back"


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """One payment that came in; amounts in centavos.

    `left` may be given back; `promised` is what its provider has given back or will have.
    """

    payment_id: int
    provider: str
    provider_id: str
    amount: int
    left: int
    promised: int
    paid_at: datetime
    disputed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """What of one payment goes back: through its provider, or by a person's hand."""

    payment_id: int
    provider_id: str
    amount: int
    by_hand: bool
    up_to: int  # what the payment will have given back at its provider then; by hand: the amount


@dataclass(frozen=True, slots=True, kw_only=True)
class Settlement:
    """What a guest gets back of what they paid, in centavos, and from which payments.

    `notice` is how many days before arrival they cancel.
    """

    paid: int
    refund: int
    percent: int
    notice: int
    shares: tuple[Share, ...] = ()

    @property
    def by_hand(self) -> int:
        """What of the refund the owner has to give back in person or by transfer."""
        return sum(share.amount for share in self.shares if share.by_hand)


def spread(amount: int, payments: Sequence[Standing], *, now: datetime) -> tuple[Share, ...]:
    """Take `amount` centavos from `payments` in their order; raises NotThatMuch."""
    if amount <= 0:
        raise Invalid("The amount must be more than nothing", field="amount")
    left = sum(one.left for one in payments)
    if amount > left:
        raise NotThatMuch(field="amount", left=left)
    shares = []
    for one in payments:
        taken = min(amount, one.left)
        if taken:
            by_hand = _needs_hand(one, now=now)
            up_to = taken if by_hand else one.promised + taken
            shares.append(
                Share(
                    payment_id=one.payment_id,
                    provider_id=one.provider_id,
                    amount=taken,
                    by_hand=by_hand,
                    up_to=up_to,
                )
            )
            amount -= taken
    return tuple(shares)


def _needs_hand(payment: Standing, *, now: datetime) -> bool:
    too_old = now - payment.paid_at > REFUNDABLE - _MARGIN
    return payment.provider == HAND or too_old or payment.disputed
