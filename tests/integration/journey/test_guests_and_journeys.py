"""Guests and journeys at the same time: neither is in the other's way, nor taken for the other."""

import asyncio
from datetime import timedelta

import pytest
from tests.integration.journey.conftest import staged

from alojamientos.entrypoints.journey import rehearsal
from alojamientos.kit.clock import today_in
from alojamientos.telemetry import catalogue, synthetic

AVAILABILITY = "/api/v1/availability"


@pytest.fixture
def nights(stage):
    """A week that begins with the journey's nights: long enough for every season's rule."""
    check_in = rehearsal.stay_from(today_in(stage.worker.booking_policy.time_zone)).check_in
    week = check_in + timedelta(days=7)
    return {"check_in": check_in.isoformat(), "check_out": week.isoformat()}


async def book(stage, cabin: int, nights: dict[str, str], guest: str) -> int:
    response = await stage.guest.post(
        "/api/v1/reservations",
        json={
            "accommodation_id": cabin,
            **nights,
            "guests": 2,
            "guest": {"name": "Ana", "email": f"{guest}@example.com"},
        },
        headers={"Authorization": f"Bearer {stage.web.settings.app.api_token.get_secret_value()}"},
    )
    return int(response.status_code)


async def cabins(stage) -> list[int]:
    return [cabin["id"] for cabin in (await stage.guest.get("/api/v1/accommodations")).json()]


async def test_every_cabin_can_be_booked_while_a_journey_holds_the_same_nights(stage, nights):
    worker = stage.worker
    async with worker.database.rehearse() as tx:
        await rehearsal.hold(
            tx,
            policy=worker.booking_policy,
            locks=worker.locks,
            today=today_in(worker.booking_policy.time_zone),
        )
        found = await cabins(stage)

        # It would wait for the journey's end, which does not come, until its own 503.
        answers = [await book(stage, cabin, nights, f"guest{cabin}") for cabin in found]

    assert len(found) == 3
    assert answers == [201, 201, 201]


async def test_no_guest_is_shown_the_cabin_of_a_journey(stage, nights):
    worker = stage.worker
    async with worker.database.rehearse() as tx:
        await rehearsal.hold(
            tx,
            policy=worker.booking_policy,
            locks=worker.locks,
            today=today_in(worker.booking_policy.time_zone),
        )

        offers = (await stage.guest.get(AVAILABILITY, params={**nights, "guests": 2})).json()

        assert rehearsal.CABIN not in await cabins(stage)
        assert rehearsal.CABIN not in {o["accommodation"]["id"] for o in offers["offers"]}


async def test_journeys_of_several_workers_and_guests_all_succeed_together(stage, nights):
    found = await cabins(stage)

    *answers, _, _, _ = await asyncio.gather(
        *(book(stage, cabin, nights, f"guest{cabin}") for cabin in found),
        *(stage.journey().run() for _ in range(3)),
    )

    assert answers == [201, 201, 201]
    assert stage.outcomes()["success"] == 3


async def test_a_forged_mark_hides_nothing(stage, nights):
    params = {**nights, "guests": "2"}
    forged = synthetic.mark("not the secret")

    for value in (forged, "1", "", "ñ"):
        await stage.guest.get(
            AVAILABILITY, params=params, headers={synthetic.HEADER: value.encode()}
        )

    value = stage.web.recorder.value
    counted = {"handler": AVAILABILITY, "method": "GET", "status": "200"}
    assert value("http_requests_total", **counted) == 4
    assert value("http_request_duration_highr_seconds_count") == 4
    assert value("http_requests_total", **{**counted, "handler": "synthetic"}) is None


async def test_a_journey_is_neither_limited_nor_does_it_use_up_a_guests_turns(
    settings, database_url
):
    strict = settings.evolve(app={"rate_limit_per_minute": 1})
    async for stage in staged(strict, strict, database_url):
        for _ in range(3):
            await stage.journey().run()

        assert stage.outcomes()["success"] == 3
        assert (await stage.guest.get("/api/v1/accommodations")).status_code == 200
        assert (await stage.guest.get("/api/v1/accommodations")).status_code == 429


async def test_a_mark_makes_no_series_of_what_is_not_counted_anyway(stage):
    marked = {synthetic.HEADER: synthetic.mark(stage.web.settings.app.api_token.get_secret_value())}
    for path in ("/nowhere", "/api/v1/healthz", "/metrics"):
        await stage.guest.get(path, headers=marked)

    assert [name for name in stage.business() if "http_requests_total" in name] == []
    assert (
        stage.web.recorder.value(
            "http_requests_inprogress", handler=catalogue.SYNTHETIC_HANDLER, method="GET"
        )
        is None
    )
