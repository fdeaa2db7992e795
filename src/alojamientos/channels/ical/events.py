"""What happened to feeds, told after the commit."""

from dataclasses import dataclass

from alojamientos.channels.ical.domain import ErrorType


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedRead:
    """A feed was read; the counts are of its events."""

    feed_id: int
    feed: str  # host and id
    unchanged: bool  # the host says that nothing is new
    added: int = 0
    changed: int = 0
    cancelled: int = 0
    missing: int = 0
    held: int = 0
    rejected: int = 0
    newly_rejected: int = 0
    holds_ended: int = 0
    echoes: int = 0  # what the host only has from us


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedFailed:
    """A feed could not be read; what is stored of it stays as it is."""

    feed_id: int
    feed: str
    error_type: ErrorType
    failures: int
    retry_in_s: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ConflictFound:
    """The same nights are sold here and booked elsewhere, or booked on two other sites."""

    feed: str
    event_id: int
    reservation_id: int | None
    other_event_id: int | None
    accommodation_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ConflictResolved:
    """One of the two is gone or has moved."""

    feed: str
    event_id: int
    reservation_id: int | None
    other_event_id: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportFetched:
    """A channel has asked for a cabin's calendar; `changed`: it did not have it like that."""

    export_id: int
    export: str  # cabin, channel and id
    stays: int
    changed: bool
