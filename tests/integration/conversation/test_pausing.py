from datetime import timedelta

import pytest
from tests.integration.conversation.conftest import NOW

from alojamientos.conversation import pausing
from alojamientos.conversation.events import ConversationPaused, ConversationResumed
from alojamientos.conversation.pausing import Pause, PauseReason
from alojamientos.kit import db
from alojamientos.kit.events import Bus

GUEST = {"channel": "whatsapp", "address": "5492944000001"}
SOON, LATER = NOW + timedelta(hours=1), NOW + timedelta(hours=12)


@pytest.fixture
def heard() -> list[object]:
    return []


@pytest.fixture
async def told(database_url, heard):
    """A database whose bus remembers in `heard` what it was told."""
    kinds = (ConversationPaused, ConversationResumed)
    database = db.Database(db.create_engine(database_url), Bus(dict.fromkeys(kinds, heard.append)))
    yield database
    await database.close()


async def pause(database, until, reason=PauseReason.OWNER):
    async with database.begin() as tx:
        return await pausing.pause(tx, **GUEST, until=until, reason=reason)


async def paused(database, now=NOW):
    async with database.read() as conn:
        return await pausing.paused(conn, **GUEST, now=now)


async def resume(database):
    async with database.begin() as tx:
        return await pausing.resume(tx, **GUEST, now=NOW)


async def test_a_pause_lasts_until_it_is_over_though_nobody_has_written_yet(told):
    await pause(told, LATER)

    assert await paused(told) == Pause(until=LATER, reason=PauseReason.OWNER)
    assert await paused(told, now=LATER) is None


async def test_a_shorter_pause_does_not_end_a_longer_one(told):
    await pause(told, LATER)

    assert await pause(told, SOON, PauseReason.OWNER_WROTE) == Pause(
        until=LATER, reason=PauseReason.OWNER
    )
    assert (await pause(told, LATER + timedelta(hours=1), PauseReason.OWNER_WROTE)).reason == (
        PauseReason.OWNER_WROTE
    )


async def test_resuming_ends_it_once_and_says_whether_it_did(told, heard):
    await pause(told, LATER)

    assert await resume(told)
    assert not await resume(told)
    assert await paused(told) is None
    assert heard == [
        ConversationPaused(channel="whatsapp", reason="owner", until=LATER),
        ConversationResumed(channel="whatsapp"),
    ]


async def test_the_assistant_is_silent_while_paused_and_answers_once_resumed(guest):
    await guest.says("hola")
    await pause(guest.database, LATER)

    assert await guest.says("¿hay lugar?") == ""
    assert guest.last.outcome == "paused"
    await resume(guest.database)
    assert await guest.says("¿hay lugar?") != ""


async def test_a_person_who_is_asked_for_is_the_reason(guest):
    await guest.says("quiero hablar con una persona")

    assert (await paused(guest.database)).reason is PauseReason.ASKED
