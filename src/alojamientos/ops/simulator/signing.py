"""Sign webhooks as the providers do; the application verifies with code of its own."""

import hashlib
import hmac


def meta_signature(body: bytes, *, secret: str) -> str:
    """Return the `X-Hub-Signature-256` of `body`: HMAC-SHA256 over the raw bytes."""
    return "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def mercadopago_signature(*, data_id: str, request_id: str, ts: str, secret: str) -> str:
    """Return the `x-signature` of a notification: the manifest is signed, never the body.

    Template: https://www.mercadopago.com.ar/developers/es/docs/your-integrations/notifications/webhooks
    """
    manifest = f"id:{data_id};request-id:{request_id};ts:{ts};"
    digest = hmac.new(secret.encode(), manifest.encode(), hashlib.sha256).hexdigest()
    return f"ts={ts},v1={digest}"
