"""A whole booking by mail, and an audit of what it left behind."""

import random
from dataclasses import dataclass, field
from datetime import date
from email.message import EmailMessage
from typing import Any
from zoneinfo import ZoneInfo

from icalendar import Calendar

from alojamientos.kit.errors import AlojamientosError
from alojamientos.ops.simulator import dialog
from alojamientos.ops.simulator.client import StackClient
from alojamientos.ops.simulator.dialog import Said, Wish
from alojamientos.ops.simulator.guest import Astray, Unanswered
from alojamientos.ops.simulator.journeys import find_wish
from alojamientos.ops.simulator.mail_guest import MailGuest, text_of
from alojamientos.telemetry import context

_QUIET_S = 4.0  # after so long nothing more is said that should not be


@dataclass(slots=True, kw_only=True)
class MailReport:
    """How a booking by mail went; `audit` says of each thing that must hold whether it does."""

    outcome: str = "astray"
    reason: str | None = None
    code: str | None = None
    address: str = ""
    check_in: date | None = None
    check_out: date | None = None
    guests: int = 0
    reply_seconds: list[float] = field(default_factory=list)
    timings: dict[str, float] = field(default_factory=dict)
    audit: dict[str, bool] = field(default_factory=dict)

    @property
    def is_well(self) -> bool:
        return self.outcome == "confirmed" and all(self.audit.values())

    def to_json(self) -> dict[str, Any]:
        return {
            **{name: getattr(self, name) for name in self.__slots__},
            "check_in": self.check_in.isoformat() if self.check_in else None,
            "check_out": self.check_out.isoformat() if self.check_out else None,
            "reply_seconds": [round(seconds, 3) for seconds in self.reply_seconds],
        }


async def book_by_mail(
    client: StackClient, guest: MailGuest, *, seed: int | None, today: date, zone: str
) -> MailReport:
    """Write, choose, pay and get the confirmation; then look at all that came.

    What goes wrong on the way is the report's outcome, not an exception.
    """
    report = MailReport(address=guest.address)
    wish = await find_wish(client, random.Random(seed), today=today)
    report.check_in, report.check_out, report.guests = wish.check_in, wish.check_out, wish.guests
    try:
        confirmation = await _play(client, guest, wish, today=today)
        await guest.be_away(confirmation)
        report.audit = await _audited(client, guest, wish, confirmation, zone=zone)
        report.outcome = "confirmed"
    except Unanswered as error:
        report.outcome, report.reason = "unanswered", error.message
    except AlojamientosError as error:
        report.reason = error.message
    report.code, report.timings = guest.code, guest.timings
    report.reply_seconds = guest.seconds
    return report


async def _play(client: StackClient, guest: MailGuest, wish: Wish, *, today: date) -> EmailMessage:
    question = f"Hola, ¿tenés lugar {wish.words(today=today)} para {wish.guests}?"
    mail = await guest.write(question, subject="Consulta")
    preference = await guest.hold(mail, wish, today=today, twice=True)
    with context.trace(context.new_trace_id()):
        await client.pay(preference, traceparent=context.traceparent())
    guest.mark("paid")
    confirmation = await guest.listen()
    if dialog.read({"text": text_of(confirmation)}, wish, today=today).said is not Said.CONFIRMED:
        raise Astray(f"Paid, and told: {text_of(confirmation)[:120]!r}")
    guest.mark("confirmed")
    return confirmation


async def _audited(
    client: StackClient,
    guest: MailGuest,
    wish: Wish,
    confirmation: EmailMessage,
    *,
    zone: str,
) -> dict[str, bool]:
    before = len(guest.got)
    try:
        await guest.listen(seconds=_QUIET_S)
    except Unanswered:
        quiet = True
    else:
        quiet = False
    reservation = await client.reservation(guest.code or "")
    invariants = await client.invariants()
    entry = _entry(confirmation)
    local = ZoneInfo(zone)
    return {
        "the API says that the stay is confirmed": reservation.get("status") == "confirmed",
        "every mail answers one of the guest's": all(
            str(mail["In-Reply-To"]) in guest.sent for mail in guest.got[:before]
        ),
        "no mail came twice": len({str(m["Message-ID"]) for m in guest.got}) == len(guest.got),
        "an absence is not answered": quiet,
        "every mail can be read as text and as HTML": all(
            mail.get_body(("plain",)) and mail.get_body(("html",)) for mail in guest.got
        ),
        "the confirmation has the stay as a calendar entry": entry is not None
        and str(entry["uid"]).startswith(f"{guest.code}@")
        and entry["dtstart"].dt.astimezone(local).date() == wish.check_in
        and entry["dtend"].dt.astimezone(local).date() == wish.check_out,
        "every invariant holds": bool(invariants.get("ok")),
    }


def _entry(mail: EmailMessage) -> Any:
    for part in mail.iter_attachments():
        if part.get_content_type() == "text/calendar":
            content = part.get_payload(decode=True)
            if isinstance(content, bytes):
                return next(iter(Calendar.from_ical(content).walk("VEVENT")), None)
    return None
