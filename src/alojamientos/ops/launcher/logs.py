"""Read the logs of all parts as one, by time; print lines for people or as they are."""

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
from rich.text import Text

_TAIL_BYTES = 2**20
_LINE_BYTES = 2**10  # ample for a line of ours, so that as many as asked for are read
_TIME = ("timestamp", "time", "ts")
_EVENT = ("event", "msg", "message")
_HIDDEN = frozenset({*_TIME, "event", "msg", "level", "process", "span_id", "caller", "source"})
_LEVELS = {"error": "red", "critical": "bold red", "warning": "yellow", "debug": "dim"}


@dataclass(frozen=True, slots=True, order=True)
class Line:
    """One line of a log: when, which part's, and its text and value."""

    at: datetime
    part: str
    raw: str
    value: dict[str, Any]


class Journal:
    """The log files of `part`, or of all parts, below `folder`; only lines of `trace` if given."""

    def __init__(self, folder: Path, part: str | None = None, *, trace: str | None = None) -> None:
        self._folder = folder
        self._part = part
        self._trace = trace
        self._offsets: dict[Path, int] = {}

    def newest(self, lines: int) -> list[Line]:
        """Return the newest `lines` lines by time, or every line of the trace however old."""
        whole = self._trace is not None
        tail = max(_TAIL_BYTES, lines * _LINE_BYTES)
        found: list[Line] = []
        for path in files(self._folder, self._part):
            texts, self._offsets[path] = _lines(path, 0 if whole else -tail)
            found += self._parsed(texts, path)
        found.sort(key=lambda line: line.at)
        return found if whole else found[-lines:] if lines else []

    def new(self) -> list[Line]:
        """Return the lines that have come since the last call of this or of `newest`."""
        found: list[Line] = []
        for path in files(self._folder, self._part):
            if path.suffix == ".log":
                texts, self._offsets[path] = _lines(path, self._offsets.get(path, 0))
                found += self._parsed(texts, path)
        return sorted(found, key=lambda line: line.at)

    def _parsed(self, texts: list[str], path: Path) -> list[Line]:
        lines = [line for text in texts if (line := parse(text, _part(path)))]
        if self._trace is None:
            return lines
        return [line for line in lines if line.value.get("trace_id") == self._trace]


def files(folder: Path, part: str | None) -> list[Path]:
    """Return the log files of `part`, or of all; the oldest of each part first."""
    pattern = part or "*"
    full = sorted(folder.glob(f"{pattern}.log.[0-9]"), key=lambda path: path.suffix, reverse=True)
    return [*full, *sorted(folder.glob(f"{pattern}.log"))]


def parts(folder: Path) -> list[str]:
    """Return the names of all parts that have a log."""
    return sorted({_part(path) for path in files(folder, None)})


def parse(raw: str, part: str) -> Line | None:
    """Return a line of the log of `part`, or None when it is no JSON object with a time."""
    try:
        value = orjson.loads(raw)
        at = _time(next(value[key] for key in _TIME if key in value))
    except (ValueError, TypeError, StopIteration):
        return None
    return Line(at, part, raw, value)


def pretty(line: Line) -> Text:
    """Return `line` as a person reads it: time, part, event, then the other fields."""
    level = str(line.value.get("level", "info")).lower()
    event = next((str(line.value[key]) for key in _EVENT if key in line.value), "")
    text = Text(f"{line.at.astimezone():%H:%M:%S.%f}"[:-3], style="dim")
    text.append(f" {line.part:18} ", style="cyan")
    text.append(event, style=_LEVELS.get(level, "bold"))
    for key, value in line.value.items():
        if key not in _HIDDEN and value not in (None, "") and str(value) != event:
            text.append(f" {key}=", style="dim")
            text.append(str(value))
    return text


def _part(path: Path) -> str:
    return path.name.partition(".log")[0]


def _time(value: object) -> datetime:
    if isinstance(value, int | float):
        return datetime.fromtimestamp(value, UTC)
    at = datetime.fromisoformat(str(value))
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def _lines(path: Path, start: int) -> tuple[list[str], int]:
    """Return the whole lines after offset `start`, and the offset behind them.

    A negative `start` counts from the end. A file that is shorter has been begun anew.
    """
    with path.open("rb") as file:
        size = file.seek(0, 2)
        offset = max(0, size + start) if start < 0 else start if start <= size else 0
        file.seek(offset)
        data = file.read()
    whole, newline, _ = data.rpartition(b"\n")
    lines = whole.decode("utf-8", errors="replace").splitlines()
    return lines[1:] if start < 0 < offset else lines, offset + len(whole + newline)
