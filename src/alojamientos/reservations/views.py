"""Reservations and offers as everyone else may see them: values only."""

from dataclasses import dataclass
from datetime import date, datetime

from alojamientos.kit.errors import AlojamientosError
from alojamientos.reservations.domain import Accommodation, Quote, Stay
from alojamientos.reservations.events import Channel, Status


@dataclass(frozen=True, slots=True, kw_only=True)
class ReservationView:
    """A reservation as everyone else may see it; `status` is the effective one."""

    id: int
    code: str
    accommodation_id: int
    accommodation_name: str
    guest_id: int
    guest_name: str | None
    check_in: date
    check_out: date
    guests: int
    status: Status
    channel: Channel
    quote: Quote
    total: int
    deposit: int
    currency: str
    hold_expires_at: datetime | None
    created_at: datetime

    @property
    def is_confirmed(self) -> bool:
        return self.status in (Status.CONFIRMED, Status.COMPLETED, Status.NO_SHOW)

    @property
    def stay(self) -> Stay:
        return Stay(self.check_in, self.check_out)


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """An accommodation for a stay: its price, and what speaks against it, if anything."""

    accommodation: Accommodation
    quote: Quote
    available: bool
    problem: AlojamientosError | None
