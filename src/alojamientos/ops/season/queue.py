"""The application's queue, seen from outside: whether it is at rest, and what it waits for."""

from dataclasses import dataclass
from datetime import datetime, timedelta

import orjson
import psycopg

from alojamientos.ops.season.clock import REAL_TIME

SWEEP = "jobs.sweep"  # runs in real time, for the workers' sake
READ_MAIL = "mail.read"

# What could run now and what is running. A job behind the lock of one that waits cannot.
_STATE = """
    SELECT count(*) FILTER (WHERE job.status = 'doing'
                OR ((job.scheduled_at IS NULL OR job.scheduled_at <= pg_catalog.now())
                    AND NOT EXISTS (
                       SELECT FROM procrastinate_jobs other
                        WHERE other.lock = job.lock AND other.status = 'todo'
                          AND other.id < job.id AND other.priority >= job.priority))) AS busy,
           min(job.scheduled_at) FILTER (WHERE job.status = 'todo'
                AND job.scheduled_at > pg_catalog.now()) - pg_catalog.now() AS next_in
      FROM procrastinate_jobs job
     WHERE job.status IN ('todo', 'doing') AND job.task_name <> %(sweep)s
"""
_ADVANCE = "UPDATE public.simulated_clock SET ahead = ahead + %(by)s"
# What waits in the queue waits in real time: time that is skipped is taken off.
_NEARER = """
    UPDATE procrastinate_jobs SET scheduled_at = scheduled_at - %(by)s
     WHERE status = 'todo' AND scheduled_at IS NOT NULL AND task_name <> %(sweep)s
"""
_CALL = """
    SELECT pg_notify('procrastinate_any_queue_v1',
        json_build_object('type', 'job_inserted', 'job_id', 0)::text)
"""
_DEFER = """
    SELECT procrastinate_defer_jobs_v1(ARRAY[ROW(
        'default', %(name)s::varchar, 0, %(name)s::text, %(name)s::text, %(args)s::jsonb, NULL
    )::procrastinate_job_to_defer_v1])
"""
# A worker that was killed has been silent for as long as its silence is noticed after.
_FORGET_KILLED = """
    UPDATE procrastinate_workers SET last_heartbeat = last_heartbeat - interval '1 hour'
     WHERE id <= %(newest)s
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueState:
    """How many jobs run or could, and in how long the next one that waits may."""

    busy: int
    next_in: timedelta | None


class Queue:
    """Look at the queue and push it along; open it with `connect`."""

    def __init__(self, conn: psycopg.AsyncConnection[tuple[object, ...]]) -> None:
        self._conn = conn

    @classmethod
    async def connect(cls, dsn: str) -> "Queue":
        return cls(
            await psycopg.AsyncConnection.connect(
                dsn, autocommit=True, application_name="season", options=REAL_TIME
            )
        )

    async def close(self) -> None:
        await self._conn.close()

    async def state(self) -> QueueState:
        row = await (await self._conn.execute(_STATE, {"sweep": SWEEP})).fetchone()
        busy, next_in = row or (0, None)
        return QueueState(
            busy=int(str(busy)), next_in=next_in if isinstance(next_in, timedelta) else None
        )

    async def advance(self, by: timedelta) -> None:
        """Move the database's clock on, and everything nearer that waits in the queue."""
        async with self._conn.transaction():
            await self._conn.execute(_ADVANCE, {"by": by})
            await self._conn.execute(_NEARER, {"by": by, "sweep": SWEEP})

    async def call(self) -> None:
        """Let workers look for jobs that may run now."""
        await self._conn.execute(_CALL)

    async def put(self, name: str, *, due: datetime) -> None:
        """Queue a periodic job whose turn it is; nothing when one waits already."""
        args = orjson.dumps({"timestamp": int(due.timestamp())}).decode()
        try:
            await self._conn.execute(_DEFER, {"name": name, "args": args})
        except psycopg.errors.UniqueViolation:
            return

    async def next_hold_end(self) -> datetime | None:
        """Return when the next hold runs out, by the season's clock."""
        query = "SELECT min(hold_expires_at) FROM reservation WHERE status = 'pre_reserved'"
        row = await (await self._conn.execute(query)).fetchone()
        return row[0] if row and isinstance(row[0], datetime) else None

    async def mailbox_rests_until(self) -> datetime | None:
        """Return until when the mailbox is left alone because it could not be read."""
        row = await (await self._conn.execute("SELECT max(retry_at) FROM mailbox")).fetchone()
        return row[0] if row and isinstance(row[0], datetime) else None

    async def newest_worker(self) -> int:
        row = await (
            await self._conn.execute("SELECT coalesce(max(id), 0) FROM procrastinate_workers")
        ).fetchone()
        return int(str(row[0])) if row else 0

    async def forget_killed(self, newest: int) -> None:
        """Let the silence of workers up to number `newest` be noticed at once: they are dead."""
        await self._conn.execute(_FORGET_KILLED, {"newest": newest})
