"""A worker to kill: its job writes down when it starts, hangs the first time, ends the second."""

import asyncio
import sys

import psycopg
import structlog

from alojamientos.jobs.registry import Job
from alojamientos.jobs.worker import Worker


class Silent:
    def job_finished(self, *, job: str, outcome: str, seconds: float) -> None:
        pass


async def main(dsn: str) -> None:
    async def probe(note: str) -> None:
        async with await psycopg.AsyncConnection.connect(dsn, autocommit=True) as conn:
            await conn.execute("INSERT INTO probe VALUES (%s, 'started')", (note,))
            rows = await conn.execute("SELECT count(*) FROM probe WHERE what = 'started'")
            first = await rows.fetchone()
        if first == (1,):
            await asyncio.Event().wait()
        async with await psycopg.AsyncConnection.connect(dsn, autocommit=True) as conn:
            await conn.execute("INSERT INTO probe VALUES (%s, 'ended')", (note,))

    worker = Worker(
        dsn,
        [Job("test.probe", probe)],
        recorder=Silent(),
        log=structlog.get_logger(),
        heartbeat_s=0.3,
        stalled_after_s=2.0,
        sweep_every="* * * * * */1",
    )
    await worker.run()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
