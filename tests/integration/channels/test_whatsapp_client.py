"""What each answer of the Cloud API means for a message."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from fastapi.responses import JSONResponse, PlainTextResponse
from tests.conftest import free_port
from tests.integration.channels.conftest import GUEST, NUMBER, CloudApi

from alojamientos.channels.base import DeliveryPostponed, DeliveryRefused, DeliveryUncertain
from alojamientos.channels.whatsapp.client import WhatsAppClient
from alojamientos.conversation.messages import Reply
from alojamientos.kit.http import HttpCall, HttpClient
from alojamientos.telemetry import context

HELLO = Reply(text="hola")


@pytest.fixture
def calls() -> list[HttpCall]:
    return []


@pytest.fixture
async def client(api: CloudApi, calls: list[HttpCall]) -> AsyncIterator[WhatsAppClient]:
    async with HttpClient(
        provider="whatsapp",
        base_url=api.url,
        timeout_s=0.5,
        headers={"Authorization": "Bearer token"},
        trace_headers=context.trace_headers,
        on_call=calls.append,
    ) as http:
        yield WhatsAppClient(http=http, api_version="v25.0", phone_number_id=NUMBER)


async def send(client: WhatsAppClient, address: str = GUEST) -> str:
    return await client.send(address=address, reply=HELLO, reference="outbox:1")


async def test_a_message_is_addressed_and_can_be_recognised(client: WhatsAppClient, api: CloudApi):
    assert await send(client) == "wamid.OUT1"
    assert api.sent == [
        {
            "messaging_product": "whatsapp",
            "recipient_type": "individual",
            "to": GUEST,
            "type": "text",
            "text": {"preview_url": False, "body": "hola"},
            "biz_opaque_callback_data": "outbox:1",
        }
    ]


async def test_a_guest_without_a_number_is_reached_by_their_scoped_id(
    client: WhatsAppClient, api: CloudApi
):
    await send(client, "US.13491208655302741918")

    assert api.sent[0]["recipient"] == "US.13491208655302741918"
    assert "to" not in api.sent[0]


@pytest.mark.parametrize(
    ("code", "status", "retry_in_s"),
    [
        *(
            (code, 400, None)
            for code in (1, 2, 4, 80007, 130429, 131016, 131000, 131057, 133016, 131053)
        ),
        (131056, 400, None),
        *((code, 400, 60.0) for code in (131048, 190, 10, 200, 299, 131031, 131042)),
        (999999, 503, None),
        (None, 429, None),
        (None, 500, None),
        (None, 401, 60.0),
    ],
)
async def test_what_may_go_out_later_is_postponed(
    client: WhatsAppClient, api: CloudApi, code: int | None, status: int, retry_in_s: float | None
):
    api.refuse(code, status=status)

    with pytest.raises(DeliveryPostponed) as caught:
        await send(client)

    assert caught.value.retry_in_s == retry_in_s
    assert caught.value.error_code == (str(code) if code is not None else f"http_{status}")


@pytest.mark.parametrize(
    ("code", "status"),
    [
        *((code, 400) for code in (100, 131008, 131009, 131026, 131047, 131051, 137000, 132000)),
        (None, 400),
        (None, 404),
    ],
)
async def test_what_will_never_go_out_is_refused(
    client: WhatsAppClient, api: CloudApi, code: int | None, status: int
):
    api.refuse(code, status=status)

    with pytest.raises(DeliveryRefused) as caught:
        await send(client)

    assert caught.value.error_code == (str(code) if code is not None else f"http_{status}")


async def test_the_providers_own_waiting_time_is_kept(client: WhatsAppClient, api: CloudApi):
    api.refuse(None, status=429, **{"retry-after": "17"})

    with pytest.raises(DeliveryPostponed) as caught:
        await send(client)

    assert caught.value.retry_in_s == 17.0


async def test_the_other_form_of_an_argentine_number_is_tried_once_and_remembered(
    client: WhatsAppClient, api: CloudApi
):
    api.refuse(131030)

    await send(client)
    await send(client)

    assert [body["to"] for body in api.sent] == [GUEST, "541155550000", "541155550000"]


async def test_a_number_that_is_allowed_in_neither_form_is_refused(
    client: WhatsAppClient, api: CloudApi
):
    api.refuse(131030)
    api.refuse(131030)

    with pytest.raises(DeliveryRefused):
        await send(client)

    assert len(api.sent) == 2


@pytest.mark.parametrize(
    "answer",
    [PlainTextResponse("ok"), JSONResponse({"messages": []}), JSONResponse([1])],
)
async def test_a_success_that_names_no_message_is_uncertain(
    client: WhatsAppClient, api: CloudApi, answer: JSONResponse
):
    api.answers.append(lambda: answer)

    with pytest.raises(DeliveryUncertain):
        await send(client)


async def test_an_error_in_no_known_form_goes_by_its_status(client: WhatsAppClient, api: CloudApi):
    api.answers.append(lambda: PlainTextResponse("<html>", status_code=502))

    with pytest.raises(DeliveryPostponed, match="HTTP 502"):
        await send(client)


async def test_an_answer_that_does_not_come_is_uncertain(
    client: WhatsAppClient, api: CloudApi, calls: list[HttpCall]
):
    api.answers.append(lambda: asyncio.sleep(2))

    with pytest.raises(DeliveryUncertain):
        await send(client)

    assert [(call.operation, call.outcome) for call in calls] == [("send_message", "timeout")]


async def test_a_provider_that_cannot_be_reached_has_got_nothing():
    async with HttpClient(
        provider="whatsapp", base_url=f"http://127.0.0.1:{free_port()}", timeout_s=1
    ) as http:
        client = WhatsAppClient(http=http, api_version="v25.0", phone_number_id=NUMBER)

        with pytest.raises(DeliveryPostponed) as caught:
            await send(client)
        await client.acknowledge(external_id="wamid.1")

    assert caught.value.error_code == "unreachable"


async def test_a_call_that_its_caller_gives_up_on_was_too_slow_not_out_of_reach(
    client: WhatsAppClient, api: CloudApi, calls: list[HttpCall]
):
    api.answers.append(lambda: asyncio.sleep(2))

    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.05):
            await send(client)

    assert [(call.operation, call.outcome) for call in calls] == [("send_message", "timeout")]


async def test_reading_is_acknowledged(client: WhatsAppClient, api: CloudApi):
    await client.acknowledge(external_id="wamid.1")

    assert api.read == ["wamid.1"]
