"""A message that WhatsApp will not take goes another way, or the owner is told."""

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from tests.integration.channels.conftest import (
    GUEST,
    CloudApi,
    Hotel,
    Recorded,
    eventually,
    notification,
)

from alojamientos.channels import outbox
from alojamientos.channels.store import outbox_message
from alojamientos.channels.whatsapp.client import WhatsAppClient
from alojamientos.conversation.events import HandOverReason, HandOverRequested
from alojamientos.conversation.messages import Picture, Reply
from alojamientos.kit import db
from alojamientos.kit.clock import utc_now
from alojamientos.kit.events import Bus

MAIL = "ana@example.com"


@pytest.fixture
def told() -> list[Any]:
    return []


@pytest.fixture
async def database(database_url: str, told: list[Any]):
    kinds = (HandOverRequested,)
    bus = Bus(dict.fromkeys(kinds, told.append))
    database = db.Database(db.create_engine(database_url), bus)
    yield database
    await database.close()


async def wrote(database: db.Database, *, hours_ago: float, mail: str | None = None) -> None:
    """Let the guest have written some time ago."""
    async with database.begin() as tx:
        guest_id = await tx.conn.scalar(
            sa.text("INSERT INTO guest (name, email) VALUES ('Ana', :mail) RETURNING id"),
            {"mail": mail},
        )
        at = utc_now() - timedelta(hours=hours_ago)
        await tx.conn.execute(
            sa.text(
                "INSERT INTO conversation (channel, address, guest_id, last_inbound_at,"
                " window_expires_at) VALUES ('whatsapp', :address, :guest, :at, :until)"
            ),
            {"address": GUEST, "guest": guest_id, "at": at, "until": at + timedelta(hours=24)},
        )


async def put(database: db.Database, **reply: Any) -> int:
    async with database.begin() as tx:
        outbox_id = await outbox.put(
            tx,
            channel="whatsapp",
            address=GUEST,
            reply=Reply(**{"text": "Tu reserva\nestá *confirmada*", **reply}),
            dedupe_key="k",
            kind="notice",
        )
    assert outbox_id is not None
    return outbox_id


async def rows(database: db.Database) -> list[dict[str, Any]]:
    async with database.read() as conn:
        found = await conn.execute(sa.select(outbox_message).order_by(outbox_message.c.id))
        return [dict(row._mapping) for row in found]


async def settled(hotel: Hotel) -> None:
    """Let the worker do all that there is to do."""

    async def nothing_left() -> bool:
        async with hotel.database.read() as conn:
            query = "SELECT count(*) FROM procrastinate_jobs WHERE status IN ('todo', 'doing')"
            return not await conn.scalar(sa.text(query))

    async with hotel.working():
        await eventually(nothing_left)


def with_template(hotel: Hotel) -> None:
    hotel.client = WhatsAppClient(
        http=hotel._outgoing,
        api_version="v25.0",
        phone_number_id="1122334455667",
        notice_template="aviso_reserva",
    )


async def test_after_a_day_an_approved_template_goes_out_by_our_own_clock(
    hotel: Hotel, api: CloudApi, database: db.Database, told: list[HandOverRequested]
):
    with_template(hotel)
    await wrote(database, hours_ago=25, mail=MAIL)
    await put(database)

    await settled(hotel)

    [body] = api.sent  # the words themselves were not even tried
    assert body["template"]["name"] == "aviso_reserva"
    assert body["template"]["language"] == {"code": "es_AR"}
    [parameter] = body["template"]["components"][0]["parameters"]
    assert parameter["text"] == "Tu reserva está *confirmada*"
    assert [row["status"] for row in await rows(database)] == ["failed", "sent"]
    assert told == []


async def test_a_closed_window_is_counted_as_such_and_not_as_a_failure(
    hotel: Hotel, api: CloudApi, database: db.Database, recorded: Recorded
):
    with_template(hotel)
    await wrote(database, hours_ago=25)
    await put(database)

    await settled(hotel)

    assert recorded.outcomes("outbox_message") == ["window_closed", "sent"]


async def test_within_the_day_words_go_out_freely(
    hotel: Hotel, api: CloudApi, database: db.Database
):
    with_template(hotel)
    await wrote(database, hours_ago=23)
    await put(database)

    await settled(hotel)

    assert [body["type"] for body in api.sent] == ["text"]


async def test_without_a_template_the_guest_gets_a_mail(
    hotel: Hotel, api: CloudApi, database: db.Database, told: list[HandOverRequested]
):
    await wrote(database, hours_ago=25, mail=MAIL)
    await put(database)

    await settled(hotel)

    assert api.sent == []
    _, mail = await rows(database)
    assert (mail["channel"], mail["address"]) == ("email", MAIL)
    assert mail["content"]["text"] == "Tu reserva\nestá *confirmada*"
    assert "no te llegó por WhatsApp" in mail["content"]["header"]
    assert told == []


async def test_with_neither_the_owner_is_told_once_a_day(
    hotel: Hotel, database: db.Database, told: list[HandOverRequested]
):
    await wrote(database, hours_ago=25)
    await put(database)

    await settled(hotel)

    [fact] = told
    assert (fact.address, fact.reason) == (GUEST, HandOverReason.UNDELIVERED)
    assert fact.cause == f"undelivered:{GUEST}:{utc_now().date()}"


async def test_the_providers_own_clock_counts_too(
    hotel: Hotel, api: CloudApi, database: db.Database
):
    with_template(hotel)
    await wrote(database, hours_ago=23)
    await put(database)
    api.refuse(131047)

    await settled(hotel)

    assert [body["type"] for body in api.sent] == ["text", "template"]


async def test_a_failure_that_is_told_later_is_one_too(
    hotel: Hotel, api: CloudApi, database: db.Database
):
    await wrote(database, hours_ago=1, mail=MAIL)
    outbox_id = await put(database)
    await settled(hotel)
    failed = {
        "id": "wamid.OUT1",
        "status": "failed",
        "errors": [{"code": 131026}],
        "biz_opaque_callback_data": outbox.reference(outbox_id),
    }
    for _ in range(2):
        await hotel.post(notification(statuses=[failed]))

    await settled(hotel)

    assert [row["channel"] for row in await rows(database)] == ["whatsapp", "email"]


async def test_a_template_that_is_refused_is_our_mistake_and_the_owner_is_told(
    hotel: Hotel, api: CloudApi, database: db.Database, told: list[HandOverRequested]
):
    with_template(hotel)
    await wrote(database, hours_ago=25, mail=MAIL)
    await put(database)
    api.refuse(132001)

    await settled(hotel)

    assert [row["channel"] for row in await rows(database)] == ["whatsapp", "whatsapp", "email"]
    assert len(told) == 1


async def test_a_picture_that_cannot_be_fetched_is_tried_twice_and_left_out(
    hotel: Hotel, api: CloudApi, database: db.Database, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("alojamientos.jobs.registry.random.random", lambda: 0.99)
    await wrote(database, hours_ago=1)
    await put(database, images=(Picture(url="https://example.com/a.png"),))
    api.refuse(131053)
    api.refuse(131053)

    await settled(hotel)

    assert [body["type"] for body in api.sent] == ["image", "image", "text"]


async def test_once_we_are_taken_for_spam_nothing_goes_out_to_anybody(
    hotel: Hotel, api: CloudApi, database: db.Database, recorded: Recorded
):
    api.refuse(131048)
    first = await put(database)
    async with database.begin() as tx:
        await outbox.put(
            tx, channel="whatsapp", address="5491100000000", reply=Reply(text="x"), dedupe_key="2"
        )

    async with hotel.working():
        await eventually(lambda: len(recorded.outcomes("outbox_message")) >= 2)

    assert first
    assert len(api.sent) == 1
    assert {row["error_code"] for row in await rows(database)} == {"131048"}
