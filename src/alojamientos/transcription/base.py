"""What turns speech into text: one protocol, and what can come of it."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Protocol

from alojamientos.kit.errors import AlojamientosError

LONGEST_TEXT = 4096  # characters: more is not a question to a lodging
_BLANK = re.compile(r"\s+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Transcript:
    """What was said, as `engine` heard it; `text` is empty when that is nothing.

    `confidence` is between 0 and 1, or None when the engine does not tell.
    """

    text: str
    engine: str
    seconds: float  # that listening took
    confidence: float | None = None


class NotTranscribed(AlojamientosError):  # noqa: N818 - reads as a sentence where it is raised
    """The speech could not be turned into text."""

    code: ClassVar[str] = "not_transcribed"
    title: ClassVar[str] = "Not transcribed"


class TooSlow(NotTranscribed):
    """The transcriber did not end before its deadline."""


class Transcriber(Protocol):
    """One way to listen. `engine` names it in logs; one that never hears anything is "none"."""

    @property
    def engine(self) -> str: ...

    async def transcribe(self, path: Path) -> Transcript:
        """Return what is said in an audio file; raises NotTranscribed, TooSlow."""
        ...


def tidy(text: str) -> str:
    """Return `text` as one line of a length that a guest may write."""
    return _BLANK.sub(" ", text.replace("\x00", " ")).strip()[:LONGEST_TEXT]
