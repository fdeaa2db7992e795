"""The season's clock on a real PostgreSQL: the application's time jumps, the queue's does not."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import count

import psycopg
import pytest

from alojamientos.entrypoints import migrate
from alojamientos.jobs import queue as jobs
from alojamientos.kit import db
from alojamientos.ops.season import clock
from alojamientos.ops.season.queue import Queue

_names = count(1)
WEEK = timedelta(days=7)
CLOSE = timedelta(minutes=1)


@pytest.fixture
def season_url(postgres_server) -> Iterator[str]:
    """A database that follows a season's clock, migrated as a season migrates it."""
    name = f"season_{next(_names)}"
    with psycopg.connect(postgres_server.dsn("postgres"), autocommit=True) as admin:
        admin.execute(f"CREATE DATABASE {name}")
    dsn = postgres_server.dsn(name)
    clock.install(dsn)
    migrate.upgrade(dsn)
    clock.release_queue(dsn)
    yield dsn
    with psycopg.connect(postgres_server.dsn("postgres"), autocommit=True) as admin:
        admin.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
async def queue(season_url):
    queue = await Queue.connect(season_url)
    yield queue
    await queue.close()


def one(dsn: str, query: str, options: str = "") -> object:
    with psycopg.connect(dsn, autocommit=True, options=options) as conn:
        row = conn.execute(query.encode()).fetchone()
    assert row
    return row[0]


def is_a_week_ahead(instant: object) -> bool:
    assert isinstance(instant, datetime)
    return abs(instant - datetime.now(UTC) - WEEK) < CLOSE


def is_now(instant: object) -> bool:
    assert isinstance(instant, datetime)
    return abs(instant - datetime.now(UTC)) < CLOSE


@pytest.mark.parametrize("function", ["now", "statement_timestamp", "clock_timestamp"])
async def test_the_database_jumps_with_the_clock_and_its_queue_does_not(
    season_url, queue, function
):
    await queue.advance(WEEK)

    assert is_a_week_ahead(one(season_url, f"SELECT {function}()"))
    assert is_now(one(season_url, f"SELECT {function}()", clock.REAL_TIME))


async def test_rows_are_stamped_with_the_time_of_the_season(season_url, queue):
    await queue.advance(WEEK)

    stamp = one(season_url, "INSERT INTO guest (name) VALUES ('Ana') RETURNING created_at")

    assert is_a_week_ahead(stamp)


async def test_a_worker_that_registers_lives_in_real_time(season_url, queue):
    await queue.advance(WEEK)

    beat = "INSERT INTO procrastinate_workers DEFAULT VALUES RETURNING last_heartbeat"

    assert is_now(one(season_url, beat))


async def test_when_jobs_last_ran_is_told_in_the_time_of_the_season(season_url, queue):
    await queue.advance(WEEK)

    ran = (
        "INSERT INTO job_heartbeat (job_name, last_run_at, last_success_at)"
        " VALUES ('x', now(), now()) RETURNING last_success_at"
    )

    assert is_a_week_ahead(one(season_url, ran, clock.REAL_TIME))


async def test_what_waits_in_the_queue_is_nearer_by_what_is_skipped(season_url, queue):
    database = db.Database(db.create_engine(season_url))
    async with database.begin() as tx:
        await jobs.enqueue(tx.conn, "later", run_at=datetime.now(UTC) + timedelta(hours=2))
    await database.close()
    waiting = await queue.state()
    assert waiting.busy == 0
    assert waiting.next_in is not None
    assert abs(waiting.next_in - timedelta(hours=2)) < CLOSE

    await queue.advance(timedelta(hours=2))

    assert (await queue.state()).busy == 1


async def test_a_job_behind_the_lock_of_one_that_waits_is_not_under_way(season_url, queue):
    database = db.Database(db.create_engine(season_url))
    async with database.begin() as tx:
        later = datetime.now(UTC) + timedelta(hours=2)
        await jobs.enqueue(tx.conn, "first", lock="same", run_at=later)
        await jobs.enqueue(tx.conn, "second", lock="same")
    await database.close()

    assert (await queue.state()).busy == 0


async def test_a_periodic_job_is_queued_once_while_it_waits(season_url, queue):
    due = datetime.now(UTC)

    await queue.put("reservations.expire_holds", due=due)
    await queue.put("reservations.expire_holds", due=due)

    assert (await queue.state()).busy == 1


def test_the_clock_never_goes_back(tmp_path):
    moved = clock.SeasonClock(tmp_path / "clock")
    moved.advance(WEEK)

    with pytest.raises(ValueError, match="forward"):
        moved.advance(-CLOSE)

    assert is_a_week_ahead(moved.now())
