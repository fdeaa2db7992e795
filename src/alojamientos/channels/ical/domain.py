"""What feeds, their events and their failures are; pure."""

import hashlib
import re
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import ClassVar
from urllib.parse import urlsplit

from alojamientos.kit.errors import Invalid, NotFound, ProviderError


class Source(StrEnum):
    """Whose calendar it is: decides what its words mean."""

    AIRBNB = "airbnb"
    BOOKING = "booking"
    VRBO = "vrbo"
    GOOGLE = "google"
    OTHER = "other"


_COUNTRY = r"\.(?:com|[a-z]{2}|com?\.[a-z]{2})$"
_HOSTS = {
    Source.AIRBNB: re.compile(r"(?:^|\.)airbnb" + _COUNTRY),
    Source.BOOKING: re.compile(r"(?:^|\.)booking\.com$"),
    Source.VRBO: re.compile(r"(?:^|\.)(?:vrbo|homeaway|abritel)" + _COUNTRY),
    Source.GOOGLE: re.compile(r"(?:^|\.)google\.com$"),
}


class Kind(StrEnum):
    RESERVATION = "reservation"
    BLOCK = "block"  # nights that nobody booked: closed, or out of the host's own rules
    UNKNOWN = "unknown"  # the host does not tell which


class ErrorType(StrEnum):
    """Why a feed, or an event of it, could not be read: the metric's label."""

    UNREACHABLE = "unreachable"
    TIMEOUT = "timeout"
    HTTP_4XX = "http_4xx"
    HTTP_5XX = "http_5xx"
    RATE_LIMITED = "rate_limited"
    REDIRECT = "redirect"
    ADDRESS_REFUSED = "address_refused"
    TOO_LARGE = "too_large"
    NOT_A_CALENDAR = "not_a_calendar"
    TRUNCATED = "truncated"
    BAD_EVENT = "bad_event"
    MASS_VANISH = "mass_vanish"


class FeedError(ProviderError):
    """A feed could not be read."""

    code: ClassVar[str] = "feed_unreadable"

    def __init__(
        self, error_type: ErrorType, message: str | None = None, *, retry_after_s: int | None = None
    ) -> None:
        self.error_type = error_type
        self.retry_after_s = retry_after_s
        super().__init__(message, error_type=error_type.value)


class NoSuchFeed(NotFound):
    """There is no such feed; `alojamientos feeds list` shows those there are."""

    code = "no_such_feed"


class FeedExists(Invalid):
    """The cabin has this feed already."""

    code = "feed_exists"


class NoSuchExport(NotFound):
    """There is no such calendar; `alojamientos feeds list` shows those there are."""

    code = "no_such_export"


class ExportExists(Invalid):
    """The channel has a calendar of the cabin already."""

    code = "export_exists"


@dataclass(frozen=True, slots=True, kw_only=True)
class Occupancy:
    """Nights that are taken elsewhere, [starts_on, ends_on)."""

    uid: str
    starts_on: date
    ends_on: date
    kind: Kind

    @property
    def digest(self) -> str:
        """Return what changes when the nights or their kind do, and never otherwise."""
        text = f"{self.uid}\n{self.starts_on}\n{self.ends_on}\n{self.kind}"
        return hashlib.sha256(text.encode()).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What a feed says: the nights taken from today on, and what was said to be free again."""

    occupied: tuple[Occupancy, ...] = ()
    freed: frozenset[str] = frozenset()  # the UIDs that are cancelled, or marked as free
    doubtful: frozenset[str] = frozenset()  # the UIDs of events that are there but cannot be used
    rejected: dict[str, int] = field(default_factory=dict)  # events that cannot be used, by reason

    @property
    def digest(self) -> str:
        """Return what stays the same while nothing that matters changes."""
        parts = [event.digest for event in self.occupied]
        parts += [*sorted(self.freed), *(f"{k}={v}" for k, v in sorted(self.rejected.items()))]
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """An event as it is stored."""

    id: int
    uid: str
    starts_on: date
    ends_on: date
    kind: Kind
    miss_count: int
    first_missed_at: datetime | None
    cancelled_at: datetime | None


def label(feed_id: int, url: str) -> str:
    """Return a feed's host and id: the rest of its address is a secret."""
    return f"{host(url)}/{feed_id}"


def export_label(export_id: int, cabin: str, source: str) -> str:
    """Return what everyone may know of a calendar that a channel fetches from us."""
    return f"{cabin}/{source}/{export_id}"


def host(url: str) -> str:
    try:
        return urlsplit(url).hostname or "unknown"
    except ValueError:
        return "unknown"


def source_of(url: str) -> Source:
    """Guess whose calendar it is from its host."""
    name = host(url)
    for source, pattern in _HOSTS.items():
        if pattern.search(name):
            return source
    return Source.OTHER
