"""The only place that reads the process's clock."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo


def utc_now() -> datetime:
    """Return the present instant, in UTC with its zone."""
    return datetime.now(UTC)


def today_in(zone: str, now: datetime | None = None) -> date:
    """Return what the calendar on the wall of `zone` shows at `now`."""
    return (now or utc_now()).astimezone(ZoneInfo(zone)).date()
