"""One run of a job: its trace, its deadline, what it ended as, and the one line about it."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Protocol

from procrastinate import BaseRetryStrategy, JobContext, RetryDecision, exceptions
from procrastinate.job_context import AbortReason
from procrastinate.jobs import Job as StoredJob
from procrastinate.worker import Worker as ProcrastinateWorker
from structlog.typing import FilteringBoundLogger

from alojamientos.jobs.queue import TRACE_ARGUMENT
from alojamientos.jobs.registry import Job, RetryLater
from alojamientos.kit.errors import Unavailable
from alojamientos.telemetry import context as trace_context
from alojamientos.telemetry import log_events

_HEARTBEAT_EVERY_S = 5.0

_HEARTBEAT = """
    INSERT INTO job_heartbeat (job_name, last_run_at, last_success_at)
    VALUES (%(job)s, now(), CASE WHEN %(ok)s THEN now() END)
    ON CONFLICT (job_name) DO UPDATE
       SET last_run_at = excluded.last_run_at,
           last_success_at = coalesce(excluded.last_success_at, job_heartbeat.last_success_at)
"""


class Recorder(Protocol):
    """Count and time runs; `telemetry.recorder.Recorder` is one."""

    def job_finished(self, *, job: str, outcome: str, seconds: float) -> None: ...


class Again(Exception):  # noqa: N818 - an instruction to the queue, not an error
    """Put this job back for `seconds`; `counted` spends one of its attempts."""

    def __init__(self, seconds: float, *, counted: bool) -> None:
        self.seconds = seconds
        self.counted = counted
        super().__init__(f"again in {seconds} s")


class Decision(RetryDecision):
    """When a job runs again, and whether an attempt is spent."""

    def __init__(self, again: Again) -> None:
        super().__init__(retry_in={"milliseconds": round(again.seconds * 1000)})
        self.counted = again.counted


class Strategy(BaseRetryStrategy):
    """Do what the run has decided: it knows the job and why it ended."""

    def get_retry_decision(self, *, exception: BaseException, job: StoredJob) -> Decision | None:  # noqa: ARG002
        return Decision(exception) if isinstance(exception, Again) else None


class Runs:
    """Wrap every run of the jobs in `jobs`."""

    def __init__(
        self, *, jobs: Mapping[str, Job], recorder: Recorder, log: FilteringBoundLogger
    ) -> None:
        self._jobs = jobs
        self._recorder = recorder
        self._log = log
        self._told_at: dict[tuple[str, bool], float] = {}

    async def __call__(
        self,
        call_next: Callable[[], Awaitable[Any]],
        context: JobContext,
        worker: ProcrastinateWorker,  # noqa: ARG002 - part of the middleware's signature
    ) -> None:
        """Run one job; raises Again when it is to run again, its own error when it has failed."""
        stored = context.job
        job = self._jobs[stored.task_name]
        trace_id = stored.task_kwargs.get(TRACE_ARGUMENT)
        with (
            trace_context.trace(trace_id if isinstance(trace_id, str) else None),
            trace_context.bound(job=job.name, job_id=stored.id),
        ):
            start = time.perf_counter()
            try:
                async with asyncio.timeout(job.timeout_s):
                    await call_next()
            except BaseException as error:
                again = _again(job, context, error)
                self._ended_badly(job, stored, error, again, time.perf_counter() - start)
                await self._heartbeat(context, job, ok=False)
                if again is None:
                    raise
                raise again from error
            seconds = time.perf_counter() - start
            self._recorder.job_finished(job=job.name, outcome="ok", seconds=seconds)
            self._log.info(log_events.JOB_FINISHED, duration_ms=_ms(seconds))
            await self._heartbeat(context, job, ok=True)

    def _ended_badly(
        self,
        job: Job,
        stored: StoredJob,
        error: BaseException,
        again: Again | None,
        seconds: float,
    ) -> None:
        """Count and log an end that is no success."""
        attempts = stored.attempts + 1
        if again is None:
            self._recorder.job_finished(job=job.name, outcome="failed", seconds=seconds)
            self._log.error(
                log_events.JOB_FAILED,
                duration_ms=_ms(seconds),
                attempts=attempts,
                error=type(error).__name__,
                exc_info=error,
            )
            return
        self._recorder.job_finished(job=job.name, outcome="retried", seconds=seconds)
        write = self._log.warning if again.counted else self._log.info
        write(
            log_events.JOB_RETRIED,
            duration_ms=_ms(seconds),
            attempts=attempts,
            error=type(error).__name__,
            retry_in_s=round(again.seconds, 3),
        )

    async def _heartbeat(self, context: JobContext, job: Job, *, ok: bool) -> None:
        """Note that the job ran, for those that run often once in a while only."""
        now = time.monotonic()
        key = (job.name, ok)
        if now - self._told_at.get(key, -_HEARTBEAT_EVERY_S) < _HEARTBEAT_EVERY_S:
            return
        try:
            await context.app.connector.execute_query_async(_HEARTBEAT, job=job.name, ok=ok)
        except exceptions.ConnectorException:
            return  # the database is away: what matters of that is noticed elsewhere
        self._told_at[key] = now


def _again(job: Job, context: JobContext, error: BaseException) -> Again | None:
    """Decide whether and when a run that ended in `error` is repeated."""
    if isinstance(error, RetryLater):
        return Again(error.seconds, counted=False)
    if isinstance(error, asyncio.CancelledError):
        # The worker is stopping and another carries on, unless someone wants this job gone.
        wanted = context.abort_reason() == AbortReason.USER_REQUEST
        return None if wanted else Again(0.0, counted=False)
    if not isinstance(error, Exception) or job.every is not None:
        return None
    failures = context.job.attempts + 1
    if isinstance(error, Unavailable):
        return Again(job.retry.delay(min(failures, 4)), counted=False)
    if failures >= job.retry.attempts:
        return None
    return Again(job.retry.delay(failures), counted=True)


def _ms(seconds: float) -> float:
    return round(seconds * 1000, 2)
