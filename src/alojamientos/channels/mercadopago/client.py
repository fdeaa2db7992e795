"""The six calls that we make to Mercado Pago."""

from datetime import datetime
from urllib.parse import quote
from uuid import UUID

from alojamientos.channels.mercadopago import payloads
from alojamientos.kit.errors import ProviderUnavailable
from alojamientos.kit.http import HttpClient, HttpResponse
from alojamientos.payments.provider import (
    FoundPayment,
    LinkRequest,
    PaymentRefused,
    Preference,
    ProviderPayment,
    ProviderRefund,
)

_PAGE = 100
_PAGES_AT_MOST = 100
_NOT_FOUND = 404
# Statuses after which the same call may succeed: a token that somebody has to renew, timeouts and
# limits. A refund must not be given up because of any of these.
_TRY_AGAIN = {401, 403, 408, 409, 423, 425, 429}
_RETRY_AFTER_DIGITS = 5
_SERVER_ERROR = 500


class MercadoPago:
    """Mercado Pago's API as a PaymentProvider; `http` carries the base URL and the bearer token."""

    def __init__(self, *, http: HttpClient, notification_url: str) -> None:
        self._http = http
        self._notification_url = notification_url

    async def create_preference(self, request: LinkRequest) -> Preference:
        """Make a link; see PaymentProvider. Its notifications come signed, without IPN twins."""
        response = await self._http.request(
            "POST",
            "/checkout/preferences",
            operation="create_preference",
            json=payloads.preference_body(request, notification_url=self._notification_url),
            headers={"X-Idempotency-Key": str(request.idempotency_key)},
        )
        return payloads.parse_preference(_json(_checked(response)))

    async def close_preference(self, preference_id: str, *, at: datetime) -> None:
        """Bring a link's end forward to `at`; it stops no payment that is under way."""
        response = await self._http.request(
            "PUT",
            f"/checkout/preferences/{quote(preference_id, safe='')}",
            operation="close_preference",
            json=payloads.closing_body(at),
        )
        _checked(response)

    async def get_payment(self, provider_id: str) -> ProviderPayment | None:
        """Fetch a payment; None when Mercado Pago knows none of that number."""
        response = await self._http.request(
            "GET", f"/v1/payments/{provider_id}", operation="get_payment"
        )
        if response.status == _NOT_FOUND:
            return None
        return payloads.parse_payment(_json(_checked(response)))

    async def search_payments(
        self, *, external_reference: str | None = None, updated_since: datetime | None = None
    ) -> list[FoundPayment]:
        """Find payments by reference, or by having changed since an instant; oldest first."""
        params = {"sort": "date_created", "criteria": "asc", "limit": str(_PAGE)}
        if external_reference is not None:
            params["external_reference"] = external_reference
        if updated_since is not None:
            params |= {
                "range": "date_last_updated",
                "begin_date": updated_since.isoformat(timespec="milliseconds"),
                "end_date": "NOW",
            }
        found: list[FoundPayment] = []
        for page in range(_PAGES_AT_MOST):
            response = await self._http.request(
                "GET",
                "/v1/payments/search",
                operation="search_payments",
                params={**params, "offset": str(page * _PAGE)},
            )
            results, total = payloads.parse_search(_json(_checked(response)))
            found += results
            if not results or len(found) >= total:
                break
        return found

    async def refund(
        self, *, payment_id: str, amount: int, idempotency_key: UUID
    ) -> ProviderRefund:
        """Refund; the key makes a repeat return the first one's answer."""
        response = await self._http.request(
            "POST",
            f"/v1/payments/{payment_id}/refunds",
            operation="create_refund",
            json=payloads.refund_body(amount),
            headers={"X-Idempotency-Key": str(idempotency_key)},
        )
        return payloads.parse_refund(_json(_checked(response)))


def notification_url(public_base_url: str) -> str:
    """Return where notifications go; `source_news` keeps their unsigned IPN twins away."""
    return f"{public_base_url.rstrip('/')}/api/v1/webhooks/mercadopago?source_news=webhooks"


def _checked(response: HttpResponse) -> HttpResponse:
    if response.ok:
        return response
    if response.status in _TRY_AGAIN or response.status >= _SERVER_ERROR:
        raise ProviderUnavailable(
            f"Mercado Pago answered {response.status}",
            ambiguous=response.status >= _SERVER_ERROR,
            retry_after_s=_retry_after(response),
        )
    raise PaymentRefused(
        f"Mercado Pago refused with {response.status}: {_reason(response)}",
        provider_status=response.status,
    )


def _retry_after(response: HttpResponse) -> int | None:
    value = response.headers.get("retry-after", "")
    usable = value.isascii() and value.isdigit() and len(value) <= _RETRY_AFTER_DIGITS
    return int(value) if usable else None


def _reason(response: HttpResponse) -> str:
    try:
        data = response.json()
    except ValueError:
        return "no reason given"
    error = data.get("error") if isinstance(data, dict) else None
    return str(error)[:80] if error else "no reason given"


def _json(response: HttpResponse) -> object:
    try:
        return response.json()
    except ValueError as error:
        raise payloads.MalformedAnswer from error
