"""The owner answers from the phone: the assistant leaves them the word."""

from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from tests.integration.channels.conftest import GUEST, Hotel, Recorded, eventually, notification

from alojamientos.channels.store import inbox_event
from alojamientos.conversation import pausing
from alojamientos.conversation.pausing import PauseReason
from alojamientos.kit import db
from alojamientos.kit.clock import utc_now


def echo(wamid: str, *, hours_ago: float = 0) -> dict[str, Any]:
    written_at = utc_now() - timedelta(hours=hours_ago)
    one = {
        "from": "5491144440000",
        "to": GUEST,
        "id": wamid,
        "timestamp": str(int(written_at.timestamp())),
        "type": "text",
        "text": {"body": "Te confirmo yo"},
    }
    payload = notification(message_echoes=[one])
    payload["entry"][0]["changes"][0]["field"] = "smb_message_echoes"
    return payload


async def outcomes(database: db.Database) -> list[str | None]:
    async with database.read() as conn:
        found = await conn.execute(sa.select(inbox_event.c.outcome).order_by(inbox_event.c.id))
        return [row.outcome for row in found]


async def pause_of(database: db.Database) -> pausing.Pause | None:
    async with database.read() as conn:
        return await pausing.paused(conn, channel="whatsapp", address=GUEST, now=utc_now())


async def test_an_owner_who_writes_from_the_phone_silences_the_assistant(
    hotel: Hotel, database: db.Database, recorded: Recorded
):
    async with hotel.working():
        assert (await hotel.post(echo("wamid.E1"))).status_code == 200
        assert (await hotel.post(echo("wamid.E1"))).status_code == 200
        await eventually(lambda: pause_of(database))

    pause = await pause_of(database)
    assert pause is not None
    assert pause.reason is PauseReason.OWNER_WROTE
    left = pause.until - utc_now()
    assert timedelta(hours=11) < left <= timedelta(hours=12)
    assert await outcomes(database) == ["paused"]
    assert recorded.outcomes("webhook_event") == ["accepted", "duplicate"]


async def test_an_echo_that_comes_a_day_late_silences_nobody(hotel: Hotel, database: db.Database):
    async with hotel.working():
        await hotel.post(echo("wamid.E1", hours_ago=24))

        async def handled() -> bool:
            return await outcomes(database) == ["ignored"]

        await eventually(handled)

    assert await pause_of(database) is None
