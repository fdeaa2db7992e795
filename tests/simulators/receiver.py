"""An application that only receives webhooks, checks who signed them and answers as told."""

import hashlib
import hmac
import threading
from dataclasses import dataclass, field
from typing import Any

import orjson
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route


@dataclass(frozen=True)
class Received:
    source: str
    authentic: bool
    body: bytes
    headers: dict[str, str]
    query: dict[str, str]

    @property
    def json(self) -> Any:
        return orjson.loads(self.body)

    @property
    def value(self) -> dict[str, Any]:
        """What a WhatsApp webhook holds."""
        value: dict[str, Any] = self.json["entry"][0]["changes"][0]["value"]
        return value


@dataclass
class Receiver:
    """What has come so far; `answers` are given one by one, then 200."""

    app_secret: str = "dev-only-meta-app-secret"
    webhook_secret: str = "dev-only-mp-webhook-secret"
    answers: list[int] = field(default_factory=list)
    received: list[Received] = field(default_factory=list)
    _news: threading.Condition = field(default_factory=threading.Condition)

    def create_app(self) -> Starlette:
        return Starlette(
            routes=[
                Route("/api/v1/webhooks/whatsapp", self._whatsapp, methods=["POST"]),
                Route("/api/v1/webhooks/mercadopago", self._mercadopago, methods=["POST"]),
            ]
        )

    def wait_for(self, count: int, *, source: str | None = None, kind: str | None = None):
        """Return at least `count` webhooks of a source and, for WhatsApp, with a `kind` list."""

        def found() -> list[Received]:
            return [
                r
                for r in self.received
                if (source is None or r.source == source) and (kind is None or kind in r.value)
            ]

        with self._news:
            assert self._news.wait_for(lambda: len(found()) >= count, 10), self.received
        return found()

    async def _whatsapp(self, request: Request) -> Response:
        body = await request.body()
        expected = hmac.new(self.app_secret.encode(), body, hashlib.sha256).hexdigest()
        given = request.headers.get("x-hub-signature-256", "")
        return self._take("whatsapp", request, body, authentic=given == f"sha256={expected}")

    async def _mercadopago(self, request: Request) -> Response:
        parts = dict(
            part.strip().split("=", 1) for part in request.headers["x-signature"].split(",")
        )
        manifest = (
            f"id:{request.query_params['data.id']};"
            f"request-id:{request.headers['x-request-id']};ts:{parts['ts']};"
        )
        expected = hmac.new(
            self.webhook_secret.encode(), manifest.encode(), hashlib.sha256
        ).hexdigest()
        body = await request.body()
        return self._take("mercadopago", request, body, authentic=parts["v1"] == expected)

    def _take(self, source: str, request: Request, body: bytes, *, authentic: bool) -> Response:
        received = Received(
            source, authentic, body, dict(request.headers), dict(request.query_params)
        )
        with self._news:
            self.received.append(received)
            self._news.notify_all()
        if not authentic:
            return Response(status_code=401)
        return Response(status_code=self.answers.pop(0) if self.answers else 200)
