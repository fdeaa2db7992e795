"""What the fake hosts do with a calendar that their owner has told them to import.

As the real ones do: they take its nights over, forget whose words stood there, and publish them as
closed nights of their own under names of their own. That is how echoes come to be.
"""

import hashlib
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby
from typing import Any

import httpx2
from icalendar import Calendar

from alojamientos.kit.errors import Conflict, Invalid
from alojamientos.ops.simulator.calendars import Listing, StayEvent

_TIMEOUT_S = 15.0
_NOT_MODIFIED = 304
_OK = 200
_AGENTS = {"airbnb": "Airbnb/1.0 (calendar import)", "booking": "Booking.com/1.0 (ical)"}
_SUMMARIES = {"airbnb": "Airbnb (Not available)", "booking": "CLOSED - Not available"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """How an import went."""

    status: int
    stays: int
    ics: bool  # the address and the type are such as hosts take


async def fetch(listing: Listing) -> Imported:
    """Fetch the calendar that a listing imports, conditionally, and take over what it says.

    Raises Invalid when it imports none, Conflict when what came is no calendar.
    """
    url = listing.imports
    if url is None:
        raise Invalid(f"{listing.id} imports no calendar; set one with PUT …/imports", field="id")
    headers = {"User-Agent": _AGENTS[listing.source]}
    if listing.import_etag is not None:
        headers["If-None-Match"] = listing.import_etag
    async with httpx2.AsyncClient(timeout=_TIMEOUT_S, trust_env=False) as http:
        response = await http.get(url, headers=headers)
    if response.status_code == _OK:
        listing.imported = taken_over(listing, response.content)
        listing.import_etag = response.headers.get("etag")
    elif response.status_code != _NOT_MODIFIED:
        raise Conflict(f"the calendar that {listing.id} imports answered {response.status_code}")
    listing.counts["imports"] = listing.counts.get("imports", 0) + 1
    return Imported(
        status=response.status_code,
        stays=len(listing.imported),
        ics=url.partition("?")[0].endswith(".ics")
        and (
            response.status_code == _NOT_MODIFIED
            or response.headers.get("content-type", "").startswith("text/calendar")
        ),
    )


def taken_over(listing: Listing, content: bytes) -> dict[str, StayEvent]:
    """Return an imported calendar's nights as this host publishes them; raises Conflict."""
    try:
        calendar: Any = Calendar.from_ical(content.decode())
        found = [
            (event["DTSTART"].dt, event["DTEND"].dt)
            for event in calendar.walk("VEVENT")
            if str(event.get("TRANSP")) != "TRANSPARENT"
        ]
    except (ValueError, KeyError) as error:
        raise Conflict(f"what {listing.id} imports is no calendar: {error}") from error
    ranges = _as_days(found) if listing.source == "airbnb" else sorted(set(found))
    events = {}
    for starts_on, ends_on in ranges:
        key = f"{listing.secret}:{starts_on}:{ends_on}"
        uid = f"{hashlib.sha256(key.encode()).hexdigest()[:32]}@{listing.source}.com"
        events[uid] = StayEvent(
            uid=uid, starts_on=starts_on, ends_on=ends_on, summary=_SUMMARIES[listing.source]
        )
    return events


def _as_days(ranges: list[tuple[date, date]]) -> list[tuple[date, date]]:
    """Return the same nights with neighbours as one: Airbnb keeps days, not stays."""
    days = sorted(
        {start + timedelta(days=n) for start, end in ranges for n in range((end - start).days)}
    )
    runs = groupby(enumerate(days), key=lambda one: one[1] - timedelta(days=one[0]))
    whole = [[day for _, day in run] for _, run in runs]
    return [(run[0], run[-1] + timedelta(days=1)) for run in whole]
