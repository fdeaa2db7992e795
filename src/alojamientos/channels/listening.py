"""Voice notes: fetched, listened to and kept as text, with no transaction open meanwhile."""

import asyncio
import tempfile
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Protocol

from structlog.typing import FilteringBoundLogger

from alojamientos.channels.base import Media, MediaNotFetched, MediaSource
from alojamientos.conversation.messages import Hearing, InboundMessage, MessageKind
from alojamientos.telemetry import log_events
from alojamientos.transcription.base import NotTranscribed, TooSlow, Transcriber, Transcript

FETCH_S = 25.0
_SUFFIXES = {
    "audio/ogg": ".ogg",
    "audio/opus": ".opus",
    "audio/mpeg": ".mp3",
    "audio/mp4": ".m4a",
    "audio/aac": ".aac",
    "audio/amr": ".amr",
}


class Recorder(Protocol):
    """Count and time listening; `telemetry.recorder.Recorder` is one."""

    def speech_heard(self, *, outcome: str, seconds: float | None) -> None: ...


class Listener:
    """Listen with `transcriber` to what the channels' `media` hold; failing is an outcome, too."""

    def __init__(
        self,
        *,
        media: Mapping[str, MediaSource],
        transcriber: Transcriber,
        recorder: Recorder,
        log: FilteringBoundLogger,
        min_confidence: float = 0.0,
    ) -> None:
        self._media = media
        self._transcriber = transcriber
        self._recorder = recorder
        self._log = log
        self._min_confidence = min_confidence

    def wants(self, message: InboundMessage) -> bool:
        """Tell whether `message` is a voice note that nobody has listened to."""
        return message.kind is MessageKind.AUDIO and message.heard is None

    async def hear(self, message: InboundMessage) -> InboundMessage:
        """Return `message` with what was said as its text, or with why that is not known."""
        start = time.perf_counter()
        text, error, size = "", "", 0
        confidence: float | None = None
        if self._transcriber.engine == "none":
            heard = Hearing.NOBODY
        else:
            try:
                media = await self._fetch(message)
                size = len(media.content)
                said = await self._transcribe(media)
                confidence = said.confidence
                heard = self._judged(said)
                text = said.text if heard is Hearing.HEARD else ""
            except TooSlow as failure:
                heard, error = Hearing.TOO_SLOW, failure.message
            except (MediaNotFetched, NotTranscribed) as failure:
                heard, error = Hearing.FAILED, failure.message
        seconds = time.perf_counter() - start
        self._recorder.speech_heard(
            outcome=heard.value, seconds=None if heard is Hearing.NOBODY else seconds
        )
        tell = self._log.warning if error else self._log.info
        tell(
            log_events.MESSAGE_HEARD,
            channel=message.channel,
            outcome=heard.value,
            engine=self._transcriber.engine,
            size=size,
            confidence=None if confidence is None else round(confidence, 3),
            duration_ms=round(seconds * 1000, 2),
            error=error or None,
        )
        return replace(message, text=text, heard=heard)

    def _judged(self, said: Transcript) -> Hearing:
        if not said.text:
            return Hearing.NOTHING
        unsure = said.confidence is not None and said.confidence < self._min_confidence
        return Hearing.UNSURE if unsure else Hearing.HEARD

    async def _fetch(self, message: InboundMessage) -> Media:
        source = self._media.get(message.channel)
        if source is None:
            raise MediaNotFetched("This channel keeps no media")
        try:
            async with asyncio.timeout(FETCH_S):
                return await source.fetch(message)
        except TimeoutError as error:
            raise MediaNotFetched(f"It was not here in {FETCH_S:g} s") from error

    async def _transcribe(self, media: Media) -> Transcript:
        with tempfile.TemporaryDirectory(prefix="alojamientos-voice-") as folder:
            path = Path(folder) / f"voice{_SUFFIXES.get(media.mime_type, '.bin')}"
            await asyncio.to_thread(path.write_bytes, media.content)
            return await self._transcriber.transcribe(path)
