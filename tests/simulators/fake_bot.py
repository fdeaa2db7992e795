"""A small assistant with the real wording and drawing, for the tests of the guests themselves."""

import contextlib
import itertools
import re
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import httpx2
from starlette.applications import Starlette
from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from alojamientos.channels.whatsapp import drawing
from alojamientos.conversation import own_replies, replies
from alojamientos.conversation.messages import Reply
from alojamientos.nlu.values import Span
from alojamientos.ops.simulator.signing import meta_signature
from alojamientos.reservations.domain import Accommodation, Quote, Stay, price
from alojamientos.reservations.events import Channel, Status
from alojamientos.reservations.views import Offer, ReservationView

TODAY = date(2026, 11, 24)
NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
STAY = Stay(date(2027, 1, 15), date(2027, 1, 18))
CABIN = Accommodation(
    id=3,
    slug="rio",
    name="Cabaña Río",
    description="Con deck.",
    capacity=6,
    nightly_price=80_000_00,
    weekend_price=100_000_00,
    currency="ARS",
    min_nights=2,
    time_zone="America/Argentina/Buenos_Aires",
)
QUOTE: Quote = price(CABIN, STAY, deposit_percent=30)


def view(code: str = "7K3M-9QXT-A2BD", status: Status = Status.PRE_RESERVED) -> ReservationView:
    return ReservationView(
        id=1,
        code=code,
        accommodation_id=CABIN.id,
        accommodation_name=CABIN.name,
        guest_id=1,
        guest_name="Ana",
        check_in=STAY.check_in,
        check_out=STAY.check_out,
        guests=4,
        status=status,
        channel=Channel.WHATSAPP,
        quote=QUOTE,
        total=QUOTE.total,
        deposit=QUOTE.deposit,
        currency="ARS",
        hold_expires_at=NOW + timedelta(hours=1),
        created_at=NOW,
    )


def offers() -> Reply:
    offer = Offer(accommodation=CABIN, quote=QUOTE, available=True, problem=None)
    return replies.offers(
        [offer, replace(offer, accommodation=replace(CABIN, id=4, name="Cabaña Sol"))],
        check_in=STAY.check_in,
        check_out=STAY.check_out,
        guests=4,
        pets=0,
        today=TODAY,
    )


def nothing_free() -> Reply:
    span = Span(check_in=date(2027, 1, 20), check_out=date(2027, 1, 23))
    return replies.nothing_free(
        check_in=STAY.check_in,
        check_out=STAY.check_out,
        guests=4,
        alternatives=[span],
        today=TODAY,
    )


def held() -> Reply:
    return replies.held(view(), zone=CABIN.time_zone, now=NOW, today=TODAY)


def confirmed() -> Reply:
    return own_replies.confirmed(view(), paid=view().deposit, revived=False, today=TODAY)


@dataclass
class FakeBot:
    """The application as the guests see it, and what the tests make it do wrong."""

    simulator_url: str
    mute: bool = False
    full: bool = False  # nothing is ever free
    status: int = 200  # of the webhooks
    repeats: int = 1  # how often each answer is sent
    reservation_status: str = "confirmed"
    instead: list[Reply] = field(default_factory=list)  # said first, once, whatever was asked
    always: Reply | None = None
    rejects: bool = False
    asks_twice: bool = True
    listens: bool = False  # to voice notes; otherwise it asks to write
    invariants: dict[str, Any] = field(default_factory=lambda: {"ok": True, "invariants": []})
    trace_ids: set[str] = field(default_factory=set)
    seen: set[str] = field(default_factory=set)
    _http: httpx2.AsyncClient = field(init=False)
    _numbers: Iterator[int] = field(default_factory=itertools.count)
    waiting_to_pay: dict[str, str] = field(default_factory=dict)  # reference → wa_id

    def create_app(self) -> Starlette:
        @contextlib.asynccontextmanager
        async def lifespan(_: Starlette) -> AsyncIterator[None]:
            async with httpx2.AsyncClient(
                base_url=self.simulator_url, trust_env=False, timeout=30
            ) as http:
                self._http = http
                yield

        return Starlette(
            lifespan=lifespan,
            routes=[
                Route("/api/v1/webhooks/whatsapp", self.whatsapp, methods=["POST"]),
                Route("/api/v1/webhooks/mercadopago", self.mercadopago, methods=["POST"]),
                Route("/api/v1/availability", self.availability),
                Route("/api/v1/reservations/{code}", self.reservation),
                Route("/api/v1/invariants", self.check),
            ],
        )

    async def whatsapp(self, request: Request) -> Response:
        if self.status != 200:
            return Response(status_code=self.status)
        body = await request.json()
        signature = request.headers.get("x-hub-signature-256", "")
        if signature != _sign(await request.body()):
            return Response(status_code=401)
        self.trace_ids.add(request.headers["traceparent"].split("-")[1])
        messages = body["entry"][0]["changes"][0]["value"].get("messages", [])
        new = [m for m in messages if m["id"] not in self.seen]
        self.seen.update(m["id"] for m in new)
        return Response(background=BackgroundTask(self._answer_all, new))

    async def mercadopago(self, request: Request) -> Response:
        payment_id = request.query_params["data.id"]
        self.trace_ids.add(request.headers["traceparent"].split("-")[1])
        return Response(background=BackgroundTask(self._apply, payment_id))

    async def availability(self, request: Request) -> Response:
        assert request.query_params["guests"]
        return JSONResponse({"offers": [{"available": not self.full}]})

    async def reservation(self, request: Request) -> Response:
        assert request.headers["authorization"] == "Bearer api-token"
        known = bool(self.reservation_status)
        return JSONResponse({"status": self.reservation_status}, status_code=200 if known else 404)

    async def check(self, _: Request) -> Response:
        return JSONResponse(self.invariants)

    async def _answer_all(self, messages: list[dict[str, Any]]) -> None:
        if self.mute:
            return
        for message in messages:
            scripted = [self.always] if self.always else self.instead
            self.instead = []
            for reply in scripted or await self._answer(message):
                for _ in range(self.repeats):
                    await self._send(message["from"], reply)

    async def _answer(self, message: dict[str, Any]) -> list[Reply]:
        interactive = message.get("interactive", {})
        tapped = interactive.get(interactive.get("type", ""), {}).get("id", "")
        text = message.get("text", {}).get("body", "")
        if tapped.startswith(("cabin:", "span:")):
            url = await self._link(message["from"])
            pay = own_replies.pay_here(view(), url, QUOTE.deposit, zone=CABIN.time_zone, now=NOW)
            return [held(), pay]
        if tapped == "cancel:yes":
            if self.asks_twice:
                self.asks_twice = False
                return [own_replies.cancel_second()]
            return [own_replies.cancelled(view())]
        return [self._said(message, text, tapped)]

    def _said(self, message: dict[str, Any], text: str, tapped: str) -> Reply:
        if message["type"] == "audio":
            heard = Span(check_in=STAY.check_in, check_out=STAY.check_out)
            understood = replies.read_back(heard, 4, TODAY)
            return understood if self.listens else replies.cannot_listen()
        if tapped == "dates:yes":
            return offers()
        if "cancelar" in text:
            return own_replies.cancel_first(view(), TODAY)
        if not re.search(r"\bal \d+", text):
            return replies.welcome("Cabañas del Lago")
        return nothing_free() if self.full else offers()

    async def _link(self, wa_id: str) -> str:
        reference = f"R{next(self._numbers)}"
        self.waiting_to_pay[reference] = wa_id
        response = await self._http.post(
            "/checkout/preferences",
            headers={"Authorization": "Bearer dev-only-mp-token"},
            json={
                "items": [{"title": "Seña", "quantity": 1, "unit_price": 100}],
                "external_reference": reference,
            },
        )
        return str(response.json()["init_point"])

    async def _apply(self, payment_id: str) -> None:
        headers = {"Authorization": "Bearer dev-only-mp-token"}
        payment = (await self._http.get(f"/v1/payments/{payment_id}", headers=headers)).json()
        wa_id = self.waiting_to_pay.pop(payment["external_reference"], None)
        if wa_id:
            rejected = own_replies.payment_rejected(view().code, None)
            await self._send(wa_id, rejected if self.rejects else confirmed())

    async def _send(self, to: str, reply: Reply) -> None:
        response = await self._http.post(
            "/v25.0/1122334455667/messages",
            headers={"Authorization": "Bearer dev-only-whatsapp-token"},
            json={"messaging_product": "whatsapp", "to": to, **drawing.draw(reply)},
        )
        assert response.status_code == 200, response.text


def _sign(body: bytes) -> str:
    return meta_signature(body, secret="dev-only-meta-app-secret")
