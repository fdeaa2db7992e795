"""Requests that we make ourselves, to see that booking works: known by a mark, counted apart.

The mark is an HMAC under a secret that only our own processes have. So no client can make its own
requests disappear from the numbers that service levels are made of.
"""

from starlette.types import Scope

from alojamientos.kit import signatures

HEADER = "X-Alojamientos-Synthetic"
_PURPOSE = b"synthetic request v1"
_NAME = HEADER.lower().encode()
_KEY = "alojamientos.synthetic"


def mark(secret: str) -> str:
    """Return the header's value under `secret`."""
    return signatures.hmac_sha256_hex(secret=secret, message=_PURPOSE)


class Marks:
    """Tell marked requests from others; without a secret there are none."""

    def __init__(self, secret: str) -> None:
        self._expected = mark(secret) if secret else None

    def is_on(self, scope: Scope) -> bool:
        """Tell whether the request of `scope` is marked; keep the answer for `is_synthetic`."""
        known = scope.get(_KEY)
        if known is None:
            known = scope[_KEY] = self._is_marked(scope)
        return bool(known)

    def _is_marked(self, scope: Scope) -> bool:
        if self._expected is None:
            return False
        return any(
            name == _NAME and signatures.same(self._expected, value.decode("latin-1"))
            for name, value in scope["headers"]
        )


def is_synthetic(scope: Scope) -> bool:
    """Tell what `Marks.is_on` has found of a request; one that it never saw is a guest's."""
    return bool(scope.get(_KEY, False))
