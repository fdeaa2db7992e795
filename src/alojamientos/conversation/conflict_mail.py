"""The mail that tells the owner that a night was sold twice. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from alojamientos.conversation import wording
from alojamientos.conversation.messages import Reply


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """One of the two stays: whose it is, and its nights."""

    site: str  # airbnb, booking, …; "" when it was sold here
    code: str | None  # of a stay that was sold here
    is_paid: bool
    starts_on: date
    ends_on: date
    is_certain: bool  # False: that site does not tell bookings from closed nights


_SITES = {"airbnb": "Airbnb", "booking": "Booking.com", "vrbo": "Vrbo", "google": "Google Calendar"}


def conflict(cabin: str, claims: Sequence[Claim], *, lodging: str, today: date) -> Reply:
    """Return what the owner needs to decide which of two stays remains."""
    lines = [
        f"• {_whose(one)}: {wording.stay(one.starts_on, one.ends_on, today=today)}"
        for one in claims
    ]
    doubtful = [_site(one.site) for one in claims if not one.is_certain]
    hints = [
        f"{site} no aclara si es una reserva o noches que cerraste a mano: fijate ahí primero."
        for site in doubtful
    ]
    todo = (
        "*Decidí cuál se queda* y avisale hoy mismo al otro huésped. Cuando canceles una de las"
        " dos, esto se da por resuelto solo."
    )
    return Reply(
        header=f"{cabin}: la misma noche quedó reservada dos veces",
        text=f"{cabin} tiene dos reservas que se pisan:\n\n"
        + "\n".join(lines)
        + "\n\n"
        + "\n\n".join([*hints, todo]),
        footer=f"Te lo manda el asistente de {lodging}.",
    )


def _whose(claim: Claim) -> str:
    if claim.code is None:
        return _site(claim.site)
    return f"La nuestra {claim.code} ({'confirmada' if claim.is_paid else 'sin seña todavía'})"


def _site(name: str) -> str:
    return _SITES.get(name, "El otro calendario")
