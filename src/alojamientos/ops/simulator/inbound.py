"""What a guest sends, made into the webhooks that Meta would send."""

import asyncio
import base64
from dataclasses import asdict
from datetime import datetime
from typing import Any

import orjson

from alojamientos.kit.errors import Invalid
from alojamientos.ops.simulator import voice
from alojamientos.ops.simulator.whatsapp import SCOPED_ID, WINDOW_S, new_wamid
from alojamientos.ops.simulator.world import World
from alojamientos.telemetry import context

_KNOWN = {
    *("wa_id", "name", "text", "button", "media", "message", "id", "sent_at"),
    *("batch", "duplicate", "signature", "delay_s", "traceparent"),
}
_SIGNATURES = ("valid", "wrong", "missing")
_MEDIA_KINDS = ("audio", "image", "video", "document", "sticker")


class Inbound:
    """Build and send guests' messages."""

    def __init__(self, world: World) -> None:
        self._world = world

    async def send(self, body: dict[str, Any]) -> dict[str, Any]:
        """Send what `body` describes; `batch` holds more messages for the same webhook.

        Returns the messages' ids, the chat's entry numbers and every attempt's status; with
        `delay_s` the webhook goes out later and no attempt is reported.
        """
        if unknown := body.keys() - _KNOWN:
            raise Invalid(
                f"unknown: {', '.join(sorted(unknown))}; known: {', '.join(sorted(_KNOWN))}"
            )
        signature = body.get("signature", "valid")
        if signature not in _SIGNATURES:
            raise Invalid(f"signature must be one of {', '.join(_SIGNATURES)}", field="signature")
        shared = {"wa_id": body.get("wa_id"), "name": body.get("name")}
        wanted = [body, *({**shared, **other} for other in body.get("batch", ()))]
        genuine = signature == "valid"
        messages, contacts, numbers = [], {}, []
        for one in wanted:
            message, contact = self._message(one)
            messages.append(message)
            contacts[contact.get("wa_id") or contact["user_id"]] = contact
            spoken = _spoken(one) if message["type"] == "audio" else ""
            numbers.append(self._remember(message, spoken=spoken, shown=genuine))
        value = {"contacts": list(contacts.values()), "messages": messages}
        payload = orjson.dumps(self._world.whatsapp.envelope(value))
        copies = 1 + int(body.get("duplicate", 0))
        traceparent = body.get("traceparent") or context.traceparent()
        work = self._deliver(payload, copies, signature, traceparent)
        attempts: list[dict[str, Any]] = []
        if delay := float(body.get("delay_s", 0)):
            self._world.webhooks.in_background(_later(delay, work))
        else:
            attempts = await work
        ids = [message["id"] for message in messages]
        return {"id": ids[0], "ids": ids, "n": numbers[-1], "attempts": attempts}

    async def _deliver(
        self, payload: bytes, copies: int, signature: str, traceparent: str
    ) -> list[dict[str, Any]]:
        results = await asyncio.gather(
            *(
                self._world.whatsapp.post(
                    payload, kind="message", traceparent=traceparent, signature=signature
                )
                for _ in range(copies)
            )
        )
        return [asdict(attempt) for attempts in results for attempt in attempts]

    def _message(self, one: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
        wa_id = one.get("wa_id")
        if not isinstance(wa_id, str) or not (wa_id.isdigit() or SCOPED_ID.fullmatch(wa_id)):
            raise Invalid(
                "wa_id must be a phone number in digits, or a scoped id like US.13491208655",
                field="wa_id",
            )
        message = {
            **_sender(wa_id),
            "id": one.get("id") or new_wamid(),
            "timestamp": str(int(self._instant(one.get("sent_at")))),
            **self._content(wa_id, one),
        }
        name = one.get("name") or "Invitado"
        known_as = {"wa_id": wa_id} if wa_id.isdigit() else {"user_id": wa_id}
        return message, {"profile": {"name": name}, **known_as}

    def _content(self, wa_id: str, one: dict[str, Any]) -> dict[str, Any]:
        if isinstance(one.get("message"), dict):
            return dict(one["message"])
        if isinstance(one.get("button"), dict):
            return self._button(wa_id, one["button"])
        if isinstance(one.get("media"), dict):
            return self._media(one["media"])
        if isinstance(one.get("text"), str):
            return {"type": "text", "text": {"body": one["text"]}}
        raise Invalid("give text, button, media or message", field="text")

    def _button(self, wa_id: str, button: dict[str, Any]) -> dict[str, Any]:
        option_id = str(button["id"])
        offer = self._world.whatsapp.chats.offered(wa_id, option_id)
        options: list[dict[str, str]] = offer["options"] if offer else []
        option: dict[str, str] = next((o for o in options if o["id"] == option_id), {})
        reply = {"id": option_id, "title": button.get("title") or option.get("title", option_id)}
        kind = "list_reply" if offer and offer["options_as"] == "list" else "button_reply"
        if kind == "list_reply" and option.get("description"):
            reply["description"] = option["description"]
        content: dict[str, Any] = {
            "type": "interactive",
            "interactive": {"type": kind, kind: reply},
        }
        if offer:
            number = self._world.config.display_phone_number
            content["context"] = {"from": number, "id": offer["id"]}
        return content

    def _media(self, media: dict[str, Any]) -> dict[str, Any]:
        kind = media.get("kind", "audio")
        if kind not in _MEDIA_KINDS:
            raise Invalid(f"media.kind must be one of {', '.join(_MEDIA_KINDS)}", field="media")
        content = base64.b64decode(media.get("base64", ""), validate=True)
        mime_type = media.get("mime_type", "audio/ogg; codecs=opus")
        kept = self._world.whatsapp.keep_media(content, mime_type=mime_type)
        digest = base64.b64encode(kept.digest).decode()
        part: dict[str, Any] = {"mime_type": mime_type, "sha256": digest, "id": kept.id}
        if kind == "audio":
            part["voice"] = bool(media.get("voice", True))
        if caption := media.get("caption"):
            part["caption"] = caption
        return {"type": kind, kind: part}

    def _remember(self, message: dict[str, Any], *, spoken: str, shown: bool) -> int:
        """Put the message into the guest's chat, once, and open the 24-hour window."""
        chats = self._world.whatsapp.chats
        wa_id = message.get("from") or message["from_user_id"]
        if not shown:
            return 0
        if known := chats.find(wa_id, message["id"]):
            return int(known["n"])
        reply = message.get("interactive", {})
        chosen = reply.get(reply.get("type", ""), {})
        entry = chats.add(
            wa_id,
            {
                "direction": "in",
                "id": message["id"],
                "at": self._world.clock(),
                "type": message["type"],
                "text": message.get("text", {}).get("body") or chosen.get("title", "") or spoken,
                "option_id": chosen.get("id"),
            },
        )
        chats.open_window(wa_id, until=int(message["timestamp"]) + WINDOW_S)
        self._world.whatsapp.counts["received"] += 1
        return int(entry["n"])

    def _instant(self, value: Any) -> float:
        if value is None:
            return self._world.clock()
        if isinstance(value, str) and not value.isdigit():
            return datetime.fromisoformat(value).timestamp()
        return float(value)


def _sender(wa_id: str) -> dict[str, str]:
    """Return who writes: guests with a username show no number."""
    return {"from": wa_id} if wa_id.isdigit() else {"from_user_id": wa_id}


def _spoken(one: dict[str, Any]) -> str:
    """Return what the guest sees of a voice note in their chat."""
    content = base64.b64decode((one.get("media") or {}).get("base64", ""))
    return f"🎤 {voice.words_in(content)}".strip()


async def _later(seconds: float, work: Any) -> None:
    try:
        await asyncio.sleep(seconds)
    except asyncio.CancelledError:
        work.close()
        raise
    await work
