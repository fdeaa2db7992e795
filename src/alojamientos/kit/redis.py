"""The client for Redis or Valkey: it fails within a fraction of a second, never retries."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

_MAX_CONNECTIONS = 100


def create_client(url: str, *, timeout_s: float = 0.25) -> Redis:
    """Build the client for `url`; each connect and each call has `timeout_s` seconds."""
    return Redis.from_pool(
        BlockingConnectionPool.from_url(
            url,
            max_connections=_MAX_CONNECTIONS,
            timeout=timeout_s,
            socket_timeout=timeout_s,
            socket_connect_timeout=timeout_s,
            retry=Retry(NoBackoff(), 0),
        )
    )


@dataclass(slots=True)
class Circuit:
    """Remember a failure for `rest_s` seconds, so that not every caller pays for a deadline."""

    rest_s: float = 3.0
    clock: Callable[[], float] = time.monotonic
    _open_until: float = field(default=0.0, init=False)

    @property
    def is_open(self) -> bool:
        """Tell whether calls should not be tried at the moment."""
        return self.clock() < self._open_until

    def failed(self) -> None:
        self._open_until = self.clock() + self.rest_s

    def worked(self) -> None:
        self._open_until = 0.0


__all__ = ["Circuit", "Redis", "RedisError", "create_client"]
