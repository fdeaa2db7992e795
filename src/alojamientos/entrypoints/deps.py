"""What stands before the routes: who may ask, and how often."""

import hmac
from collections.abc import Awaitable, Callable
from typing import ClassVar

from fastapi import Request
from structlog.typing import FilteringBoundLogger

from alojamientos.kit import ratelimit
from alojamientos.kit.errors import AlojamientosError
from alojamientos.kit.ratelimit import RateLimiter
from alojamientos.telemetry import log_events
from alojamientos.telemetry.http import handler_of
from alojamientos.telemetry.recorder import Recorder
from alojamientos.telemetry.synthetic import is_synthetic


class Unauthorized(AlojamientosError):  # noqa: N818 - reads as a sentence where it is raised
    """The API token is needed here; send it as `Authorization: Bearer …`."""

    status: ClassVar[int] = 401
    code: ClassVar[str] = "unauthorized"
    title: ClassVar[str] = "Unauthorized"


def require_token(token: str) -> Callable[[Request], Awaitable[None]]:
    """Build the dependency that lets only requests with `token` through."""
    expected = f"Bearer {token}".encode()

    async def check_token(request: Request) -> None:
        given = request.headers.get("authorization", "").encode()
        if not hmac.compare_digest(given, expected):
            raise Unauthorized

    return check_token


class OwnerClosed(Unauthorized):
    """The owner's API is closed: set OWNER_TOKEN, or OWNER_TOKEN_FILE, and send it as a bearer."""

    code: ClassVar[str] = "owner_closed"


def require_owner(token: str | None) -> Callable[[Request], Awaitable[None]]:
    """Build the dependency that lets only the owner through, and nobody while there is no token."""
    if token:
        return require_token(token)

    async def closed(_request: Request) -> None:
        raise OwnerClosed

    return closed


def limit_rate(
    limiter: RateLimiter,
    *,
    trusted_proxies: str,
    recorder: Recorder,
    log: FilteringBoundLogger,
) -> Callable[[Request], Awaitable[None]]:
    """Build the dependency that refuses clients which ask too often, counted and logged.

    Our own synthetic requests are no client's: they are neither counted nor refused.
    """

    def limited(request: Request) -> None:
        recorder.rate_limited()
        log.info(log_events.RATE_LIMITED, handler=handler_of(request.scope), limit=limiter.limit)

    limit_client = ratelimit.limit_requests(
        limiter, trusted=ratelimit.parse_networks(trusted_proxies), on_limited=limited
    )

    async def limit(request: Request) -> None:
        if not is_synthetic(request.scope):
            await limit_client(request)

    return limit
