"""Pages for people: a guest's phone, and Mercado Pago's checkout."""

from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode
from zoneinfo import ZoneInfo

import jinja2
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from alojamientos.ops.simulator.mercadopago import NewPayment
from alojamientos.ops.simulator.mercadopago_rules import total
from alojamientos.ops.simulator.world import World
from alojamientos.telemetry import context

_TEMPLATES = Path(__file__).parent / "templates"
_ARGENTINA = ZoneInfo("America/Argentina/Buenos_Aires")
_CHOICES = ("approved", "rejected", "pending")


def environment() -> jinja2.Environment:
    """Return the templates of the simulators' pages; everything put in is escaped."""
    templates = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_TEMPLATES), autoescape=True, trim_blocks=True
    )
    templates.filters["pesos"] = pesos
    templates.filters["instant"] = instant
    return templates


def pesos(amount: float) -> str:
    """Return an amount as it is written in Argentina: `$ 81.000,00`."""
    return "$ " + f"{amount:,.2f}".translate(str.maketrans(",.", ".,"))


def instant(value: str) -> str:
    """Return an ISO instant as a guest reads it: `24/11/2026 a las 13:00`."""
    return f"{datetime.fromisoformat(value).astimezone(_ARGENTINA):%d/%m/%Y a las %H:%M}"


def page_routes(world: World) -> list[Route]:
    """Return the routes of the pages."""
    templates = environment()
    mercadopago = world.mercadopago

    def page(name: str, *, status: int = 200, **values: Any) -> Response:
        return HTMLResponse(templates.get_template(name).render(**values), status_code=status)

    async def phone(_: Request) -> Response:
        return page("phone.html")

    async def checkout(request: Request) -> Response:
        preference = mercadopago.preferences.get(request.query_params.get("pref_id", ""))
        if preference is None:
            return page("checkout.html", status=404, preference=None, closed=False)
        paid = [
            payment
            for payment in mercadopago.payments.values()
            if payment["external_reference"] == preference["external_reference"]
            and payment["status"] == "approved"
        ]
        return page(
            "checkout.html",
            preference=preference,
            amount=total(preference),
            closed=mercadopago.is_closed(preference),
            paid=bool(paid),
        )

    async def pay(request: Request) -> Response:
        form = parse_qs((await request.body()).decode())
        status = form.get("status", [""])[0]
        preference = mercadopago.preferences.get(request.query_params.get("pref_id", ""))
        if preference is None or status not in _CHOICES or mercadopago.is_closed(preference):
            return await checkout(request)
        payment = mercadopago.pay(preference["id"], None, NewPayment(status=status))
        world.webhooks.in_background(_notified(world, payment))
        return RedirectResponse(
            f"/checkout/v1/result?{_back(preference, payment)}", status_code=303
        )

    async def result(request: Request) -> Response:
        query = request.query_params
        payment = mercadopago.payments.get(query.get("payment_id", ""))
        if payment is None:
            return page("result.html", status=404, payment=None)
        preference = mercadopago.preferences.get(query.get("preference_id", "")) or {}
        status = payment["status"]
        back = preference.get("back_urls", {}).get(
            {"approved": "success", "rejected": "failure"}.get(status, "pending")
        )
        payable = preference and not mercadopago.is_closed(preference)
        return page(
            "result.html",
            payment=payment,
            retry=preference["init_point"] if payable and status == "rejected" else None,
            back=f"{back}{'&' if '?' in back else '?'}{query}" if back else None,
        )

    return [
        Route("/", phone, methods=["GET"]),
        Route("/checkout/v1/redirect", checkout, methods=["GET"]),
        Route("/checkout/v1/redirect", pay, methods=["POST"]),
        Route("/checkout/v1/result", result, methods=["GET"]),
    ]


def _back(preference: dict[str, Any], payment: dict[str, Any]) -> str:
    """Return the query that Checkout Pro adds to a back URL."""
    return urlencode(
        {
            "collection_id": payment["id"],
            "collection_status": payment["status"],
            "payment_id": payment["id"],
            "status": payment["status"],
            "external_reference": payment["external_reference"],
            "merchant_order_id": payment["order"]["id"],
            "preference_id": preference["id"],
        }
    )


async def _notified(world: World, payment: dict[str, Any]) -> None:
    await world.mercadopago.notify(
        payment, action="payment.created", traceparent=context.traceparent()
    )
