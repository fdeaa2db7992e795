"""Mercado Pago's `x-signature`: it covers the payment's id, the request's id and the time.

The body is NOT covered, so an authentic notification is only ever a hint to go and look.
Manifest: `id:{data.id};request-id:{x-request-id};ts:{ts};`, where an absent part leaves its whole
pair out; `data.id` is the query parameter. Source: Mercado Pago's webhook documentation and the
WebhookSignatureValidator of its SDKs, which disagree on the case of alphanumeric ids (both are
accepted) and on the unit of `ts` (10^12 and more is milliseconds).
"""

from datetime import datetime, timedelta
from typing import ClassVar

from alojamientos.kit.errors import AlojamientosError
from alojamientos.kit.signatures import hmac_sha256_hex, is_signed

_MILLISECONDS_FROM = 10**12


class SignatureInvalid(AlojamientosError):  # noqa: N818 - reads as a sentence where it is raised
    """The notification is not authentic: its signature is missing or wrong."""

    status: ClassVar[int] = 401
    code = "signature_invalid"
    title = "Signature invalid"

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__()


def verify(
    *,
    secret: str,
    header: str | None,
    data_id: str | None,
    request_id: str | None,
    now: datetime,
    tolerance: timedelta,
) -> str:
    """Return the `ts` that was signed, or raise SignatureInvalid with its reason.

    `tolerance` must be days, not minutes: a retry after four days may carry its first `ts`.
    """
    if not header:
        raise SignatureInvalid("missing")
    parts = parse(header)
    ts, given = parts.get("ts", ""), parts.get("v1", "")
    if not (ts.isascii() and ts.isdigit() and given):
        raise SignatureInvalid("malformed")
    candidates = {data_id, data_id.lower()} if data_id else {data_id}
    matches = [
        is_signed(
            secret=secret,
            message=manifest(data_id=one, request_id=request_id, ts=ts),
            signature=given,
        )
        for one in candidates
    ]
    if not any(matches):
        raise SignatureInvalid("wrong")
    if abs(_seconds(ts) - now.timestamp()) > tolerance.total_seconds():
        raise SignatureInvalid("too_old")
    return ts


def signature(*, secret: str, data_id: str | None, request_id: str | None, ts: str) -> str:
    """Return the `v1` of a notification, 64 lower-case hex digits."""
    message = manifest(data_id=data_id, request_id=request_id, ts=ts)
    return hmac_sha256_hex(secret=secret, message=message)


def manifest(*, data_id: str | None, request_id: str | None, ts: str) -> bytes:
    """Return what is signed: a pair for every part that there is."""
    pairs = (("id", data_id), ("request-id", request_id), ("ts", ts))
    return "".join(f"{key}:{value};" for key, value in pairs if value).encode(
        "utf-8", "surrogatepass"
    )


def parse(header: str) -> dict[str, str]:
    """Split `ts=…,v1=…`; keys are lower-cased, spaces dropped, the first of a kind counts."""
    parts: dict[str, str] = {}
    for part in header.split(","):
        key, found, value = part.partition("=")
        if found:
            parts.setdefault(key.strip().lower(), value.strip())
    return parts


def _seconds(ts: str) -> float:
    value = int(ts[:20])
    return value / 1000 if value >= _MILLISECONDS_FROM else float(value)
