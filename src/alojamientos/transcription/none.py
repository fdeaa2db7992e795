"""No transcriber: guests are asked to write."""

from pathlib import Path

from alojamientos.transcription.base import NotTranscribed, Transcript


class Nobody:
    """Hear nothing, and say so before anything is fetched (`engine` is "none")."""

    engine = "none"

    async def transcribe(self, path: Path) -> Transcript:  # noqa: ARG002 - the protocol's
        raise NotTranscribed("There is no transcriber; set TRANSCRIBER")
