"""Play a whole season: a stack for it, its actors, its days, and the audit."""

import asyncio
import signal
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from alojamientos.ops.season import audit, gather, season, stack
from alojamientos.ops.season.actors import ALL
from alojamientos.ops.season.report import SeasonReport


async def play(
    *,
    folder: Path,
    seed: int,
    days: int,
    on_phase: Callable[[str], None],
    on_stop: Callable[[datetime, datetime, datetime], None],
) -> SeasonReport:
    """Play `days` days in a stack of their own in `folder`.

    `on_stop` is told the present instant, the first and the last. Raises AlojamientosError when
    the stack cannot be started or the application does not come to rest.
    """
    began = time.monotonic()
    playing = asyncio.current_task()
    if playing is not None:  # so that SIGTERM stops every process as Ctrl-C does
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, playing.cancel)
    described, env = stack.create(folder)
    on_phase("starting servers and processes")
    async with described.running(env):
        async with season.opened(described, seed=seed, days=days) as played:
            for send in ALL:
                send(played)
            on_phase("the season passes")
            await played.run(on_stop=lambda now: on_stop(now, played.starts_at, played.ends_at))
            on_phase("auditing")
            verdicts = audit.audit(await gather.evidence(played))
        on_phase("stopping")
    return SeasonReport(
        seed=seed,
        days=days,
        starts_at=played.starts_at,
        ends_at=played.ends_at,
        seconds=time.monotonic() - began,
        stops=played.stops,
        counts=dict(played.counts),
        notes=tuple(played.notes),
        verdicts=tuple(verdicts),
    )
