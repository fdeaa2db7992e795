"""Send webhooks to the application, again and again until it takes them."""

import asyncio
import time
from collections import Counter
from collections.abc import Coroutine, Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx2

from alojamientos.ops.simulator import log_events
from alojamientos.ops.simulator.faults import Faults
from alojamientos.telemetry import context, logs

_MAX_BACKGROUND = 20_000  # webhooks that wait; beyond it the oldest habit applies: they are lost


@dataclass(frozen=True, slots=True, kw_only=True)
class Webhook:
    """One signed POST; every attempt carries the very same bytes and headers."""

    provider: str
    kind: str
    url: str
    body: bytes
    traceparent: str
    headers: Mapping[str, str] = field(default_factory=dict)
    retries_s: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """What came back: an HTTP status, or 0 when nothing did."""

    status: int
    seconds: float

    @property
    def accepted(self) -> bool:
        return 200 <= self.status < 300  # noqa: PLR2004 - what HTTP calls successful


class Webhooks:
    """Deliver webhooks, with the retries and the faults of their provider."""

    def __init__(self, *, faults: Faults, timeout_s: float) -> None:
        self._faults = faults
        self._client = httpx2.AsyncClient(
            timeout=httpx2.Timeout(timeout_s),
            limits=httpx2.Limits(max_connections=100, max_keepalive_connections=50),
            trust_env=False,
        )
        self._log = logs.get_logger()
        self._tasks: set[asyncio.Task[None]] = set()
        self.statuses: Counter[str] = Counter()

    def in_background(self, work: Coroutine[Any, Any, None]) -> None:
        """Do `work` aside; it is dropped when far too much waits already."""
        if len(self._tasks) >= _MAX_BACKGROUND:
            work.close()
            return
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def send(self, webhook: Webhook) -> list[Attempt]:
        """Make the first attempt (two, under the duplicate fault); retries follow by themselves.

        Returns no attempt when a fault loses the webhook.
        """
        fault = self._faults.webhook(webhook.provider)
        mode = fault.mode if fault else None
        if mode == "lose_webhooks":
            return []
        if fault and mode == "reorder_webhooks":
            await asyncio.sleep(self._faults.delay(fault))
        attempts = [await self._attempt(webhook, number=1)]
        if mode == "duplicate_webhooks":
            attempts.append(await self._attempt(webhook, number=1))
        if not attempts[0].accepted and webhook.retries_s:
            self.in_background(self._retry(webhook))
        return attempts

    async def close(self) -> None:
        """Drop what still waits and close the connections."""
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._client.aclose()

    @property
    def waiting(self) -> int:
        """How many webhooks or later steps are still under way."""
        return len(self._tasks)

    async def _retry(self, webhook: Webhook) -> None:
        for number, delay in enumerate(webhook.retries_s, start=2):
            await asyncio.sleep(delay)
            if (await self._attempt(webhook, number=number)).accepted:
                return
        self._log.warning(
            log_events.WEBHOOK_GIVEN_UP,
            provider=webhook.provider,
            kind=webhook.kind,
            attempts=len(webhook.retries_s) + 1,
        )

    async def _attempt(self, webhook: Webhook, *, number: int) -> Attempt:
        with context.trace(context.parse_traceparent(webhook.traceparent)):
            start = time.perf_counter()
            try:
                response = await self._client.post(
                    webhook.url,
                    content=webhook.body,
                    headers={
                        "Content-Type": "application/json",
                        **context.trace_headers(),
                        **webhook.headers,
                    },
                )
                status = response.status_code
            except httpx2.TransportError:
                status = 0
            seconds = time.perf_counter() - start
            self.statuses[f"{webhook.provider}:{status}"] += 1
            self._log.info(
                log_events.WEBHOOK,
                provider=webhook.provider,
                kind=webhook.kind,
                status=status,
                attempt=number,
                duration_ms=round(seconds * 1000, 1),
            )
            return Attempt(status=status, seconds=seconds)
