"""The control API under `/_control/`: what guests and payers do, and what goes wrong."""

import base64
import uuid
from dataclasses import asdict
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from alojamientos.kit.errors import Conflict, Invalid
from alojamientos.ops.simulator.faults import Faults
from alojamientos.ops.simulator.http import control_route, json_body, json_response
from alojamientos.ops.simulator.inbound import Inbound
from alojamientos.ops.simulator.mercadopago import NewPayment
from alojamientos.ops.simulator.mercadopago_rules import STATUS_DETAILS
from alojamientos.ops.simulator.world import World
from alojamientos.telemetry import context

_LONGEST_WAIT_S = 60.0


def control_routes(world: World) -> list[Route]:
    """Return every route of the control API."""
    return [*_whatsapp(world), *_owner(world), *_Payers(world).routes(), *_everything(world)]


def _whatsapp(world: World) -> list[Route]:
    whatsapp = world.whatsapp
    inbound = Inbound(world)

    async def send(request: Request) -> Response:
        return json_response(await inbound.send(await json_body(request)))

    async def chats(_: Request) -> Response:
        return json_response(whatsapp.chats.summary())

    async def chat(request: Request) -> Response:
        wa_id = request.path_params["wa_id"]
        after = int(request.query_params.get("after", "0"))
        wait = min(float(request.query_params.get("wait", "0")), _LONGEST_WAIT_S)
        if wait > 0:
            await whatsapp.chats.wait(wa_id, after=after, seconds=wait)
        return json_response(
            {"wa_id": wa_id, "entries": whatsapp.chats.entries(wa_id, after=after)}
        )

    async def recipient(request: Request) -> Response:
        wa_id = request.path_params["wa_id"]
        behaviour = await json_body(request)
        known = {"error", "failed_status", "without_nine_only", "window_closed"}
        if unknown := behaviour.keys() - known:
            raise Invalid(
                f"unknown: {', '.join(sorted(unknown))}; known: {', '.join(sorted(known))}"
            )
        if behaviour.pop("window_closed", False):
            whatsapp.chats.close_window(wa_id)
        whatsapp.recipients[wa_id] = behaviour
        return json_response(behaviour)

    async def media(request: Request) -> Response:
        mime_type = request.headers.get("content-type", "application/octet-stream")
        kept = whatsapp.keep_media(await request.body(), mime_type=mime_type)
        digest = base64.b64encode(kept.digest).decode()
        return json_response({"id": kept.id, "mime_type": kept.mime_type, "sha256": digest})

    async def webhook(request: Request) -> Response:
        attempts = await whatsapp.post(
            await request.body(),
            kind="raw",
            traceparent=context.traceparent(),
            signature=request.query_params.get("signature", "valid"),
        )
        return json_response({"attempts": [asdict(attempt) for attempt in attempts]})

    return [
        control_route("/_control/whatsapp/inbound", "POST", send),
        control_route("/_control/whatsapp/webhook", "POST", webhook),
        control_route("/_control/whatsapp/chats", "GET", chats),
        control_route("/_control/whatsapp/chats/{wa_id}", "GET", chat),
        control_route("/_control/whatsapp/recipients/{wa_id}", "PUT", recipient),
        control_route("/_control/whatsapp/media", "POST", media),
    ]


def _owner(world: World) -> list[Route]:
    async def echo(request: Request) -> Response:
        body = await json_body(request)
        words = body.get("text")
        if not isinstance(words, str) or not words.strip():
            raise Invalid("text must be what the owner writes", field="text")
        attempts = await world.whatsapp.echo(
            request.path_params["wa_id"],
            words,
            traceparent=body.get("traceparent") or context.traceparent(),
        )
        return json_response({"attempts": [asdict(attempt) for attempt in attempts]})

    return [control_route("/_control/whatsapp/chats/{wa_id}/echo", "POST", echo)]


class _Payers:
    """What payers and the provider itself do to payments."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._mercadopago = world.mercadopago

    def routes(self) -> list[Route]:
        return [
            control_route("/_control/mercadopago/pay", "POST", self._pay),
            control_route("/_control/mercadopago/payments/{id}", "POST", self._change),
            control_route("/_control/mercadopago/payments/{id}/notify", "POST", self._notify),
            control_route("/_control/mercadopago", "GET", self._show),
        ]

    async def _pay(self, request: Request) -> Response:
        body = await json_body(request)
        status = _status(body.get("status", "approved"))
        preference_id, reference = body.get("preference_id"), body.get("external_reference")
        if not preference_id and not reference:
            raise Invalid("give preference_id or external_reference", field="preference_id")
        preference = self._mercadopago.preference_of(preference_id, reference)
        if preference and self._mercadopago.is_closed(preference) and not body.get("late"):
            raise Conflict('the link has expired; {"late": true} pays all the same')
        new = NewPayment(status=status, amount=body.get("amount"), overrides=body.get("overrides"))
        payment = self._mercadopago.pay(preference_id, reference, new)
        attempts = await self._notified(payment, body, "payment.created")
        return json_response({"payment": payment, "attempts": attempts}, status=201)

    async def _change(self, request: Request) -> Response:
        body = await json_body(request)
        payment_id = request.path_params["id"]
        if "refund" in body:
            asked = {} if body["refund"] is None else {"amount": body["refund"]}
            self._mercadopago.refund(payment_id, asked, key=f"control-{uuid.uuid4()}")
        else:
            self._mercadopago.change(payment_id, status=_status(body.get("status")))
        payment = self._mercadopago.payment(payment_id)
        attempts = await self._notified(payment, body, "payment.updated")
        return json_response({"payment": payment, "attempts": attempts})

    async def _notify(self, request: Request) -> Response:
        payment = self._mercadopago.payment(request.path_params["id"])
        attempts = await self._notified(payment, await json_body(request), "payment.updated")
        return json_response({"attempts": attempts})

    async def _show(self, _: Request) -> Response:
        return json_response(self._mercadopago.to_json())

    async def _notified(
        self, payment: dict[str, Any], body: dict[str, Any], action: str
    ) -> list[dict[str, Any]]:
        if not body.get("notify", True):
            return []
        attempts = []
        for _ in range(1 + int(body.get("duplicates", 0))):
            attempts += await self._mercadopago.notify(
                payment,
                action=action,
                traceparent=body.get("traceparent") or context.traceparent(),
                topic=str(body.get("topic", "payment")),
            )
        return [asdict(attempt) for attempt in attempts]


def _everything(world: World) -> list[Route]:
    async def get_faults(_: Request) -> Response:
        return json_response(world.faults.to_json())

    async def put_faults(request: Request) -> Response:
        _set_fault(world.faults, await json_body(request))
        return json_response(world.faults.to_json())

    async def clear_faults(_: Request) -> Response:
        world.faults.clear()
        return json_response([])

    async def reset(_: Request) -> Response:
        world.reset()
        return json_response({"reset": True})

    async def stats(_: Request) -> Response:
        return json_response(
            {
                "whatsapp": world.whatsapp.counts,
                "mercadopago": world.mercadopago.counts,
                "webhooks": world.webhooks.statuses,
                "waiting": world.webhooks.waiting,
                "faults": world.faults.to_json(),
            }
        )

    return [
        control_route("/_control/faults", "GET", get_faults),
        control_route("/_control/faults", "PUT", put_faults),
        control_route("/_control/faults", "DELETE", clear_faults),
        control_route("/_control/reset", "POST", reset),
        control_route("/_control/stats", "GET", stats),
    ]


def _set_fault(faults: Faults, body: dict[str, Any]) -> None:
    known = {"provider", "mode", "share", "seconds", "delay_s"}
    if unknown := body.keys() - known:
        raise Invalid(f"unknown: {', '.join(sorted(unknown))}; known: {', '.join(sorted(known))}")
    faults.set(
        provider=str(body.get("provider")),
        mode=str(body.get("mode")),
        share=float(body.get("share", 1.0)),
        seconds=None if body.get("seconds") is None else float(body["seconds"]),
        delay_s=None if body.get("delay_s") is None else float(body["delay_s"]),
    )


def _status(value: Any) -> str:
    if value not in STATUS_DETAILS:
        raise Invalid(f"status must be one of {', '.join(STATUS_DETAILS)}", field="status")
    return str(value)
