"""What every channel offers the pipeline: messages as values, and a way to send replies."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from alojamientos.conversation.messages import Hearing, InboundMessage, MessageKind, Reply
from alojamientos.jobs.registry import Retry
from alojamientos.kit.errors import ProviderError, ProviderUnavailable


def to_payload(message: InboundMessage, raw: dict[str, Any]) -> dict[str, Any]:
    """Return what the inbox stores of a message: as it was understood, and as it came."""
    sent_at = message.sent_at.isoformat() if message.sent_at else None
    fields = {
        "channel": message.channel,
        "external_id": message.external_id,
        "address": message.address,
        "kind": message.kind.value,
        "text": message.text,
        "button_id": message.button_id,
        "media_id": message.media_id,
        "media_sha256": message.media_sha256,
        "heard": message.heard.value if message.heard else None,
        "profile_name": message.profile_name,
        "bsuid": message.bsuid,
        "new_address": message.new_address,
        "sent_at": sent_at,
    }
    return {"message": fields, "raw": raw}


def from_payload(payload: dict[str, Any]) -> InboundMessage:
    """Return the message that `to_payload` stored."""
    fields = dict(payload["message"])
    sent_at = fields.pop("sent_at")
    heard = fields.pop("heard", None)
    return InboundMessage(
        **{**fields, "kind": MessageKind(fields["kind"])},
        heard=Hearing(heard) if heard else None,
        sent_at=datetime.fromisoformat(sent_at) if sent_at else None,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What follows when a message is given up: the first that can be done is.

    `without_media`: its words alone may arrive. `template`: approved words would be taken.
    `another_way`: the guest may be reached on another channel. `tell_owner`: in any case.
    """

    without_media: bool = False
    template: bool = False
    another_way: bool = False
    tell_owner: bool = False


class DeliveryPostponed(ProviderUnavailable):
    """The provider did not take the message, and may take it later.

    `retry_in_s` is when, else `back_off` by how often it was tried, else the caller's own; after
    `most_attempts` it will not.
    """

    def __init__(
        self,
        message: str | None = None,
        *,
        code: str,
        retry_in_s: float | None,
        back_off: Retry | None = None,
        most_attempts: int | None = None,
    ) -> None:
        self.error_code = code
        self.retry_in_s = retry_in_s
        self.back_off = back_off
        self.most_attempts = most_attempts
        super().__init__(message, provider_code=code)


class DeliveryUncertain(ProviderUnavailable):
    """The provider may have taken the message: its answer was lost."""


class DeliveryRefused(ProviderError):  # noqa: N818 - reads as a sentence where it is raised
    """The provider will never take this message."""

    def __init__(self, message: str | None = None, *, code: str) -> None:
        self.error_code = code
        super().__init__(message, provider_code=code)


@dataclass(frozen=True, slots=True, kw_only=True)
class Media:
    """What a guest sent besides words: its bytes, and what kind they are, without parameters."""

    content: bytes
    mime_type: str


class MediaNotFetched(ProviderError):  # noqa: N818
    """What the guest sent cannot be had, or is not what it should be."""


class MediaSource(Protocol):
    """Where one channel keeps what guests send."""

    async def fetch(self, message: InboundMessage) -> Media:
        """Return what `message` carries, checked and of a bounded size; raises MediaNotFetched."""
        ...


class Sender(Protocol):
    """One channel's way out. Implementations draw a Reply as their channel can."""

    def split(self, reply: Reply) -> tuple[Reply, ...]:
        """Return `reply` as one or more that each fit into a message of this channel."""
        ...

    async def send(self, *, address: str, reply: Reply, reference: str) -> str:
        """Hand one message to the provider and return the provider's id of it.

        `reference` comes back in the provider's status reports. Raises DeliveryPostponed when it
        was not taken and may be later (`retry_in_s` None: the caller's own back-off),
        DeliveryUncertain when it may have been taken, DeliveryRefused when it never will be.
        """
        ...

    async def acknowledge(self, *, external_id: str, typing: bool = False) -> None:
        """Show the guest that their message was read, and with `typing` that an answer will take.

        Failing to is not an error.
        """
        ...
