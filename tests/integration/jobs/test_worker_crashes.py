"""What is left of jobs when workers are killed and the database goes away."""

import asyncio
import contextlib
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from structlog.testing import capture_logs
from tests.conftest import free_port, wait_until
from tests.conftest import running as running_process
from tests.integration.jobs.conftest import (
    Enqueue,
    Query,
    Running,
    Runs,
    eventually,
    worker_process,
)

from alojamientos.entrypoints import migrate
from alojamientos.jobs import queries, queue, sweep
from alojamientos.jobs.registry import Job
from alojamientos.kit import db
from alojamientos.ops.launcher.servers import Postgres
from alojamientos.telemetry import log_events


async def test_a_job_whose_worker_was_killed_runs_again_exactly_once(
    database_url: str, database: db.Database, enqueue: Enqueue, scalar: Query, tmp_path: Path
):
    await _make_probe(database_url)
    await enqueue("test.probe", note="only")
    log = tmp_path / "worker.log"

    async def started_once() -> bool:
        return bool(await scalar("SELECT count(*) FROM probe") == 1)

    with worker_process(database_url, log) as first:
        await eventually(started_once)
        first.kill()
        first.wait()
    async with database.read() as conn:
        # The sweep itself may have been under way too.
        assert await queries.stalled(conn, stalled_after_s=0.0) in (1, 2)

    async def nothing_left() -> bool:
        left = "SELECT count(*) FROM procrastinate_jobs WHERE task_name = 'test.probe'"
        return bool(await scalar(left) == 0)

    # Two at once, so that both sweep.
    with worker_process(database_url, log), worker_process(database_url, log):
        await eventually(nothing_left, seconds=40)

    assert await scalar("SELECT count(*) FROM probe WHERE what = 'started'") == 2
    assert await scalar("SELECT count(*) FROM probe WHERE what = 'ended'") == 1


async def _make_probe(dsn: str) -> None:
    async with await psycopg.AsyncConnection.connect(dsn, autocommit=True) as conn:
        await conn.execute("CREATE TABLE probe (note text, what text)")


async def test_a_sweep_leaves_alone_what_a_living_worker_does(database_url: str, enqueue: Enqueue):
    await enqueue("test.note")
    async with await psycopg.AsyncConnection.connect(database_url, autocommit=True) as conn:
        await conn.execute("SELECT procrastinate_register_worker_v1()")
        await conn.execute("UPDATE procrastinate_jobs SET status = 'doing', worker_id = 1")

        assert await sweep.put_back_stuck(conn, stalled_after_s=60) == 0
        assert await sweep.put_back_stuck(conn, stalled_after_s=0) == 1
        assert await sweep.put_back_stuck(conn, stalled_after_s=0) == 0


async def test_a_swept_job_gives_way_to_the_one_that_already_waits_in_its_place(
    database_url: str, enqueue: Enqueue, scalar: Query
):
    async with await psycopg.AsyncConnection.connect(database_url, autocommit=True) as conn:
        for _ in range(2):
            await enqueue("test.note", queueing_lock="only")
            await conn.execute("UPDATE procrastinate_jobs SET status = 'doing'")

        assert await sweep.put_back_stuck(conn, stalled_after_s=60) == 1
        assert await scalar("SELECT count(*) FROM procrastinate_jobs WHERE status = 'todo'") == 1

        await conn.execute("UPDATE procrastinate_jobs SET status = 'doing' WHERE status = 'todo'")
        await enqueue("test.note", queueing_lock="only")
        assert await sweep.put_back_stuck(conn, stalled_after_s=60) == 0


async def test_finished_jobs_are_forgotten_after_a_while(
    database_url: str, enqueue: Enqueue, scalar: Query
):
    await enqueue("test.old")
    await enqueue("test.waiting")
    async with await psycopg.AsyncConnection.connect(database_url, autocommit=True) as conn:
        await conn.execute(
            "UPDATE procrastinate_jobs SET status = 'failed' WHERE task_name = 'test.old'"
        )
        assert await sweep.delete_finished(conn, hours=1) == 0

        await conn.execute("UPDATE procrastinate_events SET at = at - interval '2 hours'")
        assert await sweep.delete_finished(conn, hours=1) == 1
    assert await scalar("SELECT task_name FROM procrastinate_jobs") == "test.waiting"


class Restartable:
    def __init__(self, server: Postgres, log: Path) -> None:
        self.server = server
        self.dsn = server.dsn("postgres")
        self._log = log
        self._stack = contextlib.ExitStack()

    def start(self) -> None:
        process = self._stack.enter_context(running_process(self.server.command(), self._log))
        # A terminated server waits for its clients; an interrupted one shuts down at once.
        self._stack.callback(process.wait)
        self._stack.callback(process.send_signal, signal.SIGINT)
        wait_until(self._answers, "PostgreSQL")

    def stop(self) -> None:
        self._stack.close()

    def _answers(self) -> bool:
        try:
            with psycopg.connect(self.dsn, connect_timeout=2):
                return True
        except psycopg.OperationalError:
            return False


@pytest.fixture
def own_postgres(tmp_path: Path) -> Iterator[Restartable]:
    server = Postgres(data=tmp_path / "data", port=free_port(), password="test")
    server.initialise(durable=False)
    restartable = Restartable(server, tmp_path / "log")
    restartable.start()
    migrate.upgrade(restartable.dsn)
    yield restartable
    restartable.stop()
    shutil.rmtree(server.data, ignore_errors=True)


async def test_a_worker_outlives_the_database_and_carries_on(own_postgres: Restartable, runs: Runs):
    running = Running(own_postgres.dsn, runs)
    database = db.Database(db.create_engine(own_postgres.dsn))
    release = asyncio.Event()
    started = 0

    async def wait() -> None:
        nonlocal started
        started += 1
        await release.wait()

    async def put(name: str) -> None:
        async with database.begin() as tx:
            await queue.enqueue(tx.conn, name)

    async def note() -> None: ...

    async def held() -> bool:
        return started == 1

    async def done() -> bool:
        return runs.of("test.note") == ["ok"] and "ok" in runs.of("test.wait")

    async def lost() -> bool:
        return any(line["event"] == log_events.DEPENDENCY_LOST for line in lines)

    with capture_logs() as lines:
        # A short deadline: the job that waits is given up soon after the database is lost.
        jobs = (Job("test.wait", wait), Job("test.note", note))
        async with running(*jobs, stop_deadline_s=0.2, sweep_every="* * * * * */1"):
            await put("test.wait")
            await eventually(held)
            own_postgres.stop()
            await eventually(lost)
            before = len(lines)
            own_postgres.start()
            release.set()
            await database.engine.dispose()
            await put("test.note")
            await eventually(done, seconds=40)
    await database.close()

    events = [line["event"] for line in lines]
    assert events.count(log_events.DEPENDENCY_LOST) == 1
    assert events.count(log_events.DEPENDENCY_BACK) == 1
    assert started == 2
    assert before < 10  # it waited; it did not spin
