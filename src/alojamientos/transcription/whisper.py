"""Whisper on this machine, through faster-whisper and a folder with its weights."""

import sys
from pathlib import Path

import orjson

from alojamientos.transcription.base import NotTranscribed, Transcript, tidy
from alojamientos.transcription.program import FILE, Program

_MODULE = "alojamientos.transcription.whisper_program"


class Whisper:
    """Listen in a process of its own: it can be killed, and gives its memory back.

    Loading the weights each time costs some tenths of a second; `model` is a folder in
    CTranslate2's format.
    """

    engine = "whisper"

    def __init__(self, *, model: Path, deadline_s: float) -> None:
        # -I: neither the working folder nor PYTHONPATH decides what is imported.
        arguments = (sys.executable, "-I", "-m", _MODULE, str(model), FILE)
        self._program = Program(arguments=arguments, deadline_s=deadline_s)

    async def transcribe(self, path: Path) -> Transcript:
        """Return what was heard and how sure that is; raises NotTranscribed, TooSlow."""
        printed, seconds = await self._program.run(path)
        try:
            heard = orjson.loads(printed)
            text, confidence = str(heard["text"]), float(heard["confidence"])
        except (ValueError, KeyError, TypeError) as error:
            raise NotTranscribed("The transcriber's answer cannot be read") from error
        return Transcript(
            text=tidy(text), engine=self.engine, seconds=seconds, confidence=confidence
        )
