"""From the webhook to the provider, through the real queue."""

import asyncio
from dataclasses import dataclass
from typing import Any

import pytest
import sqlalchemy as sa
import structlog
from structlog.testing import capture_logs
from tests.integration.channels.conftest import (
    GUEST,
    CloudApi,
    Hotel,
    Recorded,
    eventually,
    message,
    notification,
)

from alojamientos.channels import delivery, outbox, queries
from alojamientos.channels.store import inbox_event, outbox_message
from alojamientos.conversation.messages import Option, Reply
from alojamientos.jobs.registry import RetryLater
from alojamientos.kit import db
from alojamientos.kit.clock import utc_now
from alojamientos.kit.events import Bus
from alojamientos.telemetry import log_events


async def values(database: db.Database, column: sa.Column[Any]) -> list[Any]:
    async with database.read() as conn:
        return list((await conn.execute(sa.select(column).order_by(column.table.c.id))).scalars())


async def put(database: db.Database, text: str, key: str, **options: Any) -> int:
    async with database.begin() as tx:
        outbox_id = await outbox.put(
            tx,
            **{
                "channel": "whatsapp",
                "address": GUEST,
                "reply": Reply(text=text),
                "dedupe_key": key,
                **options,
            },
        )
    assert outbox_id is not None
    return outbox_id


async def test_a_message_is_answered_and_its_clock_closed(
    hotel: Hotel, api: CloudApi, recorded: Recorded, database: db.Database
):
    async with hotel.working():
        await hotel.say("wamid.1", "hola")
        await eventually(lambda: recorded.of("webhook_processed"))
        await eventually(lambda: api.read)

    assert api.texts == ["eco: hola"]
    assert api.sent[0]["to"] == GUEST
    [outbox_id] = await values(database, outbox_message.c.id)
    assert api.sent[0]["biz_opaque_callback_data"] == f"outbox:{outbox_id}"
    assert api.read == ["wamid.1"]
    assert recorded.of("message_handled") == [{"channel": "whatsapp", "outcome": "answered"}]
    assert recorded.of("intents_detected") == [{"intents": ("greeting",), "channel": "whatsapp"}]
    assert recorded.of("nlu_processed") == [{"seconds": 0.001}]
    assert recorded.of("nlu_dates") == [{"result": "none"}]
    assert recorded.outcomes("outbox_message") == ["sent"]
    [processed] = recorded.of("webhook_processed")
    assert (processed["source"], processed["event_type"]) == ("whatsapp", "text")
    assert 0 < processed["seconds"] < 10
    assert await values(database, outbox_message.c.provider_id) == ["wamid.OUT1"]
    async with database.read() as conn:
        assert (await queries.inbox_open(conn)).count == 0
        assert (await queries.outbox_open(conn)).count == 0


async def test_a_conversation_is_handled_one_message_at_a_time_and_in_order(
    hotel: Hotel, api: CloudApi
):
    texts = [f"mensaje {n}" for n in range(8)]
    async with hotel.working():
        for text in texts:
            await hotel.say(f"wamid.{text}", text)
        await eventually(lambda: len(api.sent) == 8)

    assert hotel.handler.understood == texts
    assert api.texts == [f"eco: {text}" for text in texts]


async def test_the_clock_closes_with_the_last_of_several_replies(
    hotel: Hotel, api: CloudApi, recorded: Recorded
):
    async with hotel.working():
        await hotel.say("wamid.1", "twice")
        await eventually(lambda: recorded.of("webhook_processed"))

    assert len(api.sent) == 2
    assert len(recorded.of("webhook_processed")) == 1


async def test_a_message_that_needs_no_reply_closes_its_clock_when_handled(
    hotel: Hotel, api: CloudApi, recorded: Recorded, database: db.Database
):
    async with hotel.working():
        await hotel.say("wamid.1", "quiet")
        await eventually(lambda: recorded.of("webhook_processed"))

    assert api.sent == []
    assert await values(database, inbox_event.c.outcome) == ["ignored"]


@dataclass(frozen=True)
class Happened:
    what: str


async def test_what_a_person_has_to_read_is_left_unread(hotel: Hotel, api: CloudApi):
    async with hotel.working():
        await hotel.say("wamid.1", "paused")
        await hotel.say("wamid.2", "hola")
        await eventually(lambda: api.read)

    assert api.read == ["wamid.2"]
    assert api.typing == []


async def test_facts_are_told_after_the_commit(hotel: Hotel, database: db.Database):
    told: list[object] = []
    database.bus = Bus({Happened: told.append})
    hotel.handler.facts = (Happened("a stay"),)

    async with hotel.working():
        await hotel.say("wamid.1", "hola")
        await eventually(lambda: told)

    assert told == [Happened("a stay")]


async def test_a_message_handled_before_is_left_alone(
    hotel: Hotel, api: CloudApi, database: db.Database
):
    await hotel.say("wamid.1", "hola")
    async with database.begin() as tx:
        await tx.conn.execute(
            sa.update(inbox_event).values(outcome="answered", processed_at=sa.func.now())
        )

    async with hotel.working():
        await hotel.say("wamid.2", "chau")
        await eventually(lambda: api.sent)

    assert hotel.handler.understood == ["chau"]


async def test_a_message_that_cannot_be_handled_gets_an_apology_and_holds_up_nobody(
    hotel: Hotel, api: CloudApi, recorded: Recorded, database: db.Database
):
    with capture_logs() as lines:
        async with hotel.working():
            await hotel.say("wamid.1", "poison")
            await hotel.say("wamid.2", "hola")
            await eventually(lambda: len(api.sent) == 2, seconds=40)

    assert "persona" in api.texts[0]
    assert api.texts[1] == "eco: hola"
    assert await values(database, inbox_event.c.outcome) == ["failed", "answered"]
    assert await values(database, inbox_event.c.attempts) == [4, 0]
    assert recorded.outcomes("message_handled") == ["failed", "answered"]
    failures = [line for line in lines if line["event"] == log_events.MESSAGE_HANDLING_FAILED]
    assert [line["attempt"] for line in failures] == [1, 2, 3, 4]
    assert failures[0]["error"] == "ValueError"


async def test_a_part_that_is_away_for_a_while_is_no_fault_of_the_message(
    hotel: Hotel, api: CloudApi, database: db.Database
):
    hotel.handler.away = 4  # as often as a message may fail

    async with hotel.working():
        await hotel.say("wamid.1", "hola")
        await eventually(lambda: api.sent, seconds=60)

    assert api.texts == ["eco: hola"]
    assert await values(database, inbox_event.c.attempts) == [0]


async def test_a_stored_message_that_cannot_even_be_read_is_answered_too(
    hotel: Hotel, api: CloudApi, database: db.Database
):
    await hotel.say("wamid.1", "hola")
    async with database.begin() as tx:
        await tx.conn.execute(sa.update(inbox_event).values(payload={}, attempts=3))

    async with hotel.working():
        await eventually(lambda: api.sent)

    assert "persona" in api.texts[0]
    assert api.sent[0]["to"] == GUEST


async def test_while_the_provider_is_down_replies_wait_and_go_out_in_order(
    hotel: Hotel, api: CloudApi, recorded: Recorded, database: db.Database
):
    api.refuse(None, status=503)
    api.refuse(131016, status=500)
    api.refuse(130429, status=429)

    async with hotel.working():
        await hotel.say("wamid.1", "uno")
        await hotel.say("wamid.2", "dos")
        await eventually(lambda: len(recorded.of("webhook_processed")) == 2, seconds=40)

    assert api.texts == ["eco: uno"] * 4 + ["eco: dos"]
    assert recorded.outcomes("outbox_message") == ["retried"] * 3 + ["sent"] * 2
    assert await values(database, outbox_message.c.attempts) == [4, 1]


async def test_a_message_refused_for_good_does_not_hold_up_the_next(
    hotel: Hotel, api: CloudApi, recorded: Recorded, database: db.Database
):
    api.refuse(131026)

    with capture_logs() as lines:
        async with hotel.working():
            await hotel.say("wamid.1", "uno")
            await hotel.say("wamid.2", "dos")
            await eventually(lambda: len(api.sent) == 2)
            await eventually(lambda: recorded.outcomes("outbox_message") == ["failed", "sent"])

    assert await values(database, outbox_message.c.status) == ["failed", "sent"]
    assert await values(database, outbox_message.c.error_code) == ["131026", None]
    [line] = [line for line in lines if line["event"] == log_events.MESSAGE_DELIVERY_FAILED]
    assert line["error_code"] == "131026"
    assert GUEST not in repr(lines)


async def test_a_lost_answer_is_asked_about_and_not_sent_again(
    hotel: Hotel, api: CloudApi, recorded: Recorded, database: db.Database
):
    api.answers.append(lambda: asyncio.sleep(3))  # longer than we wait

    async with hotel.working():
        await hotel.say("wamid.1", "hola")
        await eventually(lambda: recorded.outcomes("outbox_message") == ["ambiguous"])
        [outbox_id] = await values(database, outbox_message.c.id)
        await hotel.report("delivered", outbox.reference(outbox_id))
        await eventually(lambda: recorded.of("webhook_processed"), seconds=30)

    assert api.texts == ["eco: hola"]
    assert await values(database, outbox_message.c.status) == ["sent"]


def impatient(hotel: Hotel, recorded: Recorded, grace_s: float = 0.0) -> delivery.Delivery:
    """Deliver without waiting for what the provider may still report."""
    return delivery.Delivery(
        database=hotel.database,
        senders={"whatsapp": hotel.client},
        recorder=recorded,
        log=structlog.get_logger(),
        now=utc_now,
        grace_s=grace_s,
    )


async def test_a_message_of_unknown_fate_is_sent_again_when_nothing_is_heard(
    hotel: Hotel, api: CloudApi, recorded: Recorded, database: db.Database
):
    outbox_id = await put(database, "hola", "k")
    async with database.begin() as tx:
        assert await outbox.claim(tx, outbox_id=outbox_id) == 1  # and then the worker was killed

    await impatient(hotel, recorded).deliver(outbox_id=outbox_id)

    assert api.texts == ["hola"]
    assert await values(database, outbox_message.c.status) == ["sent"]
    assert await values(database, outbox_message.c.attempts) == [2]


async def test_a_message_of_unknown_fate_is_left_alone_while_word_of_it_may_come(
    hotel: Hotel, api: CloudApi, recorded: Recorded, database: db.Database
):
    outbox_id = await put(database, "hola", "k")
    async with database.begin() as tx:
        await outbox.claim(tx, outbox_id=outbox_id)

    with pytest.raises(RetryLater) as caught:
        await impatient(hotel, recorded, grace_s=60.0).deliver(outbox_id=outbox_id)

    assert 50 < caught.value.seconds <= 60
    assert api.sent == []


async def test_one_that_never_gets_known_is_given_up(
    hotel: Hotel, api: CloudApi, recorded: Recorded, database: db.Database
):
    outbox_id = await put(database, "hola", "k")
    async with database.begin() as tx:
        await tx.conn.execute(
            sa.update(outbox_message).values(status="sending", attempts=5, sending_at=sa.func.now())
        )

    await impatient(hotel, recorded).deliver(outbox_id=outbox_id)

    assert api.sent == []
    assert await values(database, outbox_message.c.error_code) == ["uncertain"]


async def test_an_old_message_is_not_tried_for_ever(
    hotel: Hotel, api: CloudApi, recorded: Recorded, database: db.Database
):
    outbox_id = await put(database, "hola", "k")
    async with database.begin() as tx:
        await tx.conn.execute(
            sa.update(outbox_message).values(created_at=sa.text("now() - interval '25 hours'"))
        )
    api.refuse(131016)

    await impatient(hotel, recorded).deliver(outbox_id=outbox_id)

    assert await values(database, outbox_message.c.status) == ["failed"]


async def test_what_waits_in_a_conversation_goes_out_before(
    hotel: Hotel, api: CloudApi, recorded: Recorded, database: db.Database
):
    await put(database, "primero", "1")
    second = await put(database, "segundo", "2")
    await put(database, "otra charla", "3", address="5491155550001")
    await put(database, "tercero", "4")

    await impatient(hotel, recorded).deliver(outbox_id=second)

    assert api.texts == ["primero", "segundo"]


async def test_a_channel_without_a_way_out_fails_its_messages(
    hotel: Hotel, recorded: Recorded, database: db.Database
):
    outbox_id = await put(database, "hola", "k", channel="email", address="ana@example.com")

    await impatient(hotel, recorded).deliver(outbox_id=outbox_id)
    await impatient(hotel, recorded).deliver(outbox_id=outbox_id + 1)

    assert await values(database, outbox_message.c.error_code) == ["no_sender"]


async def test_the_same_notice_is_written_once(database: db.Database):
    await put(database, "hola", "reminder:1")
    async with database.begin() as tx:
        again = await outbox.put(
            tx,
            channel="whatsapp",
            address=GUEST,
            reply=Reply(text="hola", options=(Option(id="1", title="Sí"),)),
            dedupe_key="reminder:1",
        )

    assert again is None
    assert len(await values(database, outbox_message.c.id)) == 1


async def test_a_long_reply_goes_out_in_parts(hotel: Hotel, api: CloudApi):
    long = "palabra " * 700
    async with hotel.working():
        await hotel.post(notification(messages=[message("wamid.1", long)]))
        await eventually(lambda: len(api.sent) == 2)

    assert all(len(text) <= 4096 for text in api.texts)
