"""When feeds are read: their turn, their lane, and beside bookings."""

import asyncio
from datetime import timedelta

import psycopg
import pytest
from tests.integration.ical.conftest import DOMAIN, TODAY, day

from alojamientos.channels.ical import decisions, jobs
from alojamientos.jobs.worker import Worker
from alojamientos.kit.clock import utc_now
from alojamientos.telemetry import logs


def queued(calendars) -> list[tuple[int, str]]:
    return [
        (feed_id, lock)
        for feed_id, lock in calendars.desk.sql(
            "SELECT (args->>'feed_id')::int, lock FROM procrastinate_jobs"
            " WHERE task_name = 'ical.sync_feed' AND status = 'todo' ORDER BY id"
        )
    ]


async def test_feeds_are_queued_when_their_turn_has_come_and_once(calendars):
    feeds = [await calendars.add(calendars.hosts.listing(name)) for name in ("a", "b", "c", "d")]
    await calendars.sync(feeds[0])
    calendars.desk.sql("UPDATE calendar_feed SET active = false WHERE id = %s", feeds[1])
    calendars.lag = calendars.feed(feeds[0], "next_sync_at") - utc_now() - timedelta(seconds=5)
    calendars.desk.sql(
        "UPDATE calendar_feed SET next_sync_at = %s WHERE id = ANY(%s)",
        *(calendars.now() - timedelta(seconds=1), feeds[2:]),
    )

    for _ in range(2):
        await calendars.job(jobs.SYNC)()
    assert queued(calendars) == [(feed, f"feeds:{feed % 3}") for feed in feeds[2:]]

    calendars.later(seconds=10)
    await calendars.job(jobs.SYNC)()
    assert [feed for feed, _ in queued(calendars)] == [*feeds[2:], feeds[0]]


async def test_errors_of_known_feeds_start_at_nought(calendars):
    feed = await calendars.add(calendars.hosts.listing("a"))
    await calendars.job(jobs.SYNC)()

    labels = {"feed_url": calendars.labels[feed], "error_type": "timeout"}
    assert calendars.recorder.value("ical_sync_errors_total", **labels) == 0


async def test_a_feed_that_was_read_since_it_was_queued_is_not_read_again(calendars):
    feed = await calendars.add(calendars.hosts.listing("a"))
    await calendars.sync(feed, forced=False)
    await calendars.sync(feed, forced=False)
    assert calendars.hosts.counts("a")["asked"] == 1

    calendars.lag = calendars.feed(feed, "next_sync_at") - utc_now() + timedelta(seconds=1)
    await calendars.sync(feed, forced=False)
    assert calendars.hosts.counts("a")["asked"] == 2
    assert calendars.feed(feed, "next_sync_at") > calendars.now()
    assert calendars.feed(feed, "next_sync_at") - calendars.now() <= decisions.INTERVAL


async def test_a_feed_that_was_removed_since_it_was_queued_is_no_error(calendars):
    feed = await calendars.add(calendars.hosts.listing("a"))
    calendars.desk.sql("DELETE FROM calendar_feed")

    await calendars.sync(feed)

    assert calendars.hosts.counts("a")["asked"] == 0


async def test_the_worker_reads_a_feed_by_itself(calendars, monkeypatch):
    await calendars.add(calendars.hosts.listing("a"))
    calendars.hosts.book("a", 10, 13)
    made = jobs.create_jobs(
        database=calendars.desk.database,
        client=calendars.client,
        recorder=calendars.recorder,
        now=calendars.now,
        domain=DOMAIN,
    )
    worker = Worker(calendars.desk.dsn, made, recorder=calendars.recorder, log=logs.get_logger())
    await calendars.job(jobs.SYNC)()

    task = asyncio.create_task(worker.run())
    try:
        async with asyncio.timeout(30):
            while not calendars.events():
                await asyncio.sleep(0.05)
    finally:
        worker.stop()
        await task

    assert calendars.events() == [(day(10), day(13))]


async def test_an_import_waits_for_a_booking_under_way_and_finds_what_it_sold(calendars):
    feed = await calendars.add(calendars.hosts.listing("a"))
    calendars.hosts.book("a", 10, 13)
    with psycopg.connect(calendars.desk.dsn) as other:
        other.execute("SELECT pg_advisory_xact_lock(101, 1)")
        task = asyncio.create_task(calendars.sync(feed))
        while not calendars.desk.sql(
            "SELECT 1 FROM pg_stat_activity WHERE datname = current_database()"
            " AND wait_event_type = 'Lock'"
        ):
            assert not task.done(), "it did not wait"
            await asyncio.sleep(0.01)
        other.execute("INSERT INTO guest (name) VALUES ('Ana')")
        other.execute(
            "INSERT INTO reservation (code, accommodation_id, guest_id, check_in, check_out,"
            " guests, status, channel, quote, total, deposit, confirmed_at) VALUES ('7K3M-9QXT',"
            " 1, 1, %s, %s, 2, 'confirmed', 'api', '{}', 1, 1, now())",
            (day(12), day(14)),
        )
        other.commit()
        await task

    assert calendars.conflicts() == [(1, False)]
    assert calendars.events() == [(day(10), day(13))]


@pytest.mark.parametrize("minutes", [0, 25, 45])
async def test_the_age_goes_on_while_nothing_is_read(calendars, minutes):
    from alojamientos.entrypoints import collectors

    feed = await calendars.add(calendars.hosts.listing("a"))
    await calendars.sync(feed)
    calendars.later(minutes=minutes)
    (collector,) = [
        one
        for one in collectors.of_database(calendars.desk.database, now=calendars.now)
        if one.name == "feeds"
    ]
    samples = {sample.metric.name: sample for sample in await collector.read()}

    age = samples["ical_last_sync_age_minutes"]
    success = samples["ical_last_success_timestamp_seconds"]
    assert age.labels == (calendars.labels[feed],)
    assert minutes <= age.value < minutes + 1
    assert success.labels == (calendars.labels[feed], "airbnb")
    assert success.value == calendars.feed(feed, "last_success_at").timestamp()
    assert samples["ical_conflicts_open"].value == 0
    assert "ical_sync_last_run_timestamp_seconds" not in samples  # no worker has run it


async def test_open_conflicts_and_the_last_look_are_told(calendars):
    from alojamientos.entrypoints import collectors

    feed = await calendars.add(calendars.hosts.listing("a"))
    from tests.integration.ical.test_import import stay

    await calendars.desk.confirm(await calendars.desk.hold(stay(10, 13), today=TODAY))
    calendars.hosts.book("a", 10, 13)
    await calendars.sync(feed)
    calendars.desk.sql(
        "INSERT INTO job_heartbeat (job_name, last_run_at) VALUES ('ical.sync', %s)",
        calendars.now(),
    )
    (collector,) = [
        one
        for one in collectors.of_database(calendars.desk.database, now=calendars.now)
        if one.name == "feeds"
    ]
    samples = {sample.metric.name: sample.value for sample in await collector.read()}

    assert samples["ical_conflicts_open"] == 1
    assert abs(samples["ical_sync_last_run_timestamp_seconds"] - calendars.now().timestamp()) < 60
