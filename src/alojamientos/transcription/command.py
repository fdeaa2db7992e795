"""Any program that reads an audio file and prints its words."""

import shlex
from collections.abc import Mapping
from pathlib import Path

from alojamientos.transcription.base import Transcript, tidy
from alojamientos.transcription.program import FILE, Program


class Command:
    """Run `command`, a line of words; `{file}` in it, or its end, is the audio file."""

    engine = "command"

    def __init__(
        self, *, command: str, deadline_s: float, environment: Mapping[str, str] | None = None
    ) -> None:
        self._program = Program(
            arguments=split(command), deadline_s=deadline_s, environment=environment
        )

    async def transcribe(self, path: Path) -> Transcript:
        """Return what the program printed; raises NotTranscribed, TooSlow."""
        printed, seconds = await self._program.run(path)
        return Transcript(
            text=tidy(printed.decode("utf-8", "replace")), engine=self.engine, seconds=seconds
        )


def split(command: str) -> tuple[str, ...]:
    """Return a command line's words, the file's place among them; raises ValueError."""
    words = shlex.split(command)
    if not words:
        raise ValueError("the command is empty")
    if not any(FILE in word for word in words):
        words.append(FILE)
    return tuple(words)
