"""Put back the jobs that a crash left behind, and forget the ones long finished.

A worker that dies leaves its jobs `doing` and its heartbeat standing still. One sweep runs at a
time, and each statement looks at the rows afresh, so that a job which another worker has taken
up meanwhile is never put back under its feet.
"""

from psycopg import AsyncConnection

_ONE_AT_A_TIME = "SELECT pg_advisory_xact_lock(7402, 1)"

_STUCK = """
    SELECT id, queueing_lock FROM procrastinate_jobs
     WHERE status = 'doing'
       AND (worker_id IS NULL OR worker_id IN (
             SELECT id FROM procrastinate_workers
              WHERE last_heartbeat < now() - make_interval(secs => %(stalled_after_s)s)))
       FOR UPDATE SKIP LOCKED
"""

# Where another job with the same queueing lock waits already, or is put back here, one is enough.
_END_REPLACED = f"""
    WITH stuck AS ({_STUCK})
    SELECT procrastinate_finish_job_v1(id, 'aborted', false) FROM stuck
     WHERE EXISTS (SELECT 1 FROM procrastinate_jobs other
                    WHERE other.queueing_lock = stuck.queueing_lock AND other.status = 'todo')
        OR EXISTS (SELECT 1 FROM stuck other
                    WHERE other.queueing_lock = stuck.queueing_lock AND other.id < stuck.id)
"""  # noqa: S608 - both parts stand above

_PUT_BACK = f"""
    WITH stuck AS ({_STUCK})
    SELECT procrastinate_retry_job_v2(id, now(), NULL, NULL, NULL) FROM stuck
"""  # noqa: S608 - both parts stand above

_FORGET_WORKERS = """
    DELETE FROM procrastinate_workers
     WHERE last_heartbeat < now() - make_interval(secs => %(stalled_after_s)s)
"""

_FORGET_JOBS = """
    DELETE FROM procrastinate_jobs job
     WHERE job.status IN ('succeeded', 'failed', 'cancelled', 'aborted')
       AND NOT EXISTS (SELECT 1 FROM procrastinate_events event
                        WHERE event.job_id = job.id
                          AND event.at > now() - make_interval(hours => %(hours)s))
"""


async def put_back_stuck(conn: AsyncConnection, *, stalled_after_s: float) -> int:
    """Queue again what workers silent for `stalled_after_s` were doing; return how many jobs."""
    parameters = {"stalled_after_s": stalled_after_s}
    async with conn.transaction():
        await conn.execute(_ONE_AT_A_TIME)
        await conn.execute(_END_REPLACED, parameters)
        result = await conn.execute(_PUT_BACK, parameters)
        count = result.rowcount
        await conn.execute(_FORGET_WORKERS, parameters)
    return count


async def forget_worker(conn: AsyncConnection, *, worker_id: int) -> None:
    """Strike a worker off that is known to do nothing any more; its jobs count as stuck at once."""
    await conn.execute("DELETE FROM procrastinate_workers WHERE id = %s", (worker_id,))


async def delete_finished(conn: AsyncConnection, *, hours: int) -> int:
    """Delete the jobs that ended more than `hours` ago; return how many."""
    return (await conn.execute(_FORGET_JOBS, {"hours": hours})).rowcount
