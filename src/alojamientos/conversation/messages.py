"""What goes in and out of a conversation, whatever the channel."""

from dataclasses import asdict, dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Self


class MessageKind(StrEnum):
    """What arrived; the values are the metric's `event_type` for messages."""

    TEXT = "text"
    BUTTON = "button"
    AUDIO = "audio"
    IMAGE = "image"
    DOCUMENT = "document"
    VIDEO = "video"
    STICKER = "sticker"
    REACTION = "reaction"
    LOCATION = "location"
    CONTACTS = "contacts"
    EDIT = "edit"
    REVOKE = "revoke"
    SYSTEM = "system"
    UNSUPPORTED = "unsupported"


class Hearing(StrEnum):
    """What came of listening to a voice note; the values are the metric's `outcome`."""

    HEARD = "heard"  # `text` is what was said
    UNSURE = "unsure"  # words that are too likely wrong to act on
    NOTHING = "nothing"  # no words in it
    FAILED = "failed"  # not fetched, or not turned into text
    TOO_SLOW = "too_slow"
    NOBODY = "nobody"  # there is no transcriber


@dataclass(frozen=True, slots=True, kw_only=True)
class InboundMessage:
    """One thing that a guest sent. `address` is their wa_id, bsuid or e-mail, as reported.

    The `text` of a voice note is what was heard in it, once someone has listened.
    """

    channel: str  # whatsapp | email
    external_id: str  # wamid, Message-ID
    address: str
    kind: MessageKind
    text: str = ""
    button_id: str | None = None
    media_id: str | None = None
    media_sha256: str | None = None  # as the channel wrote it
    heard: Hearing | None = None
    profile_name: str | None = None
    bsuid: str | None = None
    new_address: str | None = None  # the guest has moved there
    sent_at: datetime | None = None

    @property
    def conversation_key(self) -> str:
        return f"{self.channel}:{self.address}"

    @property
    def is_speech(self) -> bool:
        """Tell whether `text` was spoken: what it says may have been misheard."""
        return self.kind is MessageKind.AUDIO


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """Something to tap: `id` comes back as `InboundMessage.button_id`."""

    id: str
    title: str
    description: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """A picture on the web, with what it shows."""

    url: str
    caption: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A point on the map, in degrees."""

    latitude: float
    longitude: float
    name: str = ""
    address: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What we say. A sender draws it as its channel can: `url` and `place` are in `text` too.

    `as_template`: only words that the channel has approved beforehand may carry it.
    """

    text: str
    options: tuple[Option, ...] = ()
    url: str | None = None
    url_title: str = ""
    header: str = ""
    footer: str = ""
    images: tuple[Picture, ...] = ()
    place: Place | None = None
    as_template: bool = False

    def to_json(self) -> dict[str, Any]:
        return {
            "text": self.text,
            "options": [
                {"id": o.id, "title": o.title, "description": o.description} for o in self.options
            ],
            "url": self.url,
            "url_title": self.url_title,
            "header": self.header,
            "footer": self.footer,
            "images": [asdict(image) for image in self.images],
            "place": asdict(self.place) if self.place else None,
            "as_template": self.as_template,
        }

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Self:
        return cls(
            text=data["text"],
            options=tuple(Option(**o) for o in data.get("options", ())),
            url=data.get("url"),
            url_title=data.get("url_title", ""),
            header=data.get("header", ""),
            footer=data.get("footer", ""),
            images=tuple(Picture(**image) for image in data.get("images", ())),
            place=Place(**data["place"]) if data.get("place") else None,
            as_template=data.get("as_template", False),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Handled:
    """What came of one message: what to say, and what the metrics and the log line say of it."""

    replies: tuple[Reply, ...] = ()
    intents: tuple[str, ...] = ()
    outcome: str = "answered"  # answered | ignored | paused
    reservation_id: int | None = None
    facts: tuple[object, ...] = field(default=())
