"""Spanish that a synthesiser says, heard by the real model in a process of its own."""

import numpy as np
import pytest
from tests.speech.voices import encoded, said, silence, whisper_model

from alojamientos.transcription.base import NotTranscribed, TooSlow
from alojamientos.transcription.whisper import Whisper
from alojamientos.transcription.whisper_program import LONGEST_S, RATE, samples

DEADLINE_S = 60.0  # for a machine that does much else


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return whisper_model(tmp_path_factory.mktemp("model"))


@pytest.fixture
def whisper(model):
    return Whisper(model=model, deadline_s=DEADLINE_S)


async def heard(whisper, tmp_path, content: bytes):
    path = tmp_path / "voice.ogg"
    path.write_bytes(content)
    return await whisper.transcribe(path)


async def test_a_question_of_a_guest(whisper, tmp_path):
    words = "Buenas tardes, ¿cuánto sale la cabaña del quince al dieciocho de enero?"
    transcript = await heard(whisper, tmp_path, said(words))

    assert "15 al 18" in transcript.text
    assert "cuanto sale la cabaña" in transcript.text.replace("á", "a")
    assert transcript.engine == "whisper"
    assert transcript.confidence is not None
    assert 0.5 < transcript.confidence < 1
    assert transcript.seconds > 0


async def test_silence_is_no_text(whisper, tmp_path):
    transcript = await heard(whisper, tmp_path, silence(3))

    assert (transcript.text, transcript.confidence) == ("", 0)


async def test_noise_is_nothing_to_act_on(whisper, tmp_path):
    noise = np.random.default_rng(1).normal(0, 3_000, 3 * 48_000).astype(np.int16)
    transcript = await heard(whisper, tmp_path, encoded(noise, 48_000))

    assert transcript.text == "" or (transcript.confidence or 0) < 0.55


@pytest.mark.parametrize("content", [b"", b"OggS", b"no sound at all" * 100])
async def test_what_is_no_sound_is_not_transcribed(whisper, tmp_path, content):
    with pytest.raises(NotTranscribed):
        await heard(whisper, tmp_path, content)


async def test_a_folder_without_a_model_is_not_transcribed(tmp_path):
    with pytest.raises(NotTranscribed):
        await heard(Whisper(model=tmp_path, deadline_s=DEADLINE_S), tmp_path, silence(1))


async def test_nobody_is_kept_waiting_past_the_deadline(model, tmp_path):
    with pytest.raises(TooSlow, match=r"more than 0\.05 s"):
        await heard(Whisper(model=model, deadline_s=0.05), tmp_path, said("Hola"))


def test_hours_in_a_small_file_are_cut(tmp_path):
    path = tmp_path / "long.ogg"
    path.write_bytes(silence(LONGEST_S + 60))

    assert len(samples(str(path))) == LONGEST_S * RATE
