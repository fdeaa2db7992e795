"""A fake Airbnb and a fake Booking.com, as far as the calendars go that they publish."""

import hashlib
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

from alojamientos.kit.errors import Conflict, Invalid, NotFound

SOURCES = ("airbnb", "booking")
MODES = ("ok", "404", "403", "429", "500", "slow", "garbage", "blank", "empty", "truncated", "huge")
DEMO = (("arrayan", "airbnb"), ("coihue", "booking"))
_DEMO_IN = timedelta(days=400)  # far enough not to be in any simulated guest's way
_FOLD_AT = 74
_LOGIN_PAGE = "<!doctype html><html><title>Log in</title><body>Please log in.</body></html>"
_HUGE = 3_000_000


@dataclass(slots=True, kw_only=True)
class StayEvent:
    """Nights [starts_on, ends_on) in a host's calendar."""

    uid: str
    starts_on: date
    ends_on: date
    summary: str


@dataclass(slots=True, kw_only=True)
class Listing:
    """One calendar, and how its host answers when it is asked for."""

    id: str
    source: str
    secret: str
    events: dict[str, StayEvent] = field(default_factory=dict)
    imports: str | None = None  # the address of a calendar whose nights it closes here
    import_etag: str | None = None
    imported: dict[str, StayEvent] = field(default_factory=dict)
    mode: str = "ok"
    delay_s: float = 30.0  # of the mode slow
    counts: dict[str, int] = field(
        default_factory=lambda: dict.fromkeys(("asked", "sent", "not_modified", "added"), 0)
    )

    def path(self) -> str:
        """Return the address that the owner is given, as the host makes it."""
        if self.source == "booking":
            return f"/hotel/hoteladmin/ical.html?t={self.secret}"
        return f"/calendar/ical/{self.id}.ics?s={self.secret}"

    def published(self) -> list[StayEvent]:
        """Return what it tells the world: its own stays, and the nights that it has imported."""
        return [*self.events.values(), *self.imported.values()]

    def etag(self) -> str:
        events = [asdict(event) for event in self.published()]
        return '"' + hashlib.sha256(f"{self.mode}{events}".encode()).hexdigest()[:32] + '"'


def demo_addresses(*, seed: int) -> list[tuple[str, str, str]]:
    """Return the demo's calendars: the cabin, whose calendar it is, and its path on the host."""
    return [
        (cabin, source, Listing(id=cabin, source=source, secret=_secret(seed, cabin)).path())
        for cabin, source in DEMO
    ]


class Calendars:
    """Every calendar that the hosts publish."""

    def __init__(self, *, seed: int, clock: Callable[[], float]) -> None:
        self._seed = seed
        self._clock = clock
        self.listings: dict[str, Listing] = {}
        self.reset()

    def reset(self) -> None:
        """Go back to the two calendars of the demo, with one stay each."""
        self.listings.clear()
        first = self._today() + _DEMO_IN
        for number, (listing_id, source) in enumerate(DEMO):
            self.put(listing_id, source=source)
            start = first + timedelta(days=7 * number)
            self.add(listing_id, starts_on=start, ends_on=start + timedelta(days=3))

    def put(self, listing_id: str, *, source: str) -> Listing:
        """Make a calendar, or make it anew: empty and answering well."""
        if source not in SOURCES:
            raise Invalid(f"source must be one of {', '.join(SOURCES)}", field="source")
        secret = _secret(self._seed, listing_id)
        listing = self.listings[listing_id] = Listing(id=listing_id, source=source, secret=secret)
        return listing

    def get(self, listing_id: str) -> Listing:
        if (listing := self.listings.get(listing_id)) is None:
            known = ", ".join(self.listings) or "none"
            raise NotFound(f"there is no calendar {listing_id}; there are: {known}")
        return listing

    def remove(self, listing_id: str) -> None:
        """Publish a calendar no longer: its address finds nothing."""
        del self.listings[self.get(listing_id).id]

    def of_secret(self, source: str, secret: str) -> Listing | None:
        """Return the calendar whose address holds `secret`."""
        for listing in self.listings.values():
            if listing.source == source and listing.secret == secret:
                return listing
        return None

    def add(
        self,
        listing_id: str,
        *,
        starts_on: date,
        ends_on: date,
        summary: str | None = None,
        uid: str | None = None,
    ) -> StayEvent:
        """Book nights at the host, or close them: the summary says which."""
        listing = self.get(listing_id)
        usual = {"airbnb": "Reserved", "booking": "CLOSED - Not available"}[listing.source]
        number = listing.counts["added"]
        made = hashlib.sha256(f"{self._seed}:{listing_id}:{number}".encode()).hexdigest()[:32]
        event = StayEvent(
            uid=uid or f"{made}@{listing.source}.com",
            starts_on=starts_on,
            ends_on=ends_on,
            summary=usual if summary is None else summary,
        )
        if event.uid in listing.events:
            raise Conflict(f"there is an event {event.uid} already")
        listing.counts["added"] += 1
        listing.events[event.uid] = event
        return event

    def move(self, listing_id: str, uid: str, *, starts_on: date, ends_on: date) -> StayEvent:
        event = self._event(listing_id, uid)
        event.starts_on, event.ends_on = starts_on, ends_on
        return event

    def cancel(self, listing_id: str, uid: str) -> None:
        """Cancel at the host: the event is simply not there any more."""
        event = self._event(listing_id, uid)
        del self.get(listing_id).events[event.uid]

    def answer(self, listing_id: str, *, mode: str, delay_s: float | None = None) -> Listing:
        """Choose how the host answers from now on."""
        if mode not in MODES:
            raise Invalid(f"mode must be one of {', '.join(MODES)}", field="mode")
        listing = self.get(listing_id)
        listing.mode = mode
        listing.delay_s = listing.delay_s if delay_s is None else delay_s
        return listing

    def body(self, listing: Listing) -> str:
        """Return what the host sends, as it spells it."""
        if listing.mode == "garbage":
            return _LOGIN_PAGE
        if listing.mode == "blank":
            return ""
        events = [] if listing.mode == "empty" else listing.published()
        text = _calendar(listing.source, events, datetime.fromtimestamp(self._clock(), tz=UTC))
        if listing.mode == "truncated":
            return text[: len(text) // 2]
        return text + " " * _HUGE if listing.mode == "huge" else text

    def to_json(self) -> list[dict[str, Any]]:
        return [asdict(listing) for listing in self.listings.values()]

    def load(self, data: list[dict[str, Any]]) -> None:
        """Take over what `to_json` gave."""
        self.listings.clear()
        for saved in data:
            loaded = {
                **saved,
                "events": _loaded(saved["events"]),
                "imported": _loaded(saved.get("imported", {})),
            }
            self.listings[saved["id"]] = Listing(**loaded)

    def _event(self, listing_id: str, uid: str) -> StayEvent:
        if (event := self.get(listing_id).events.get(uid)) is None:
            raise NotFound(f"{listing_id} has no event {uid}")
        return event

    def _today(self) -> date:
        return datetime.fromtimestamp(self._clock(), tz=UTC).date()


def _loaded(events: dict[str, dict[str, str]]) -> dict[str, StayEvent]:
    return {
        uid: StayEvent(
            uid=uid,
            starts_on=date.fromisoformat(event["starts_on"]),
            ends_on=date.fromisoformat(event["ends_on"]),
            summary=event["summary"],
        )
        for uid, event in events.items()
    }


def _secret(seed: int, listing_id: str) -> str:
    return hashlib.sha256(f"{seed}:{listing_id}".encode()).hexdigest()[:32]


def _calendar(source: str, events: list[StayEvent], now: datetime) -> str:
    head = {
        "airbnb": ["PRODID:-//Airbnb Inc//Hosting Calendar 1.0//EN", "CALSCALE:GREGORIAN"],
        "booking": [
            "METHOD:PUBLISH",
            r"PRODID:-//admin.booking.com\\\, b.v.//NONSGML v1.0//EN",
            "CALSCALE:GREGORIAN",
        ],
    }[source]
    lines = ["BEGIN:VCALENDAR", *head, "VERSION:2.0"]
    for event in events:
        lines += _lines(source, event, now)
    lines.append("END:VCALENDAR")
    return "".join(f"{folded}\r\n" for line in lines for folded in _folded(line))


def _lines(source: str, event: StayEvent, now: datetime) -> list[str]:
    lines = [
        "BEGIN:VEVENT",
        f"DTSTAMP:{now:%Y%m%dT%H%M%SZ}",
        f"DTSTART;VALUE=DATE:{event.starts_on:%Y%m%d}",
        f"DTEND;VALUE=DATE:{event.ends_on:%Y%m%d}",
        f"SUMMARY:{event.summary}",
        f"UID:{event.uid}",
    ]
    if source == "airbnb" and event.summary == "Reserved":
        url = "https://www.airbnb.com/hosting/reservations/details/HM" + event.uid[:8].upper()
        lines.append(rf"DESCRIPTION:Reservation URL: {url}\nPhone Number (Last 4 Digits): 0000")
    if source == "booking":
        lines.append("ORGANIZER:mailto:noreply@booking.com")
    return [*lines, "END:VEVENT"]


def _folded(line: str) -> list[str]:
    first, rest = line[:_FOLD_AT], line[_FOLD_AT:]
    return [first, *(f" {rest[at : at + _FOLD_AT]}" for at in range(0, len(rest), _FOLD_AT))]
