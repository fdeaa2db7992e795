"""What goes out as mail: to guests what they keep, to the owner what wants a person. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from alojamientos.conversation import wording
from alojamientos.conversation.events import HandOverReason, HandOverRequested
from alojamientos.conversation.messages import Reply
from alojamientos.kit.money import format_money
from alojamientos.reservations.views import ReservationView

LINES = 12  # of a conversation that the owner is shown
_LONGEST_LINE = 600
_WHY = {
    HandOverReason.ASKED: (
        "{who} pidió hablar con una persona. El asistente le avisó que le van a escribir y no le"
        " responde más por {hours} horas, así que *ahora te toca a vos*."
    ),
    HandOverReason.REFUND: (
        "{who} canceló una reserva, y hay plata que *le tenés que devolver a mano*. El asistente le"
        " avisó que le van a escribir para coordinarlo: pedile su alias o CBU."
    ),
    HandOverReason.FAILED: (
        "El asistente *no pudo responderle* a {who}, le pidió disculpas y le avisó que le va a"
        " escribir una persona."
    ),
    HandOverReason.UNDELIVERED: (
        "Un mensaje para {who} *no llegó por WhatsApp* y no hay otro camino: o pasaron más de 24"
        " horas desde que escribió, o no se le puede escribir ahí. Si es importante, llamalo."
    ),
}
_SUBJECTS = {
    HandOverReason.ASKED: "{who} quiere hablar con una persona",
    HandOverReason.REFUND: "{who} canceló: hay que devolver a mano",
    HandOverReason.FAILED: "No pudimos responderle a {who}",
    HandOverReason.UNDELIVERED: "A {who} no le llegó un mensaje",
}
_KINDS = {
    "audio": "[audio]",
    "image": "[imagen]",
    "video": "[video]",
    "document": "[documento]",
    "sticker": "[sticker]",
    "location": "[ubicación]",
    "contacts": "[contacto]",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line of a conversation; `kind` is what a guest sent, "" for what we said."""

    text: str
    kind: str
    at: datetime

    @property
    def by_guest(self) -> bool:
        return bool(self.kind)


def confirmation(view: ReservationView, *, paid: int, lodging: str, today: date) -> Reply:
    """Return what a guest keeps of a confirmed booking, of which `paid` centavos are paid."""
    hello = f"Hola, {view.guest_name}:" if view.guest_name else "Hola:"
    nights = wording.nights((view.check_out - view.check_in).days)
    facts = (
        f"Código de reserva: *{view.code}*",
        f"Cabaña: *{view.accommodation_name}*",
        f"Llegada: {wording.day(view.check_in, today=today)}",
        f"Salida: {wording.day(view.check_out, today=today)} ({nights})",
        f"Huéspedes: {wording.people(view.guests)}",
    )
    money = (
        f"Total: {format_money(view.total)}",
        f"Pagado: {format_money(paid)}",
        f"Saldo al llegar: {format_money(max(view.total - paid, 0))}",
    )
    return Reply(
        header=f"Tu reserva está confirmada: {view.code}",
        text=f"{hello}\n\nTu reserva en {lodging} quedó *confirmada*.\n\n"
        + "\n".join(facts)
        + "\n\n"
        + "\n".join(money)
        + "\n\n¡Te esperamos!",
        footer="Guardá este mail: el código te sirve para consultar o cancelar la reserva.",
    )


def hand_over(
    fact: HandOverRequested,
    lines: Sequence[Line],
    *,
    lodging: str,
    zone: str,
    pause: timedelta,
) -> Reply:
    """Return what the owner needs to take over: who, why, where to write, what was said."""
    who = _plain(fact.guest_name or "") or fact.address
    shown = who if who == fact.address else f"{who} ({fact.address})"
    said = [
        f"{line.at.astimezone(ZoneInfo(zone)):%d/%m %H:%M}"
        f" {who if line.by_guest else 'Asistente'}: {_words(line)}"
        for line in lines
    ]
    has_number = fact.channel == "whatsapp" and fact.address.isdigit()
    return Reply(
        header=_SUBJECTS[fact.reason].format(who=who),
        text=_WHY[fact.reason].format(who=shown, hours=round(pause / timedelta(hours=1)))
        + "\n\n*Últimos mensajes*\n"
        + "\n".join(said or ["(ninguno)"]),
        url=f"https://wa.me/{fact.address}" if has_number else None,
        url_title="Escribirle por WhatsApp" if has_number else "",
        footer=f"Te lo manda el asistente de {lodging}.",
    )


def _words(line: Line) -> str:
    marked = " ".join(part for part in (_KINDS.get(line.kind, ""), _plain(line.text)) if part)
    words = marked or f"[{line.kind or 'vacío'}]"
    return words if len(words) <= _LONGEST_LINE else words[:_LONGEST_LINE] + "…"


def _plain(text: str) -> str:
    """Return a stranger's words on one line, marking nothing."""
    return " ".join(text.replace("*", "").split())
