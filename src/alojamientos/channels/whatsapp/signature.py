"""Meta signs the raw body with the app secret: https://developers.facebook.com/docs/graph-api/webhooks/getting-started."""

import re
from typing import ClassVar

from alojamientos.kit import signatures
from alojamientos.kit.errors import AlojamientosError

HEADER = "X-Hub-Signature-256"
_FORM = re.compile(r"sha256=([0-9a-fA-F]{64})")


class SignatureInvalid(AlojamientosError):  # noqa: N818 - reads as a sentence where it is raised
    """The webhook's signature is missing or wrong; sign the raw body with the app secret."""

    status: ClassVar[int] = 401
    code: ClassVar[str] = "signature_invalid"
    title: ClassVar[str] = "Signature invalid"


def verify(*, secret: str, body: bytes, header: str | None) -> None:
    """Check `header` against the raw `body`; raises SignatureInvalid, saying what is wrong."""
    if header is None:
        raise SignatureInvalid(f"{HEADER} is missing", reason="missing")
    match = _FORM.fullmatch(header.strip())
    if match is None:
        raise SignatureInvalid(f"{HEADER} must be sha256= and 64 hex digits", reason="malformed")
    if not signatures.is_signed(secret=secret, message=body, signature=match[1]):
        raise SignatureInvalid(f"{HEADER} does not match the body", reason="mismatch")


def sign(*, secret: str, body: bytes) -> str:
    """Return the header's value for `body`."""
    return f"sha256={signatures.hmac_sha256_hex(secret=secret, message=body)}"
