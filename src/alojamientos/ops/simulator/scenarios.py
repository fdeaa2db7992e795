"""What simulated guests do, as data: how often, with which words, and how it ends."""

from dataclasses import dataclass
from enum import StrEnum


class Ending(StrEnum):
    """Where a guest wants to get."""

    ANSWERED = "answered"  # every line gets an answer
    PAID = "paid"  # held, paid, confirmed
    ABANDONED = "abandoned"  # held, never heard of again
    CANCELLED = "cancelled"  # held, then cancelled
    REFUSED = "refused"  # a forged webhook: 401 and no answer


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """One way for guests to behave; `{stay}` and `{guests}` in its words are filled in."""

    name: str
    weight: int  # percent of the conversations
    ending: Ending
    openings: tuple[tuple[str, ...], ...]
    parties: int = 1  # guests after the same nights at the same time
    party_size: int | None = None
    duplicates: int = 0
    signature: str = "valid"
    voice: bool = False  # the first words are spoken


_BOOKING = (
    ("Hola, ¿tenés lugar {stay} para {guests}?",),
    ("Buenas! Quería saber si hay disponibilidad {stay}, somos {guests} personas",),
    ("hola hay cabaña {stay}? somos {guests}",),
    ("Buenas tardes, necesito una cabaña para {guests} personas {stay}",),
    ("Hola!", "¿Hay lugar {stay}?"),
    ("Hola, busco una cabaña para {guests}",),
)

SCENARIOS: tuple[Scenario, ...] = (
    Scenario(
        name="question",
        weight=26,
        ending=Ending.ANSWERED,
        openings=(
            ("Hola!", "¿Qué cabañas tienen?"),
            ("Buenas, ¿cómo se paga la seña?",),
            ("¿Cuánto sale {stay} para {guests}?",),
            ("Hola, ¿tenés lugar {stay} para {guests}?", "Gracias!"),
            ("¿Aceptan mascotas?", "ok gracias"),
            ("Quiero ver mi reserva",),
        ),
    ),
    Scenario(name="booking_paid", weight=21, ending=Ending.PAID, openings=_BOOKING),
    Scenario(name="voice_note", weight=6, ending=Ending.PAID, openings=_BOOKING, voice=True),
    Scenario(name="booking_abandoned", weight=10, ending=Ending.ABANDONED, openings=_BOOKING),
    Scenario(name="cancellation", weight=10, ending=Ending.CANCELLED, openings=_BOOKING),
    Scenario(
        name="same_nights",
        weight=10,
        ending=Ending.PAID,
        openings=(("Hola, ¿tenés lugar {stay} para {guests}?",),),
        parties=2,
        party_size=6,
    ),
    Scenario(
        name="nonsense",
        weight=8,
        ending=Ending.ANSWERED,
        openings=(
            ("asdkjh qweoiu",),
            ("🙃🙃🙃",),
            ("¿¿??",),
            ("el 31 de febrero para 4",),
            ("DROP TABLE reservas; --",),
            ("una zanahoria violeta de quince metros " * 20,),
        ),
    ),
    Scenario(
        name="duplicated_webhook",
        weight=5,
        ending=Ending.ANSWERED,
        openings=(("Hola, ¿tenés lugar {stay} para {guests}?",), ("Hola",)),
        duplicates=2,
    ),
    Scenario(
        name="bad_signature",
        weight=4,
        ending=Ending.REFUSED,
        openings=(("Hola, ¿tenés lugar {stay} para {guests}?",),),
        signature="wrong",
    ),
)
