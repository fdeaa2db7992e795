"""Mercado Pago's errors, its payment statuses and what it refuses in a preference."""

from datetime import datetime, timedelta
from typing import Any

_REFERENCE = 256
_REFUNDABLE = timedelta(days=180)
STATUS_DETAILS = {
    "approved": "accredited",
    "rejected": "cc_rejected_insufficient_amount",
    "pending": "pending_waiting_payment",
    "in_process": "pending_review_manual",
    "authorized": "pending_capture",
    "cancelled": "by_collector",
    "refunded": "refunded",
    "charged_back": "settled",
    "in_mediation": "pending",
}


class MercadoPagoError(Exception):
    """An answer of Mercado Pago's API other than success."""

    def __init__(self, status: int, message: str, *, cause: int | None = None) -> None:
        self.status = status
        self.message = message
        self.cause = cause
        super().__init__(message)

    def to_json(self) -> dict[str, Any]:
        errors = {
            400: "bad_request",
            401: "unauthorized",
            404: "not_found",
            409: "idempotency_key_already_used",
            429: "too_many_requests",
        }
        cause = [{"code": self.cause, "description": self.message, "data": None}]
        return {
            "message": self.message,
            "error": errors.get(self.status, "internal_error"),
            "status": self.status,
            "cause": cause if self.cause else [],
        }


def check_preference(body: dict[str, Any], *, now: float) -> None:
    """Refuse a preference as the API does; raises MercadoPagoError."""
    items = body.get("items")
    if not isinstance(items, list) or not items:
        raise MercadoPagoError(400, "items needed", cause=400)
    for item in items:
        price, quantity = item.get("unit_price"), item.get("quantity")
        if isinstance(price, bool) or not isinstance(price, int | float) or price <= 0:
            raise MercadoPagoError(400, "unit_price invalid", cause=400)
        if isinstance(quantity, bool) or not isinstance(quantity, int) or quantity < 1:
            raise MercadoPagoError(400, "quantity invalid", cause=400)
        if item.get("currency_id", "ARS") != "ARS":
            raise MercadoPagoError(400, "currency_id invalid", cause=400)
    if len(str(body.get("external_reference", ""))) > _REFERENCE:
        raise MercadoPagoError(400, "external_reference is too long", cause=400)
    if body.get("auto_return") and not (body.get("back_urls") or {}).get("success"):
        raise MercadoPagoError(
            400, "auto_return invalid. back_url.success must be defined", cause=400
        )
    url = body.get("notification_url")
    if url is not None and not str(url).startswith(("http://", "https://")):
        raise MercadoPagoError(400, "notificaction_url attribute must be url valid", cause=400)
    _check_expiration(body, now=now)


def check_update(body: dict[str, Any]) -> None:
    """Refuse a change of a preference's term as the API does; raises MercadoPagoError."""
    unknown = body.keys() - {"expires", "expiration_date_from", "expiration_date_to"}
    if unknown:  # of what the API can change, ours asks for no more
        raise MercadoPagoError(400, f"{min(unknown)} cannot be changed here", cause=400)
    _instants(body)


def _check_expiration(body: dict[str, Any], *, now: float) -> None:
    instants = _instants(body)
    end = instants.get("expiration_date_to")
    start = instants.get("expiration_date_from")
    if end and (end.timestamp() <= now or (start and end <= start)):
        raise MercadoPagoError(400, "expiration_date_to invalid", cause=400)


def _instants(body: dict[str, Any]) -> dict[str, datetime]:
    instants = {}
    for field in ("expiration_date_from", "expiration_date_to", "date_of_expiration"):
        if (value := body.get(field)) is None:
            continue
        try:
            instants[field] = datetime.fromisoformat(value)
        except (TypeError, ValueError) as error:
            raise MercadoPagoError(400, f"{field} invalid", cause=400) from error
        if instants[field].tzinfo is None:
            raise MercadoPagoError(400, f"{field} needs its offset", cause=400)
    return instants


def refund_amount(payment: dict[str, Any], body: dict[str, Any], *, now: float) -> float:
    """Return what of `payment` goes back, in pesos; refuse what the API refuses.

    Source: the errors of POST /v1/payments/{id}/refunds. Raises MercadoPagoError.
    """
    if payment["status"] != "approved":
        raise MercadoPagoError(
            400, "The action requested is not valid for the current payment state", cause=2063
        )
    approved = datetime.fromisoformat(payment["date_approved"] or payment["date_created"])
    if now - approved.timestamp() > _REFUNDABLE.total_seconds():
        raise MercadoPagoError(400, "Payment too old to be refunded", cause=2024)
    left = float(round(payment["transaction_amount"] - payment["transaction_amount_refunded"], 2))
    if body.get("amount") is None:
        return left
    amount = body["amount"]
    if isinstance(amount, bool) or not isinstance(amount, int | float):
        raise MercadoPagoError(400, "amount attribute must be numeric", cause=4041)
    if amount <= 0 or round(amount, 2) != amount:
        raise MercadoPagoError(400, "amount attribute must be positive", cause=4040)
    if amount > left:
        raise MercadoPagoError(400, "Amount to refund exceeds the payment", cause=4040)
    return float(amount)


def total(preference: dict[str, Any]) -> float:
    """Return what a preference asks for, in pesos."""
    return float(sum(item["unit_price"] * item["quantity"] for item in preference["items"]))


def number(value: str) -> int | str:
    """Return an id as the API writes it: a JSON number when it is one."""
    return int(value) if value.isdigit() else value
