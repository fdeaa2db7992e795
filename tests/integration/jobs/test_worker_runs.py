"""What a worker does with jobs while nothing is broken."""

import asyncio
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import structlog
from structlog.testing import capture_logs
from tests.integration.jobs.conftest import Enqueue, Query, Running, Runs, eventually

from alojamientos.jobs import queries, queue
from alojamientos.jobs.registry import Job, Retry, RetryLater
from alojamientos.kit import db
from alojamientos.kit.errors import Invalid, Unavailable
from alojamientos.telemetry import context, log_events

QUICK = Retry(attempts=3, first_s=0.01, cap_s=0.01)


class Seen(list[Any]):
    async def count(self, expected: int) -> bool:  # type: ignore[override]  # reads better
        return len(self) >= expected

    async def wait_for(self, expected: int) -> None:
        await eventually(lambda: self.count(expected))


async def test_a_job_runs_with_its_arguments_soon_after_the_commit(
    running: Running, enqueue: Enqueue, runs: Runs, scalar: Query
):
    seen = Seen()

    async def note(**arguments: Any) -> None:
        seen.append((arguments, time.monotonic()))

    async with running(Job("test.note", note), polling_s=5.0):
        await eventually(lambda: _registered(scalar))
        await enqueue("test.warm", queue="nobody")
        start = time.monotonic()
        await enqueue("test.note", number=7, text="ñandú")
        await seen.wait_for(1)

        arguments, at = seen[0]
        assert arguments == {"number": 7, "text": "ñandú"}
        assert at - start < 2.0
        await eventually(lambda: _none_left(scalar, "test.note"))
    assert runs.of("test.note") == ["ok"]


async def _registered(scalar: Query) -> bool:
    listening = "SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'LISTEN%'"
    return bool(await scalar(listening))


async def _none_left(scalar: Query, job: str) -> bool:
    count = "SELECT count(*) FROM procrastinate_jobs WHERE task_name = "
    return not await scalar(f"{count}'{job}'")


async def test_a_job_vanishes_with_the_transaction_that_queued_it(
    database: db.Database, scalar: Query
):
    async def queue_and_fail() -> None:
        async with database.begin() as tx:
            await queue.enqueue(tx.conn, "test.note", number=1)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await queue_and_fail()

    assert await _none_left(scalar, "test.note")


async def test_a_queueing_lock_keeps_one_waiting_job_and_the_transaction_usable(
    database: db.Database, scalar: Query
):
    async with database.begin() as tx:
        first = await queue.enqueue(tx.conn, "test.note", queueing_lock="only")
        second = await queue.enqueue(tx.conn, "test.note", queueing_lock="only")
        third = await queue.enqueue(tx.conn, "test.note", number=3)

    assert first is not None
    assert second is None
    assert third is not None
    assert await scalar("SELECT count(*) FROM procrastinate_jobs") == 2


async def test_the_trace_travels_with_the_job_and_every_line_names_it(
    running: Running, database: db.Database
):
    seen = Seen()

    async def note() -> None:
        seen.append((context.current_trace_id(), structlog.contextvars.get_contextvars()))

    with capture_logs(processors=[structlog.contextvars.merge_contextvars]) as lines:
        async with running(Job("test.note", note)):
            with context.trace() as trace_id:
                async with database.begin() as tx:
                    job_id = await queue.enqueue(tx.conn, "test.note")
            await seen.wait_for(1)

    assert seen[0] == (trace_id, {"job": "test.note", "job_id": job_id})
    line = next(line for line in lines if line.get("job") == "test.note")
    assert line["event"] == log_events.JOB_FINISHED
    assert line["duration_ms"] >= 0


async def test_jobs_with_the_same_lock_run_one_at_a_time_and_in_order(
    running: Running, enqueue: Enqueue
):
    seen = Seen()
    inside = 0

    async def note(number: int) -> None:
        nonlocal inside
        inside += 1
        assert inside == 1
        await asyncio.sleep(0.005)
        inside -= 1
        seen.append(number)

    for number in range(12):
        await enqueue("test.note", lock="conversation:1", number=number)
    start = time.monotonic()
    async with running(Job("test.note", note), polling_s=30.0):
        await seen.wait_for(12)

    assert seen == list(range(12))
    assert time.monotonic() - start < 10  # none waited for the next poll


async def test_jobs_without_a_common_lock_run_side_by_side(running: Running, enqueue: Enqueue):
    together = asyncio.Barrier(3)

    async def meet() -> None:
        await together.wait()

    for lock in ("a", "b", None):
        await enqueue("test.meet", lock=lock)
    async with running(Job("test.meet", meet, timeout_s=10)):
        await eventually(lambda: _all_met(running.runs))


async def _all_met(runs: Runs) -> bool:
    return runs.of("test.meet") == ["ok"] * 3


async def test_a_failing_job_is_tried_again_then_given_up_and_said_so(
    running: Running, enqueue: Enqueue, runs: Runs, scalar: Query
):
    async def fail() -> None:
        raise ValueError("no good")

    await enqueue("test.fail")
    with capture_logs() as lines:
        async with running(Job("test.fail", fail, retry=QUICK), polling_s=0.05):
            await eventually(lambda: _given_up(runs))

    assert runs.of("test.fail") == ["retried", "retried", "failed"]
    assert await scalar("SELECT status::text FROM procrastinate_jobs") == "failed"
    ours = [line for line in lines if line["event"].startswith("job.run") and "error" in line]
    assert [line["event"] for line in ours] == [
        log_events.JOB_RETRIED,
        log_events.JOB_RETRIED,
        log_events.JOB_FAILED,
    ]
    assert [line["attempts"] for line in ours] == [1, 2, 3]
    assert ours[-1]["error"] == "ValueError"


async def _given_up(runs: Runs) -> bool:
    return "failed" in runs.of("test.fail")


async def test_a_job_that_asks_to_run_later_spends_no_attempt(
    running: Running, enqueue: Enqueue, runs: Runs
):
    errors: list[Exception] = [RetryLater(0.0), RetryLater(0.0, "slow provider"), Unavailable()]
    left = iter([*errors, ValueError(), *errors])  # the one failure is the first of two attempts

    async def ask() -> None:
        for error in left:
            raise error

    job = Job("test.ask", ask, retry=Retry(attempts=2, first_s=0.01, cap_s=0.01))
    await enqueue("test.ask")
    async with running(job, polling_s=0.05):
        await eventually(lambda: _answered(runs))

    assert runs.of("test.ask") == ["retried"] * 7 + ["ok"]


async def _answered(runs: Runs) -> bool:
    return "ok" in runs.of("test.ask")


async def test_a_waiting_retry_holds_back_later_jobs_of_its_lock(
    running: Running, enqueue: Enqueue
):
    seen = Seen()
    first_time = iter([True])

    async def note(number: int) -> None:
        if number == 1 and next(first_time, False):
            raise RetryLater(0.3)
        seen.append(number)

    await enqueue("test.note", lock="one", number=1)
    await enqueue("test.note", lock="one", number=2)
    async with running(Job("test.note", note), polling_s=0.05):
        await seen.wait_for(2)

    assert seen == [1, 2]


async def test_a_job_past_its_deadline_fails(running: Running, enqueue: Enqueue, runs: Runs):
    async def hang() -> None:
        await asyncio.Event().wait()

    job = Job("test.fail", hang, retry=Retry(attempts=1), timeout_s=0.05)
    await enqueue("test.fail")
    async with running(job):
        await eventually(lambda: _given_up(runs))

    assert runs.of("test.fail") == ["failed"]


async def test_a_job_waits_for_its_time(running: Running, enqueue: Enqueue):
    seen = Seen()

    async def note() -> None:
        seen.append(datetime.now(UTC))

    due = datetime.now(UTC) + timedelta(seconds=0.5)
    await enqueue("test.note", run_at=due)
    async with running(Job("test.note", note), polling_s=0.05):
        await seen.wait_for(1)

    assert seen[0] >= due


async def test_a_periodic_job_comes_round_and_a_failure_waits_for_the_next_turn(
    running: Running, runs: Runs, database: db.Database
):
    turns = iter([ValueError("once")])

    async def tick() -> None:
        for error in turns:
            raise error

    async with running(Job("test.tick", tick, every="* * * * * *"), polling_s=0.1):
        await eventually(lambda: _ticked(runs))

    assert runs.of("test.tick")[:2] == ["failed", "ok"]
    async with database.read() as conn:
        beats = {beat.job: beat for beat in await queries.heartbeats(conn)}
    assert beats["test.tick"].last_success_at is not None
    assert beats["jobs.sweep"].last_run_at is not None


async def _ticked(runs: Runs) -> bool:
    return runs.of("test.tick").count("ok") >= 1


async def test_a_stopping_worker_lets_jobs_end_and_puts_back_the_ones_that_do_not(
    running: Running, enqueue: Enqueue, runs: Runs, scalar: Query
):
    started = Seen()

    async def short() -> None:
        started.append("short")
        await asyncio.sleep(0.2)

    async def endless() -> None:
        started.append("endless")
        await asyncio.Event().wait()

    await enqueue("test.short")
    await enqueue("test.endless")
    jobs = (Job("test.short", short), Job("test.endless", endless))
    async with running(*jobs, stop_deadline_s=0.5):
        await started.wait_for(2)

    assert runs.of("test.short") == ["ok"]
    assert runs.of("test.endless") == ["retried"]
    query = "SELECT status || ' ' || attempts FROM procrastinate_jobs WHERE task_name LIKE 'test.%'"
    assert await scalar(query) == "todo 0"


async def test_the_queue_tells_how_much_is_due_and_since_when(
    database: db.Database, enqueue: Enqueue
):
    before = datetime.now(UTC) - timedelta(seconds=5)
    await enqueue("test.note")
    await enqueue("test.note", run_at=datetime.now(UTC) + timedelta(hours=1))

    async with database.read() as conn:
        queued = await queries.queued(conn)
        stalled = await queries.stalled(conn)

    assert queued.count == 1
    assert queued.oldest_at is not None
    assert before < queued.oldest_at < datetime.now(UTC) + timedelta(seconds=5)
    assert stalled == 0


async def test_two_jobs_of_one_name_are_refused(running: Running):
    async def nothing() -> None: ...

    with pytest.raises(Invalid, match=r"test\.twice"):
        async with running(Job("test.twice", nothing), Job("test.twice", nothing)):
            pass
