"""A stay as a calendar entry that a guest can keep (RFC 5545). Pure."""

from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

from icalendar import Calendar, Event, vCalAddress, vText

from alojamientos.conversation.stay_facts import StayFacts
from alojamientos.reservations.events import Status
from alojamientos.reservations.views import ReservationView

_PRODUCT = "-//Alojamientos//Reservas//ES"


def entry(
    view: ReservationView,
    *,
    lodging: str,
    facts: StayFacts,
    zone: str,
    sequence: int,
    now: datetime,
) -> str:
    """Return the stay as iCalendar text.

    The UID stays the same for a booking; a higher `sequence` replaces what was sent before.
    """
    event = Event()
    event.add("uid", f"{view.code}@{facts.mail.rpartition('@')[2]}")
    event.add("sequence", sequence)
    event.add("dtstamp", now.astimezone(UTC))
    # In UTC, so that no calendar needs to know the zone's rules.
    event.add("dtstart", _at(view.check_in, facts.check_in_from, zone))
    event.add("dtend", _at(view.check_out, facts.check_out_until, zone))
    event.add("summary", f"{view.accommodation_name} · {lodging}")
    event.add("description", f"Reserva {view.code}")
    if facts.address:
        event.add("location", facts.address)
    organizer = vCalAddress(f"mailto:{facts.mail}")
    organizer.params["cn"] = vText(lodging)
    event.add("organizer", organizer)
    event.add("status", "CANCELLED" if view.status is Status.CANCELLED else "CONFIRMED")
    event.add("transp", "TRANSPARENT")
    calendar = Calendar()
    calendar.add("prodid", _PRODUCT)
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    calendar.add_component(event)
    content: bytes = calendar.to_ical()
    return content.decode()


def _at(day: date, clock: str, zone: str) -> datetime:
    return datetime.combine(day, time.fromisoformat(clock), ZoneInfo(zone)).astimezone(UTC)
