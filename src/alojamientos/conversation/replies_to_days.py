"""What a guest without a mail address is told when a day of their stay comes. Pure."""

from datetime import date

from alojamientos.conversation import wording
from alojamientos.conversation.messages import Reply
from alojamientos.conversation.stay_facts import StayFacts
from alojamientos.kit.money import format_money
from alojamientos.reservations.views import ReservationView


def arrival(view: ReservationView, *, facts: StayFacts, due: int, today: date) -> Reply:
    """Say what is needed to arrive, in few lines."""
    when = f"*{wording.day(view.check_in, today=today)}* desde las {facts.check_in_from}"
    cabin = f"*{view.accommodation_name}* (reserva {view.code})"
    lines = [
        f"¡Ya falta poco! Te esperamos el {when} en {cabin}.",
        f"Saldo al llegar: {format_money(due)}." if due else "Está todo pago.",
        *(f"{label}: {text}" for label, text in _where(facts) if text),
    ]
    return Reply(
        text="\n\n".join(lines),
        url=facts.map_url or None,
        url_title="Cómo llegar" if facts.map_url else "",
    )


def thanks(*, lodging: str) -> Reply:
    return Reply(
        text=f"¡Gracias por quedarte en {lodging}! Si te olvidaste algo o querés contarnos cómo la"
        " pasaste, escribinos por acá. ¡Ojalá vuelvas pronto! 🙂"
    )


def _where(facts: StayFacts) -> tuple[tuple[str, str], ...]:
    return (
        ("Dirección", facts.address),
        ("Cómo llegar", facts.directions),
        ("Mapa", facts.map_url),
        ("Para entrar", facts.notes),
    )
