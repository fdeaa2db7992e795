"""The process that runs jobs: procrastinate's worker, kept going through a database's absence."""

import asyncio
import logging
import time
from collections.abc import Callable, Coroutine
from typing import Any

import orjson
import procrastinate
import psycopg
import psycopg_pool
from procrastinate import exceptions
from structlog.typing import FilteringBoundLogger

from alojamientos.jobs import registry, sweep
from alojamientos.jobs.engine import Engine
from alojamientos.jobs.queue import TRACE_ARGUMENT
from alojamientos.jobs.registry import Job
from alojamientos.jobs.runs import Recorder, Runs, Strategy
from alojamientos.telemetry import log_events

SWEEP = "jobs.sweep"
_FIRST_PAUSE_S = 0.1
_LONGEST_PAUSE_S = 2.0
_SETTLED_S = 10.0  # an engine that ran for so long was well: the pauses start anew
_KEEP_FAILED_HOURS = 14 * 24


class Worker:
    """Run `jobs` from the database at `dsn`, `concurrency` at a time.

    A heartbeat every `heartbeat_s` tells that the worker lives; one that is silent for
    `stalled_after_s` counts as dead, and its jobs are put back. Jobs that are running at `stop`
    get `stop_deadline_s` to end, then they are put back too.
    """

    def __init__(
        self,
        dsn: str,
        jobs: list[Job],
        *,
        recorder: Recorder,
        log: FilteringBoundLogger,
        concurrency: int = 12,
        heartbeat_s: float = 2.0,
        stalled_after_s: float = 10.0,
        stop_deadline_s: float = 10.0,
        polling_s: float = 1.0,
        sweep_every: str = "* * * * * */5",
    ) -> None:
        self._dsn = dsn
        self._log = log
        self._concurrency = concurrency
        self._heartbeat_s = heartbeat_s
        self._stalled_after_s = stalled_after_s
        self._stop_deadline_s = stop_deadline_s
        self._polling_s = polling_s
        self._jobs = registry.by_name(
            [*jobs, Job(name=SWEEP, run=self._sweep, every=sweep_every, timeout_s=30)]
        )
        self._runs = Runs(jobs=self._jobs, recorder=recorder, log=log)
        self._stopping = asyncio.Event()
        self._engine: Engine | None = None
        self._dead_worker_id: int | None = None
        self._lost_at: float | None = None

    async def run(self) -> None:
        """Run jobs until `stop`; while the database is away, wait for it."""
        # Every run has its own line already; the library's warnings and errors stay.
        logging.getLogger("procrastinate").setLevel(logging.WARNING)
        pause = _FIRST_PAUSE_S
        while not self._stopping.is_set():
            started = time.monotonic()
            try:
                await self._sweep()
                self._database_is_back()
                await self._work()
                error: Exception | None = None
            except (psycopg.Error, exceptions.ConnectorException) as caught:
                error = caught
            if self._stopping.is_set():
                return
            self._database_is_lost(error)
            pause = _FIRST_PAUSE_S if time.monotonic() - started > _SETTLED_S else pause
            await self._wait(pause)
            pause = min(pause * 2, _LONGEST_PAUSE_S)

    def stop(self) -> None:
        """Take no more jobs and end `run` once the running ones have ended or were put back."""
        self._stopping.set()
        if self._engine is not None:
            self._engine.stop()  # type: ignore[no-untyped-call]  # the library is untyped here

    async def _work(self) -> None:
        """Run procrastinate's worker until it stops for whatever reason."""
        app = self._app()
        engine = Engine(
            app=app,
            concurrency=self._concurrency,
            fetch_job_polling_interval=self._polling_s,
            shutdown_graceful_timeout=self._stop_deadline_s,
            delete_jobs="successful",
            install_signal_handlers=False,
            update_heartbeat_interval=self._heartbeat_s,
            stalled_worker_timeout=self._stalled_after_s,
            worker_middleware=[self._runs],
        )
        try:
            await app.open_async()
            if not self._stopping.is_set():
                self._engine = engine
                await engine.run()  # type: ignore[no-untyped-call]  # the library is untyped here
        finally:
            self._engine = None
            # None after an orderly end; otherwise the jobs it had are ours to put back.
            self._dead_worker_id = engine.worker_id
            await app.close_async()

    def _app(self) -> procrastinate.App:
        app = procrastinate.App(
            connector=procrastinate.PsycopgConnector(
                conninfo=self._dsn,
                min_size=1,
                max_size=min(self._concurrency, 6),
                timeout=2.0,
                reconnect_timeout=30.0,
                kwargs={"connect_timeout": 3, "application_name": "alojamientos-jobs"},
                configure=_autocommit,
                pool_factory=psycopg_pool.AsyncConnectionPool,
                json_dumps=lambda value: orjson.dumps(value).decode(),
                json_loads=orjson.loads,
            )
        )
        for job in self._jobs.values():
            task = app.task(name=job.name, queue=job.queue, retry=Strategy())(_function(job))
            if job.every is not None:
                # The sweep needs no lock of its own, and must not wait for one that a crash kept.
                app.periodic(
                    cron=job.every,
                    queueing_lock=job.name,
                    lock=None if job.name == SWEEP else job.name,
                )(task)
        return app

    async def _sweep(self) -> None:
        """Put back what dead workers were doing, over a connection of its own."""
        async with await psycopg.AsyncConnection.connect(
            self._dsn, connect_timeout=3, autocommit=True, application_name="alojamientos-sweep"
        ) as conn:
            if self._dead_worker_id is not None:
                await sweep.forget_worker(conn, worker_id=self._dead_worker_id)
                self._dead_worker_id = None
            count = await sweep.put_back_stuck(conn, stalled_after_s=self._stalled_after_s)
            await sweep.delete_finished(conn, hours=_KEEP_FAILED_HOURS)
        if count:
            self._log.warning(log_events.JOBS_SWEPT, count=count)

    def _database_is_lost(self, error: Exception | None) -> None:
        if self._lost_at is None:
            self._lost_at = time.monotonic()
            self._log.error(
                log_events.DEPENDENCY_LOST,
                dependency="postgres",
                error=type(error).__name__ if error else "worker stopped by itself",
            )

    def _database_is_back(self) -> None:
        if self._lost_at is not None:
            seconds = round(time.monotonic() - self._lost_at, 1)
            self._lost_at = None
            self._log.warning(
                log_events.DEPENDENCY_BACK, dependency="postgres", seconds_down=seconds
            )

    async def _wait(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._stopping.wait()
        except TimeoutError:
            return


def _function(job: Job) -> Callable[..., Coroutine[Any, Any, None]]:
    """Return what procrastinate calls: the job without the arguments that only the queue knows."""

    async def function(**arguments: Any) -> None:
        arguments.pop(TRACE_ARGUMENT, None)
        if job.every is not None:
            arguments.pop("timestamp", None)
        await job.run(**arguments)

    return function


async def _autocommit(conn: psycopg.AsyncConnection[Any]) -> None:
    # Every call of the queue is one statement: BEGIN and COMMIT would be two more round trips.
    await conn.set_autocommit(True)
