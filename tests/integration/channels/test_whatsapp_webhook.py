"""The door: what gets in, once, and what does not."""

import asyncio
from typing import Any

import pytest
import sqlalchemy as sa
from structlog.testing import capture_logs
from tests.integration.channels.conftest import (
    GUEST,
    SECRET,
    TOKEN,
    Hotel,
    Recorded,
    message,
    notification,
    serving,
)

from alojamientos.channels import outbox, queries
from alojamientos.channels.store import inbox_event, outbox_message
from alojamientos.channels.whatsapp import signature
from alojamientos.conversation.messages import Reply
from alojamientos.kit import db
from alojamientos.telemetry import log_events


async def rows(database: db.Database, table: sa.Table) -> list[dict[str, Any]]:
    async with database.read() as conn:
        found = await conn.execute(sa.select(table).order_by(table.c.id))
        return [dict(row._mapping) for row in found]


async def jobs(database: db.Database) -> list[tuple[str, str]]:
    async with database.read() as conn:
        query = "SELECT task_name, lock FROM procrastinate_jobs ORDER BY id"
        return [tuple(row) for row in await conn.execute(sa.text(query))]


async def test_the_handshake_answers_the_bare_challenge(hotel: Hotel):
    query = {"hub.mode": "subscribe", "hub.verify_token": TOKEN, "hub.challenge": "1158201444"}

    response = await hotel.raw("GET", params=query)

    assert response.status_code == 200
    assert response.text == "1158201444"
    assert response.headers["content-type"].startswith("text/plain")


@pytest.mark.parametrize(
    "query",
    [
        {},
        {"hub.mode": "subscribe", "hub.verify_token": "other", "hub.challenge": "1"},
        {"hub.mode": "unsubscribe", "hub.verify_token": TOKEN, "hub.challenge": "1"},
    ],
)
async def test_another_token_is_refused(hotel: Hotel, query: dict[str, str]):
    assert (await hotel.raw("GET", params=query)).status_code == 403


async def test_without_secrets_there_is_no_webhook(hotel: Hotel):
    async with serving(hotel.app(app_secret="", verify_token="")) as url:
        hotel.url = url

        assert (await hotel.raw("GET", params={"hub.mode": "subscribe"})).status_code == 404
        assert (await hotel.post(notification())).status_code == 404


async def test_a_message_is_stored_with_its_job(
    hotel: Hotel, database: db.Database, recorded: Recorded
):
    with capture_logs() as lines:
        await hotel.say("wamid.1", "hola")

    [event] = await rows(database, inbox_event)
    assert (event["source"], event["external_id"]) == ("whatsapp", "wamid.1")
    assert (event["event_type"], event["conversation_key"]) == ("text", f"whatsapp:{GUEST}")
    assert event["payload"]["raw"]["text"] == {"body": "hola"}
    assert event["processed_at"] is None
    assert await jobs(database) == [("messages.handle", f"conversation:whatsapp:{GUEST}")]
    assert recorded.of("signature_checked") == [{"source": "whatsapp", "valid": True}]
    assert recorded.of("webhook_event") == [
        {"source": "whatsapp", "event_type": "text", "outcome": "accepted"}
    ]
    names = [line["event"] for line in lines]
    assert names == [log_events.MESSAGE_RECEIVED, log_events.WEBHOOK_RECEIVED]
    assert GUEST not in repr(lines)
    async with database.read() as conn:
        backlog = await queries.inbox_open(conn)
    assert (backlog.count, backlog.oldest_at) == (1, event["received_at"])


async def test_the_same_message_fifty_times_at_once_is_one(
    hotel: Hotel, database: db.Database, recorded: Recorded
):
    payload = notification(messages=[message("wamid.1", "hola"), message("wamid.2", "chau")])

    responses = await asyncio.gather(*(hotel.post(payload) for _ in range(50)))

    assert {response.status_code for response in responses} == {200}
    assert len(await rows(database, inbox_event)) == 2
    assert len(await jobs(database)) == 2
    assert recorded.outcomes("webhook_event").count("accepted") == 2
    assert recorded.outcomes("webhook_event").count("duplicate") == 98


async def test_a_batch_is_queued_in_the_order_of_sending(hotel: Hotel, database: db.Database):
    later, sooner = message("wamid.2", "somos 4", timestamp=20), message("wamid.1", "hola")
    sooner["timestamp"] = "10"

    await hotel.post(notification(messages=[later, sooner]))

    events = await rows(database, inbox_event)
    assert [event["external_id"] for event in events] == ["wamid.1", "wamid.2"]


async def test_good_parts_are_kept_and_broken_and_foreign_ones_counted(
    hotel: Hotel, database: db.Database, recorded: Recorded
):
    payload = notification(messages=[None, message("wamid.1", "hola\x00")])
    foreign = notification(messages=[message("wamid.2", "hola")])
    foreign["entry"][0]["changes"][0]["value"]["metadata"]["phone_number_id"] = "999"
    payload["entry"] += foreign["entry"]
    payload["entry"].append(
        {"changes": [{"field": "account_update", "value": {"event": "VERIFIED"}}]}
    )

    assert (await hotel.post(payload)).status_code == 200
    assert (await hotel.post(payload)).status_code == 200

    kept, update = await rows(database, inbox_event)
    assert kept["payload"]["message"]["text"] == "hola�"
    assert (update["event_type"], update["outcome"]) == ("other", "ignored")
    assert recorded.outcomes("webhook_event") == [
        *("accepted", "ignored", "ignored", "malformed"),
        *("duplicate", "ignored", "ignored", "malformed"),
    ]


@pytest.mark.parametrize(
    ("header", "reason"),
    [(None, "missing"), ("sha256=12", "malformed"), ("sha256=" + "0" * 64, "mismatch")],
)
async def test_what_is_not_signed_changes_nothing(
    hotel: Hotel, database: db.Database, recorded: Recorded, header: str | None, reason: str
):
    headers = {signature.HEADER: header} if header else {}

    with capture_logs() as lines:
        response = await hotel.raw("POST", content=b"{}", headers=headers)

    assert response.status_code == 401
    assert await rows(database, inbox_event) == []
    assert recorded.told == [("signature_checked", {"source": "whatsapp", "valid": False})]
    assert lines[0]["event"] == log_events.WEBHOOK_REFUSED
    assert lines[0]["reason"] == reason


async def test_what_cannot_be_read_is_refused(hotel: Hotel, recorded: Recorded):
    assert (await hotel.post(b"{")).status_code == 400
    assert (await hotel.post(b'{"object":"page","entry":[]}')).status_code == 400

    assert recorded.outcomes("webhook_event") == ["malformed", "malformed"]


async def test_a_huge_body_is_refused_unread_whatever_it_claims(hotel: Hotel, recorded: Recorded):
    async def endless() -> Any:
        for _ in range(100):
            yield b"x" * 65536

    async with serving(hotel.app(max_body=100_000)) as url:
        hotel.url = url

        assert (await hotel.post(b"x" * 100_001)).status_code == 413
        assert (await hotel.raw("POST", content=endless())).status_code == 413
    assert recorded.told == []


async def test_without_its_database_the_webhook_asks_to_be_called_again(hotel: Hotel):
    away = db.Database(db.create_engine("postgresql://x:x@127.0.0.1:1/x", connect_timeout=1))
    async with serving(hotel.app(database=away)) as url:
        hotel.url = url

        response = await hotel.post(notification(messages=[message("wamid.1", "hola")]))

    assert response.status_code == 503
    await away.close()


async def put_message(database: db.Database, **values: Any) -> int:
    async with database.begin() as tx:
        outbox_id = await outbox.put(
            tx, channel="whatsapp", address=GUEST, reply=Reply(text="hola"), dedupe_key="k"
        )
        assert outbox_id is not None
        await tx.conn.execute(sa.update(outbox_message).values(**values))
    return outbox_id


@pytest.mark.parametrize(
    ("reports", "ladder"),
    [
        (["sent", "delivered", "read"], "read"),
        (["read", "sent", "delivered"], "read"),
        (["delivered", "failed"], "delivered"),
        (["sent", "failed", "sent"], "failed"),
        (["failed", "delivered"], "delivered"),
        (["sent", "played", "read"], "played"),
    ],
)
async def test_the_furthest_status_stays(
    hotel: Hotel, database: db.Database, reports: list[str], ladder: str
):
    outbox_id = await put_message(database, status="sent", provider_id="wamid.OUT1")

    for status in reports:
        await hotel.report(status, outbox.reference(outbox_id))

    [row] = await rows(database, outbox_message)
    assert (row["ladder"], row["status"]) == (ladder, "sent")


async def test_a_report_settles_a_message_whose_fate_was_open(
    hotel: Hotel, database: db.Database, recorded: Recorded
):
    outbox_id = await put_message(database, status="sending", attempts=1)

    await hotel.report("delivered", outbox.reference(outbox_id), wamid="wamid.X")
    await hotel.report("delivered", outbox.reference(outbox_id), wamid="wamid.X")

    [row] = await rows(database, outbox_message)
    assert (row["status"], row["provider_id"]) == ("sent", "wamid.X")
    assert row["sent_at"] is not None
    assert recorded.of("message_status") == [{"status": "delivered"}]
    assert recorded.outcomes("webhook_event") == ["accepted", "duplicate"]


async def test_a_failure_is_kept_with_its_code_and_said(hotel: Hotel, database: db.Database):
    outbox_id = await put_message(database, status="sending", attempts=1)
    report = {
        "id": "wamid.X",
        "status": "failed",
        "errors": [{"code": 131026}],
        "biz_opaque_callback_data": outbox.reference(outbox_id),
    }

    with capture_logs() as lines:
        await hotel.post(notification(statuses=[report]))

    [row] = await rows(database, outbox_message)
    assert (row["status"], row["ladder"], row["error_code"]) == ("failed", "failed", "131026")
    assert lines[0]["event"] == log_events.MESSAGE_STATUS
    assert lines[0]["error_code"] == "131026"


async def test_a_report_without_a_reference_is_matched_by_the_messages_id(
    hotel: Hotel, database: db.Database, recorded: Recorded
):
    await put_message(database, status="sent", provider_id="wamid.OUT1")

    await hotel.post(notification(statuses=[{"id": "wamid.OUT1", "status": "read"}]))
    await hotel.post(notification(statuses=[{"id": "wamid.STRANGE", "status": "read"}]))

    [row] = await rows(database, outbox_message)
    assert row["ladder"] == "read"
    assert recorded.outcomes("webhook_event") == ["accepted", "duplicate"]


async def test_the_signature_is_checked_on_the_bytes_as_they_came(hotel: Hotel):
    body = b'{ "object" :"whatsapp_business_account","entry":[ ],"x":"\\u00bf" }'
    headers = {signature.HEADER: signature.sign(secret=SECRET, body=body)}

    assert (await hotel.raw("POST", content=body, headers=headers)).status_code == 200


async def test_a_body_that_breaks_off_changes_nothing_and_is_no_crash(
    hotel: Hotel,
    database: db.Database,
    recorded: Recorded,
    caplog: pytest.LogCaptureFixture,
):
    host, port = hotel.url.removeprefix("http://").split(":")
    _, writer = await asyncio.open_connection(host, int(port))
    writer.write(
        b"POST /api/v1/webhooks/whatsapp HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{"
    )
    await writer.drain()
    writer.close()
    await writer.wait_closed()

    await hotel.say("wamid.1", "hola")
    assert len(await rows(database, inbox_event)) == 1
    assert recorded.of("signature_checked") == [{"source": "whatsapp", "valid": True}]
    assert [record for record in caplog.records if record.levelname == "ERROR"] == []
