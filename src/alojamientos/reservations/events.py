"""What happened to reservations, told after the commit. Refusals are exceptions (domain.py)."""

from dataclasses import dataclass
from enum import StrEnum


class Channel(StrEnum):
    WHATSAPP = "whatsapp"
    EMAIL = "email"
    API = "api"
    MANUAL = "manual"


class Status(StrEnum):
    PRE_RESERVED = "pre_reserved"
    CONFIRMED = "confirmed"
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    COMPLETED = "completed"
    NO_SHOW = "no_show"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReservationChanged:
    """A reservation has come to `status` (also its first one, pre_reserved)."""

    reservation_id: int
    code: str
    accommodation_id: int
    channel: Channel
    status: Status
    previous: Status | None
    nights: int
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReservationMoved:
    """A reservation has other dates, another accommodation, another party or another price."""

    reservation_id: int
    code: str
    accommodation_id: int
    channel: Channel
    status: Status
    nights: int
    total: int
    previous_total: int
    actor: str = ""  # who moved it; "guest" is its own guest


@dataclass(frozen=True, slots=True, kw_only=True)
class LockAcquired:
    """The serialisation lock in front of a booking was had (or its server is away: `skipped`)."""

    channel: Channel
    skipped: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldReminded:
    """A guest was told that their hold runs out soon."""

    reservation_id: int
    code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldRequested:
    """Someone asked to book, whatever comes of it."""

    channel: Channel


@dataclass(frozen=True, slots=True, kw_only=True)
class ArrivalNear:
    """A confirmed stay begins in a day or so."""

    reservation_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StayEnded:
    """A guest has left."""

    reservation_id: int
