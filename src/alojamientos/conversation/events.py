"""What happened in conversations, told after the commit."""

from dataclasses import dataclass
from enum import StrEnum


class HandOverReason(StrEnum):
    """Why a person has to take over; the values are the metric's labels."""

    ASKED = "asked"  # the guest wants a person, or complains
    REFUND = "refund"  # a booking was cancelled of which money goes back by hand
    FAILED = "failed"  # we could not answer, and apologised


@dataclass(frozen=True, slots=True, kw_only=True)
class HandOverRequested:
    """A guest was told that a person will write to them. `cause` is the message's own id."""

    channel: str
    address: str
    cause: str
    reason: HandOverReason
    guest_name: str | None = None
