"""Workers over a real database, in this process and in others."""

import asyncio
import contextlib
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from subprocess import Popen
from typing import Any

import psycopg
import pytest
import structlog

from alojamientos.jobs import queue
from alojamientos.jobs.registry import Job
from alojamientos.jobs.worker import Worker
from alojamientos.kit import db


@dataclass
class Runs:
    """A recorder that remembers."""

    finished: list[tuple[str, str]] = field(default_factory=list)

    def job_finished(self, *, job: str, outcome: str, seconds: float) -> None:
        assert seconds >= 0
        self.finished.append((job, outcome))

    def of(self, job: str) -> list[str]:
        return [outcome for name, outcome in self.finished if name == job]


async def eventually(check: Callable[[], Awaitable[bool]], seconds: float = 20) -> None:
    """Wait until `check` holds; fail when it does not within `seconds`."""
    async with asyncio.timeout(seconds):
        while not await check():
            await asyncio.sleep(0.02)


@pytest.fixture
def runs() -> Runs:
    return Runs()


class Running:
    """Start workers that end with the test."""

    def __init__(self, dsn: str, runs: Runs) -> None:
        self.dsn = dsn
        self.runs = runs

    @contextlib.asynccontextmanager
    async def __call__(self, *jobs: Job, **options: Any) -> AsyncIterator[Worker]:
        options = {"heartbeat_s": 0.3, "stalled_after_s": 2.0, "stop_deadline_s": 3.0, **options}
        dsn = options.pop("dsn", self.dsn)
        worker = Worker(dsn, list(jobs), recorder=self.runs, log=structlog.get_logger(), **options)
        task = asyncio.create_task(worker.run())
        try:
            yield worker
        finally:
            worker.stop()
            async with asyncio.timeout(20):
                await task


@pytest.fixture
def running(database_url: str, runs: Runs) -> Running:
    return Running(database_url, runs)


Enqueue = Callable[..., Awaitable[int | None]]


@pytest.fixture
def enqueue(database: db.Database) -> Enqueue:
    async def put(name: str, **options: Any) -> int | None:
        async with database.begin() as tx:
            return await queue.enqueue(tx.conn, name, **options)

    return put


Query = Callable[[str], Awaitable[Any]]


@pytest.fixture
def scalar(database_url: str) -> Query:
    async def ask(sql: str) -> Any:
        async with await psycopg.AsyncConnection.connect(database_url, autocommit=True) as conn:
            row = await (await conn.execute(sql)).fetchone()
            return row[0] if row else None

    return ask


@contextlib.contextmanager
def worker_process(dsn: str, log: Path) -> Any:
    """Run crashing_worker.py as a process of its own; yields its Popen."""
    script = Path(__file__).with_name("crashing_worker.py")
    with log.open("ab") as output:
        process = Popen([sys.executable, str(script), dsn], stdout=output, stderr=output)
    try:
        yield process
    finally:
        process.kill()
        process.wait()
