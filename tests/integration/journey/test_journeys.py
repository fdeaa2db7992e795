"""A journey over real HTTP and a real database: what it sees, and that it leaves nothing."""

import asyncio
from dataclasses import replace

import orjson
import pytest
import redis
from pydantic import SecretStr
from tests.conftest import free_port
from tests.integration.journey.conftest import STEPS, staged

from alojamientos.entrypoints import journey as journeys
from alojamientos.telemetry import log_events

ALL_WELL = {"success": 1, **{f"{step}: success": 1 for step in STEPS}}
NOBODY = "postgresql://nobody:x@127.0.0.1:{port}/nothing"


async def test_a_journey_through_a_working_system_succeeds_at_every_step(stage):
    await stage.journey().run()

    assert stage.outcomes() == ALL_WELL


async def test_a_journey_leaves_no_row_no_key_and_no_number_behind(stage, redis_url):
    rows, numbers = stage.rows(), stage.business()

    await stage.journey().run()

    assert stage.outcomes() == ALL_WELL
    assert stage.rows() == rows
    assert stage.business() == numbers
    with redis.Redis.from_url(redis_url) as client:
        assert client.keys() == []


async def test_a_journeys_requests_are_counted_as_synthetic(stage):
    await stage.journey().run()

    value = stage.web.recorder.value
    for method in ("GET", "POST"):
        labels = {"handler": "synthetic", "method": method, "status": "200"}
        assert value("http_requests_total", **labels) == 1


async def test_a_journey_fails_at_availability_while_nobody_answers(stage, settings):
    nowhere = settings.evolve(journey={"web_url": f"http://127.0.0.1:{free_port()}"})
    async with journeys.web_client(nowhere) as client:
        await stage.journey(web=client).run()

    assert stage.outcomes() == {"failure": 1, "availability: failure": 1}


async def test_a_journey_fails_at_availability_while_web_has_no_database(settings, database_url):
    lost = settings.evolve(database={"url": SecretStr(NOBODY.format(port=free_port()))})
    async for stage in staged(lost, settings, database_url):
        await stage.journey().run()

        assert stage.outcomes() == {"failure": 1, "availability: failure": 1}


async def test_a_journey_fails_at_the_hold_while_the_worker_has_no_database(settings, database_url):
    lost = settings.evolve(database={"url": SecretStr(NOBODY.format(port=free_port()))})
    async for stage in staged(settings, lost, database_url):
        await stage.journey().run()

        assert stage.outcomes() == {"failure": 1, "availability: success": 1, "hold: failure": 1}


async def test_a_journey_fails_at_the_hold_when_the_database_refuses_it(stage, intruder):
    intruder.execute("ALTER TABLE reservation ADD CONSTRAINT closed CHECK (false) NOT VALID")
    intruder.commit()

    await stage.journey().run()

    assert stage.outcomes() == {"failure": 1, "availability: success": 1, "hold: failure": 1}


async def test_a_hold_that_hangs_is_given_up_at_its_deadline_and_let_go_of(stage, intruder):
    # Sooner than any deadline of the database's: without the step's own it would succeed.
    intruder.execute(
        "CREATE FUNCTION dawdle() RETURNS trigger LANGUAGE plpgsql AS"
        " $$ BEGIN PERFORM pg_sleep(8); RETURN NEW; END $$;"
        " CREATE TRIGGER slow BEFORE INSERT ON reservation FOR EACH ROW EXECUTE FUNCTION dawdle()"
    )
    intruder.commit()

    await stage.journey(step_deadline_s=3).run()

    assert stage.outcomes() == {"failure": 1, "availability: success": 1, "hold: failure": 1}
    intruder.execute("DROP TRIGGER slow ON reservation")
    intruder.commit()
    await stage.journey().run()
    assert stage.outcomes()["success"] == 1


async def test_a_hold_that_waits_for_a_lock_fails_and_lets_go(stage, intruder):
    intruder.execute("LOCK TABLE reservation IN SHARE MODE")  # read, but not written

    await stage.journey().run()

    assert stage.outcomes() == {"failure": 1, "availability: success": 1, "hold: failure": 1}
    intruder.rollback()
    await stage.journey().run()
    assert stage.outcomes()["success"] == 1


async def test_a_journey_fails_at_the_cancellation_when_that_is_refused(stage, intruder):
    intruder.execute(
        "ALTER TABLE reservation ADD CONSTRAINT kept CHECK (status <> 'cancelled') NOT VALID"
    )
    intruder.commit()

    await stage.journey().run()

    assert stage.outcomes() == {
        "failure": 1,
        "cancel: failure": 1,
        "availability: success": 1,
        "hold: success": 1,
    }


async def test_a_journey_fails_at_the_webhook_when_its_signature_is_not_believed(stage):
    numbers = stage.business()

    await stage.journey(app_secret="another").run()

    assert stage.outcomes() == {
        "failure": 1,
        "webhook: failure": 1,
        **{f"{step}: success": 1 for step in STEPS if step != "webhook"},
    }
    assert stage.business() == numbers  # also not as an invalid signature of somebody's


async def test_a_journey_goes_on_without_redis_as_guests_do(settings, database_url):
    lost = settings.evolve(redis={"url": SecretStr(f"redis://127.0.0.1:{free_port()}/0")})
    async for stage in staged(lost, lost, database_url):
        await stage.journey().run()

        assert stage.outcomes() == ALL_WELL


async def test_what_no_outage_explains_is_raised_and_counted_as_a_failure(stage):
    wrong = replace(stage.worker.booking_policy, deposit_percent=None)

    with pytest.raises(TypeError):
        await stage.journey(policy=wrong).run()

    assert stage.outcomes() == {"failure": 1, "availability: success": 1, "hold: failure": 1}


async def test_a_journey_that_the_workers_end_cuts_short_is_not_counted(stage, intruder):
    intruder.execute("LOCK TABLE reservation IN SHARE MODE")
    running = asyncio.create_task(stage.journey().run())
    while not intruder.execute("SELECT 1 FROM pg_locks WHERE NOT granted").fetchone():
        await asyncio.sleep(0.01)

    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running

    assert stage.outcomes() == {"availability: success": 1}


async def test_the_job_walks_a_journey_unless_it_is_switched_off(stage):
    await journeys.create_job(stage.worker, web=stage.client).run()
    assert stage.outcomes() == ALL_WELL

    off = replace(stage.worker, settings=stage.worker.settings.evolve(journey={"enabled": False}))
    await journeys.create_job(off, web=stage.client).run()
    assert stage.outcomes() == ALL_WELL


async def test_every_line_about_a_journey_is_marked(capsysbinary, settings, database_url):
    async for stage in staged(settings, settings, database_url):
        capsysbinary.readouterr()  # the starts
        await stage.journey().run()
        await stage.journey(app_secret="another").run()

    lines = [orjson.loads(line) for line in capsysbinary.readouterr().out.splitlines()]
    assert {line["event"] for line in lines} == {
        *(log_events.JOURNEY_FINISHED, log_events.JOURNEY_FAILED),
        *(log_events.WEBHOOK_RECEIVED, log_events.WEBHOOK_REFUSED),
    }
    assert all(line["synthetic"] is True for line in lines)
    (failed,) = [line for line in lines if line["event"] == log_events.JOURNEY_FAILED]
    assert (failed["step"], failed["error"]) == ("webhook", "WrongAnswer")
