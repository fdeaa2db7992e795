"""Our client against the fake Mercado Pago, and against answers that it never gives."""

import contextlib
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import httpx2
import orjson
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from tests.conftest import free_port
from tests.simulators.running import running_app

from alojamientos.channels.mercadopago.client import MercadoPago
from alojamientos.channels.mercadopago.payloads import MalformedAnswer
from alojamientos.kit.errors import ProviderUnavailable
from alojamientos.kit.http import HttpCall, HttpClient
from alojamientos.ops.simulator.config import SimulatorConfig
from alojamientos.ops.simulator.server import create_app
from alojamientos.payments.events import Purpose
from alojamientos.payments.provider import (
    LinkRequest,
    PaymentRefused,
    PaymentStatus,
    RefundStatus,
)

NOW = datetime.now(UTC)
LINK = LinkRequest(
    link_id=1,
    reservation_id=1,
    code="ABC",
    external_reference="ABC:dep:1",
    idempotency_key=UUID(int=7),
    purpose=Purpose.DEPOSIT,
    amount=81_000_50,
    currency="ARS",
    title="Seña Cabaña Coihue",
    description="Reserva ABC",
    valid_from=NOW,
    expires_at=NOW + timedelta(hours=1),
)


@pytest.fixture
def simulator() -> Iterator[str]:
    port = free_port()
    config = SimulatorConfig(public_url=f"http://127.0.0.1:{port}")
    with running_app(create_app(config), port=port) as url:
        yield url


@contextlib.asynccontextmanager
async def client(
    url: str, *, token: str | None = None, calls: list[HttpCall] | None = None
) -> AsyncIterator[MercadoPago]:
    http = HttpClient(
        provider="mercadopago",
        base_url=url,
        timeout_s=0.5,
        headers={"Authorization": f"Bearer {token or 'dev-only-mp-token'}"},
        on_call=None if calls is None else calls.append,
    )
    async with http:
        yield MercadoPago(http=http, notification_url="http://127.0.0.1:9/hook")


def pay(url: str, **body: Any) -> str:
    body = {"external_reference": "ABC:dep:1", "notify": False} | body
    answer = httpx2.post(f"{url}/_control/mercadopago/pay", json=body, trust_env=False)
    return str(answer.json()["payment"]["id"])


async def test_a_link_is_made_paid_found_and_given_back(simulator):
    calls: list[HttpCall] = []
    async with client(simulator, calls=calls) as mercadopago:
        preference = await mercadopago.create_preference(LINK)
        assert await mercadopago.create_preference(LINK) == preference
        assert preference.url.startswith(simulator)
        payment_id = pay(simulator)

        payment = await mercadopago.get_payment(payment_id)
        assert payment is not None
        assert (payment.amount, payment.status) == (81_000_50, PaymentStatus.APPROVED)
        assert payment.external_reference == "ABC:dep:1"

        found = await mercadopago.search_payments(external_reference="ABC:dep:1")
        assert [one.provider_id for one in found] == [payment_id]
        assert found[0].updated_at == payment.updated_at

        key = UUID(int=8)
        for _ in range(2):
            refund = await mercadopago.refund(
                payment_id=payment_id, amount=81_000_50, idempotency_key=key
            )
            assert refund.status is RefundStatus.DONE
        after = await mercadopago.get_payment(payment_id)
        assert after is not None
        assert (after.status, after.given_back) == (PaymentStatus.REFUNDED, 81_000_50)

    operations = ["create_preference", "get_payment", "search_payments", "create_refund"]
    assert list(dict.fromkeys(call.operation for call in calls)) == operations


async def test_a_search_by_change_reads_every_page(simulator):
    for _ in range(101):
        pay(simulator, amount=10)
    async with client(simulator) as mercadopago:
        found = await mercadopago.search_payments(updated_since=NOW - timedelta(minutes=5))
        none = await mercadopago.search_payments(updated_since=NOW + timedelta(hours=1))

    assert len({one.provider_id for one in found}) == 101
    assert none == []


async def test_a_payment_that_does_not_exist_is_none(simulator):
    async with client(simulator) as mercadopago:
        assert await mercadopago.get_payment("123456") is None


async def test_a_wrong_token_is_a_reason_to_try_again_once_it_is_right(simulator):
    async with client(simulator, token="old") as mercadopago:
        with pytest.raises(ProviderUnavailable):
            await mercadopago.get_payment("1")


async def test_nobody_there_is_unavailable():
    async with client(f"http://127.0.0.1:{free_port()}") as mercadopago:
        with pytest.raises(ProviderUnavailable) as caught:
            await mercadopago.get_payment("1")

    assert caught.value.extra["ambiguous"] is False


async def test_an_answer_that_does_not_come_is_unavailable_and_ambiguous(simulator):
    httpx2.put(
        f"{simulator}/_control/faults",
        json={"provider": "mercadopago", "mode": "timeout_after_accept", "delay_s": 1},
        trust_env=False,
    )
    async with client(simulator) as mercadopago:
        with pytest.raises(ProviderUnavailable) as caught:
            await mercadopago.create_preference(LINK)

    assert caught.value.extra["ambiguous"] is True


@contextlib.contextmanager
def answering(status: int, body: bytes, **headers: str) -> Iterator[str]:
    async def answer(_: Request) -> Response:
        return Response(
            body, status, {name.replace("_", "-"): value for name, value in headers.items()}
        )

    routes = [Route("/{path:path}", answer, methods=["GET", "POST"])]
    with running_app(Starlette(routes=routes), port=free_port()) as url:
        yield url


@pytest.mark.parametrize(
    ("status", "headers", "wait"),
    [
        (408, {}, None),
        (429, {"retry_after": "7"}, 7),
        (429, {"retry_after": "Wed, 21 Oct 2026 07:28:00 GMT"}, None),
        (500, {}, None),
        (503, {"retry_after": "9999999"}, None),
    ],
)
async def test_some_errors_are_worth_another_try(status, headers, wait):
    with answering(status, b"{}", **headers) as url:
        async with client(url) as mercadopago:
            with pytest.raises(ProviderUnavailable) as caught:
                await mercadopago.get_payment("1")

    assert caught.value.extra["retry_after_s"] == wait


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b'{"message":"m","error":"bad_request","status":400,"cause":[]}', "bad_request"),
        (b"<html>", "no reason given"),
        (b"[]", "no reason given"),
    ],
)
async def test_other_errors_are_refusals_with_their_reason(body, reason):
    with answering(400, body) as url:
        async with client(url) as mercadopago:
            with pytest.raises(PaymentRefused, match=reason) as caught:
                await mercadopago.refund(payment_id="1", amount=1, idempotency_key=UUID(int=1))

    assert caught.value.extra["provider_status"] == 400


@pytest.mark.parametrize("body", [b"<html>", b"", b"{}", orjson.dumps({"results": [{}]})])
async def test_an_answer_that_makes_no_sense_is_an_error_of_theirs(body):
    with answering(200, body) as url:
        async with client(url) as mercadopago:
            with pytest.raises(MalformedAnswer):
                await mercadopago.get_payment("1")
            with pytest.raises(MalformedAnswer):
                await mercadopago.search_payments()
