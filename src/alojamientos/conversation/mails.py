"""What the owner gets by mail when a guest needs a person. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import quote
from zoneinfo import ZoneInfo

from alojamientos.conversation.events import HandOverReason, HandOverRequested
from alojamientos.conversation.messages import Reply

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
    HandOverReason.CHANGE: (
        "{who} quiere cambiar una reserva, y *lo tenés que decidir vos*. El asistente le avisó que"
        " le van a escribir y no le responde más por {hours} horas; la reserva sigue como estaba."
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
    HandOverReason.CHANGE: "{who} quiere cambiar una reserva",
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
    url, title = _way_to(fact)
    return Reply(
        header=_SUBJECTS[fact.reason].format(who=who),
        text=_WHY[fact.reason].format(who=shown, hours=round(pause / timedelta(hours=1)))
        + (f"\n\n{fact.wish}" if fact.wish else "")
        + "\n\n*Últimos mensajes*\n"
        + "\n".join(said or ["(ninguno)"]),
        url=url,
        url_title=title,
        footer=f"Te lo manda el asistente de {lodging}.",
    )


def _way_to(fact: HandOverRequested) -> tuple[str | None, str]:
    """Return the link by which the owner writes to the guest, and what it is called."""
    if fact.channel == "whatsapp" and fact.address.isdigit():
        return f"https://wa.me/{fact.address}", "Escribirle por WhatsApp"
    if fact.channel == "email":
        return f"mailto:{quote(fact.address, safe='@')}", "Escribirle un mail"
    return None, ""


def _words(line: Line) -> str:
    marked = " ".join(part for part in (_KINDS.get(line.kind, ""), _plain(line.text)) if part)
    words = marked or f"[{line.kind or 'vacío'}]"
    return words if len(words) <= _LONGEST_LINE else words[:_LONGEST_LINE] + "…"


def _plain(text: str) -> str:
    """Return a stranger's words on one line, marking nothing."""
    return " ".join(text.replace("*", "").split())
