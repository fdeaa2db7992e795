"""Mercado Pago's JSON, read into our values and written from them."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from alojamientos.kit.errors import Invalid, ProviderError
from alojamientos.payments.provider import (
    FoundPayment,
    LinkRequest,
    PaymentStatus,
    Preference,
    ProviderPayment,
    ProviderRefund,
    RefundStatus,
)

PAYMENT = "payment"
_TOPICS: Mapping[str, str] = {
    "payment": PAYMENT,
    "merchant_order": "merchant_order",
    "topic_merchant_order_wh": "merchant_order",
}
# Signed for a number of their own; which payment they are about is in the body, a hint like any.
FRAUD_WARNING = "stop_delivery_op_wh"
_ABOUT_A_PAYMENT = frozenset({"topic_chargebacks_wh", FRAUD_WARNING})
_REFUND_STATUSES: Mapping[str, RefundStatus] = {
    "approved": RefundStatus.DONE,
    "in_process": RefundStatus.PENDING,
    "pending": RefundStatus.PENDING,
    "authorized": RefundStatus.PENDING,
}


class MalformedNotification(Invalid):
    """The notification cannot be read."""

    status = 400
    code = "malformed_notification"


class MalformedAnswer(ProviderError):  # noqa: N818 - reads as a sentence where it is raised
    """Mercado Pago answered something that we cannot read."""

    code = "malformed_answer"


@dataclass(frozen=True, slots=True, kw_only=True)
class Notification:
    """A hint that something changed. `data_id` comes from the signed query, never the body.

    `payment_id` is the payment to look at, if it is about one.
    """

    event_type: str  # payment | merchant_order | other
    topic: str
    data_id: str | None
    payment_id: str | None = None
    action: str = ""


def parse_notification(*, body: Any, topic: str | None, data_id: str | None) -> Notification:
    """Read a webhook, or a legacy IPN, from its JSON body and its query parameters.

    Raises MalformedNotification when it is no notification, or one about a payment without a
    usable payment id.
    """
    if not isinstance(body, dict):
        raise MalformedNotification("The body is not a JSON object", field="body")
    named = topic or body.get("type") or body.get("topic")
    if not isinstance(named, str) or not named:
        raise MalformedNotification("There is no `type`: what is this about?", field="type")
    action = body.get("action")
    event_type = _TOPICS.get(named, "other")
    if event_type == PAYMENT and not _is_payment_id(data_id):
        raise MalformedNotification(
            "`data.id` of a payment must be in the query, and be a number", field="data.id"
        )
    payment_id = data_id if event_type == PAYMENT else None
    if named in _ABOUT_A_PAYMENT:
        payment_id = _payment_in(body)
    return Notification(
        event_type=PAYMENT if payment_id else event_type,
        topic=_short(named),
        payment_id=payment_id,
        data_id=_short(data_id) if data_id else None,
        action=_short(action) if isinstance(action, str) else "",
    )


def _payment_in(body: Mapping[str, Any]) -> str | None:
    """Return the payment that the body of a chargeback or a fraud warning names, or None."""
    data = body.get("data")
    value = (data.get("payment_id") if isinstance(data, dict) else None) or body.get("payment_id")
    text = str(value) if isinstance(value, int | str) else None
    return text if _is_payment_id(text) else None


def _short(text: str) -> str:
    # PostgreSQL stores no NUL.
    return text.replace("\x00", "")[:64]


def _is_payment_id(value: str | None) -> bool:
    # It becomes part of a URL: nothing but digits gets there.
    return value is not None and re.fullmatch(r"[0-9]{1,20}", value) is not None


def parse_payment(data: Any) -> ProviderPayment:
    """Read `GET /v1/payments/{id}`; raises MalformedAnswer."""
    try:
        refunded = data.get("transaction_amount_refunded")
        approved = data.get("date_approved")
        return ProviderPayment(
            provider_id=str(data["id"]),
            status=_status(data["status"]),
            status_detail=str(data.get("status_detail") or ""),
            amount=to_centavos(data["transaction_amount"]),
            refunded=to_centavos(refunded) if refunded else 0,
            currency=str(data["currency_id"]),
            external_reference=_reference(data),
            collector_id=_collector(data),
            live_mode=bool(data["live_mode"]),
            updated_at=_instant(data.get("date_last_updated") or data["date_created"]),
            approved_at=_instant(approved) if approved else None,
        )
    except (AttributeError, KeyError, TypeError, ValueError, ArithmeticError) as error:
        raise MalformedAnswer from error


def parse_search(data: Any) -> tuple[list[FoundPayment], int]:
    """Read one page of `GET /v1/payments/search`: its payments, and how many there are in all."""
    try:
        results, total = data["results"], int(data["paging"]["total"])
        found = [
            FoundPayment(
                provider_id=str(one["id"]),
                external_reference=_reference(one),
                updated_at=_instant(one.get("date_last_updated") or one["date_created"]),
            )
            for one in results
        ]
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise MalformedAnswer from error
    return found, total


def parse_preference(data: Any) -> Preference:
    """Read the answer to `POST /checkout/preferences`; raises MalformedAnswer."""
    try:
        return Preference(preference_id=str(data["id"]), url=str(data["init_point"]))
    except (KeyError, TypeError) as error:
        raise MalformedAnswer from error


def parse_refund(data: Any) -> ProviderRefund:
    """Read the answer to `POST /v1/payments/{id}/refunds`; raises MalformedAnswer."""
    try:
        return ProviderRefund(
            provider_id=str(data["id"]),
            status=_REFUND_STATUSES.get(str(data.get("status", "approved")), RefundStatus.FAILED),
        )
    except (AttributeError, KeyError, TypeError) as error:
        raise MalformedAnswer from error


def preference_body(request: LinkRequest, *, notification_url: str) -> dict[str, Any]:
    """Return the body of `POST /checkout/preferences`.

    Only what is decided on the spot can pay a hold of an hour: no cash slips, no pending.
    """
    return {
        "items": [
            {
                "id": request.code,
                "title": request.title,
                "description": request.description,
                "category_id": "travels",
                "quantity": 1,
                "unit_price": from_centavos(request.amount),
                "currency_id": request.currency,
            }
        ],
        "external_reference": request.external_reference,
        "notification_url": notification_url,
        "expires": True,
        "expiration_date_from": _written(request.valid_from),
        "expiration_date_to": _written(request.expires_at),
        "binary_mode": True,
        "payment_methods": {"excluded_payment_types": [{"id": "ticket"}, {"id": "atm"}]},
        "metadata": {"reservation_code": request.code},
    }


def closing_body(at: datetime) -> dict[str, Any]:
    """Return the body of `PUT /checkout/preferences/{id}` that ends a link's term at `at`."""
    return {"expires": True, "expiration_date_to": _written(at)}


def refund_body(amount: int) -> dict[str, Any]:
    """Return the body of `POST /v1/payments/{id}/refunds` for `amount` centavos."""
    return {"amount": from_centavos(amount)}


def to_centavos(value: float | str) -> int:
    """Return an amount in pesos, a JSON number, in centavos; raises ValueError for a fraction."""
    exact = Decimal(str(value)) * 100
    if exact != exact.to_integral_value():
        raise ValueError(value)
    return int(exact)


def from_centavos(amount: int) -> float:
    """Return centavos as the JSON number of pesos.

    The nearest double to a two-place decimal is written with those two places again, up to 2^53.
    """
    return float(Decimal(amount) / 100)


def _status(value: Any) -> PaymentStatus:
    try:
        return PaymentStatus(value)
    except ValueError:
        return PaymentStatus.UNKNOWN


def _reference(data: Mapping[str, Any]) -> str | None:
    value = data.get("external_reference")
    return str(value) if value else None


def _collector(data: Mapping[str, Any]) -> str:
    # `collector_id` in a payment, `collector: {"id"}` in older and in search answers.
    value = data.get("collector_id") or (data.get("collector") or {}).get("id")
    return str(value or "")


def _instant(value: str) -> datetime:
    instant = datetime.fromisoformat(value)
    if instant.tzinfo is None:
        raise ValueError(value)
    return instant


def _written(instant: datetime) -> str:
    return instant.isoformat(timespec="milliseconds")
