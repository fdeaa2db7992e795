import asyncio
import contextlib
import time

from alojamientos.telemetry import looplag


async def test_code_that_blocks_the_loop_shows_as_lag():
    reports: asyncio.Queue[float] = asyncio.Queue()
    watch = asyncio.create_task(looplag.watch(reports.put_nowait, every_s=0.01))
    await reports.get()

    await asyncio.sleep(0)
    time.sleep(0.15)  # what must never happen on the loop
    lag = await reports.get()

    watch.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await watch
    assert lag > 0.1
