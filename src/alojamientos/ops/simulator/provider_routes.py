"""The addresses that the application calls: the Graph API and Mercado Pago's."""

import hmac
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from alojamientos.ops.simulator.graph import GraphError
from alojamientos.ops.simulator.http import (
    bearer,
    json_body,
    json_response,
    multipart,
    provider_route,
)
from alojamientos.ops.simulator.mercadopago_rules import MercadoPagoError
from alojamientos.ops.simulator.search import search
from alojamientos.ops.simulator.world import World
from alojamientos.telemetry import context

_TOKEN_MESSAGE = "Invalid OAuth access token - Cannot parse access token"  # noqa: S105 - an error's text


def whatsapp_routes(world: World) -> list[Route]:
    """Return the Graph API's routes of one number."""
    whatsapp, config = world.whatsapp, world.config

    def check(request: Request) -> None:
        if not hmac.compare_digest(bearer(request), config.whatsapp_access_token):
            raise GraphError(
                190, "The access token is not valid", status=401, message=_TOKEN_MESSAGE
            )
        number = request.path_params.get("phone_number_id")
        if number is not None and number != config.phone_number_id:
            raise GraphError(
                100,
                "The object does not exist or cannot be used with this token",
                message=f"Unsupported post request. Object with ID '{number}' does not exist",
            )

    async def send(request: Request) -> Response:
        check(request)
        traceparent = context.traceparent()
        return json_response(await whatsapp.send(await json_body(request), traceparent=traceparent))

    async def upload(request: Request) -> Response:
        check(request)
        parts = multipart(request.headers.get("content-type", ""), await request.body())
        if "file" not in parts or parts.get("messaging_product", ("", b""))[1] != b"whatsapp":
            raise GraphError(100, "Parameters 'file' and 'messaging_product' are mandatory")
        declared = parts.get("type", ("", b""))[1].decode()
        mime_type, content = parts["file"]
        media = whatsapp.keep_media(content, mime_type=declared or mime_type)
        return json_response({"id": media.id})

    async def look_up(request: Request) -> Response:
        check(request)
        return json_response(whatsapp.describe_media(request.path_params["media_id"]))

    async def download(request: Request) -> Response:
        check(request)
        query = request.query_params
        media = whatsapp.download(
            media_id=query.get("mid", ""),
            expires=query.get("ext", ""),
            hash_=query.get("hash", ""),
        )
        if media is None:
            return Response("URL signature expired", status_code=404, media_type="text/plain")
        return Response(media.content, media_type=media.mime_type)

    number = "/{version:version}/{phone_number_id}"
    return [
        provider_route(world, "whatsapp", "send", f"{number}/messages", "POST", send),
        provider_route(world, "whatsapp", "upload", f"{number}/media", "POST", upload),
        provider_route(
            world, "whatsapp", "look_up", "/{version:version}/{media_id}", "GET", look_up
        ),
        provider_route(
            world, "whatsapp", "download", "/whatsapp_business/attachments/", "GET", download
        ),
    ]


def mercadopago_routes(world: World) -> list[Route]:
    """Return the API's routes of one account."""
    account = _Account(world)
    routes = (
        ("create_preference", "/checkout/preferences", "POST", account.create),
        ("get_preference", "/checkout/preferences/{id}", "GET", account.preference),
        ("close_preference", "/checkout/preferences/{id}", "PUT", account.update_preference),
        ("search_payments", "/v1/payments/search", "GET", account.search),
        ("get_payment", "/v1/payments/{id}", "GET", account.payment),
        ("change_payment", "/v1/payments/{id}", "PUT", account.change),
        ("refund", "/v1/payments/{id}/refunds", "POST", account.refund),
        ("list_refunds", "/v1/payments/{id}/refunds", "GET", account.refunds),
    )
    return [
        provider_route(world, "mercadopago", operation, path, method, endpoint)
        for operation, path, method, endpoint in routes
    ]


class _Account:
    """The seller's side of the account: every call wants the account's token."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._mercadopago = world.mercadopago

    async def create(self, request: Request) -> Response:
        self._check(request)
        preference = self._mercadopago.create_preference(
            await json_body(request), key=_key(request)
        )
        return json_response(preference, status=201)

    async def preference(self, request: Request) -> Response:
        self._check(request)
        preference = self._mercadopago.preferences.get(request.path_params["id"])
        if preference is None:
            raise MercadoPagoError(404, "preference not found")
        return json_response(preference)

    async def update_preference(self, request: Request) -> Response:
        self._check(request)
        body = await json_body(request)
        return json_response(self._mercadopago.update_preference(request.path_params["id"], body))

    async def search(self, request: Request) -> Response:
        self._check(request)
        payments = self._mercadopago.payments.values()
        return json_response(search(payments, request.query_params, now=self._world.clock()))

    async def payment(self, request: Request) -> Response:
        self._check(request)
        return json_response(self._mercadopago.payment(request.path_params["id"]))

    async def change(self, request: Request) -> Response:
        self._check(request)
        payment = self._mercadopago.payment(request.path_params["id"])
        wanted = (await json_body(request)).get("status")
        if wanted != "cancelled" or payment["status"] not in ("pending", "in_process"):
            raise MercadoPagoError(400, "The action is not valid for the current state", cause=2063)
        cancelled = self._mercadopago.change(str(payment["id"]), status="cancelled")
        self._tell(cancelled)
        return json_response(cancelled)

    async def refund(self, request: Request) -> Response:
        self._check(request)
        payment_id = request.path_params["id"]
        refund = self._mercadopago.refund(payment_id, await json_body(request), key=_key(request))
        self._tell(self._mercadopago.payment(payment_id))
        return json_response(refund, status=201)

    async def refunds(self, request: Request) -> Response:
        self._check(request)
        return json_response(self._mercadopago.payment(request.path_params["id"])["refunds"])

    def _check(self, request: Request) -> None:
        token = self._world.config.mercadopago_access_token
        if not hmac.compare_digest(bearer(request), token):
            raise MercadoPagoError(401, "invalid_token")

    def _tell(self, payment: dict[str, Any]) -> None:
        work = _told(self._world, payment, context.traceparent())
        self._world.webhooks.in_background(work)


def _key(request: Request) -> str | None:
    return request.headers.get("x-idempotency-key")


async def _told(world: World, payment: dict[str, Any], traceparent: str) -> None:
    await world.mercadopago.notify(payment, action="payment.updated", traceparent=traceparent)
