"""The web application as it is composed, over a real database and Valkey, asked through ASGI."""

import httpx2
import pytest
from pydantic import SecretStr

from alojamientos.entrypoints import container as containers
from alojamientos.entrypoints import demo, web
from alojamientos.settings import load_settings


@pytest.fixture
def settings(database_url, redis_url):
    return load_settings(check_production=False).evolve(
        app={
            "api_token": SecretStr("the-token"),
            "log_level": "ERROR",
            "rate_limit_per_minute": 100_000,
        },
        database={"url": SecretStr(database_url), "pool_size": 3},
        redis={"url": SecretStr(redis_url)},
    )


@pytest.fixture
async def container(settings, database_url):
    demo.load(database_url)
    built = containers.build(settings, process="web")
    async with built.running():
        yield built


@pytest.fixture
def app(container):
    return web.create_app(container)


@pytest.fixture
async def client(app):
    transport = httpx2.ASGITransport(app=app, raise_app_exceptions=False)
    async with httpx2.AsyncClient(transport=transport, base_url="http://test") as client:
        yield client
