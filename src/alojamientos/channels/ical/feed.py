"""A calendar's bytes become nights that are taken; no event can spoil another.

Whatever stands in a feed was written by a stranger: names and phones in it are never kept. Pure,
but for the clock by which a calendar is given up that would keep us busy.
"""

import hashlib
import re
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from icalendar import Calendar, Event

from alojamientos.channels.ical import repeats
from alojamientos.channels.ical.domain import ErrorType, FeedError, Kind, Occupancy, Reading, Source
from alojamientos.channels.ical.repeats import Rejected

HORIZON = timedelta(days=730)  # what starts later is not looked at yet
_MOST_EVENTS = 5_000
_LONGEST_STAY = 90  # nights; what may be a booking and is longer is a season that is closed
_LONGEST_UID = 255
_MOST_SERIES = 50
# Of work, not of waiting. A rule that never comes true is tried on every day up to the year 9999.
_MOST_SECONDS = 10.0
_ESSENTIAL = re.compile(r"DTSTART|DTEND|DURATION|RRULE|RDATE|RECURRENCE-ID", re.IGNORECASE)
_FOLD = re.compile(rb"\n[ \t]")  # unfolded as bytes: a fold may cut a letter in two
_BOOKED = re.compile(r"(?:reserved|reserva|réserv|booked|booking\b|provisoire)", re.IGNORECASE)
_BLOCKED = re.compile(
    r"not available|unavailable|block|closed|indisponible|no disponible|bloque|cerrad",
    re.IGNORECASE,
)
_CLOSED = re.compile(r"closed - not available", re.IGNORECASE)


def parse(
    content: bytes,
    *,
    source: Source,
    zone: ZoneInfo,
    today: date,
    longest_block: int | None = None,
) -> Reading:
    """Read a calendar; floating times and instants become days of `zone`.

    Closed nights that are more than `longest_block` are the host's own rules and left out.
    Raises FeedError when it is no calendar or not a whole one: that never means that every event
    is gone.
    """
    rejected: Counter[str] = Counter()
    doubtful: set[str] = set()
    occupied: dict[str, Occupancy] = {}
    freed: set[str] = set()
    began = time.thread_time()
    for repeating, group in _by_recurrence(_events(content)):
        if time.thread_time() - began > _MOST_SECONDS:
            raise FeedError(ErrorType.TOO_LARGE, "What repeats takes too long to work out")
        try:
            found = repeats.expand(group, today, HORIZON) if repeating else group
            for event in found:
                occupancy = _occupancy(event, source=source, zone=zone, repeats=repeating)
                if _is_free(event):
                    freed.add(occupancy.uid)
                elif (
                    today < occupancy.ends_on
                    and occupancy.starts_on <= today + HORIZON
                    and not _is_rule(occupancy, longest_block)
                ):
                    _keep(occupied, occupancy)
        except Exception as error:  # noqa: BLE001 - a stranger's text; the others count all the same
            rejected[str(error) if isinstance(error, Rejected) else "unreadable"] += 1
            doubtful.add(_uid(group[0]))
    ordered = sorted(occupied.values(), key=lambda one: (one.starts_on, one.ends_on, one.uid))
    return Reading(
        occupied=tuple(ordered),
        freed=frozenset(freed - occupied.keys()),
        doubtful=frozenset(doubtful - {""}),
        rejected=dict(rejected),
    )


def _events(content: bytes) -> list[Event]:
    text = content.removeprefix(b"\xef\xbb\xbf").replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    text = _FOLD.sub(b"", text).strip()
    if not text:
        raise FeedError(ErrorType.NOT_A_CALENDAR, "The feed is empty")
    if not text[:15].upper() == b"BEGIN:VCALENDAR":
        raise FeedError(ErrorType.NOT_A_CALENDAR, "The answer is not a calendar")
    if not text.upper().endswith(b"END:VCALENDAR"):
        raise FeedError(ErrorType.TRUNCATED, "The calendar ends in the middle")
    if text.upper().count(b"BEGIN:VEVENT") > _MOST_EVENTS:
        raise FeedError(ErrorType.TOO_LARGE, f"The calendar has more than {_MOST_EVENTS} events")
    try:
        calendars = Calendar.from_ical(text.decode("utf-8", errors="replace"), multiple=True)
        found = [event for one in calendars for event in one.walk("VEVENT")]
        whole = bool(calendars) and all(isinstance(one, Calendar) for one in calendars)
    except Exception as error:
        raise FeedError(ErrorType.NOT_A_CALENDAR, "The calendar cannot be read") from error
    if not whole:
        raise FeedError(ErrorType.NOT_A_CALENDAR, "The calendar's parts do not fit together")
    return [event for event in found if isinstance(event, Event)]


def _by_recurrence(events: Iterable[Event]) -> Iterator[tuple[bool, list[Event]]]:
    """Yield events one by one, but those that repeat together with their exceptions."""
    series: dict[str, list[Event]] = {}
    plain: list[Event] = []
    for event in events:
        if {"RRULE", "RDATE", "RECURRENCE-ID"} & event.keys():
            series.setdefault(str(event.get("UID")), []).append(event)
        else:
            plain.append(event)
    if len(series) > _MOST_SERIES:
        raise FeedError(ErrorType.TOO_LARGE, f"More than {_MOST_SERIES} of the events repeat")
    yield from ((False, [event]) for event in plain)
    yield from ((True, group) for group in series.values())


def _occupancy(event: Event, *, source: Source, zone: ZoneInfo, repeats: bool) -> Occupancy:
    if any(_ESSENTIAL.search(str(problem)) for _, problem in event.errors):
        raise Rejected("unreadable")  # the library drops such a line: nights would be missing
    if "DTSTART" not in event:
        raise Rejected("no_start")
    start, end = _span(event)
    starts_on, ends_on = _day(start, zone), _day(end, zone)
    if ends_on < starts_on:
        raise Rejected("ends_before_start")
    if ends_on == starts_on:
        ends_on += timedelta(days=1)  # a night too many is blocked rather than sold twice
    summary = str(event.get("SUMMARY", ""))
    uid = _uid(event)
    if not uid:
        # The words make two bookings of the same nights two; they cannot be told from the hash.
        words = hashlib.sha256(f"{starts_on}{ends_on}{summary}".encode()).hexdigest()
        uid = f"without-uid-{words[:32]}"
    if repeats:
        uid = f"{uid}/{starts_on.isoformat()}"
    kind = kind_of(source, summary)
    if kind is Kind.UNKNOWN and (ends_on - starts_on).days > _LONGEST_STAY:
        kind = Kind.BLOCK
    return Occupancy(uid=uid, starts_on=starts_on, ends_on=ends_on, kind=kind)


def _span(event: Event) -> tuple[date, date]:
    """Return start and end as they stand; an end that is missing is the rule of RFC 5545."""
    start: date = _dt(event, "DTSTART")
    if "DTEND" in event:
        return start, _dt(event, "DTEND")
    if "DURATION" in event:
        return start, start + _dt(event, "DURATION")
    return start, start


def _dt(event: Event, name: str) -> Any:
    value: Any = event[name]
    return value.dt


def _day(value: date, zone: ZoneInfo) -> date:
    if isinstance(value, datetime):
        return (value.astimezone(zone) if value.tzinfo is not None else value).date()
    return value


def _is_rule(found: Occupancy, longest_block: int | None) -> bool:
    return (
        longest_block is not None
        and found.kind is not Kind.RESERVATION
        and (found.ends_on - found.starts_on).days > longest_block
    )


def _is_free(event: Event) -> bool:
    return (
        str(event.get("STATUS", "")).upper() == "CANCELLED"
        or str(event.get("TRANSP", "")).upper() == "TRANSPARENT"
    )


def _keep(occupied: dict[str, Occupancy], new: Occupancy) -> None:
    """Keep `new`; of two with one UID and other nights both stay, since both may be real."""
    present = occupied.get(new.uid)
    if present is None or (present.starts_on, present.ends_on) == (new.starts_on, new.ends_on):
        occupied[new.uid] = new
        return
    uid = f"{new.uid}/{new.starts_on.isoformat()}"
    occupied[uid] = Occupancy(uid=uid, starts_on=new.starts_on, ends_on=new.ends_on, kind=new.kind)


def _uid(event: Event) -> str:
    """Return an event's UID, or nothing; an index cannot hold what is much longer than usual."""
    uid = str(event.get("UID", "")).strip()
    return uid if len(uid) <= _LONGEST_UID else f"long-{hashlib.sha256(uid.encode()).hexdigest()}"


def kind_of(source: Source, summary: str) -> Kind:
    """Tell a booking from closed nights by the words that each host uses."""
    text = summary.strip()
    if source is Source.BOOKING and _CLOSED.match(text):
        return Kind.UNKNOWN
    if _BOOKED.match(text):
        return Kind.RESERVATION
    if source is Source.BOOKING:
        return Kind.RESERVATION  # "CLOSED - Ana Pérez", as it used to be
    if _BLOCKED.search(text):
        return Kind.BLOCK
    return Kind.UNKNOWN
