"""Events that repeat, spelled out; pure, and never for ever, whatever a stranger has written."""

from datetime import date, datetime, timedelta
from typing import Any

import recurring_ical_events
from icalendar import Calendar, Event

_MOST_REPEATS = 800  # of one event: every day until the horizon, and a bit
_OLDEST_RULE = timedelta(days=20 * 366)  # every day since then is looked at
_FREQUENCIES = {"DAILY", "WEEKLY", "MONTHLY", "YEARLY"}
_RULE_PARTS = {  # none that repeats within a day
    *("FREQ", "INTERVAL", "COUNT", "UNTIL", "WKST", "BYDAY", "BYMONTH", "BYMONTHDAY"),
    *("BYYEARDAY", "BYWEEKNO", "BYSETPOS"),
}


class Rejected(Exception):  # noqa: N818 - a reason, not an error
    """An event cannot be used; the message is the reason, from a closed set."""


def expand(group: list[Event], today: date, horizon: timedelta) -> list[Event]:
    """Return the occurrences of an event and its exceptions, from today to the horizon.

    Raises Rejected for what takes too long or cannot be understood.
    """
    calendar = Calendar()
    for event in group:
        if event.errors or "EXRULE" in event or _dates_in(event) > _MOST_REPEATS:
            raise Rejected("unreadable")
        if "RRULE" in event:
            _check_rule(event, today)
        calendar.add_component(event)
    until = today + horizon + timedelta(days=1)
    # Not `after`: it halves its window with every hit and would not come to an end.
    found: list[Event] = recurring_ical_events.of(calendar).between(today, until)
    return found[:_MOST_REPEATS]


def _check_rule(event: Event, today: date) -> None:
    """Raise Rejected for a rule that would keep us busy for ever: a stranger wrote it."""
    rule: Any = event["RRULE"]
    starts: Any = event["DTSTART"]
    start: date = starts.dt
    first = start.date() if isinstance(start, datetime) else start
    if (
        not _FREQUENCIES.issuperset(rule.get("FREQ", ()))
        or not _RULE_PARTS.issuperset(rule.keys())
        or any(int(every) < 1 for every in rule.get("INTERVAL", ()))
        or today - first > _OLDEST_RULE
    ):
        raise Rejected("unreadable")


def _dates_in(event: Event) -> int:
    """Return how many dates an event lists by itself."""
    count = 0
    for name in ("RDATE", "EXDATE"):
        listed: Any = event.get(name, [])
        count += sum(len(one.dts) for one in (listed if isinstance(listed, list) else [listed]))
    return count
