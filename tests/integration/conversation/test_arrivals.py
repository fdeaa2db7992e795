"""Messages that come late, and guests who come under another name."""

from datetime import timedelta
from typing import Any

import pytest
from tests.integration.conversation.conftest import NOW

from alojamientos.conversation import store
from alojamientos.conversation.messages import MessageKind

ASK = "Hola, ¿tenés lugar del 15 al 18 de enero para 4?"
BSUID = "US.13491208655302741918"
NEW = "5492944999999"


async def late(guest, text="", *, days=2, **values: Any):
    kind = values.pop("kind", MessageKind.TEXT)
    sent_at = guest.now - timedelta(days=days)
    handled = await guest.send(guest.message(kind=kind, text=text, sent_at=sent_at, **values))
    return guest.text(handled)


async def test_what_was_written_two_days_ago_holds_nothing_and_is_answered_kindly(guest, rows):
    await guest.says(ASK)
    yes = guest.button_ids[0]

    answer = await late(guest, kind=MessageKind.BUTTON, button_id=yes)

    assert "Recién me llega tu mensaje de las 12:00 del domingo 22 de noviembre" in answer
    assert await rows("SELECT count(*) FROM reservation") == [(0,)]
    assert "Te guardé" in await guest.presses(yes)  # it is still good when pressed now


async def test_several_late_messages_are_answered_once(guest):
    assert await late(guest, ASK) != ""
    assert await late(guest, "somos 4") == ""
    assert guest.last.outcome == "ignored"

    guest.now += timedelta(days=4)
    assert await late(guest, ASK) != ""


async def test_a_few_hours_are_not_late(guest):
    assert "Hay lugar" in await late(guest, ASK, days=5 / 24)


async def test_a_late_message_moves_the_window_as_of_when_it_was_written(guest, rows):
    await late(guest, ASK)

    assert await rows("SELECT window_expires_at FROM conversation") == [(NOW - timedelta(days=1),)]


@pytest.mark.parametrize(
    "first", [{"bsuid": BSUID}, {"address": BSUID, "bsuid": BSUID}], ids=["number", "scoped id"]
)
async def test_a_guest_is_the_same_with_and_without_their_number(guest, rows, first):
    other = {"address": BSUID, "bsuid": BSUID} if "address" not in first else {"bsuid": BSUID}
    for values in (first, other, {}):
        await guest.send(guest.message(kind=MessageKind.TEXT, text="hola", **values))

    assert await rows("SELECT count(*) FROM guest") == [(1,)]
    assert await rows("SELECT kind FROM guest_identity ORDER BY kind") == [("bsuid",), ("wa_id",)]


async def test_two_guests_who_are_known_apart_stay_apart(guest, rows):
    await guest.says("hola")
    await guest.send(guest.message(kind=MessageKind.TEXT, text="a", address=BSUID, bsuid=BSUID))

    await guest.send(guest.message(kind=MessageKind.TEXT, text="b", bsuid=BSUID))

    assert await rows("SELECT count(*) FROM guest") == [(2,)]


async def test_bookings_and_notices_follow_a_guest_to_their_new_number(guest, rows):
    await guest.says(ASK)
    code = (await guest.taps("cabin:2")).split("Código de reserva: *")[1].split("*")[0]
    moved = guest.message(kind=MessageKind.SYSTEM, new_address=NEW)

    handled = await guest.send(moved)

    assert handled.outcome == "ignored"
    async with guest.database.read() as conn:
        to = await store.address_of(conn, guest_id=1)
    assert to == store.Address(channel="whatsapp", address=NEW)
    guest.address = NEW
    assert code in await guest.says("mi reserva")
    assert await rows("SELECT count(*) FROM guest") == [(1,)]


@pytest.mark.parametrize("kind", [MessageKind.REVOKE, MessageKind.REACTION, MessageKind.STICKER])
async def test_what_wants_no_answer_leaves_the_offer_as_it_is(guest, kind):
    await guest.says(ASK)
    coihue = guest.button_ids[0]
    assert guest.text(await guest.send(guest.message(kind=kind, text=""))) == ""

    assert "Te guardé" in await guest.presses(coihue)


async def test_a_correction_is_read_as_what_it_says_now(guest):
    await guest.says(ASK)

    edited = await guest.send(
        guest.message(kind=MessageKind.EDIT, text="perdón, del 16 al 19 de enero")
    )

    assert "del sábado 16 de enero al martes 19 de enero" in guest.text(edited)


@pytest.mark.parametrize("kind", [MessageKind.LOCATION, MessageKind.CONTACTS])
async def test_what_cannot_be_read_is_said_so_without_losing_the_thread(guest, kind):
    assert "no puedo abrirlo" in guest.text(await guest.send(guest.message(kind=kind)))
