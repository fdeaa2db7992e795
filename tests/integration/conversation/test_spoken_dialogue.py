"""What was heard is taken as what was written, but its dates are read back before they are used."""

import pytest

from alojamientos.conversation.messages import Hearing, MessageKind

ASK = "hola, tenés lugar del 15 al 18 de enero para 4?"


@pytest.fixture
def speaks(guest):
    async def speak(text: str, heard: Hearing = Hearing.HEARD) -> str:
        message = guest.message(kind=MessageKind.AUDIO, text=text, heard=heard, media_id="1")
        return str(guest.text(await guest.send(message)))

    return speak


async def test_spoken_dates_and_people_are_read_back_before_anything_is_offered(guest, speaks):
    text = await speaks(ASK)

    assert "Escuché: del viernes 15 de enero al lunes 18 de enero (3 noches)" in text
    assert "para 4 personas" in text
    assert "Hay lugar" not in text
    assert guest.options == ["dates:yes", "other_dates"]
    assert "Hay lugar" in await guest.taps("dates:yes")


async def test_a_spoken_yes_is_as_good_as_a_tap(speaks):
    await speaks(ASK)

    assert "Hay lugar" in await speaks("sí, está bien")


async def test_dates_that_were_heard_wrong_are_asked_for_again(guest, speaks):
    await speaks(ASK)

    assert "¿Qué día llegarían" in await guest.taps("other_dates")
    assert "para 4 personas" in await guest.says("del 20 al 24 de enero")


async def test_dates_corrected_in_writing_are_used_at_once(guest, speaks):
    await speaks(ASK)

    text = await guest.says("no, del 20 al 24 de enero")

    assert "Hay lugar del miércoles 20 de enero al domingo 24 de enero" in text


async def test_a_stay_of_which_a_part_was_spoken_is_read_back_whole(guest, speaks):
    await speaks("hola, para el 15 de enero, somos 4")

    text = await guest.says("3 noches")

    assert "Escuché: del viernes 15 de enero al lunes 18 de enero (3 noches)" in text
    assert "Hay lugar" in await guest.taps("dates:yes")


async def test_what_was_confirmed_is_not_read_back_again(guest, speaks):
    await speaks(ASK)
    await guest.taps("dates:yes")

    assert "Hay lugar" in await guest.says("y para 6?")


async def test_written_dates_are_not_read_back(guest):
    assert "Hay lugar" in await guest.says(ASK)


async def test_no_hold_comes_of_speech_alone_until_its_dates_are_agreed_to(guest, speaks, rows):
    await speaks("reservame ya la cabaña del 15 al 18 de enero para 6")

    assert await rows("SELECT count(*) FROM reservation") == [(0,)]


@pytest.mark.parametrize("heard", [None, Hearing.NOBODY])
async def test_without_a_transcriber_the_guest_is_asked_to_write(speaks, heard):
    text = await speaks("", heard)

    assert "Todavía no puedo escuchar audios" in text
    assert "¿Me lo escribís" in text


@pytest.mark.parametrize(
    "heard", [Hearing.UNSURE, Hearing.NOTHING, Hearing.FAILED, Hearing.TOO_SLOW]
)
async def test_a_voice_note_that_gave_no_words_is_asked_for_in_writing(speaks, heard):
    text = await speaks("", heard)

    assert "No llegué a entender el audio" in text
    assert "¿Me lo escribís" in text


async def test_speech_that_makes_no_sense_was_most_likely_misheard(speaks):
    assert "No llegué a entender el audio" in await speaks("zanahoria violeta de quince metros")
