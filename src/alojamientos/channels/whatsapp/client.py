"""The way out: https://developers.facebook.com/docs/whatsapp/cloud-api/reference/messages."""

import asyncio
import contextlib
import re
import time
from collections import OrderedDict
from dataclasses import replace
from typing import Any

from alojamientos.channels.base import (
    DeliveryPostponed,
    DeliveryRefused,
    DeliveryUncertain,
    Verdict,
)
from alojamientos.channels.whatsapp import drawing, template
from alojamientos.channels.whatsapp.error_codes import is_known, treatment
from alojamientos.conversation.messages import Reply
from alojamientos.kit.errors import ProviderError, ProviderUnavailable
from alojamientos.kit.http import HttpClient, HttpResponse

_OPERATOR_S = 60.0
_ACKNOWLEDGE_S = 2.0
_REMEMBERED = 10_000
_LANGUAGE = "es_AR"
_NOTICE = 900  # characters of the one parameter; a body has 1,024 for all
_TOO_MANY_REQUESTS = 429
_SERVER_ERROR = 500
_ARGENTINE = re.compile(r"54(9?)([0-9]{10})")


class WhatsAppClient:
    """Send from one number. `http` carries the base URL, the token and the deadline."""

    def __init__(
        self,
        *,
        http: HttpClient,
        api_version: str,
        phone_number_id: str,
        notice_template: str = "",
    ) -> None:
        self._http = http
        self._path = f"/{api_version}/{phone_number_id}/messages"
        self._notice_template = notice_template
        self._works: OrderedDict[str, str] = OrderedDict()  # address as reported → as sent to
        self._closed_until = 0.0  # by the monotonic clock
        self._closed_by = ""

    def split(self, reply: Reply) -> tuple[Reply, ...]:
        """Return `reply` as messages that each fit."""
        return drawing.split(reply)

    async def send(self, *, address: str, reply: Reply, reference: str) -> str:
        """Send one message and return its wamid; raises as `base.Sender` says."""
        left = self._closed_until - time.monotonic()
        if left > 0:
            raise DeliveryPostponed(
                "WhatsApp takes nothing from us now", code=self._closed_by, retry_in_s=left
            )
        body = {
            "messaging_product": "whatsapp",
            "recipient_type": "individual",
            **self._drawn(reply),
            "biz_opaque_callback_data": reference,
        }
        recipient = self._works.get(address, address)
        response = await self._post(body | _addressed(recipient))
        if not response.ok and treatment(_error(response).get("code")).other_form:
            # Numbers that were allowed by hand are often listed without Argentina's mobile 9.
            recipient = other_form(recipient) or recipient
            response = await self._post(body | _addressed(recipient))
        if not response.ok:
            self._close(_error(response).get("code"))
            raise _refusal(response)
        if recipient != address:
            self._remember(address, recipient)
        return _wamid(response)

    async def acknowledge(self, *, external_id: str, typing: bool = False) -> None:
        """Turn the guest's ticks blue, and with `typing` show that we write; they can do without.

        https://developers.facebook.com/docs/whatsapp/cloud-api/typing-indicators: it ends with
        the answer, or after 25 s.
        """
        body: dict[str, Any] = {
            "messaging_product": "whatsapp",
            "status": "read",
            "message_id": external_id,
        }
        if typing:
            body["typing_indicator"] = {"type": "text"}
        with contextlib.suppress(ProviderError, TimeoutError):
            async with asyncio.timeout(_ACKNOWLEDGE_S):
                await self._http.request("POST", self._path, operation="mark_read", json=body)

    def verdict(self, error_code: str) -> Verdict:
        """Return what follows from a message that was given up with `error_code`."""
        found = treatment(
            int(error_code) if error_code.isascii() and error_code.isdigit() else None
        )
        template = found.verdict.template and bool(self._notice_template)
        return replace(found.verdict, template=template)

    def _drawn(self, reply: Reply) -> dict[str, Any]:
        if not reply.as_template:
            return drawing.draw(reply)
        return template.part(
            name=self._notice_template,
            language=_LANGUAGE,
            parameters=[reply.text],
            longest=_NOTICE,
        )

    def _close(self, code: object) -> None:
        """Send nothing for a while after an error that is about all of our messages."""
        seconds = treatment(code).closes_s
        if seconds:
            self._closed_until = time.monotonic() + seconds
            self._closed_by = str(code)

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
    if isinstance(code, int) and is_known(code):
        return _by_table(code)
    # An error that is not in the table, or in no known form, goes by its status.
    named = isinstance(code, int)
    what = f"WhatsApp answered {code if named else f'HTTP {response.status}'}"
    name = str(code) if named else f"http_{response.status}"
    if response.status == _TOO_MANY_REQUESTS or response.status >= _SERVER_ERROR:
        return DeliveryPostponed(what, code=name, retry_in_s=_retry_after(response))
    if response.status in (401, 403) and not named:
        return DeliveryPostponed(what, code=name, retry_in_s=_OPERATOR_S)
    return DeliveryRefused(what, code=name)


def _by_table(code: int) -> DeliveryPostponed | DeliveryRefused:
    what, row = f"WhatsApp answered {code}", treatment(code)
    if row.is_final:
        return DeliveryRefused(what, code=str(code))
    return DeliveryPostponed(
        what,
        code=str(code),
        retry_in_s=row.wait_s,
        back_off=row.again,
        most_attempts=row.most,
    )


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
