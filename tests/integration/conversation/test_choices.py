"""Choices: pressed, written instead, pressed too late."""

import pytest
import sqlalchemy as sa

from alojamientos.conversation.messages import MessageKind

ASK = "Hola, ¿tenés lugar del 15 al 18 de enero para 4?"
STATUSES = "SELECT status FROM reservation"
HELD = (
    "SELECT a.slug, r.check_in FROM reservation r JOIN accommodation a ON a.id = r.accommodation_id"
)


async def test_a_stay_is_found_held_and_cancelled_by_pressing_alone(guest, rows):
    await guest.says("Hola")
    await guest.taps("ask")
    assert "¿Cuántas personas" in await guest.taps("span:1")
    assert "Hay lugar" in await guest.taps("guests:4")
    held = await guest.taps("cabin:2")
    code = held.split("Código de reserva: *")[1].split("*")[0]
    await guest.presses("mine")
    assert guest.options == [f"pay:{code}", f"change:{code}", f"cancel:{code}"]
    await guest.taps(f"cancel:{code}")
    await guest.taps("cancel:yes")
    assert await rows(STATUSES) == [("pre_reserved",)]
    assert "cancelé la reserva" in await guest.taps("cancel:yes")

    assert await rows(STATUSES) == [("cancelled",)]


async def test_the_weekends_offered_are_free_ones(guest, rows):
    await guest.says("Hola")
    await guest.taps("ask")
    titles = [option.title for reply in guest.last.replies for option in reply.options]

    # Tuesday 24 November: from Friday on; in the season, from 20 December, three nights at least.
    assert titles[0] == "27/11 al 29/11"
    assert titles[-1] == "25/12 al 28/12"


async def test_a_cabin_of_an_offer_that_is_gone_holds_nothing(guest, rows):
    await guest.says(ASK)
    old = guest.button_ids[0]
    await guest.says("¿y del 20 al 24 de enero?")

    answer = await guest.presses(old, "Cabaña Coihue")

    assert "ya no vale" in answer
    assert await rows(HELD) == []


async def test_an_offer_is_good_while_the_talk_is_about_something_else(guest, rows):
    await guest.says(ASK)
    coihue = guest.button_ids[0]
    await guest.says("gracias!")
    await guest.says("tienen pileta?")

    assert "Te guardé *Cabaña Coihue*" in await guest.presses(coihue)


async def test_the_first_yes_pressed_again_is_not_the_second(guest, rows):
    await guest.says(ASK)
    await guest.taps("cabin:2")
    await guest.says("quiero cancelar mi reserva")
    yes = guest.button_ids[guest.options.index("cancel:yes")]
    await guest.presses(yes)

    assert "ya no vale" in await guest.presses(yes)

    assert await rows(STATUSES) == [("pre_reserved",)]


async def test_an_offer_goes_with_the_booking_that_was_made_of_it(guest, rows):
    await guest.says(ASK)
    lenga = guest.button_ids[1]
    await guest.taps("cabin:2")

    assert "ya no vale" in await guest.presses(lenga)
    assert len(await rows(HELD)) == 1


async def test_nobody_is_booked_at_another_price_than_was_offered(guest, rows):
    await guest.says(ASK)
    async with guest.database.begin() as tx:
        await tx.conn.execute(sa.text("UPDATE price_rule SET nightly_price = nightly_price + 100"))

    answer = await guest.taps("cabin:2")

    assert "El precio cambió" in answer
    assert "$ 413.001 en total" in answer
    assert await rows(HELD) == []
    await guest.taps("cabin:2")
    assert len(await rows(HELD)) == 1


async def test_a_choice_of_before_there_were_offers_is_an_old_one(guest, rows):
    await guest.says(ASK)

    assert "ya no vale" in await guest.presses("cabin:2")
    assert await rows(HELD) == []


async def test_a_choice_that_names_its_booking_is_good_at_any_time_for_its_guest_only(guest, rows):
    await guest.says(ASK)
    code = (await guest.taps("cabin:2")).split("Código de reserva: *")[1].split("*")[0]
    await guest.says("gracias")
    other = guest.another()

    assert "No encuentro" in await other.presses(f"cancel:{code}")
    assert "¿Querés cancelar" in await guest.presses(f"cancel:{code}")


@pytest.mark.parametrize(
    ("words", "slug"),
    [("Cabaña Lenga", "lenga"), ("cabaña coihue", "coihue"), ("¡CABAÑA LENGA!", "lenga")],
)
async def test_writing_what_a_choice_says_is_pressing_it(guest, rows, words, slug):
    await guest.says(ASK)
    await guest.says(words)

    assert [row[0] for row in await rows(HELD)] == [slug]


async def test_numbers_are_choices_in_a_mail_where_they_are_drawn(guest, rows):
    async def mails(text: str):
        message = guest.message(
            kind=MessageKind.TEXT, text=text, channel="email", address="ana@example.com"
        )
        return guest.text(await guest.send(message))

    await mails("Hola")
    assert "¿Qué día llegarían" in await mails("1")
    assert "¿Cuántas personas" in await mails("2")
    assert "Hay lugar del viernes 4 de diciembre" in await mails("4")
    assert "no te entendí" not in await mails("1")

    assert [str(row[1]) for row in await rows(HELD)] == ["2026-12-04"]


async def test_an_unknown_button_is_read_as_its_words(guest):
    assert "¿Qué día llegarían" not in await guest.presses("CANCEL", "Cancelar")
    assert "No encuentro reservas" in guest.text(guest.last)
