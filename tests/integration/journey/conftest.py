"""A web process served over real HTTP, a worker's container, and the journeys between them."""

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, replace
from typing import Any

import httpx2
import psycopg
import pytest
from psycopg import sql
from pydantic import SecretStr
from tests.integration.telemetry.conftest import serving

from alojamientos.entrypoints import container as containers
from alojamientos.entrypoints import demo, journey, web
from alojamientos.entrypoints.container import Container
from alojamientos.entrypoints.journey.walk import Journey
from alojamientos.kit.http import HttpClient
from alojamientos.settings import Settings, load_settings

_COUNT = sql.SQL("SELECT count(*) FROM {}")
STEPS = ("availability", "hold", "cancel", "webhook")


@dataclass(frozen=True, kw_only=True)
class Stage:
    """Both processes; `guest` is a client of web's that is no journey."""

    web: Container
    worker: Container
    guest: httpx2.AsyncClient
    client: HttpClient
    dsn: str

    def journey(self, **changes: Any) -> Journey:
        worker = self.worker
        journey = Journey(
            web=self.client,
            database=worker.database,
            locks=worker.locks,
            policy=worker.booking_policy,
            app_secret=worker.settings.whatsapp.app_secret.get_secret_value(),
            recorder=worker.recorder,
            log=worker.log,
            now=worker.now,
        )
        return replace(journey, **changes)

    def outcomes(self) -> dict[str, float]:
        """Return what was counted of journeys and steps, without what is 0."""
        value = self.worker.recorder.value
        found = {o: value("journeys_total", outcome=o) for o in ("success", "failure")}
        found |= {
            f"{step}: {o}": value("journey_steps_total", step=step, outcome=o)
            for step in STEPS
            for o in ("success", "failure")
        }
        return {name: count for name, count in found.items() if count}

    def business(self) -> dict[str, float]:
        """Return every sample of both processes that is about guests, their requests included."""
        about = ("reservations_", "webhook_", "message", "payment", "outbound_", "http_", "rate_")
        return {
            f"{container.process} {sample.name} {sorted(sample.labels.items())}": sample.value
            for container in (self.web, self.worker)
            for family in container.recorder.instruments.registry.collect()
            for sample in family.samples
            if sample.name.startswith(about) and sample.labels.get("handler") != "synthetic"
        }

    def rows(self) -> dict[str, int]:
        """Count the rows of every table, also of the queue's."""
        with psycopg.connect(self.dsn) as connection:
            tables = connection.execute(
                "SELECT table_name FROM information_schema.tables"
                " WHERE table_schema = 'public' AND table_type = 'BASE TABLE'"
            ).fetchall()
            counts = (
                (name, connection.execute(_COUNT.format(sql.Identifier(name))).fetchone())
                for (name,) in tables
            )
            return {name: row[0] for name, row in counts if row is not None}


@pytest.fixture
def settings(database_url: str, redis_url: str) -> Settings:
    demo.load(database_url)
    return load_settings(check_production=False).evolve(
        app={"log_level": "INFO", "rate_limit_per_minute": 100_000},
        database={"url": SecretStr(database_url), "pool_size": 4},
        redis={"url": SecretStr(redis_url)},
    )


@pytest.fixture
async def stage(settings: Settings, database_url: str) -> AsyncIterator[Stage]:
    async for made in staged(settings, settings, database_url):
        yield made


async def staged(of_web: Settings, of_worker: Settings, dsn: str) -> AsyncIterator[Stage]:
    """Yield a stage whose two processes may be configured differently."""
    in_web = containers.build(of_web, process="web")
    async with serving(web.create_app(in_web)) as guest:
        placed = of_worker.evolve(journey={"web_url": str(guest.base_url).rstrip("/")})
        worker = containers.build(placed, process="worker")
        async with worker.running(), journey.web_client(placed) as client:
            yield Stage(web=in_web, worker=worker, guest=guest, client=client, dsn=dsn)


@pytest.fixture
def intruder(database_url: str) -> Iterator[psycopg.Connection[Any]]:
    """A connection of somebody else's, in a transaction."""
    with psycopg.connect(database_url) as connection:
        yield connection
