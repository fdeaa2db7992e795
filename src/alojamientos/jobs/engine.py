"""procrastinate's worker with its gaps closed: late notifications, lost ends, clashing retries."""

import asyncio
from typing import Any

import psycopg
from procrastinate import exceptions, jobs
from procrastinate.job_context import JobContext, JobResult
from procrastinate.retry import RetryDecision
from procrastinate.worker import Worker

from alojamientos.jobs.runs import Decision

_TRIES = 2
_PAUSE_S = 0.3

# retry_job would count the run as an attempt.
_PUT_BACK = """
    UPDATE procrastinate_jobs
       SET status = 'todo', scheduled_at = %(retry_at)s, abort_requested = false
     WHERE id = %(job_id)s AND status = 'doing'
"""


class Engine(Worker):
    """Run jobs from one connection pool for as long as the database answers."""

    _arrivals = 0

    async def _handle_notification(self, *, channel: str, notification: jobs.Notification) -> None:
        self._arrivals += 1
        await super()._handle_notification(channel=channel, notification=notification)

    async def _fetch_and_process_jobs(self) -> None:
        # The library forgets a notification that comes while a fetch is under way; the job would
        # wait for the next poll.
        while not self._stop_event.is_set():
            seen = self._arrivals
            await super()._fetch_and_process_jobs()  # type: ignore[no-untyped-call]  # untyped there
            if seen == self._arrivals:
                return

    def _log_job_outcome(self, *args: Any, **kwargs: Any) -> None:
        """Stay silent: the run has written its own line."""

    async def _persist_job_status(
        self,
        job: jobs.Job,
        status: jobs.Status,
        retry_decision: RetryDecision | None,
        context: JobContext,
        job_result: JobResult | None,
    ) -> None:
        """Store how a job ended; when that cannot be done, stop, so that it is put back."""
        for attempt in range(1, _TRIES + 1):
            try:
                await self._store_end(job, status, retry_decision, context, job_result)
                break
            except exceptions.ConnectorException as error:
                if isinstance(error.__cause__, psycopg.errors.RaiseException):
                    break  # it was put back while it ran: someone else has it now
                if attempt == _TRIES:
                    self.stop()  # type: ignore[no-untyped-call]  # untyped there
                    return
            await asyncio.sleep(_PAUSE_S)
        if job.lock is not None:
            # Others may have waited for the lock, and nothing tells of that.
            self._arrivals += 1
            self._new_job_event.set()

    async def _store_end(
        self,
        job: jobs.Job,
        status: jobs.Status,
        retry_decision: RetryDecision | None,
        context: JobContext,
        job_result: JobResult | None,
    ) -> None:
        try:
            if isinstance(retry_decision, Decision) and not retry_decision.counted:
                await self.app.connector.execute_query_async(
                    _PUT_BACK, retry_at=retry_decision.retry_at, job_id=job.id
                )
                self._job_ids_to_abort.pop(job.id or 0, None)
            else:
                await super()._persist_job_status(job, status, retry_decision, context, job_result)
        except exceptions.UniqueViolation:
            # Another with the same queueing lock waits already: that one is enough.
            await self.app.job_manager.finish_job(
                job=job, status=jobs.Status.ABORTED, delete_job=False
            )
