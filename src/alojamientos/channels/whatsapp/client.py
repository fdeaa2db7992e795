"""The way out: https://developers.facebook.com/docs/whatsapp/cloud-api/reference/messages."""

import asyncio
import contextlib
import re
from collections import OrderedDict
from collections.abc import Mapping
from typing import Any

from alojamientos.channels.base import DeliveryPostponed, DeliveryRefused, DeliveryUncertain
from alojamientos.channels.whatsapp import drawing
from alojamientos.conversation.messages import Reply
from alojamientos.kit.errors import ProviderError, ProviderUnavailable
from alojamientos.kit.http import HttpClient, HttpResponse

_PAIR_S = 6.0  # one message per 6 s to the same guest, once their burst is used up
_OPERATOR_S = 60.0
_ACKNOWLEDGE_S = 2.0
_NOT_ALLOWED = 131030
_REMEMBERED = 10_000
_TOO_MANY_REQUESTS = 429
_SERVER_ERROR = 500

# https://developers.facebook.com/docs/whatsapp/cloud-api/support/error-codes: the code decides,
# neither the title nor the HTTP status. Seconds to wait; None is the caller's own back-off. Codes
# that are not here will not get better by repeating.
_LATER: Mapping[int, float | None] = {
    **dict.fromkeys((1, 2, 4, 80007, 130429, 131016, 131000, 131057, 133016)),
    131056: _PAIR_S,
    **dict.fromkeys((131048, 131064), _OPERATOR_S),  # taken for spam: slow down
    # The account or its token: a person has to act, and the message waits for them.
    **dict.fromkeys((0, 3, 10, 190, *range(200, 300), 131005, 131031, 368), _OPERATOR_S),
    **dict.fromkeys((131042, 131045, 131037), _OPERATOR_S),
}
_ARGENTINE = re.compile(r"54(9?)([0-9]{10})")


class WhatsAppClient:
    """Send from one number. `http` carries the base URL, the token and the deadline."""

    def __init__(self, *, http: HttpClient, api_version: str, phone_number_id: str) -> None:
        self._http = http
        self._path = f"/{api_version}/{phone_number_id}/messages"
        self._works: OrderedDict[str, str] = OrderedDict()  # address as reported → as sent to

    def split(self, reply: Reply) -> tuple[Reply, ...]:
        """Return `reply` as messages that each fit."""
        return drawing.split(reply)

    async def send(self, *, address: str, reply: Reply, reference: str) -> str:
        """Send one message and return its wamid; raises as `base.Sender` says."""
        body = {
            "messaging_product": "whatsapp",
            "recipient_type": "individual",
            **drawing.draw(reply),
            "biz_opaque_callback_data": reference,
        }
        recipient = self._works.get(address, address)
        response = await self._post(body | _addressed(recipient))
        if not response.ok and _error(response).get("code") == _NOT_ALLOWED:
            # Numbers that were allowed by hand are often listed without Argentina's mobile 9.
            recipient = other_form(recipient) or recipient
            response = await self._post(body | _addressed(recipient))
        if not response.ok:
            raise _refusal(response)
        if recipient != address:
            self._remember(address, recipient)
        return _wamid(response)

    async def acknowledge(self, *, external_id: str) -> None:
        """Turn the guest's ticks blue; they can do without."""
        body = {"messaging_product": "whatsapp", "status": "read", "message_id": external_id}
        with contextlib.suppress(ProviderError, TimeoutError):
            async with asyncio.timeout(_ACKNOWLEDGE_S):
                await self._http.request("POST", self._path, operation="mark_read", json=body)

    async def _post(self, body: dict[str, Any]) -> HttpResponse:
        try:
            return await self._http.request("POST", self._path, operation="send_message", json=body)
        except ProviderUnavailable as error:
            if error.extra.get("ambiguous"):
                raise DeliveryUncertain(error.message) from error
            raise DeliveryPostponed(error.message, code="unreachable", retry_in_s=None) from error

    def _remember(self, address: str, recipient: str) -> None:
        self._works[address] = recipient
        if len(self._works) > _REMEMBERED:
            self._works.popitem(last=False)


def other_form(number: str) -> str | None:
    """Return an Argentine mobile with its 9 where it had none, and the other way round."""
    match = _ARGENTINE.fullmatch(number)
    if match is None:
        return None
    return f"54{'' if match[1] else '9'}{match[2]}"


def _addressed(recipient: str) -> dict[str, str]:
    """Address a phone number, or the business-scoped id of someone who shows none."""
    return {"to" if recipient.isdigit() else "recipient": recipient}


def _error(response: HttpResponse) -> dict[str, Any]:
    with contextlib.suppress(ValueError):
        body = response.json()
        if isinstance(body, dict) and isinstance(body.get("error"), dict):
            return dict(body["error"])
    return {}


def _refusal(response: HttpResponse) -> DeliveryPostponed | DeliveryRefused:
    """Return what an error of the provider means for the message."""
    code = _error(response).get("code")
    if isinstance(code, int):
        what = f"WhatsApp answered {code}"
        if code in _LATER:
            return DeliveryPostponed(what, code=str(code), retry_in_s=_LATER[code])
        if response.status != _TOO_MANY_REQUESTS and response.status < _SERVER_ERROR:
            return DeliveryRefused(what, code=str(code))
        return DeliveryPostponed(what, code=str(code), retry_in_s=_retry_after(response))
    what = f"WhatsApp answered HTTP {response.status}"
    code = f"http_{response.status}"
    if response.status == _TOO_MANY_REQUESTS or response.status >= _SERVER_ERROR:
        return DeliveryPostponed(what, code=code, retry_in_s=_retry_after(response))
    if response.status in (401, 403):
        return DeliveryPostponed(what, code=code, retry_in_s=_OPERATOR_S)
    return DeliveryRefused(what, code=code)


def _retry_after(response: HttpResponse) -> float | None:
    value = response.headers.get("retry-after", "")
    return min(float(value), 300.0) if value.isascii() and value.isdigit() else None


def _wamid(response: HttpResponse) -> str:
    """Return the id in a success; raises DeliveryUncertain when it has none."""
    with contextlib.suppress(ValueError, LookupError, TypeError):
        wamid = response.json()["messages"][0]["id"]
        if isinstance(wamid, str) and wamid:
            return wamid
    raise DeliveryUncertain("WhatsApp answered without a message id")
