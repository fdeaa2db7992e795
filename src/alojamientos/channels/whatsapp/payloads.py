"""What Meta sends, as values: https://developers.facebook.com/docs/whatsapp/cloud-api/webhooks/components.

A webhook is a batch. A part that cannot be read is counted and left out; the others stay good.
"""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, ClassVar

import orjson

from alojamientos.channels.whatsapp import untrusted
from alojamientos.channels.whatsapp.untrusted import mapping, sequence
from alojamientos.conversation.messages import InboundMessage, MessageKind
from alojamientos.kit.errors import AlojamientosError

CHANNEL = "whatsapp"
STATUSES = frozenset({"sent", "delivered", "read", "played", "failed"})
_LONGEST_ID = 512
_LONGEST_TEXT = 8192


class AnomalousPayload(AlojamientosError):  # noqa: N818 - reads as a sentence where it is raised
    """The webhook's body is not a WhatsApp Business Account notification."""

    status: ClassVar[int] = 400
    code: ClassVar[str] = "payload_anomalous"
    title: ClassVar[str] = "Anomalous payload"


@dataclass(frozen=True, slots=True, kw_only=True)
class Incoming:
    """A message, and how it came."""

    message: InboundMessage
    raw: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Echo:
    """What the owner wrote to a guest from the phone, in the app that shares our number."""

    wamid: str
    address: str
    text: str
    sent_at: datetime | None
    raw: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusReport:
    """How far a message of ours has got. `reference` is what we sent along with it."""

    wamid: str
    status: str
    reference: str | None
    error_code: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Unhandled:
    """A part that nothing here acts on (yet): kept as it came."""

    external_id: str
    raw: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """One webhook. `foreign` counts what was meant for other numbers of the account."""

    messages: tuple[Incoming, ...] = ()
    statuses: tuple[StatusReport, ...] = ()
    echoes: tuple[Echo, ...] = ()
    unhandled: tuple[Unhandled, ...] = ()
    malformed: int = 0
    foreign: int = 0


def parse(body: bytes, *, phone_number_id: str) -> Batch:
    """Return what `body` carries for our number, messages in the order in which they were sent.

    Raises AnomalousPayload when it is no notification at all.
    """
    try:
        data = untrusted.load(body)
    except ValueError as error:
        raise AnomalousPayload("The webhook's body is not JSON", field="body") from error
    if not isinstance(data, dict) or data.get("object") != "whatsapp_business_account":
        raise AnomalousPayload(field="object")
    if not isinstance(data.get("entry"), list):
        raise AnomalousPayload("The webhook's `entry` must be a list", field="entry")
    found = _Found(phone_number_id)
    for entry in data["entry"]:
        for change in sequence(entry, "changes"):
            found.change(change)
        if not isinstance(entry, dict):
            found.malformed += 1
    return found.batch()


class _Found:
    """Collect the parts of a batch."""

    def __init__(self, phone_number_id: str) -> None:
        self._phone_number_id = phone_number_id
        self._messages: list[Incoming] = []
        self._statuses: list[StatusReport] = []
        self._echoes: list[Echo] = []
        self._unhandled: list[Unhandled] = []
        self.malformed = 0
        self.foreign = 0

    def batch(self) -> Batch:
        always = datetime.min.replace(tzinfo=UTC)
        return Batch(
            messages=tuple(sorted(self._messages, key=lambda m: m.message.sent_at or always)),
            statuses=tuple(self._statuses),
            echoes=tuple(self._echoes),
            unhandled=tuple(self._unhandled),
            malformed=self.malformed,
            foreign=self.foreign,
        )

    def change(self, change: Any) -> None:
        value = mapping(change, "value")
        if not value:
            self.malformed += 1
            return
        addressed = mapping(value, "metadata").get("phone_number_id")
        if addressed is not None and addressed != self._phone_number_id:
            self.foreign += 1
            return
        if change.get("field") == "smb_message_echoes" and sequence(value, "message_echoes"):
            for raw in sequence(value, "message_echoes"):
                self._add(self._echoes, _echo(raw))
            return
        if change.get("field") != "messages":
            self._unhandled.append(_unhandled(change))
            return
        profiles = _profiles(value)
        for raw in sequence(value, "messages"):
            self._add(self._messages, _message(raw, profiles))
        for raw in sequence(value, "statuses"):
            self._status(raw)
        if not sequence(value, "messages") and not sequence(value, "statuses"):
            self._unhandled.append(_unhandled(change))

    def _status(self, raw: Any) -> None:
        report = _status(raw)
        if report is not None and report.status not in STATUSES:
            self._unhandled.append(_unhandled(raw))
        else:
            self._add(self._statuses, report)

    def _add(self, parts: list[Any], part: Any) -> None:
        if part is None:
            self.malformed += 1
        else:
            parts.append(part)


def _message(raw: Any, profiles: Mapping[str, tuple[str | None, str | None]]) -> Incoming | None:
    """Return one message; None when it has no id or no sender, so that nobody could be answered."""
    wamid = _id(raw, "id")
    own_bsuid = _id(raw, "from_user_id") or None
    address = _id(raw, "from") or own_bsuid
    if not wamid or not address:
        return None
    name, bsuid = profiles.get(address) or profiles.get(own_bsuid or "") or (None, None)
    message = InboundMessage(
        channel=CHANNEL,
        external_id=wamid,
        address=address,
        kind=MessageKind.UNSUPPORTED,
        profile_name=name,
        bsuid=own_bsuid or bsuid,
        sent_at=untrusted.instant(raw.get("timestamp")),
    )
    read = _READERS.get(_id(raw, "type"))
    found = read(raw) if read is not None else None
    return Incoming(message=replace(message, **found) if found else message, raw=raw)


def _echo(raw: Any) -> Echo | None:
    wamid, address = _id(raw, "id"), _id(raw, "to") or _id(raw, "to_user_id")
    if not wamid or not address:
        return None
    return Echo(
        wamid=wamid,
        address=address,
        text=_text(mapping(raw, "text"), "body"),
        sent_at=untrusted.instant(raw.get("timestamp")),
        raw=raw,
    )


Fields = dict[str, Any]


def _read_text(raw: dict[str, Any]) -> Fields | None:
    body = _text(mapping(raw, "text"), "body")
    return {"kind": MessageKind.TEXT, "text": body} if body else None


def _read_template_button(raw: dict[str, Any]) -> Fields | None:
    button = mapping(raw, "button")
    text, payload = _text(button, "text"), _id(button, "payload")
    return _button(payload or text, text)


def _read_interactive(raw: dict[str, Any]) -> Fields | None:
    # May come without its body, with an error beside it.
    interactive = mapping(raw, "interactive")
    kind = _id(interactive, "type")
    if kind not in ("button_reply", "list_reply"):
        return None
    reply = mapping(interactive, kind)
    return _button(_id(reply, "id"), _text(reply, "title"))


def _button(button_id: str, text: str) -> Fields | None:
    return {"kind": MessageKind.BUTTON, "button_id": button_id, "text": text} if button_id else None


def _media(kind: MessageKind) -> Callable[[dict[str, Any]], Fields | None]:
    def read(raw: dict[str, Any]) -> Fields | None:
        media = mapping(raw, kind.value)
        media_id = _id(media, "id")
        if not media_id:
            return None
        return {"kind": kind, "media_id": media_id, "text": _text(media, "caption")}

    return read


def _read_audio(raw: dict[str, Any]) -> Fields | None:
    # No caption: the text of a voice note is what is heard in it, and nobody has listened yet.
    audio = mapping(raw, "audio")
    media_id = _id(audio, "id")
    if not media_id:
        return None
    return {
        "kind": MessageKind.AUDIO,
        "media_id": media_id,
        "media_sha256": _id(audio, "sha256") or None,
    }


def _read_reaction(raw: dict[str, Any]) -> Fields | None:
    # Taking a reaction back sends an empty emoji, or none.
    return {"kind": MessageKind.REACTION, "text": _text(mapping(raw, "reaction"), "emoji")}


def _read_edit(raw: dict[str, Any]) -> Fields | None:
    edited = mapping(mapping(raw, "edit"), "message")
    return {"kind": MessageKind.EDIT, "text": _text(mapping(edited, "text"), "body")}


def _read_system(raw: dict[str, Any]) -> Fields | None:
    # The new number of a guest who has changed theirs; what else the system says has none.
    return {"kind": MessageKind.SYSTEM, "new_address": _id(mapping(raw, "system"), "wa_id") or None}


def _plain(kind: MessageKind) -> Callable[[dict[str, Any]], Fields | None]:
    return lambda _: {"kind": kind}


_READERS: Mapping[str, Callable[[dict[str, Any]], Fields | None]] = {
    "text": _read_text,
    "button": _read_template_button,
    "interactive": _read_interactive,
    "audio": _read_audio,
    "image": _media(MessageKind.IMAGE),
    "document": _media(MessageKind.DOCUMENT),
    "video": _media(MessageKind.VIDEO),
    "sticker": _media(MessageKind.STICKER),
    "reaction": _read_reaction,
    "location": _plain(MessageKind.LOCATION),
    "contacts": _plain(MessageKind.CONTACTS),
    "edit": _read_edit,
    "revoke": _plain(MessageKind.REVOKE),
    "system": _read_system,
    "unsupported": _plain(MessageKind.UNSUPPORTED),
}


def _status(raw: Any) -> StatusReport | None:
    wamid = _id(raw, "id")
    status = _id(raw, "status")
    if not wamid or not status:
        return None
    errors = [error.get("code") for error in sequence(raw, "errors") if isinstance(error, dict)]
    return StatusReport(
        wamid=wamid,
        status=status,
        reference=_id(raw, "biz_opaque_callback_data") or None,
        error_code=str(errors[0])[:_LONGEST_ID] if errors else None,
    )


def _profiles(value: dict[str, Any]) -> dict[str, tuple[str | None, str | None]]:
    """Return each guest's own name and business-scoped id, by either of their ids."""
    found = {}
    for contact in sequence(value, "contacts"):
        name = _text(mapping(contact, "profile"), "name", limit=200) or None
        bsuid = _id(contact, "user_id") or None
        for identity in (_id(contact, "wa_id"), bsuid):
            if identity:
                found[identity] = (name, bsuid)
    return found


def _unhandled(raw: dict[str, Any]) -> Unhandled:
    digest = hashlib.sha256(orjson.dumps(raw, option=orjson.OPT_SORT_KEYS)).hexdigest()
    return Unhandled(external_id=f"unhandled:{digest}", raw=raw)


def _id(holder: Any, key: str) -> str:
    return untrusted.text(holder, key, limit=_LONGEST_ID)


def _text(holder: Any, key: str, *, limit: int = _LONGEST_TEXT) -> str:
    return untrusted.text(holder, key, limit=limit)
