"""Dates, nights and people as a guest in Argentina reads them."""

from collections.abc import Sequence
from datetime import date, datetime
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_time

_LOCALE = "es_AR"


def day(value: date, *, today: date | None = None) -> str:
    """Return "viernes 15 de enero", with the year when it is not the one that `today` suggests."""
    pattern = "EEEE d 'de' MMMM"
    if today is not None and abs((value - today).days) > 300:  # noqa: PLR2004 - most of a year
        pattern += " 'de' y"
    return format_date(value, pattern, locale=_LOCALE)


def stay(check_in: date, check_out: date, *, today: date | None = None) -> str:
    """Return "del viernes 15 de enero al lunes 18 de enero (3 noches)"."""
    count = nights((check_out - check_in).days)
    return f"del {day(check_in, today=today)} al {day(check_out, today=today)} ({count})"


def short_stay(check_in: date, check_out: date) -> str:
    """Return "15/01 al 18/01", short enough for a button."""
    return f"{check_in:%d/%m} al {check_out:%d/%m}"


def weekdays(check_in: date, check_out: date) -> str:
    """Return "viernes a domingo, 2 noches"."""
    first, last = (format_date(day, "EEEE", locale=_LOCALE) for day in (check_in, check_out))
    return f"{first} a {last}, {nights((check_out - check_in).days)}"


def nights(count: int) -> str:
    return "1 noche" if count == 1 else f"{count} noches"


def people(count: int) -> str:
    return "1 persona" if count == 1 else f"{count} personas"


def month(year: int, number: int) -> str:
    return format_date(date(year, number, 1), "MMMM 'de' y", locale=_LOCALE)


def moment(value: datetime, *, zone: str, now: datetime | None = None) -> str:
    """Return "las 18:30" for the lodging's wall clock, with the day when it is not today's."""
    local = value.astimezone(ZoneInfo(zone))
    hour = format_time(local, "HH:mm", locale=_LOCALE)
    article = "la" if local.hour == 1 else "las"
    if now is not None and now.astimezone(ZoneInfo(zone)).date() == local.date():
        return f"{article} {hour}"
    return f"{article} {hour} del {day(local.date())}"


def listed(parts: Sequence[str], last: str = "y") -> str:
    """Return "a, b y c"."""
    if len(parts) <= 1:
        return "".join(parts)
    return f"{', '.join(parts[:-1])} {last} {parts[-1]}"
