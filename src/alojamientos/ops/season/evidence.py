"""What is known at the end of a season: rows of the database, and what the world outside says."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta

_OUTBOX_ID = re.compile(r"<outbox\.(\d+)@")


def nights_between(first: date, last: date) -> list[date]:
    """Return the nights of [first, last)."""
    return [first + timedelta(days=n) for n in range((last - first).days)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Stay:
    """A reservation; `numbers` and `email` are where its guest can be told."""

    id: int
    code: str
    unit: int
    check_in: date
    check_out: date
    status: str
    was_confirmed: bool
    overdue: bool  # a hold past its deadline
    total: int
    numbers: tuple[str, ...] = ()
    email: str | None = None
    settled_at: datetime | None = None  # confirmed, or moved last
    moved: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """Nights imported from a calendar that still count."""

    feed: int
    uid: str
    unit: int
    starts_on: date
    ends_on: date
    kind: str = "reservation"
    conflicts: frozenset[int] = frozenset()  # reservations that it is known to collide with


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """Nights that the owner keeps."""

    unit: int
    starts_on: date
    ends_on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A line of the ledger, in centavos."""

    reservation_id: int
    kind: str
    amount: int
    payment: str | None = None  # the provider's id


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownPayment:
    """A payment as the application has it."""

    id: str
    reservation_id: int | None
    amount: int
    refunded: int
    status: str
    outcome: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """A payment as the provider has it: money that really moved, in centavos."""

    id: str
    status: str
    reference: str
    amount: int
    given_back: int

    @property
    def kept(self) -> int:
        """Return what is still with us."""
        if self.status == "charged_back":
            return 0
        return self.amount - self.given_back if self.status in ("approved", "refunded") else 0

    def less(self, amount: int) -> "Taken":
        """Return this payment once `amount` more was given back."""
        return replace(self, given_back=self.given_back + amount)

    @property
    def came_in(self) -> bool:
        return self.status in ("approved", "refunded", "charged_back")


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """Something that came in, and what became of it."""

    id: int
    source: str
    external_id: str
    event_type: str
    outcome: str | None
    replies: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """Something that goes out."""

    id: int
    channel: str
    kind: str
    status: str
    error: str | None = None
    instead_of: int | None = None  # the message that could not be sent and went out as this one
    stay: int | None = None  # the reservation that it is about

    @property
    def reference(self) -> str:
        return f"outbox:{self.id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A line on a guest's phone."""

    number: str
    n: int
    outgoing: bool
    id: str
    text: str
    reference: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """A mail of ours that reached somebody's mailbox."""

    to: str
    subject: str
    text: str
    id: str = ""  # its Message-ID
    answers: str = ""  # the Message-ID of the mail that it goes under
    automatic: str = ""  # Auto-Submitted: auto-replied when it answers, auto-generated otherwise
    calendar: str = ""

    @property
    def outbox_id(self) -> int | None:
        match = _OUTBOX_ID.match(self.id)
        return int(match[1]) if match else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """A mail of a guest's that reached the lodging's mailbox."""

    id: str  # its Message-ID
    sender: str
    absence: bool = False  # written by a program, because nobody is there


@dataclass(frozen=True, slots=True, kw_only=True)
class Feed:
    """A calendar as it is at the host, and how the last reading of it went."""

    id: int
    label: str
    unit: int
    failures: int
    events: Mapping[str, tuple[date, date]]  # by uid, those that are not over
    closed: frozenset[date] = frozenset()  # nights from today that it has from our calendar


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """Everything that the audit looks at."""

    today: date
    now: datetime | None = None  # in the lodging's zone
    reminder_days: int = 1  # before an arrival
    stays: tuple[Stay, ...] = ()
    blocks: tuple[Block, ...] = ()
    kept: tuple[Kept, ...] = ()
    ledger: tuple[Entry, ...] = ()
    payments: tuple[KnownPayment, ...] = ()
    taken: tuple[Taken, ...] = ()
    references: Mapping[str, int] = field(default_factory=dict)  # of links: to the reservation
    received: tuple[Received, ...] = ()
    sent: tuple[Sent, ...] = ()
    lines: tuple[Line, ...] = ()
    mails: tuple[Mail, ...] = ()
    written: tuple[Written, ...] = ()
    feeds: tuple[Feed, ...] = ()
    acts: Mapping[str, int] = field(default_factory=dict)  # of the owner: how often which
    audited: Mapping[str, int] = field(default_factory=dict)  # the same, in the audit trail
    failed_jobs: tuple[str, ...] = ()
    invariants: tuple[str, ...] = ()  # that the application itself finds broken
    astray: tuple[str, ...] = ()  # actors who were not answered, or could make nothing of it
    webhooks: Mapping[str, int] = field(default_factory=dict)  # provider:status → how often
