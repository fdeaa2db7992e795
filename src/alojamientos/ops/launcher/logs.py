"""Read the logs of all parts as one, by time; print lines for people or as they are."""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
from rich.text import Text

_TAIL_BYTES = 2**20
_EVERY_S = 0.25
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


def read(folder: Path, part: str | None, *, lines: int, trace: str | None = None) -> list[Line]:
    """Return the newest `lines` lines by time, or every line of `trace` however old."""
    found: list[Line] = []
    for path in files(folder, part):
        name = path.name.partition(".log")[0]
        for raw in _newest(path, whole=trace is not None):
            line = parse(raw, name)
            if line and (trace is None or line.value.get("trace_id") == trace):
                found.append(line)
    found.sort(key=lambda line: line.at)
    return found if trace is not None else found[-lines:] if lines else []


def follow(folder: Path, part: str | None, *, trace: str | None = None) -> Iterator[list[Line]]:
    """Yield, again and again, the lines that have come since, in order of time."""
    offsets = {path: path.stat().st_size for path in files(folder, part) if _is_current(path)}
    while True:
        time.sleep(_EVERY_S)
        new: list[Line] = []
        for path in filter(_is_current, files(folder, part)):
            chunk, offsets[path] = _since(path, offsets.get(path, 0))
            for raw in chunk:
                line = parse(raw, path.stem)
                if line and (trace is None or line.value.get("trace_id") == trace):
                    new.append(line)
        yield sorted(new, key=lambda line: line.at)


def files(folder: Path, part: str | None) -> list[Path]:
    """Return the log files of `part`, or of all; the older of each pair first."""
    pattern = part or "*"
    return [*sorted(folder.glob(f"{pattern}.log.1")), *sorted(folder.glob(f"{pattern}.log"))]


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


def _time(value: object) -> datetime:
    if isinstance(value, int | float):
        return datetime.fromtimestamp(value, UTC)
    at = datetime.fromisoformat(str(value))
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def _is_current(path: Path) -> bool:
    return path.suffix == ".log"


def _newest(path: Path, *, whole: bool) -> Sequence[str]:
    with path.open("rb") as file:
        size = file.seek(0, 2)
        start = 0 if whole else max(0, size - _TAIL_BYTES)
        file.seek(start)
        lines = file.read().decode("utf-8", errors="replace").splitlines()
    return lines[1:] if start else lines


def _since(path: Path, offset: int) -> tuple[list[str], int]:
    """Return the whole lines after `offset` and the offset behind them."""
    with path.open("rb") as file:
        if file.seek(0, 2) < offset:  # it was full, and a new one begun
            offset = 0
        file.seek(offset)
        data = file.read()
    whole, newline, _ = data.rpartition(b"\n")
    return whole.decode("utf-8", errors="replace").splitlines(), offset + len(whole + newline)
