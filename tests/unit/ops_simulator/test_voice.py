"""Voice notes of guests who do not exist: a real container, with the words beside the silence."""

import struct
import subprocess
import sys

import pytest

from alojamientos.ops.simulator import voice

WORDS = "Hola, ¿tenés lugar del 15 al 18 de enero? Somos 4 🙂"


@pytest.mark.parametrize("words", [WORDS, "", "bla " * 500])
def test_the_words_are_there_to_be_read(words):
    assert voice.words_in(voice.speak(words)) == words


def test_the_stream_begins_and_ends_as_opus_in_ogg_does():
    content = voice.speak("bla " * 30)
    pages = [page for page in content.split(b"OggS") if page]

    assert content.startswith(b"OggS")
    assert [page[1] for page in pages] == [2, 0, 0, 0, 4]
    assert b"OpusHead" in pages[0]
    granules = [struct.unpack("<q", page[2:10])[0] for page in pages]
    assert granules == [0, 0, 255 * 960, 510 * 960, 600 * 960]  # 12 s


def test_a_pages_checksum_is_that_of_the_standard():
    assert voice._checksum(b"123456789") == 0x89A1897F


@pytest.mark.parametrize("content", [b"", b"OggS", b"ID3 not ogg", b"OggS" + b"\xff" * 60])
def test_anything_else_has_no_words(content):
    assert voice.words_in(content) == ""


def test_the_module_is_a_transcriber(tmp_path):
    note = tmp_path / "note.ogg"
    note.write_bytes(voice.speak(WORDS))

    ended = subprocess.run(
        [sys.executable, "-m", "alojamientos.ops.simulator.voice", str(note)],
        capture_output=True,
        check=True,
        text=True,
    )

    assert ended.stdout.strip() == WORDS
