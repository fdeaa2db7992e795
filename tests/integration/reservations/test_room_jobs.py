from collections.abc import MutableMapping
from datetime import timedelta
from typing import Any

import pytest
from structlog import get_logger
from structlog.testing import capture_logs
from tests.integration.reservations.conftest import nights

from alojamientos.kit import idempotency
from alojamientos.kit.clock import utc_now
from alojamientos.reservations import jobs
from alojamientos.reservations.events import HoldReminded, Status
from alojamientos.telemetry import log_events


@pytest.fixture
def run(desk):
    """Run a job of this room by the last part of its name; return what it logged."""
    table = {
        job.name: job
        for job in jobs.create_jobs(database=desk.database, log=get_logger(), now=utc_now)
    }
    assert all(job.every for job in table.values())

    async def run(name: str) -> list[MutableMapping[str, Any]]:
        with capture_logs() as lines:
            await table[f"reservations.{name}"].run()
        return lines

    return run


async def test_sweep_ends_more_holds_than_one_batch(desk, run, monkeypatch):
    monkeypatch.setattr(jobs, "_BATCH", 2)
    views = [await desk.hold(nights(3 * n, 3), guest=f"guest{n}") for n in range(5)]
    for view in views:
        desk.run_out(view)

    lines = await run("expire_holds")

    assert [line["count"] for line in lines if line["event"] == log_events.HOLDS_EXPIRED] == [5]
    assert {(await desk.see(view)).status for view in views} == {Status.EXPIRED}
    assert await run("expire_holds") == []


async def test_reminder_goes_out_before_the_deadline(desk, run):
    await desk.hold(nights(0, 3))
    desk.sql("UPDATE reservation SET created_at = now() - interval '55 minutes'")
    desk.sql("UPDATE reservation SET hold_expires_at = now() + interval '5 minutes'")

    await run("remind_holds")

    assert len(desk.told.of(HoldReminded)) == 1


async def test_invariants_are_recorded_and_violations_logged(desk, run):
    view = await desk.confirm(await desk.hold(nights(0, 3)))
    desk.sql("UPDATE reservation SET confirmed_at = NULL")

    lines = await run("check_invariants")

    (violated,) = [line for line in lines if line["event"] == log_events.INVARIANT_VIOLATED]
    assert violated["invariant"] == "statuses_have_instants"
    assert violated["log_level"] == "error"
    assert view.code in violated["detail"][0]
    results = dict(desk.sql("SELECT name, violations FROM invariant_result"))
    assert results == {
        "no_overlap": 0,
        "overlap_is_impossible": 0,
        "holds_have_deadlines": 0,
        "quotes_add_up": 0,
        "statuses_have_instants": 1,
    }

    desk.sql("UPDATE reservation SET confirmed_at = now()")
    await run("check_invariants")

    assert sum(count for (count,) in desk.sql("SELECT violations FROM invariant_result")) == 0


async def test_invariants_notice_a_broken_schema(desk, run):
    await desk.hold(nights(0, 3))
    await desk.hold(nights(3, 3))
    desk.sql(
        "ALTER TABLE reservation DROP CONSTRAINT reservation_no_overlap,"
        " DROP CONSTRAINT reservation_hold_has_deadline"
    )
    desk.sql(
        "UPDATE reservation SET hold_expires_at = NULL, check_in = '2030-01-01',"
        " check_out = '2030-01-04'"
    )

    await run("check_invariants")

    results = dict(desk.sql("SELECT name, violations FROM invariant_result"))
    assert results == {
        "no_overlap": 1,
        "overlap_is_impossible": 1,
        "holds_have_deadlines": 2,
        "quotes_add_up": 2,
        "statuses_have_instants": 0,
    }


async def test_old_answers_are_forgotten_and_new_ones_kept(desk, run):
    for key in ("old", "new"):
        async with desk.database.begin() as tx:
            assert await idempotency.claim(tx, scope="s", key=key, request=b"") is None
            answer = idempotency.Answer(status=201, body={})
            await idempotency.keep(tx, scope="s", key=key, answer=answer)
    desk.sql(
        "UPDATE idempotent_response SET created_at = now() - %s WHERE key = 'old'",
        timedelta(hours=25),
    )

    await run("forget_answers")

    assert desk.sql("SELECT key FROM idempotent_response") == [("new",)]
