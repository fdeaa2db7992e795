"""What the composed web process answers, counts and says of itself."""

import pytest
from prometheus_client.parser import text_string_to_metric_families

from alojamientos.channels.ical import domain

STAY = {"check_in": "2027-08-10", "check_out": "2027-08-13"}
TOKEN = {"Authorization": "Bearer the-token"}


async def metrics(client) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    text = (await client.get("/metrics")).text
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def key(name, **labels):  # noqa: ANN003 - as a query is written
    return name, tuple(sorted(labels.items()))


async def reserve(client, **values):  # noqa: ANN003 - fields of the body
    cabin = (await client.get("/api/v1/accommodations")).json()
    cabins = cabin if isinstance(cabin, list) else next(iter(cabin.values()))
    body = {
        "accommodation_id": cabins[0]["id"],
        **STAY,
        "guests": 2,
        "guest": {"name": "Ana", "email": "ana@example.com"},
        **values,
    }
    return await client.post("/api/v1/reservations", json=body, headers=TOKEN)


async def test_a_reservation_moves_its_metrics_once_it_is_committed(client):
    before = await metrics(client)
    response = await reserve(client)
    after = await metrics(client)

    assert response.status_code == 201, response.text
    for name, labels in (
        ("reservations_created_total", {"status": "pre_reserved", "channel": "api"}),
        ("reservations_attempts_total", {"channel": "api"}),
        ("reservations_lock_attempts_total", {"channel": "api", "result": "acquired"}),
        (
            "http_requests_total",
            {"handler": "/api/v1/reservations", "method": "POST", "status": "201"},
        ),
    ):
        assert after[key(name, **labels)] - before.get(key(name, **labels), 0) == 1, name
    assert after[key("reservations_active", status="pre_reserved")] == 1


async def test_a_refusal_is_counted_although_its_transaction_rolled_back(client):
    await reserve(client)

    response = await reserve(client, guest={"name": "Eva", "email": "eva@example.com"})

    assert (response.status_code, response.json()["code"]) == (409, "dates_taken")
    assert (await metrics(client))[key("reservations_date_overlap_total", channel="api")] == 1


async def test_a_hold_writes_its_charge_and_the_job_for_its_link_in_the_same_commit(
    client, container
):
    assert (await reserve(client)).status_code == 201

    async with container.database.read() as conn:
        charged = await conn.exec_driver_sql("SELECT kind, amount FROM ledger_entry")
        jobs = await conn.exec_driver_sql("SELECT task_name FROM procrastinate_jobs")
        total = await conn.exec_driver_sql("SELECT total FROM reservation")
        assert charged.all() == [("charged", total.scalar_one())]
        assert jobs.scalars().all() == ["payments.create_link"]


async def test_health_names_each_part_and_its_absence_only_degrades_what_can_do_without(client):
    response = await client.get("/api/v1/healthz")

    body = response.json()
    assert response.status_code == 200
    assert body["status"] == "degraded"  # no worker runs in this test
    assert body["components"]["postgres"]["status"] == "up"
    assert body["components"]["redis"]["status"] == "up"
    assert body["components"]["worker"]["status"] == "down"


async def test_health_holds_no_address_and_no_secret(client, settings):
    text = (await client.get("/api/v1/healthz")).text

    assert "127.0.0.1" not in text
    assert settings.database.url.get_secret_value() not in text


async def test_every_collector_succeeds_and_dependencies_are_up(client):
    found = await metrics(client)

    success = {k[1][0][1]: v for k, v in found.items() if k[0] == "collector_success"}
    assert set(success) == {
        *("dependencies", "process", "reservations", "messages", "payments", "jobs"),
        *("invariants", "feeds"),
    }
    assert set(success.values()) == {1.0}
    assert found[key("app_dependency_up", dependency="postgres")] == 1
    assert found[key("app_dependency_up", dependency="redis")] == 1
    assert found[key("reservations_double_booked")] == 0


async def test_a_feed_shows_its_host_and_age_but_never_its_secret(client, container):
    async with container.database.begin() as tx:
        await tx.conn.exec_driver_sql(
            "INSERT INTO calendar_feed (accommodation_id, source, url, last_success_at)"
            " SELECT min(id), 'airbnb', 'https://www.airbnb.com/calendar/ical/1.ics?s=SECRET',"
            " now() - interval '30 minutes' FROM accommodation"
        )

    text = (await client.get("/metrics")).text
    age = [line for line in text.splitlines() if line.startswith("ical_last_sync_age_minutes{")]

    assert len(age) == 1
    assert 'feed_url="www.airbnb.com/1"' in age[0]
    assert 29 < float(age[0].split()[-1]) < 31
    assert "SECRET" not in text


def test_a_feed_without_a_host_is_still_only_an_id():
    assert domain.label(7, "not a url") == "unknown/7"


async def test_an_unknown_path_is_a_problem_and_no_series(client):
    response = await client.get("/wp-admin/setup.php")

    assert response.status_code == 404
    assert response.headers["content-type"] == "application/problem+json"
    assert not any("wp-admin" in str(k) for k in await metrics(client))


async def test_the_trace_that_comes_in_is_the_trace_that_goes_out(client):
    trace = "4bf92f3577b34da6a3ce929d0e0e4736"

    response = await client.get(
        "/api/v1/reservations/AAAA-AAAA-AAAA",
        headers={**TOKEN, "traceparent": f"00-{trace}-00f067aa0ba902b7-01"},
    )

    assert response.headers["x-trace-id"] == trace
    assert response.json()["trace_id"] == trace


async def test_the_front_page_leads_to_the_api_description(client):
    response = await client.get("/")

    assert response.headers["location"] == "/docs"


async def test_openapi_has_examples_for_what_must_be_sent(client):
    schema = (await client.get("/openapi.json")).json()

    bodies = schema["paths"]["/api/v1/reservations"]["post"]["requestBody"]["content"]
    assert "example" in str(bodies) or "example" in str(schema["components"]["schemas"])


@pytest.mark.parametrize("enabled", [True, False])
async def test_metrics_can_be_turned_off(settings, enabled):
    import httpx2

    from alojamientos.entrypoints import container as containers
    from alojamientos.entrypoints import web

    built = containers.build(settings.evolve(app={"enable_metrics": enabled}), process="web")
    async with built.running():
        transport = httpx2.ASGITransport(app=web.create_app(built))
        async with httpx2.AsyncClient(transport=transport, base_url="http://test") as client:
            response = await client.get("/metrics")

    assert response.status_code == (200 if enabled else 404)
