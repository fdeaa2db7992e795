from datetime import timedelta

import pytest

from alojamientos.conversation.messages import MessageKind


async def book(guest, dates="del 15 al 18 de enero"):
    await guest.says(f"lugar {dates} para 4")
    text = await guest.taps(guest.options[0])
    return text.split("Código de reserva: *")[1].split("*")[0]


async def test_my_reservation_shows_code_dates_and_deadline(guest):
    code = await book(guest)

    text = await guest.says("mi reserva")

    assert code in text
    assert "guardada, falta la seña" in text
    assert "Guardada hasta" in text


async def test_cancelling_is_asked_twice_and_then_done(guest, rows):
    code = await book(guest)

    first = await guest.says("quiero cancelar mi reserva")
    assert f"¿Querés cancelar la reserva *{code}*" in first
    assert "¿Seguro?" in await guest.says("sí")
    assert await rows("SELECT status FROM reservation") == [("pre_reserved",)]
    assert "cancelé la reserva" in await guest.says("sí")

    assert await rows("SELECT status, cancel_reason FROM reservation") == [("cancelled", "guest")]
    assert await rows("SELECT count(*) FROM outbox_message") == [(0,)]  # answered, not told twice


@pytest.mark.parametrize("asked_twice", [False, True])
async def test_saying_no_keeps_the_reservation(guest, rows, asked_twice):
    await book(guest)
    await guest.says("cancelar")
    if asked_twice:
        await guest.taps("cancel:yes")

    assert "queda como está" in await guest.taps("cancel:no")

    assert await rows("SELECT status FROM reservation") == [("pre_reserved",)]


async def test_with_two_reservations_the_one_to_cancel_is_asked_for(guest, rows):
    first = await book(guest)
    await book(guest, "del 2 al 5 de febrero")

    assert "¿Cuál querés cancelar?" in await guest.says("necesito cancelar")
    assert first in await guest.says("la 1")
    await guest.taps("cancel:yes")
    await guest.taps("cancel:yes")

    assert await rows("SELECT count(*) FROM reservation WHERE status = 'cancelled'") == [(1,)]


async def test_somebody_elses_code_shows_and_cancels_nothing(guest, rows):
    code = await book(guest)
    other = guest.another()

    assert "No encuentro" in await other.says(f"mi reserva es {code}")
    assert "No encuentro" in await other.says(f"cancelar {code}")

    assert await rows("SELECT status FROM reservation") == [("pre_reserved",)]


async def test_asking_how_to_pay_before_and_after_a_hold(guest):
    assert "seña del 30 %" in await guest.says("cómo se paga?")
    await book(guest)

    assert "preparando el link" in await guest.says("cómo pago?")


async def test_a_person_is_called_and_the_bot_is_silent_until_the_pause_ends(guest):
    assert "Le aviso a una persona" in (await guest.says("quiero hablar con una persona")) or (
        "le aviso a una persona" in guest.text(guest.last)
    )
    assert await guest.says("hola?") == ""
    assert guest.last.outcome == "paused"

    guest.now += timedelta(hours=13)

    assert await guest.says("hola") != ""


async def test_what_is_not_understood_is_asked_again_and_then_a_person_is_offered(guest):
    assert "no te entendí" in await guest.says("asdf qwer")
    await guest.says("zxcv poiu")

    assert "human" in guest.options


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        (MessageKind.AUDIO, "no puedo escuchar audios"),
        (MessageKind.IMAGE, "no puedo abrirlo"),
        (MessageKind.UNSUPPORTED, "no puedo abrirlo"),
    ],
)
async def test_what_cannot_be_read_is_said_so(guest, kind, said):
    assert said in guest.text(await guest.send(guest.message(kind=kind, media_id="1")))


@pytest.mark.parametrize("kind", [MessageKind.REACTION, MessageKind.STICKER, MessageKind.SYSTEM])
async def test_what_wants_no_answer_gets_none(guest, kind):
    handled = await guest.send(guest.message(kind=kind, text=""))

    assert (handled.outcome, handled.replies) == ("ignored", ())


async def test_questions_about_the_place_are_answered_with_the_cabins_and_a_person(guest):
    text = await guest.says("tienen pileta y wifi?")

    assert "Cabaña Coihue" in text
    assert "human" in guest.options


async def test_what_is_asked_beside_a_stay_is_answered_with_it(guest):
    text = await guest.says("del 15 al 18 de enero para 2, tienen parrilla y pileta?")

    assert "Parrilla: sí en Cabaña Coihue." in text
    assert "No tengo anotado si hay pileta" in text
    assert "Hay lugar" in text


async def test_thanks_are_returned(guest):
    assert "De nada" in await guest.says("muchas gracias!")
