"""Every route is named here with who may call it: a new one must be thought about."""

import re

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

OWNER = "/api/v1/owner"
WITH_OWNER_TOKEN = {
    ("GET", f"{OWNER}/cabins"),
    ("POST", f"{OWNER}/cabins"),
    ("GET", f"{OWNER}/cabins/{{cabin}}"),
    ("PATCH", f"{OWNER}/cabins/{{cabin}}"),
    ("POST", f"{OWNER}/cabins/{{cabin}}/retire"),
    ("POST", f"{OWNER}/cabins/{{cabin}}/restore"),
    ("GET", f"{OWNER}/cabins/{{cabin}}/prices"),
    ("POST", f"{OWNER}/cabins/{{cabin}}/seasons"),
    ("PUT", f"{OWNER}/cabins/{{cabin}}/holidays/{{holiday}}"),
    ("GET", f"{OWNER}/holidays"),
    ("GET", f"{OWNER}/prices"),
    ("DELETE", f"{OWNER}/prices/{{rule_id}}"),
    ("GET", f"{OWNER}/blocks"),
    ("POST", f"{OWNER}/blocks"),
    ("DELETE", f"{OWNER}/blocks/{{block_id}}"),
    ("GET", f"{OWNER}/bookings"),
    ("POST", f"{OWNER}/bookings"),
    ("GET", f"{OWNER}/bookings/{{code}}"),
    ("POST", f"{OWNER}/bookings/{{code}}/move"),
    ("POST", f"{OWNER}/bookings/{{code}}/cancel"),
    ("POST", f"{OWNER}/bookings/{{code}}/no-show"),
    ("POST", f"{OWNER}/bookings/{{code}}/notes"),
    ("GET", f"{OWNER}/guests"),
    ("GET", f"{OWNER}/guests/{{guest_id}}"),
    ("POST", f"{OWNER}/guests/{{guest_id}}/export"),
    ("POST", f"{OWNER}/guests/{{guest_id}}/erase"),
    ("GET", f"{OWNER}/conversations"),
    ("GET", f"{OWNER}/conversations/{{conversation_id}}"),
    ("GET", f"{OWNER}/today"),
    ("GET", f"{OWNER}/exports/bookings.csv"),
    ("GET", f"{OWNER}/exports/money.csv"),
    ("GET", f"{OWNER}/messages/failed"),
    ("POST", f"{OWNER}/messages/{{message_id}}/resend"),
    ("GET", f"{OWNER}/jobs/failed"),
    ("POST", f"{OWNER}/jobs/{{job_id}}/retry"),
    ("GET", f"{OWNER}/audit"),
}
CLOSED = WITH_TOKEN | SIGNED | WITH_METRICS_TOKEN | WITH_OWNER_TOKEN


@pytest.fixture
def owner_token() -> SecretStr | None:
    return SecretStr("owner-token-of-20-letters")


@pytest.fixture
async def app(owner_token):
    settings = load_settings(check_production=False).evolve(
        app={
            "api_token": SecretStr("a"),
            "metrics_token": SecretStr("m"),
            "owner_token": owner_token,
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
    assert routes(app) == PUBLIC | CLOSED | WITH_SECRET_IN_PATH


async def answers(app, routes, *tokens: str | None):
    """Ask for each of `routes` with each of `tokens`."""
    transport = httpx2.ASGITransport(app=app, raise_app_exceptions=False)
    async with httpx2.AsyncClient(transport=transport, base_url="http://test") as client:
        for method, path in sorted(routes):
            for token in tokens:
                headers = {"Authorization": token} if token else {}
                target = re.sub(r"\{\w+\}", "1", path)
                yield await client.request(method, target, headers=headers, json={})


@pytest.mark.parametrize("token", [None, "Bearer wrong", "Basic YTph", "Bearer "])
async def test_without_the_right_token_or_signature_nobody_gets_in(app, token):
    async for response in answers(app, CLOSED, token):
        assert response.status_code == 401, response.request.url
        assert response.headers["content-type"] == "application/problem+json"


async def test_no_other_token_opens_what_is_the_owner_s(app):
    async for response in answers(app, WITH_OWNER_TOKEN, "Bearer a", "Bearer m"):
        assert response.status_code == 401, response.request.url


async def test_the_owner_s_token_gets_past_the_door(app):
    async for response in answers(
        app, {("GET", f"{OWNER}/cabins")}, "Bearer owner-token-of-20-letters"
    ):
        assert response.status_code == 503


@pytest.mark.parametrize("owner_token", [None])
async def test_without_an_owner_s_token_nobody_is_the_owner(app):
    async for response in answers(
        app, WITH_OWNER_TOKEN, None, "Bearer ", "Bearer None", "Bearer a"
    ):
        assert (response.status_code, response.json()["code"]) == (401, "owner_closed")
