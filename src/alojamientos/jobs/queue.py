"""Queue a job in the caller's own transaction: it exists exactly when the row it is about does."""

from datetime import datetime
from typing import Any

import orjson
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from alojamientos.kit import db
from alojamientos.telemetry import context

TRACE_ARGUMENT = "_trace_id"  # taken off again by the worker before the job sees its arguments

_DEFER = sa.text(
    """
    SELECT (procrastinate_defer_jobs_v1(ARRAY[ROW(
        CAST(:queue AS varchar), CAST(:name AS varchar), CAST(:priority AS integer),
        CAST(:lock AS text), CAST(:queueing_lock AS text), CAST(:args AS jsonb),
        CAST(:run_at AS timestamptz)
    )::procrastinate_job_to_defer_v1]))[1]
    """
)


async def enqueue(
    conn: AsyncConnection,
    name: str,
    *,
    lock: str | None = None,
    queueing_lock: str | None = None,
    run_at: datetime | None = None,
    priority: int = 0,
    queue: str = "default",
    **args: Any,
) -> int | None:
    """Queue the job `name` with `args` on `conn` and return its id; it starts after the commit.

    Jobs with the same `lock` run one at a time, in the order they were queued. Only one job with
    the same `queueing_lock` waits at a time: None is returned when one does already, and the
    transaction stays usable. The present trace travels with the job.
    """
    trace_id = context.current_trace_id() or context.new_trace_id()
    values = {
        "queue": queue,
        "name": name,
        "priority": priority,
        "lock": lock,
        "queueing_lock": queueing_lock,
        "args": orjson.dumps({**args, TRACE_ARGUMENT: trace_id}).decode(),
        "run_at": run_at,
    }
    if queueing_lock is None:
        return int((await conn.execute(_DEFER, values)).scalar_one())
    try:
        async with conn.begin_nested():
            return int((await conn.execute(_DEFER, values)).scalar_one())
    except IntegrityError as error:
        if db.sqlstate(error) != db.UNIQUE_VIOLATION:
            raise
        return None
