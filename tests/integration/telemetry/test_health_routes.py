"""Health over real HTTP: for people, for monitors, without anything secret."""

from fastapi import FastAPI
from tests.integration.telemetry.conftest import serving

from alojamientos.health import api
from alojamientos.health.checks import Check

DSN = "postgresql://app:secret@db.internal/app"


async def up() -> None:
    return


async def down() -> None:
    raise ConnectionError(f"{DSN} refused")


def application(*, postgres=up, redis=up) -> tuple[FastAPI, list[str]]:
    failures: list[str] = []
    critical = Check(name="postgres", critical=True, probe=postgres)
    app = FastAPI()
    app.include_router(
        api.create_router(
            health=[critical, Check(name="redis", critical=False, probe=redis)],
            ready=[critical],
            on_failure=lambda name, _error: failures.append(name),
        ),
        prefix="/api/v1",
    )
    return app, failures


async def test_when_all_answers_it_is_healthy_and_ready():
    app, failures = application()
    async with serving(app) as client:
        health, ready = await client.get("/api/v1/healthz"), await client.get("/api/v1/readyz")

    body = health.json()
    assert (health.status_code, body["status"]) == (200, "healthy")
    assert (ready.status_code, ready.json()) == (200, {"ready": True})
    assert body["components"]["postgres"]["status"] == "up"
    assert body["components"]["redis"]["critical"] is False
    assert body["components"]["redis"]["latency_ms"] >= 0
    assert health.headers["cache-control"] == "no-store"
    assert failures == []


async def test_without_what_is_not_critical_it_is_degraded_and_ready():
    app, failures = application(redis=down)
    async with serving(app) as client:
        health, ready = await client.get("/api/v1/healthz"), await client.get("/api/v1/readyz")

    assert (health.status_code, health.json()["status"]) == (200, "degraded")
    assert health.json()["components"]["redis"]["status"] == "down"
    assert ready.status_code == 200
    assert failures == ["redis"]


async def test_without_what_is_critical_it_is_unhealthy_and_not_ready():
    app, _ = application(postgres=down)
    async with serving(app) as client:
        health, ready = await client.get("/api/v1/healthz"), await client.get("/api/v1/readyz")

    assert (health.status_code, health.json()["status"]) == (503, "unhealthy")
    assert (ready.status_code, ready.json()) == (503, {"ready": False})


async def test_why_something_is_down_is_not_told_to_the_public():
    app, _ = application(postgres=down)
    async with serving(app) as client:
        health = await client.get("/api/v1/healthz")

    for word in ("secret", "db.internal", "refused", "ConnectionError"):
        assert word not in health.text
