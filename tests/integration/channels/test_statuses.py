"""Reports that come before we know our own message."""

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

from alojamientos.channels import outbox, statuses
from alojamientos.channels.store import inbox_event, outbox_message
from alojamientos.conversation.messages import Reply
from alojamientos.kit import db


async def put(database: db.Database) -> int:
    async with database.begin() as tx:
        outbox_id = await outbox.put(
            tx, channel="whatsapp", address=GUEST, reply=Reply(text="hola"), dedupe_key="k"
        )
    assert outbox_id is not None
    return outbox_id


async def row(database: db.Database) -> dict[str, Any]:
    async with database.read() as conn:
        return dict((await conn.execute(sa.select(outbox_message))).one()._mapping)


async def outcomes(database: db.Database) -> list[tuple[str, str | None]]:
    async with database.read() as conn:
        query = sa.select(inbox_event.c.external_id, inbox_event.c.outcome)
        return sorted(tuple(each) for each in await conn.execute(query))


@pytest.mark.parametrize(
    ("early", "ladder"),
    [(["sent"], "sent"), (["read", "delivered", "sent"], "read"), (["played"], "played")],
)
async def test_what_is_reported_before_the_sending_is_stored_counts_afterwards(
    hotel: Hotel, database: db.Database, early: list[str], ladder: str
):
    for status in early * 2:
        report = {"id": "wamid.OUT1", "status": status}
        assert (await hotel.post(notification(statuses=[report]))).status_code == 200
    await put(database)

    async with hotel.working():

        async def sent() -> bool:
            return bool((await row(database))["ladder"])

        await eventually(sent)

    assert (await row(database))["ladder"] == ladder
    assert await outcomes(database) == [
        (f"wamid.OUT1:{status}", "matched") for status in sorted(early)
    ]


async def test_failures_are_told_apart_by_their_codes(hotel: Hotel, database: db.Database):
    for code in (131026, 131047, 131026):
        report = {"id": "wamid.X", "status": "failed", "errors": [{"code": code}]}
        await hotel.post(notification(statuses=[report]))

    assert await outcomes(database) == [
        ("wamid.X:failed:131026", "unmatched"),
        ("wamid.X:failed:131047", "unmatched"),
    ]


async def test_an_early_failure_is_a_failure(
    hotel: Hotel, api: CloudApi, database: db.Database, recorded: Recorded
):
    report = {"id": "wamid.OUT1", "status": "failed", "errors": [{"code": 131026}]}
    await hotel.post(notification(statuses=[report]))
    await put(database)

    async with hotel.working():

        async def failed() -> bool:
            return str((await row(database))["ladder"]) == "failed"

        await eventually(failed)

    assert (await row(database))["error_code"] == "131026"


async def test_what_is_reported_of_nobodys_message_stays_and_harms_nothing(
    hotel: Hotel, database: db.Database
):
    await hotel.post(notification(statuses=[{"id": "wamid.ALERT", "status": "read"}]))
    outbox_id = await put(database)
    async with database.begin() as tx:
        await statuses.catch_up(tx, outbox_id=outbox_id, provider_id="wamid.OTHER")

    assert (await row(database))["ladder"] is None
    assert await outcomes(database) == [("wamid.ALERT:read", "unmatched")]
