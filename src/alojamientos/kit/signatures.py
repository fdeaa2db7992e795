"""Keyed digests of what providers send, compared in constant time."""

import hashlib
import hmac


def hmac_sha256_hex(*, secret: str, message: bytes) -> str:
    """Return the HMAC-SHA256 of `message` under `secret`, as 64 lower-case hex digits."""
    return hmac.new(secret.encode(), message, hashlib.sha256).hexdigest()


def same(expected: str, given: str) -> bool:
    """Tell whether two texts are equal, in time that does not depend on where they differ."""
    return hmac.compare_digest(expected.encode(), given.encode("utf-8", "surrogatepass"))


def is_signed(*, secret: str, message: bytes, signature: str) -> bool:
    """Tell whether `signature` (hex, either case) is that of `message` under `secret`.

    An empty secret signs nothing.
    """
    if not secret:
        return False
    return same(hmac_sha256_hex(secret=secret, message=message), signature.strip().lower())
