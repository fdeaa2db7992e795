"""One message being answered: what is known, what can be asked, and what comes of it."""

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from alojamientos.conversation.events import HandOverReason, HandOverRequested
from alojamientos.conversation.messages import InboundMessage, Reply
from alojamientos.conversation.state import State
from alojamientos.conversation.stay_facts import StayFacts
from alojamientos.kit.db import Transaction
from alojamientos.kit.locks import UnitLocks
from alojamientos.nlu.values import Intent, Understanding
from alojamientos.reservations.domain import Accommodation, Policy
from alojamientos.reservations.events import Channel


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversationPolicy:
    """How the lodging talks: its name, its wall clock, how long a person keeps the word."""

    lodging_name: str
    time_zone: str
    pause: timedelta = timedelta(hours=12)
    pictures_url: str = ""  # where the cabins' pictures are, without their names
    late: timedelta = timedelta(hours=6)  # messages that took longer to arrive are asked about
    stay: StayFacts = field(default_factory=StayFacts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What an answer consists of. `paused` leaves the conversation to a person for a while."""

    replies: tuple[Reply, ...]
    state: State
    reservation_id: int | None = None
    paused: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """Everything that deciding on one message needs. `today` is the lodging's."""

    tx: Transaction
    message: InboundMessage
    understanding: Understanding
    state: State
    guest_id: int
    cabins: tuple[Accommodation, ...]
    now: datetime
    today: date
    policy: ConversationPolicy
    booking: Policy
    locks: UnitLocks

    @property
    def button(self) -> str:
        return self.message.button_id or ""

    @property
    def channel(self) -> Channel:
        return Channel(self.message.channel)

    def hand_over(self, reason: HandOverReason, *, wish: str = "") -> HandOverRequested:
        """Return the fact that a person has to take over, with what the guest wants in words."""
        return HandOverRequested(
            channel=self.message.channel,
            address=self.message.address,
            cause=self.message.external_id,
            reason=reason,
            guest_name=self.message.profile_name,
            wish=wish,
        )

    def wants(self, *intents: Intent) -> bool:
        """Tell whether any of `intents` was found in the text."""
        return bool(self.understanding.intents & set(intents))

    def cabin(self, cabin_id: int) -> Accommodation | None:
        return next((cabin for cabin in self.cabins if cabin.id == cabin_id), None)
