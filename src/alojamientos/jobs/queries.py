"""What the queue looks like, for gauges and the console."""

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection


@dataclass(frozen=True, slots=True, kw_only=True)
class Queued:
    """Jobs that could start now, and since when the oldest of them could."""

    count: int
    oldest_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Heartbeat:
    """When a job last ran and last ended well (to within seconds for jobs that run often)."""

    job: str
    last_run_at: datetime
    last_success_at: datetime | None


async def queued(conn: AsyncConnection) -> Queued:
    """Return how many jobs are due and not started."""
    row = (
        await conn.execute(
            sa.text(
                """
                SELECT count(*) AS due, min(coalesce(job.scheduled_at, event.at)) AS oldest_at
                  FROM procrastinate_jobs job
                  LEFT JOIN LATERAL (
                       SELECT min(at) AS at FROM procrastinate_events
                        WHERE job_id = job.id AND type = 'deferred') event ON true
                 WHERE job.status = 'todo'
                   AND (job.scheduled_at IS NULL OR job.scheduled_at <= now())
                """
            )
        )
    ).one()
    return Queued(count=row.due, oldest_at=row.oldest_at)


async def stalled(conn: AsyncConnection, *, stalled_after_s: float = 10.0) -> int:
    """Return how many jobs say that they run while their worker is gone or silent."""
    return int(
        (
            await conn.execute(
                sa.text(
                    """
                    SELECT count(*) FROM procrastinate_jobs job
                      LEFT JOIN procrastinate_workers worker ON worker.id = job.worker_id
                     WHERE job.status = 'doing'
                       AND (worker.id IS NULL
                            OR worker.last_heartbeat < now() - make_interval(secs => :seconds))
                    """
                ),
                {"seconds": stalled_after_s},
            )
        ).scalar_one()
    )


async def heartbeats(conn: AsyncConnection) -> list[Heartbeat]:
    """Return the jobs that have ever run, by name."""
    rows = await conn.execute(
        sa.text(
            "SELECT job_name AS job, last_run_at, last_success_at FROM job_heartbeat ORDER BY 1"
        )
    )
    return [Heartbeat(**row._mapping) for row in rows]  # noqa: SLF001 - its public name
