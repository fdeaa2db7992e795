"""The client for Redis or Valkey: it fails within a fraction of a second, never retries."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, cast

from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.exceptions import TimeoutError as RedisTimeout

_MAX_CONNECTIONS = 100


class _Client(Redis):
    """One deadline around the whole of each call.

    The library's own `socket_timeout` makes a task of every write, and loses a cancellation that
    arrives as the write ends (asyncio.wait_for before Python 3.12), so it is left unset.
    """

    timeout_s: float

    async def execute_command(self, *args: Any, **options: Any) -> Any:
        try:
            async with asyncio.timeout(self.timeout_s):
                return await super().execute_command(*args, **options)  # type: ignore[no-untyped-call] # theirs
        except TimeoutError as error:
            raise RedisTimeout(f"No answer within {self.timeout_s} s") from error


def create_client(url: str, *, timeout_s: float = 0.25) -> Redis:
    """Build the client for `url`; each call, with the connect that it may need, has `timeout_s`."""
    pool = BlockingConnectionPool.from_url(
        url,
        max_connections=_MAX_CONNECTIONS,
        timeout=timeout_s,
        socket_timeout=None,
        socket_connect_timeout=timeout_s,
        retry=Retry(NoBackoff(), 0),
    )
    client = cast("_Client", _Client.from_pool(pool))
    client.timeout_s = timeout_s
    return client


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
