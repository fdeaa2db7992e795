"""A short lock in Redis that sheds contention; it is never what makes anything correct."""

import asyncio
import random
import secrets
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Literal

from alojamientos.kit.errors import Conflict
from alojamientos.kit.redis import Circuit, Redis, RedisError

Result = Literal["acquired", "skipped"]

# Delete the key only while it is ours: it may have run out and be another's by now.
_RELEASE = "if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end"
_POLL_S = (0.002, 0.012)


class NotAcquired(Conflict):
    """Others hold the lock; try again in a moment."""

    code = "lock_not_acquired"
    title = "Try again"


class UnitLocks:
    """Locks named by number: held at most `ttl_ms`, waited for at most `wait_ms`.

    The tasks of one process queue among themselves, first come first served, so that only one of
    them asks Redis at a time. Without Redis, or with it away, the result is "skipped".
    """

    def __init__(
        self, redis: Redis | None, *, ttl_ms: int, wait_ms: int, circuit: Circuit | None = None
    ) -> None:
        self._redis = redis
        self._ttl_ms = ttl_ms
        self._wait_s = wait_ms / 1000
        self._circuit = circuit or Circuit()
        self._queues: dict[int, asyncio.Lock] = {}

    @asynccontextmanager
    async def hold(self, unit_id: int) -> AsyncIterator[Result]:
        """Hold the lock of `unit_id`; raises NotAcquired when others kept it for too long."""
        if self._redis is None or self._circuit.is_open:
            yield "skipped"
            return
        deadline = time.monotonic() + self._wait_s
        queue = self._queues.setdefault(unit_id, asyncio.Lock())
        try:
            async with asyncio.timeout(self._wait_s):
                await queue.acquire()
        except TimeoutError as error:
            raise NotAcquired from error
        try:
            async with self._held(self._redis, f"lock:unit:{unit_id}", deadline) as result:
                yield result
        finally:
            queue.release()

    @asynccontextmanager
    async def _held(self, redis: Redis, key: str, deadline: float) -> AsyncIterator[Result]:
        token = secrets.token_hex(16)
        try:
            await self._acquire(redis, key, token, deadline)
        except RedisError:
            self._circuit.failed()
            # An answer that got lost may have left the lock behind: it runs out by itself.
            yield "skipped"
            return
        except asyncio.CancelledError:
            await self._release(redis, key, token)
            raise
        self._circuit.worked()
        try:
            yield "acquired"
        finally:
            await self._release(redis, key, token)

    async def _acquire(self, redis: Redis, key: str, token: str, deadline: float) -> None:
        while not await redis.set(key, token, nx=True, px=self._ttl_ms):
            if time.monotonic() >= deadline:
                raise NotAcquired
            await asyncio.sleep(random.uniform(*_POLL_S))  # noqa: S311 - jitter

    async def _release(self, redis: Redis, key: str, token: str) -> None:
        """Let go, also when the task is being cancelled."""
        with suppress(RedisError):
            await asyncio.shield(redis.eval(_RELEASE, 1, key, token))
