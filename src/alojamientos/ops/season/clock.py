"""One clock for every process of a season and its database: the real one, and some time ahead.

Between two jumps it runs as fast as the real one, so what happens at once happens in order. The
queue stays in real time: its workers' heartbeats must not stand still for days.
"""

import mmap
from datetime import datetime, timedelta
from pathlib import Path

import psycopg

from alojamientos.kit.clock import AHEAD, ahead_by

# What an unqualified now() finds first, in statements and in the defaults of columns.
_INSTALL = """
    CREATE TABLE IF NOT EXISTS public.simulated_clock (ahead interval NOT NULL);
    INSERT INTO public.simulated_clock SELECT interval '0'
     WHERE NOT EXISTS (SELECT FROM public.simulated_clock);
    CREATE OR REPLACE FUNCTION public.now() RETURNS timestamptz STABLE LANGUAGE sql
        AS 'SELECT pg_catalog.now() + ahead FROM public.simulated_clock';
    CREATE OR REPLACE FUNCTION public.statement_timestamp() RETURNS timestamptz STABLE LANGUAGE sql
        AS 'SELECT pg_catalog.statement_timestamp() + ahead FROM public.simulated_clock';
    CREATE OR REPLACE FUNCTION public.clock_timestamp() RETURNS timestamptz VOLATILE LANGUAGE sql
        AS 'SELECT pg_catalog.clock_timestamp() + ahead FROM public.simulated_clock';
"""
# The queue's tables were made with the clock above, and its sessions write job_heartbeat. Each is
# a transaction of its own: the worker runs already, and takes the same locks in its own order.
_RELEASE_QUEUE = (
    "ALTER TABLE procrastinate_workers ALTER COLUMN last_heartbeat SET DEFAULT pg_catalog.now()",
    "ALTER TABLE procrastinate_events ALTER COLUMN at SET DEFAULT pg_catalog.now()",
    """
    CREATE OR REPLACE FUNCTION public.simulated_heartbeat() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            NEW.last_run_at := public.now();
            NEW.last_success_at := CASE WHEN NEW.last_success_at IS NOT NULL THEN public.now() END;
            RETURN NEW;
        END $$
    """,
    """
    CREATE OR REPLACE TRIGGER simulated_heartbeat BEFORE INSERT ON job_heartbeat
        FOR EACH ROW EXECUTE FUNCTION public.simulated_heartbeat()
    """,
)
REAL_TIME = "-c search_path=pg_catalog,public"  # options of a session that keeps to real time


def install(dsn: str) -> None:
    """Let the database at `dsn` follow the season's clock; before its tables are made."""
    with psycopg.connect(dsn, autocommit=True) as conn:
        conn.execute(_INSTALL)
        name = conn.info.dbname
        conn.execute(f'ALTER DATABASE "{name}" SET search_path = public, pg_catalog'.encode())


def release_queue(dsn: str) -> None:
    """Keep the queue's own tables in real time; once they are there."""
    with psycopg.connect(dsn, autocommit=True) as conn:
        for statement in _RELEASE_QUEUE:
            conn.execute(statement.encode())


class SeasonClock:
    """Read and move the clock that the file at `path` tells every process."""

    def __init__(self, path: Path) -> None:
        path.write_bytes(AHEAD.pack(0))
        with path.open("r+b") as file:
            self._view = mmap.mmap(file.fileno(), AHEAD.size)
        self._read = ahead_by(path)

    def now(self) -> datetime:
        return self._read()

    def ahead(self) -> timedelta:
        (microseconds,) = AHEAD.unpack_from(self._view)
        return timedelta(microseconds=microseconds)

    def advance(self, by: timedelta) -> None:
        """Move every process's clock on; never back."""
        if by < timedelta(0):
            raise ValueError("the clock only goes forward")
        ahead = self.ahead() + by
        AHEAD.pack_into(self._view, 0, ahead // timedelta(microseconds=1))
