"""Whatever authentic webhooks hold, they are taken in or refused: never a 5xx, never a leak."""

import random
import time
from pathlib import Path
from urllib.parse import urlencode

import httpx2
import orjson
import psycopg
import pytest
from pydantic import SecretStr
from tests.fuzz.mutations import encoded, garbled, mutated

import alojamientos.channels.whatsapp
from alojamientos.channels.whatsapp import signature
from alojamientos.entrypoints import container as containers
from alojamientos.entrypoints import demo, web
from alojamientos.ops.simulator.signing import mercadopago_signature
from alojamientos.settings import load_settings

pytestmark = [pytest.mark.fuzz, pytest.mark.timeout(0)]

SECRET = "the-secret"
FIXTURES = Path(alojamientos.channels.whatsapp.__file__).with_name("fixtures")
TAKEN_OR_REFUSED = {200, 400, 413, 422}
MERCADOPAGO = {
    "id": 12345,
    "live_mode": True,
    "type": "payment",
    "date_created": "2026-11-24T10:04:58.396-04:00",
    "user_id": 44444,
    "api_version": "v1",
    "action": "payment.created",
    "data": {"id": "999999999"},
}


@pytest.fixture
async def client(database_url, redis_url):
    settings = load_settings(check_production=False).evolve(
        app={"log_level": "CRITICAL", "rate_limit_per_minute": 10**9},
        database={"url": SecretStr(database_url), "pool_size": 3},
        redis={"url": SecretStr(redis_url)},
        whatsapp={"app_secret": SecretStr(SECRET)},
        mercadopago={"webhook_secret": SecretStr(SECRET)},
    )
    demo.load(database_url)
    built = containers.build(settings, process="web")
    async with built.running():
        transport = httpx2.ASGITransport(app=web.create_app(built))  # an exception is a failure
        async with httpx2.AsyncClient(transport=transport, base_url="http://test") as client:
            yield client


async def test_of_whatsapp(client, fuzz_cases, database_url, steady):
    originals = [orjson.loads(path.read_bytes()) for path in sorted(FIXTURES.glob("*.json"))]
    statuses = set()
    for number in steady(fuzz_cases):
        rng = random.Random(number)
        body = encoded(mutated(rng, rng.choice(originals)))
        if number % 4 == 0:
            body = garbled(rng, body)
        signed = {signature.HEADER: signature.sign(secret=SECRET, body=body)}
        response = await client.post("/api/v1/webhooks/whatsapp", content=body, headers=signed)
        assert response.status_code in TAKEN_OR_REFUSED, (number, response.text)
        statuses.add(response.status_code)

    assert {200, 400} <= statuses
    with psycopg.connect(database_url) as connection:
        [(kinds,)] = connection.execute("SELECT count(DISTINCT event_type) FROM inbox_event")
    assert kinds > 5


async def test_of_mercado_pago(client, fuzz_cases, steady):
    statuses = set()
    for number in steady(fuzz_cases):
        rng = random.Random(number)
        body = encoded(mutated(rng, MERCADOPAGO))
        if number % 4 == 0:
            body = garbled(rng, body)
        data_id = rng.choice(("999999999", "0", "a" * 300, "../1", "1\x00", "", str(10**30)))
        request_id = rng.choice(("bb56a2f1", "x" * 500, f"r{number}"))
        header = mercadopago_signature(
            secret=SECRET,
            data_id=data_id.lower(),
            request_id=request_id,
            ts=str(int(time.time() * 1000)),
        )
        query = urlencode({"data.id": data_id, "type": rng.choice(("payment", "plan", "", "ñ"))})
        response = await client.post(
            f"/api/v1/webhooks/mercadopago?{query}",
            content=body,
            headers={"x-signature": header, "x-request-id": request_id},
        )
        assert response.status_code in TAKEN_OR_REFUSED | {401}, (number, response.text)
        statuses.add(response.status_code)

    assert 200 in statuses
