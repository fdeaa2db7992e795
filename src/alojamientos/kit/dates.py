"""Days and instants as Argentines write them, and days as they type them."""

import re
from datetime import date, datetime
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_datetime

from alojamientos.kit.errors import Invalid

_LOCALE = "es_AR"
_ISO = re.compile(r"(?P<year>\d{4})-(?P<month>\d\d)-(?P<day>\d\d)", re.ASCII)
_ARGENTINE = re.compile(r"(?P<day>\d{1,2})[/.-](?P<month>\d{1,2})[/.-](?P<year>\d{4})", re.ASCII)


def format_day(day: date) -> str:
    """Return "sáb 16/01/2027"."""
    return format_date(day, "EEE dd/MM/yyyy", locale=_LOCALE)


def format_instant(instant: datetime, *, zone: str) -> str:
    """Return "15/01/2027 18:30" by the wall clock of `zone`."""
    return format_datetime(instant, "dd/MM/yyyy HH:mm", ZoneInfo(zone), locale=_LOCALE)


def parse_day(text: str, *, field: str) -> date:
    """Return the day in "2027-01-15" or "15/01/2027"; raises Invalid."""
    found = _ISO.fullmatch(text.strip()) or _ARGENTINE.fullmatch(text.strip())
    parts = [int(found[name]) for name in ("year", "month", "day")] if found else [0, 0, 0]
    try:
        return date(*parts)
    except ValueError as error:
        raise Invalid(
            f"{field} must be a day such as 2027-01-15 or 15/01/2027", field=field
        ) from error
