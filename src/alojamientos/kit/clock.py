"""The only place that reads the process's clock."""

import mmap
import struct
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

AHEAD = struct.Struct("<q")  # microseconds, as the file of `ahead_by` holds them


def utc_now() -> datetime:
    """Return the present instant, in UTC with its zone."""
    return datetime.now(UTC)


def ahead_by(path: Path) -> Callable[[], datetime]:
    """Return a clock that is ahead of the real one by what the file at `path` says at the time.

    Whoever plays months in minutes writes the file; several processes follow it at once.
    Raises OSError or ValueError when it is missing or too short.
    """
    with path.open("rb") as file:
        view = mmap.mmap(file.fileno(), AHEAD.size, access=mmap.ACCESS_READ)

    def now() -> datetime:
        (ahead,) = AHEAD.unpack_from(view)
        return utc_now() + timedelta(microseconds=ahead)

    return now


def today_in(zone: str, now: datetime | None = None) -> date:
    """Return what the calendar on the wall of `zone` shows at `now`."""
    return (now or utc_now()).astimezone(ZoneInfo(zone)).date()
