"""A fake WhatsApp Cloud API: takes messages for guests, tells their statuses, keeps media."""

import asyncio
import base64
import hashlib
import hmac
import re
import secrets
from collections import Counter, OrderedDict
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

import orjson

from alojamientos.ops.simulator.buckets import Buckets
from alojamientos.ops.simulator.chats import Chats
from alojamientos.ops.simulator.config import SimulatorConfig
from alojamientos.ops.simulator.graph import Drawn, GraphError, draw
from alojamientos.ops.simulator.signing import meta_signature
from alojamientos.ops.simulator.webhooks import Attempt, Webhook, Webhooks

WINDOW_S = 24 * 3600.0
_MAX_MEDIA = 200
_SHORTEST_NUMBER, _LONGEST_NUMBER = 7, 15
SCOPED_ID = re.compile(r"[A-Z]{2}\.[0-9A-Z.]{5,80}")
_WABA_ID = "102290129340398"


@dataclass(frozen=True, slots=True, kw_only=True)
class Media:
    id: str
    content: bytes
    mime_type: str

    @property
    def digest(self) -> bytes:
        return hashlib.sha256(self.content).digest()


def new_wamid() -> str:
    """Return a message id that looks like Meta's and is as opaque."""
    return "wamid.HBgN" + base64.b64encode(secrets.token_bytes(24)).decode()


class WhatsApp:
    """The state behind the fake Graph API of one number."""

    def __init__(
        self, *, config: SimulatorConfig, webhooks: Webhooks, clock: Callable[[], float]
    ) -> None:
        self._config = config
        self._webhooks = webhooks
        self._clock = clock
        self._pairs = Buckets(burst=config.pair_burst, seconds=config.pair_seconds)
        self._number = Buckets(
            burst=config.messages_per_second, seconds=1 / config.messages_per_second
        )
        self._media: OrderedDict[str, Media] = OrderedDict()
        self._url_key = secrets.token_bytes(16)
        self.chats = Chats()
        self.recipients: dict[str, dict[str, Any]] = {}  # how single guests behave
        self.counts: Counter[str] = Counter()

    # what the business may call

    async def send(self, body: dict[str, Any], *, traceparent: str) -> dict[str, Any]:
        """Take a message as `POST /{phone_number_id}/messages` does; raises GraphError."""
        try:
            return await self._take(body, traceparent=traceparent)
        except GraphError as error:
            self.counts[f"refused_{error.code}"] += 1
            raise

    async def _take(self, body: dict[str, Any], *, traceparent: str) -> dict[str, Any]:
        now = self._clock()
        if body.get("messaging_product") != "whatsapp":
            raise GraphError(100, "Parameter 'messaging_product' must be 'whatsapp'")
        if body.get("status") == "read":
            return await self._mark_read(body)
        to, wa_id = self._recipient(body)
        drawn = draw(body)
        self._admit(wa_id, drawn, now=now)
        wamid = new_wamid()
        failure = self.recipients.get(wa_id, {}).get("failed_status")
        if not failure:
            self.chats.add(wa_id, _entry(wamid, drawn, body, now=now))
        self.counts["sent"] += 1
        self._webhooks.in_background(
            self._report(
                wamid=wamid,
                wa_id=wa_id,
                callback_data=body.get("biz_opaque_callback_data"),
                failure=failure,
                traceparent=traceparent,
            )
        )
        return {
            "messaging_product": "whatsapp",
            "contacts": [_contact(to, wa_id)],
            "messages": [{"id": wamid, "message_status": "accepted"}],
        }

    def _admit(self, wa_id: str, drawn: Drawn, *, now: float) -> None:
        if not self._number.take("", now=now):
            raise GraphError(130429, "Cloud API message throughput has been reached.", status=429)
        if not self._pairs.take(wa_id, now=now):
            raise GraphError(
                131056, "Too many messages sent to the same recipient in a short time."
            )
        if drawn.type != "template" and self.chats.window_until(wa_id) <= now:
            raise GraphError(
                131047,
                "Message failed to send because more than 24 hours have passed"
                " since the customer last replied to this number.",
            )

    def _recipient(self, body: dict[str, Any]) -> tuple[str, str]:
        """Return what was addressed and whose chat it is; they differ by Argentina's 9."""
        if "to" not in body and body.get("recipient"):
            return self._by_scoped_id(body["recipient"])
        to = body.get("to")
        digits = to.removeprefix("+") if isinstance(to, str) else ""
        if not digits:
            raise GraphError(131008, "Parameter 'to' is mandatory")
        if not digits.isdigit() or not _SHORTEST_NUMBER <= len(digits) <= _LONGEST_NUMBER:
            raise GraphError(131009, "Parameter 'to' is not a phone number")
        with_nine = "549" + digits.removeprefix("54")
        wa_id = digits
        if not digits.startswith("549") and with_nine in self.recipients:
            wa_id = with_nine
        behaviour = self.recipients.get(wa_id, {})
        if behaviour.get("without_nine_only") and digits.startswith("549"):
            raise GraphError(131030, "Recipient phone number not in allowed list")
        if code := behaviour.get("error"):
            raise GraphError(int(code), "This recipient cannot be reached")
        return to or "", wa_id

    def _by_scoped_id(self, recipient: Any) -> tuple[str, str]:
        """Return whose chat a business-scoped id is; who wrote with one can be written to."""
        if not isinstance(recipient, str) or not SCOPED_ID.fullmatch(recipient):
            raise GraphError(131009, "Parameter 'recipient' is not a business-scoped user id")
        if code := self.recipients.get(recipient, {}).get("error"):
            raise GraphError(int(code), "This recipient cannot be reached")
        return recipient, recipient

    async def echo(self, wa_id: str, text: str, *, traceparent: str) -> list[Attempt]:
        """Let the owner write to a guest from the phone, past the API, and tell of it."""
        wamid = new_wamid()
        now = self._clock()
        entry = {"direction": "out", "id": wamid, "at": now, "type": "text", "text": text}
        self.chats.add(wa_id, {**entry, "options": [], "by_owner": True})
        to = {"to_user_id": wa_id} if SCOPED_ID.fullmatch(wa_id) else {"to": wa_id}
        message = {
            "from": self._config.display_phone_number,
            **to,
            "id": wamid,
            "timestamp": str(int(now)),
            "type": "text",
            "text": {"body": text},
        }
        return await self.tell_application(
            {"message_echoes": [message]},
            kind="echo",
            traceparent=traceparent,
            field="smb_message_echoes",
        )

    async def _mark_read(self, body: dict[str, Any]) -> dict[str, Any]:
        message_id = body.get("message_id")
        if not isinstance(message_id, str) or not message_id.startswith("wamid."):
            raise GraphError(131009, "Parameter 'message_id' is not valid")
        typing = body.get("typing_indicator")
        if typing is not None and typing != {"type": "text"}:
            raise GraphError(131009, "typing_indicator['type'] must be text")
        self.counts["read"] += 1
        self.counts["typing"] += typing is not None
        return {"success": True}

    async def _report(
        self,
        *,
        wamid: str,
        wa_id: str,
        callback_data: str | None,
        failure: int | None,
        traceparent: str,
    ) -> None:
        steps = ("sent", "delivered", "read")
        for status, delay in zip(steps, self._config.status_delays_s, strict=True):
            await asyncio.sleep(delay)
            name = "failed" if failure else status
            value: dict[str, Any] = {
                "id": wamid,
                "status": name,
                "timestamp": str(int(self._clock())),
                "recipient_id": wa_id,
                **({} if callback_data is None else {"biz_opaque_callback_data": callback_data}),
                **_status_part(failure),
            }
            if entry := self.chats.find(wa_id, wamid):
                entry["status"] = name
            await self.tell_application(
                {"statuses": [value]}, kind=f"status_{name}", traceparent=traceparent
            )
            if failure:
                return

    # media

    def keep_media(self, content: bytes, *, mime_type: str) -> Media:
        """Keep an upload or what a guest sent; the newest 200 stay."""
        media = Media(
            id=str(secrets.randbelow(10**16) + 10**16), content=content, mime_type=mime_type
        )
        self._media[media.id] = media
        if len(self._media) > _MAX_MEDIA:
            self._media.popitem(last=False)
        return media

    def describe_media(self, media_id: str) -> dict[str, Any]:
        """Answer the look-up with an address that is good for five minutes; raises GraphError."""
        media = self._media.get(media_id)
        if media is None:
            raise GraphError(
                100,
                "The object does not exist or was deleted",
                message=f"Unsupported get request. Object with ID '{media_id}' does not exist",
            )
        expires = str(int(self._clock() + self._config.media_url_seconds))
        return {
            "url": f"{self._config.public_url}/whatsapp_business/attachments/"
            f"?mid={media_id}&ext={expires}&hash={self._url_hash(media_id, expires)}",
            "mime_type": media.mime_type,
            "sha256": media.digest.hex(),
            "file_size": len(media.content),
            "id": media_id,
            "messaging_product": "whatsapp",
        }

    def download(self, *, media_id: str, expires: str, hash_: str) -> Media | None:
        """Return the media when the address is genuine and still good."""
        genuine = hmac.compare_digest(hash_, self._url_hash(media_id, expires))
        if not genuine or not expires.isdigit() or int(expires) < self._clock():
            return None
        return self._media.get(media_id)

    def _url_hash(self, media_id: str, expires: str) -> str:
        text = f"{media_id}:{expires}".encode()
        return hmac.new(self._url_key, text, hashlib.sha256).hexdigest()

    # towards the application

    async def tell_application(
        self,
        value: dict[str, Any],
        *,
        kind: str,
        traceparent: str,
        field: str = "messages",
    ) -> list[Attempt]:
        """Send one signed webhook that holds `value`."""
        envelope = self.envelope(value, field=field)
        return await self.post(orjson.dumps(envelope), kind=kind, traceparent=traceparent)

    def envelope(self, value: dict[str, Any], *, field: str = "messages") -> dict[str, Any]:
        """Wrap `value` as Meta does."""
        metadata = {
            "display_phone_number": self._config.display_phone_number,
            "phone_number_id": self._config.phone_number_id,
        }
        whole = {"messaging_product": "whatsapp", "metadata": metadata, **value}
        return {
            "object": "whatsapp_business_account",
            "entry": [{"id": _WABA_ID, "changes": [{"field": field, "value": whole}]}],
        }

    async def post(
        self, body: bytes, *, kind: str, traceparent: str, signature: str = "valid"
    ) -> list[Attempt]:
        """Send `body`; `signature` is valid, wrong or missing, and only valid ones are retried."""
        secret = self._config.whatsapp_app_secret
        headers = {"User-Agent": "facebookexternalua"}
        if signature != "missing":
            signed = body if signature == "valid" else body + b"!"
            headers["X-Hub-Signature-256"] = meta_signature(signed, secret=secret)
        return await self._webhooks.send(
            Webhook(
                provider="whatsapp",
                kind=kind,
                url=self._config.whatsapp_webhook_url,
                body=body,
                headers=headers,
                traceparent=traceparent,
                retries_s=self._config.whatsapp_retries_s if signature == "valid" else (),
            )
        )

    def reset(self) -> None:
        self.chats.clear()
        self.recipients.clear()
        self.counts.clear()
        self._pairs.clear()
        self._number.clear()
        self._media.clear()


def _contact(to: str, wa_id: str) -> dict[str, str]:
    return {"input": to, "user_id" if SCOPED_ID.fullmatch(wa_id) else "wa_id": wa_id}


def _entry(wamid: str, drawn: Drawn, body: dict[str, Any], *, now: float) -> dict[str, Any]:
    return {
        "direction": "out",
        "id": wamid,
        "at": now,
        **asdict(drawn),
        "options": list(drawn.options),
        "reply_to": (body.get("context") or {}).get("message_id"),
        "callback_data": body.get("biz_opaque_callback_data"),
    }


def _status_part(failure: int | None) -> dict[str, Any]:
    if failure:
        return {"errors": [GraphError(int(failure), "Message undeliverable.").to_status()]}
    return {"pricing": {"billable": False, "pricing_model": "PMP", "category": "service"}}
