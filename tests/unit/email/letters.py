"""One of every mail that guests and the owner get, to test and to look at.

`python -m tests.unit.email.letters FOLDER` writes each as HTML.
"""

import sys
from datetime import UTC, date, datetime
from email.message import EmailMessage
from pathlib import Path

from alojamientos.channels.email import drawing
from alojamientos.channels.email.queries import Thread
from alojamientos.conversation import money_mails, owner_mails, stay_calendar, stay_mails
from alojamientos.conversation.messages import Option, Reply
from alojamientos.conversation.stay_facts import StayFacts
from alojamientos.payments.events import Method
from alojamientos.reservations.domain import Quote
from alojamientos.reservations.events import Channel, Status
from alojamientos.reservations.views import ReservationView

NOW = datetime(2026, 11, 24, 15, 0, tzinfo=UTC)
TODAY = date(2026, 11, 24)
ZONE = "America/Argentina/Buenos_Aires"
LODGING = "Cabañas del Lago"
FACTS = StayFacts(
    mail="reservas@lago.example",
    address="Av. Bustillo km 12,5 – San Carlos de Bariloche",
    directions="Por Bustillo, pasando el puente a la derecha. Hay un cartel verde; el camino es de"
    " ripio los últimos 300 m.",
    map_url="https://maps.example/lago",
    notes="Portón: 4821\nWi-Fi: Lago-Huéspedes, clave bienvenidos",
)
VIEW = ReservationView(
    id=1,
    code="K7PM3X",
    accommodation_id=1,
    accommodation_name="Cabaña Coihue",
    guest_id=1,
    guest_name="Ana <b>Pérez</b>",
    check_in=date(2027, 1, 15),
    check_out=date(2027, 1, 18),
    guests=4,
    status=Status.CONFIRMED,
    channel=Channel.EMAIL,
    quote=Quote(total=42_000_000, deposit=12_600_000, lines=(), currency="ARS"),
    total=42_000_000,
    deposit=12_600_000,
    currency="ARS",
    hold_expires_at=datetime(2026, 11, 24, 16, 30, tzinfo=UTC),
    created_at=NOW,
)
DUE = VIEW.total - VIEW.deposit
CALENDAR = stay_calendar.entry(VIEW, lodging=LODGING, facts=FACTS, zone=ZONE, sequence=0, now=NOW)
LETTERS: dict[str, Reply] = {
    "confirmation": stay_mails.confirmation(
        VIEW, lodging=LODGING, facts=FACTS, paid=VIEW.deposit, today=TODAY, calendar=CALENDAR
    ),
    "moved": stay_mails.moved(VIEW, facts=FACTS, paid=VIEW.deposit, today=TODAY, calendar=CALENDAR),
    "receipt": money_mails.receipt(
        VIEW, amount=5_000_000, how=Method.CASH, left=DUE, lodging=LODGING, today=TODAY
    ),
    "hold_expiring": stay_mails.hold_expiring(
        VIEW, url="https://pay.example/1", zone=ZONE, now=NOW, today=TODAY
    ),
    "hold_expired": stay_mails.hold_expired(VIEW, today=TODAY),
    "cancelled": stay_mails.cancelled(
        VIEW, by_guest=False, back="Pagaste $ 126.000.", today=TODAY, calendar=CALENDAR
    ),
    "cancelled_by_guest": stay_mails.cancelled(
        VIEW, by_guest=True, back="", today=TODAY, calendar=CALENDAR
    ),
    "given_back": money_mails.given_back(VIEW, amount=12_600_000, by_hand=False),
    "arrival": stay_mails.arrival(VIEW, facts=FACTS, due=DUE, today=date(2027, 1, 14)),
    "thanks": stay_mails.thanks(VIEW, lodging=LODGING),
    "answer": Reply(
        text="¿Sería *del viernes 15 de enero al lunes 18 de enero (3 noches)*?",
        options=(
            Option(id="dates:yes", title="Sí, esas fechas"),
            Option(id="other_dates", title="Otras fechas", description="Busco de nuevo"),
        ),
    ),
    "undelivered": owner_mails.undelivered(
        "ana@example.com", "confirmation_mail", "bounce_5.1.1", lodging=LODGING, permanent=True
    ),
    "set_aside": owner_mails.set_aside("ana@example.com", "flood", lodging=LODGING),
}
THREAD = Thread(
    message_id="<2@ana.example>",
    references=("<1@ana.example>",),
    subject="Re: Consulta",
    is_answer=True,
)


def drawn(name: str, *, thread: Thread | None = None) -> EmailMessage:
    return drawing.draw(
        LETTERS[name],
        lodging=LODGING,
        sender=FACTS.mail,
        recipient="ana@example.com",
        reply_to=None,
        now=NOW,
        thread=thread,
    )


def body(message: EmailMessage, kind: str) -> str:
    part = message.get_body((kind,))
    assert part is not None
    return str(part.get_content()).replace("\r\n", "\n")


if __name__ == "__main__":
    for letter in LETTERS:
        path = Path(sys.argv[1]) / f"{letter}.html"
        path.write_text(body(drawn(letter), "html"), encoding="utf-8")
        path.with_suffix(".txt").write_text(body(drawn(letter), "plain"), encoding="utf-8")
