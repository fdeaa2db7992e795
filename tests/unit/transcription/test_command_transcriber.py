"""A program that reads a file and prints text, whatever else it does."""

import asyncio
import os
import sys
from pathlib import Path

import pytest

from alojamientos.transcription.base import LONGEST_TEXT, NotTranscribed, TooSlow
from alojamientos.transcription.command import Command, split


@pytest.fixture
def voice(tmp_path: Path) -> Path:
    path = tmp_path / "voice note.ogg"
    path.write_text("hola, del 15 al 18 de enero")
    return path


def python(tmp_path: Path, code: str, arguments: str = "", **options: object) -> Command:
    program = tmp_path / "program.py"
    program.write_text(code)
    return Command(
        **{"command": f"{sys.executable} {program} {arguments}", "deadline_s": 20.0, **options}  # type: ignore[arg-type]
    )


PRINT = "import sys; print(open(sys.argv[-1]).read())"


@pytest.mark.parametrize("arguments", ["", "{file}", "--input {file}"])
async def test_what_it_prints_is_what_was_said(tmp_path, voice, arguments):
    heard = await python(tmp_path, PRINT, arguments).transcribe(voice)

    assert (heard.text, heard.engine) == ("hola, del 15 al 18 de enero", "command")
    assert heard.seconds > 0


async def test_a_file_name_is_never_read_by_a_shell(tmp_path):
    path = tmp_path / "$(touch pwned); x.ogg"
    path.write_text("hola")

    assert (await python(tmp_path, PRINT).transcribe(path)).text == "hola"


async def test_lines_become_one_and_what_is_no_text_is_replaced(tmp_path, voice):
    code = r"import sys; sys.stdout.buffer.write(b'\n del 15\n\n al\x00 18 \xff\n')"

    assert (await python(tmp_path, code).transcribe(voice)).text == "del 15 al 18 \ufffd"


async def test_silence_is_no_text(tmp_path, voice):
    assert (await python(tmp_path, "").transcribe(voice)).text == ""


async def test_a_long_monologue_is_cut(tmp_path, voice):
    heard = await python(tmp_path, "print('bla ' * 5000)").transcribe(voice)

    assert len(heard.text) == LONGEST_TEXT


async def test_a_program_that_fails_is_not_believed(tmp_path, voice):
    with pytest.raises(NotTranscribed, match="ended with 3"):
        await python(tmp_path, "print('half a'); raise SystemExit(3)").transcribe(voice)


async def test_a_program_that_is_not_there_is_said_so(voice):
    with pytest.raises(NotTranscribed, match="does not start"):
        await Command(command="/nonexistent/whisper", deadline_s=5).transcribe(voice)


async def test_a_program_that_prints_without_end_is_stopped(tmp_path, voice):
    with pytest.raises(NotTranscribed, match="without end"):
        await python(tmp_path, "while True: print('bla ' * 1000)").transcribe(voice)


async def test_one_that_is_too_slow_is_stopped_with_all_that_it_started(tmp_path, voice):
    pids = tmp_path / "pids"
    code = (
        "import os, subprocess, sys, time\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'])\n"
        f"open({str(pids)!r}, 'w').write(f'{{os.getpid()}} {{child.pid}}')\n"
        "time.sleep(600)\n"
    )

    with pytest.raises(TooSlow):
        await python(tmp_path, code, deadline_s=2.0).transcribe(voice)

    for pid in map(int, pids.read_text().split()):
        async with asyncio.timeout(10):
            while _is_running(pid):
                await asyncio.sleep(0.05)


def _is_running(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


async def test_waiting_for_a_place_is_part_of_the_deadline(tmp_path, voice):
    command = python(tmp_path, "import time; time.sleep(600)", deadline_s=1.0)

    results = await asyncio.gather(
        *(command.transcribe(voice) for _ in range(4)), return_exceptions=True
    )

    assert [type(result) for result in results] == [TooSlow] * 4


async def test_secrets_of_the_environment_are_not_passed_on(tmp_path, voice):
    environment = {**os.environ, "API_TOKEN": "very-secret", "HOME": "/home/someone"}
    code = "import os; print(os.environ.get('API_TOKEN'), os.environ['HOME'])"

    heard = await python(tmp_path, code, environment=environment).transcribe(voice)

    assert heard.text == "None /home/someone"


@pytest.mark.parametrize("command", ["", "  ", "whisper 'unclosed"])
def test_a_command_that_is_none_is_refused(command):
    with pytest.raises(ValueError, match=r"empty|quotation"):
        split(command)
