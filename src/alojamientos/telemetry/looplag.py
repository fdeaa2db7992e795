"""How late the event loop wakes: the first sign of code that blocks it."""

import asyncio
import time
from collections.abc import Callable


async def watch(report: Callable[[float], None], *, every_s: float = 1.0) -> None:
    """Report the seconds by which a timer of `every_s` woke late, until cancelled."""
    while True:
        start = time.perf_counter()
        await asyncio.sleep(every_s)
        report(max(0.0, time.perf_counter() - start - every_s))
