"""What the composed processes expose is what the catalogue says, within its budget."""

from collections.abc import AsyncIterator

import httpx2
import orjson
import pytest
import sqlalchemy as sa
from prometheus_client.openmetrics.parser import text_string_to_metric_families
from pydantic import SecretStr
from tests.integration.telemetry.conftest import serving

from alojamientos.entrypoints import container as containers
from alojamientos.entrypoints import demo, web, worker
from alojamientos.settings import Settings, load_settings
from alojamientos.telemetry import log_events
from alojamientos.telemetry.catalogue import CATALOGUE, Metric, of_process

# Only there while something waits; each has a count beside it.
WHILE_WAITING = {
    "inbox_oldest_timestamp_seconds",
    "outbox_oldest_timestamp_seconds",
    "payments_unreconciled_oldest_timestamp_seconds",
    "owner_money_tasks_oldest_timestamp_seconds",
}
BUDGET = 1500
OPENMETRICS = {"Accept": "application/openmetrics-text;version=1.0.0"}


@pytest.fixture
def settings(database_url: str, redis_url: str) -> Settings:
    demo.load(database_url)
    engine = sa.create_engine(database_url.replace("postgresql://", "postgresql+psycopg://"))
    with engine.begin() as conn:
        conn.execute(
            sa.text(
                "INSERT INTO calendar_feed (accommodation_id, source, url)"
                " SELECT min(id), 'airbnb', 'https://www.airbnb.com/calendar/ical/99.ics?s=topsecret'"
                " FROM accommodation"
            )
        )
        conn.execute(
            sa.text(
                "INSERT INTO calendar_export"
                " (accommodation_id, source, secret_hash, last_fetched_at)"
                " SELECT min(id), 'airbnb', sha256('secret'), now() FROM accommodation"
            )
        )
        conn.execute(
            sa.text(
                "INSERT INTO invariant_result (name, violations, checked_at)"
                " VALUES ('no_overlap', 0, now())"
            )
        )
        conn.execute(
            sa.text(
                "INSERT INTO job_heartbeat (job_name, last_run_at, last_success_at)"
                " VALUES ('jobs.sweep', now(), now()), ('ical.sync', now(), now())"
            )
        )
        conn.execute(sa.text("INSERT INTO mailbox (name, read_at) VALUES ('INBOX', now())"))
    engine.dispose()
    return load_settings(check_production=False).evolve(
        app={"log_level": "ERROR", "rate_limit_per_minute": 100_000},
        database={"url": SecretStr(database_url), "pool_size": 3},
        redis={"url": SecretStr(redis_url)},
        mailbox={"host": "imap.example.com"},  # read by the worker alone, and only with mail on
    )


@pytest.fixture
async def clients(settings: Settings) -> AsyncIterator[dict[str, httpx2.AsyncClient]]:
    async with (
        serving(web.create_app(containers.build(settings, process="web"))) as of_web,
        serving(worker.create_app(containers.build(settings, process="worker"))) as of_worker,
    ):
        yield {"web": of_web, "worker": of_worker}


async def scraped(client: httpx2.AsyncClient) -> tuple[set[str], set[str], int]:
    """Return the families, those of them with samples, and the number of series."""
    response = await client.get("/metrics", headers=OPENMETRICS)
    families, told, series = set(), set(), 0
    for family in text_string_to_metric_families(response.text):
        name = f"{family.name}_total" if family.type == "counter" else family.name
        series += len(family.samples)
        if not name.startswith("process_"):
            families.add(name)
            if family.samples:
                told.add(name)
    return families, told, series


def needs_use(metric: Metric) -> bool:
    """Tell whether a metric has no series before something happens: its labels are open."""
    return not metric.is_closed and not metric.collected


@pytest.mark.parametrize("process", ["web", "worker"])
async def test_a_process_exposes_what_the_catalogue_says_of_it_and_no_more(
    clients: dict[str, httpx2.AsyncClient], process: str
):
    client = clients[process]
    await client.get("/api/v1/accommodations")

    families, told, _ = await scraped(client)

    expected = {metric.name for metric in of_process("web" if process == "web" else "worker")}
    assert families | WHILE_WAITING >= expected
    assert families <= expected
    assert told >= {
        name for name in expected if not needs_use(CATALOGUE[name]) and name not in WHILE_WAITING
    }


async def test_every_collector_of_both_processes_succeeds(clients: dict[str, httpx2.AsyncClient]):
    for client in clients.values():
        text = (await client.get("/metrics")).text

        success = [line for line in text.splitlines() if line.startswith("collector_success{")]
        assert success
        assert all(line.endswith(" 1.0") for line in success), success


async def test_after_every_route_was_asked_and_abused_the_series_stay_within_the_budget(
    clients: dict[str, httpx2.AsyncClient],
):
    client = clients["web"]
    api = (await client.get("/openapi.json")).json()

    for path in api["paths"]:
        for method in ("GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "PROPFIND"):
            for ending in ("", "/", "/x"):
                await client.request(method, path + ending, json={})

    _, _, series = await scraped(client)
    assert series <= BUDGET
    text = (await client.get("/metrics")).text
    assert 'handler="/api/v1/owner"' in text
    assert 'handler="/api/v1/owner/' not in text
    _, _, series = await scraped(clients["worker"])
    assert series <= BUDGET


async def test_a_feeds_secret_is_not_in_the_metrics(clients: dict[str, httpx2.AsyncClient]):
    text = (await clients["web"].get("/metrics")).text

    assert 'ical_last_sync_age_minutes{feed_url="www.airbnb.com/' in text
    assert "topsecret" not in text


async def test_lines_of_the_composed_process_are_json_without_the_guest(
    settings: Settings, capsysbinary: pytest.CaptureFixture[bytes]
):
    loud = settings.evolve(app={"log_level": "INFO"})
    container = containers.build(loud, process="web")
    async with serving(web.create_app(container)) as client:
        await client.post(
            "/api/v1/reservations",
            json={"guest": {"phone": "+54 9 11 5555-0000", "email": "ana@example.com"}},
            headers={"Authorization": f"Bearer {settings.app.api_token.get_secret_value()}"},
        )

    written = capsysbinary.readouterr().out
    lines = [orjson.loads(line) for line in written.splitlines()]
    (request,) = [line for line in lines if line["event"] == log_events.HTTP_REQUEST]
    assert (request["handler"], request["status"]) == ("/api/v1/reservations", 422)
    assert len(request["trace_id"]) == 32
    assert b"5555" not in written
    assert b"ana@" not in written
