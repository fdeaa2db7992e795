"""Whether what this process needs answers, asked at once and each with a deadline."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum


class Status(StrEnum):
    HEALTHY = "healthy"
    DEGRADED = "degraded"  # works, slower or with less: what is not critical does not answer
    UNHEALTHY = "unhealthy"


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """A component: `probe` returns when it answers and raises when it does not."""

    name: str
    critical: bool
    probe: Callable[[], Awaitable[object]]
    deadline_s: float = 1.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Component:
    """How a component answered; why it did not is for the log, not for the public."""

    name: str
    ok: bool
    critical: bool
    latency_ms: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    status: Status
    components: tuple[Component, ...]


async def run(
    checks: Sequence[Check], *, on_failure: Callable[[str, Exception], None] | None = None
) -> Health:
    """Probe every component; a failing critical one makes the whole unhealthy."""
    components = tuple(
        await asyncio.gather(*(_probe(check, on_failure=on_failure) for check in checks))
    )
    failed = [component for component in components if not component.ok]
    if any(component.critical for component in failed):
        status = Status.UNHEALTHY
    else:
        status = Status.DEGRADED if failed else Status.HEALTHY
    return Health(status=status, components=components)


async def _probe(check: Check, *, on_failure: Callable[[str, Exception], None] | None) -> Component:
    start = time.perf_counter()
    try:
        async with asyncio.timeout(check.deadline_s):
            await check.probe()
        ok = True
    except Exception as error:  # noqa: BLE001 - whatever it is, the component does not answer
        ok = False
        if on_failure is not None:
            on_failure(check.name, error)
    return Component(
        name=check.name,
        ok=ok,
        critical=check.critical,
        latency_ms=round((time.perf_counter() - start) * 1000, 1),
    )
