"""Lines that a child prints become lines of its log file: each one JSON object, redacted."""

import asyncio
import re
from collections.abc import Callable
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import orjson

from alojamientos.telemetry import log_events

_MAX_BYTES = 50 * 2**20
_FILES = 5  # NAME is written to, NAME.1 to NAME.4 are full, the newest first
_MAX_LINE = 2**20
_CHUNK = 2**16
_LEVEL = re.compile(
    r"\b(?:level=)?(debug|info|log|notice|warn|warning|error|fatal|panic|critical)\b", re.IGNORECASE
)
_LEVELS = {
    "log": "info",
    "notice": "info",
    "warn": "warning",
    "fatal": "critical",
    "panic": "critical",
}
_NOT_TEXT = frozenset({"timestamp", "ts", "time", "level", "caller", "source", "logger"})


class LogFile:
    """A log file of one JSON object per line; with those before it, it stays below 250 MB."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.path = path
        self._file = path.open("ab", buffering=0)
        self._size = self._file.tell()

    def write(self, data: bytes) -> None:
        if self._size > _MAX_BYTES:
            self._file.close()
            self._make_room()
            self._file = self.path.open("ab", buffering=0)
            self._size = 0
        self._file.write(data)
        self._size += len(data)

    def close(self) -> None:
        self._file.close()

    def _make_room(self) -> None:
        """Move each file to the next number; the oldest is lost."""
        older = [self.path.with_name(f"{self.path.name}.{n}") for n in range(1, _FILES)]
        for newer, place in reversed(list(pairwise([self.path, *older]))):
            if newer.exists():
                newer.replace(place)


class LineMaker:
    """Turn what the process `process` prints into JSON lines.

    A line of ours is redacted by its author and kept as it is; any other is redacted here.
    """

    def __init__(self, process: str, *, ours: bool, redact: Callable[[str], str]) -> None:
        self._process = process
        self._ours = ours
        self._redact = redact

    def line(self, raw: bytes, *, now: datetime) -> bytes | None:
        """Return the log line for `raw`, with its newline, or None for an empty one."""
        raw = raw.rstrip()
        if not raw:
            return None
        if raw.startswith(b"{"):
            try:
                value = orjson.loads(raw)
            except orjson.JSONDecodeError:
                return self._foreign(raw, now)
            return raw + b"\n" if self._ours else self._dump(self._redacted(value))
        return self._foreign(raw, now)

    def event(self, name: str, *, now: datetime, level: str = "info", **fields: Any) -> bytes:
        """Return a line about the process, as the supervisor writes them."""
        return self._dump(
            {
                "timestamp": now.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
                "level": level,
                "event": name,
                "process": self._process,
                **fields,
            }
        )

    def _foreign(self, raw: bytes, now: datetime) -> bytes:
        text = raw[:_MAX_LINE].decode("utf-8", errors="replace")
        found = _LEVEL.search(text[:120])
        level = found.group(1).lower() if found else "info"
        return self.event(
            log_events.FOREIGN,
            now=now,
            level=_LEVELS.get(level, level),
            message=self._redact(text),
        )

    def _redacted(self, value: Any, key: str = "") -> Any:
        if isinstance(value, str):
            return value if key in _NOT_TEXT else self._redact(value)
        if isinstance(value, dict):
            return {k: self._redacted(v, k) for k, v in value.items()}
        if isinstance(value, list):
            return [self._redacted(item) for item in value]
        return value

    @staticmethod
    def _dump(value: dict[str, Any]) -> bytes:
        return orjson.dumps(value) + b"\n"


async def pump(reader: asyncio.StreamReader, maker: LineMaker, log: LogFile) -> None:
    """Copy lines from `reader` to `log` until the child has closed its end."""
    rest = b""
    while chunk := await reader.read(_CHUNK):
        *lines, rest = (rest + chunk).split(b"\n")
        if len(rest) > _MAX_LINE:
            lines, rest = [*lines, rest], b""
        now = datetime.now(UTC)
        done = [line for raw in lines if (line := maker.line(raw, now=now))]
        if done:
            log.write(b"".join(done))
    if last := maker.line(rest, now=datetime.now(UTC)):
        log.write(last)
