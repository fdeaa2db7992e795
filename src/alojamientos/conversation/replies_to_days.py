"""What a guest without a mail address is told when a day of their stay comes. Pure."""

from datetime import date

from alojamientos.conversation import wording
from alojamientos.conversation.messages import Reply
from alojamientos.conversation.place import Place
from alojamientos.kit.money import format_money
from alojamientos.reservations.views import ReservationView


def arrival(view: ReservationView, *, place: Place, due: int, today: date) -> Reply:
    """Say what is needed to arrive, in few lines."""
    when = f"*{wording.day(view.check_in, today=today)}* desde las {place.check_in_from}"
    cabin = f"*{view.accommodation_name}* (reserva {view.code})"
    lines = [
        f"¡Ya falta poco! Te esperamos el {when} en {cabin}.",
        f"Saldo al llegar: {format_money(due)}." if due else "Está todo pago.",
        *(f"{label}: {text}" for label, text in _where(place) if text),
    ]
    return Reply(
        text="\n\n".join(lines),
        url=place.map_url or None,
        url_title="Cómo llegar" if place.map_url else "",
    )


def thanks(*, lodging: str) -> Reply:
    return Reply(
        text=f"¡Gracias por quedarte en {lodging}! Si te olvidaste algo o querés contarnos cómo la"
        " pasaste, escribinos por acá. ¡Ojalá vuelvas pronto! 🙂"
    )


def _where(place: Place) -> tuple[tuple[str, str], ...]:
    return (
        ("Dirección", place.address),
        ("Cómo llegar", place.directions),
        ("Mapa", place.map_url),
        ("Para entrar", place.notes),
    )
