"""Nights that are taken become a calendar that hosts accept; pure.

There is nothing in it about who comes: hosts show such texts to whoever has the address.
"""

import hashlib
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from icalendar import Calendar, Event

_FORMAT = "1"  # changes with the way a calendar is written, so that nobody keeps the old one
_NAMESPACE = uuid.UUID("6f0c6f9b-5a3c-4e0e-9a37-3d1a4a0c7c55")


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """Nights [starts_on, ends_on) that a channel must not sell."""

    origin: str  # reservation, block or event
    id: int
    starts_on: date
    ends_on: date
    booked: bool  # somebody comes; or they are only kept free
    created_at: datetime
    updated_at: datetime

    def uid(self, domain: str) -> str:
        """Return the name that it keeps for ever; it tells nothing of a reservation's code."""
        return f"{uuid.uuid5(_NAMESPACE, f'{self.origin}/{self.id}')}@{domain}"

    @property
    def sequence(self) -> int:
        """Return a number that grows with every change (RFC 5545 3.8.7.4)."""
        return max(0, int((self.updated_at - self.created_at).total_seconds()))


def digest(entries: Iterable[Entry], *, name: str, domain: str) -> str:
    """Return what stays the same exactly while `write` would write the same."""
    lines = [_FORMAT, name, domain]
    lines += [
        f"{one.origin} {one.id} {one.starts_on} {one.ends_on} {one.booked} {one.sequence}"
        f" {one.updated_at:%Y%m%dT%H%M%S}"
        for one in entries
    ]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:32]


def write(entries: Iterable[Entry], *, name: str, domain: str) -> bytes:
    """Write a calendar: CRLF, folded at 75 octets (RFC 5545 3.1), days as DATE, ends exclusive."""
    calendar = Calendar()
    calendar.add("VERSION", "2.0")
    calendar.add("PRODID", "-//Alojamientos//Calendar 1.0//EN")
    calendar.add("CALSCALE", "GREGORIAN")
    calendar.add("METHOD", "PUBLISH")
    calendar.add("X-WR-CALNAME", _on_one_line(name))
    for entry in entries:
        calendar.add_component(_event(entry, domain))
    content: bytes = calendar.to_ical()
    return content


def _on_one_line(text: str) -> str:
    """Return `text` without what ends a line or cannot be seen: the library refuses to write it."""
    return "".join(letter if letter.isprintable() else " " for letter in text)


def _event(entry: Entry, domain: str) -> Event:
    event = Event()
    event.add("UID", entry.uid(domain))
    # Of the change, not of the writing: two fetches of the same thing get the same bytes.
    event.add("DTSTAMP", entry.updated_at)
    event.add("DTSTART", entry.starts_on)
    event.add("DTEND", entry.ends_on)
    event.add("SUMMARY", "Reserved" if entry.booked else "Blocked")
    event.add("SEQUENCE", entry.sequence)
    event.add("LAST-MODIFIED", entry.updated_at)
    event.add("TRANSP", "OPAQUE")
    event.add("STATUS", "CONFIRMED")
    return event
