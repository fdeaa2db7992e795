"""What happened in conversations, told after the commit."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class HandOverReason(StrEnum):
    """Why a person has to take over; the values are the metric's labels."""

    ASKED = "asked"  # the guest wants a person, or complains
    REFUND = "refund"  # a booking was cancelled of which money goes back by hand
    CHANGE = "change"  # a booking is to be changed, and that is the owner's to decide
    FAILED = "failed"  # we could not answer, and apologised
    UNDELIVERED = "undelivered"  # a message did not arrive, and there was no other way


@dataclass(frozen=True, slots=True, kw_only=True)
class HandOverRequested:
    """A guest was told that a person will write to them. `cause` is the message's own id.

    `wish` is what they want, in words, where that is known.
    """

    channel: str
    address: str
    cause: str
    reason: HandOverReason
    guest_name: str | None = None
    wish: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversationPaused:
    """The assistant says nothing until `until`; `reason` is one of `pausing.PauseReason`."""

    channel: str
    reason: str
    until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversationResumed:
    """The assistant answers again before a pause was over."""

    channel: str
