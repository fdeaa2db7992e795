"""Every route is named here with who may call it: a new one must be thought about."""

import httpx2
import pytest
from fastapi.routing import iter_route_contexts
from pydantic import SecretStr

from alojamientos.entrypoints import container as containers
from alojamientos.entrypoints import web
from alojamientos.settings import load_settings

PUBLIC = {
    ("GET", "/"),
    ("GET", "/docs"),
    ("GET", "/docs/oauth2-redirect"),
    ("GET", "/redoc"),
    ("GET", "/openapi.json"),
    ("GET", "/api/v1/healthz"),
    ("GET", "/api/v1/readyz"),
    ("GET", "/api/v1/accommodations"),
    ("GET", "/api/v1/availability"),
    ("GET", "/api/v1/photos/{name}"),
    ("GET", "/api/v1/webhooks/whatsapp"),  # wants the verify token
}
SIGNED = {("POST", "/api/v1/webhooks/whatsapp"), ("POST", "/api/v1/webhooks/mercadopago")}
WITH_SECRET_IN_PATH = {("GET", "/ical/{secret}/{cabin}.ics")}  # 404 without, in test_export
WITH_METRICS_TOKEN = {("GET", "/metrics")}
WITH_TOKEN = {
    ("POST", "/api/v1/reservations"),
    ("GET", "/api/v1/reservations/{code}"),
    ("POST", "/api/v1/reservations/{code}/cancel"),
    ("GET", "/api/v1/invariants"),
}


@pytest.fixture
async def app():
    settings = load_settings(check_production=False).evolve(
        app={
            "api_token": SecretStr("a"),
            "metrics_token": SecretStr("m"),
            "log_level": "ERROR",
        },
        # Nothing listens there: a request that gets past the door is seen by its 503.
        database={"url": SecretStr("postgresql://nobody:x@127.0.0.1:1/none")},
        redis={"url": None},
    )
    container = containers.build(settings, process="web")
    yield web.create_app(container)
    await container.database.close()


def routes(app):
    return {
        (method, context.path)
        for context in iter_route_contexts(app.routes)
        for method in (context.methods or ())
        if method != "HEAD"
    }


async def test_every_route_has_its_place_in_the_list(app):
    assert routes(app) == (PUBLIC | SIGNED | WITH_METRICS_TOKEN | WITH_TOKEN | WITH_SECRET_IN_PATH)


@pytest.mark.parametrize(("method", "path"), sorted(WITH_TOKEN | SIGNED | WITH_METRICS_TOKEN))
@pytest.mark.parametrize("token", [None, "Bearer wrong", "Basic YTph", "Bearer "])
async def test_without_the_right_token_or_signature_nobody_gets_in(app, method, path, token):
    headers = {"Authorization": token} if token else {}
    transport = httpx2.ASGITransport(app=app, raise_app_exceptions=False)
    async with httpx2.AsyncClient(transport=transport, base_url="http://test") as client:
        response = await client.request(
            method, path.format(code="AAAA-AAAA-AAAA"), headers=headers, json={}
        )

    assert response.status_code == 401
    assert response.headers["content-type"] == "application/problem+json"
