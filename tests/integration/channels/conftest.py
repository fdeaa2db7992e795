"""A web server with the webhook, a worker with the pipeline, and a Cloud API that does as told."""

import asyncio
import contextlib
import json
from collections import deque
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import httpx2
import pytest
import sqlalchemy as sa
import structlog
import uvicorn
from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse
from tests.conftest import free_port

from alojamientos.channels import another_way, echoes, pipeline
from alojamientos.channels.listening import Listener
from alojamientos.channels.whatsapp import signature, webhook
from alojamientos.channels.whatsapp.client import WhatsAppClient
from alojamientos.channels.whatsapp.media import WhatsAppMedia
from alojamientos.conversation.messages import Handled, InboundMessage, Reply
from alojamientos.jobs.worker import Worker
from alojamientos.kit import db
from alojamientos.kit.clock import utc_now
from alojamientos.kit.errors import AlojamientosError, Unavailable
from alojamientos.kit.http import HttpClient
from alojamientos.telemetry import context
from alojamientos.transcription.base import Transcriber
from alojamientos.transcription.none import Nobody

NUMBER = "1122334455667"
SECRET = "meta-app-secret"
TOKEN = "verify-me"
GUEST = "5491155550000"


@contextlib.asynccontextmanager
async def serving(app: FastAPI) -> AsyncIterator[str]:
    """Serve `app` over HTTP on a port of its own; yields its URL."""
    port = free_port()
    config = uvicorn.Config(app, host="127.0.0.1", port=port, log_config=None, lifespan="off")
    server = uvicorn.Server(config)
    task = asyncio.create_task(server.serve())
    async with asyncio.timeout(10):
        while not server.started:
            await asyncio.sleep(0.01)
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        await task


@dataclass
class Recorded:
    """A recorder that remembers."""

    told: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    def __getattr__(self, verb: str) -> Callable[..., None]:
        return lambda **values: self.told.append((verb, values))

    def of(self, verb: str) -> list[dict[str, Any]]:
        return [values for name, values in self.told if name == verb]

    def outcomes(self, verb: str) -> list[str]:
        return [values["outcome"] for values in self.of(verb)]


@dataclass
class CloudApi:
    """What WhatsApp does with our calls: `answers` are used up first, then all is well."""

    answers: deque[Callable[[], Any]] = field(default_factory=deque)
    sent: list[dict[str, Any]] = field(default_factory=list)
    read: list[str] = field(default_factory=list)
    typing: list[str] = field(default_factory=list)
    url: str = ""

    def app(self) -> FastAPI:
        app = FastAPI()

        @app.post("/v25.0/{number}/messages")
        async def messages(number: str, request: Request) -> Response:
            assert number == NUMBER
            assert request.headers["authorization"] == "Bearer token"
            body = await request.json()
            if body.get("status") == "read":
                self.read.append(body["message_id"])
                self.typing += [body["message_id"]] if "typing_indicator" in body else []
                return JSONResponse({"success": True})
            self.sent.append(body)
            if self.answers:
                answer = self.answers.popleft()()
                if asyncio.iscoroutine(answer):
                    answer = await answer
                if isinstance(answer, Response):
                    return answer
            wamid = f"wamid.OUT{len(self.sent)}"
            return JSONResponse({"messaging_product": "whatsapp", "messages": [{"id": wamid}]})

        return app

    def refuse(self, code: int | None, status: int = 400, **headers: str) -> None:
        body = {"error": {"message": "no", "code": code}} if code is not None else {"oops": True}
        self.answers.append(lambda: JSONResponse(body, status_code=status, headers=headers))

    @property
    def texts(self) -> list[str]:
        return [text_of(body) for body in self.sent]


def text_of(body: dict[str, Any]) -> str:
    part = body["text"]["body"] if body["type"] == "text" else body["interactive"]["body"]["text"]
    return str(part)


@dataclass(frozen=True)
class Understood:
    nlu_seconds: float | None = 0.001
    dates_result: str | None = "none"
    intents: tuple[str, ...] = ("greeting",)


@dataclass
class Echo:
    """A conversation that repeats; `poison` raises, `quiet` says nothing, `twice` says it twice."""

    understood: list[str] = field(default_factory=list)
    at_once: int = 0
    away: int = 0
    facts: tuple[object, ...] = ()

    async def understand(self, message: InboundMessage, *, now: datetime) -> Understood:
        assert now.tzinfo is not None
        self.at_once += 1
        assert self.at_once == 1
        await asyncio.sleep(0.01)
        self.at_once -= 1
        if message.text == "hang":
            await asyncio.Event().wait()
        return Understood()

    async def act(
        self, message: InboundMessage, understood: Understood, *, tx: db.Transaction, now: datetime
    ) -> Handled:
        assert now.tzinfo is not None
        assert await tx.conn.scalar(sa.text("SELECT 1")) == 1
        if self.away:
            self.away -= 1
            raise Unavailable
        if message.text == "poison":
            raise ValueError("cannot swallow this")
        self.understood.append(message.text)
        reply = Reply(text=f"eco: {message.text}")
        if message.text == "paused":
            return Handled(outcome="paused")
        number = {"quiet": 0, "twice": 2}.get(message.text, 1)
        return Handled(
            replies=(reply,) * number,
            intents=understood.intents,
            outcome="answered" if number else "ignored",
            facts=self.facts,
        )


class Hotel:
    """Everything between Meta's webhook and Meta's API."""

    def __init__(self, dsn: str, database: db.Database, recorded: Recorded, api: CloudApi) -> None:
        self.dsn = dsn
        self.database = database
        self.recorded = recorded
        self.api = api
        self.handler = Echo()
        self.transcriber: Transcriber = Nobody()
        self.min_confidence = 0.0
        self.url = ""
        self._http = httpx2.AsyncClient(trust_env=False)
        self._outgoing = HttpClient(
            provider="whatsapp",
            base_url=api.url,
            timeout_s=1.0,
            headers={"Authorization": "Bearer token"},
            trace_headers=context.trace_headers,
        )
        self.client = WhatsAppClient(
            http=self._outgoing, api_version="v25.0", phone_number_id=NUMBER
        )

    def app(self, **options: Any) -> FastAPI:
        app = FastAPI()

        @app.exception_handler(AlojamientosError)
        async def problem(_: Request, error: AlojamientosError) -> Response:
            return JSONResponse({"code": error.code}, status_code=error.status)

        router = webhook.create_router(
            **{
                "database": self.database,
                "recorder": self.recorded,
                "log": structlog.get_logger(),
                "app_secret": SECRET,
                "verify_token": TOKEN,
                "phone_number_id": NUMBER,
                **options,
            }
        )
        app.include_router(router)
        return app

    @contextlib.asynccontextmanager
    async def working(self) -> AsyncIterator[None]:
        jobs = pipeline.create_jobs(
            database=self.database,
            handler=self.handler,
            listener=Listener(
                media={
                    "whatsapp": WhatsAppMedia(
                        http=self._outgoing, base_url=self.api.url, api_version="v25.0"
                    )
                },
                transcriber=self.transcriber,
                recorder=self.recorded,
                log=structlog.get_logger(),
                min_confidence=self.min_confidence,
            ),
            senders={"whatsapp": self.client},
            recorder=self.recorded,
            log=structlog.get_logger(),
            now=utc_now,
        )
        jobs += [
            echoes.create_job(database=self.database, pause=timedelta(hours=12), now=utc_now),
            another_way.create_job(
                database=self.database, readers={"whatsapp": self.client}, mail=True, now=utc_now
            ),
        ]
        worker = Worker(
            self.dsn,
            jobs,
            recorder=self.recorded,
            log=structlog.get_logger(),
            polling_s=0.1,
            stop_deadline_s=0.5,
        )
        task = asyncio.create_task(worker.run())
        try:
            yield
        finally:
            worker.stop()
            await task

    async def post(self, payload: dict[str, Any] | bytes, **headers: str) -> httpx2.Response:
        body = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
        signed = {signature.HEADER: signature.sign(secret=SECRET, body=body), **headers}
        return await self._http.post(self.url + webhook.PATH, content=body, headers=signed)

    async def raw(self, method: str, **options: Any) -> httpx2.Response:
        return await self._http.request(method, self.url + webhook.PATH, **options)

    async def say(self, wamid: str, text: str, address: str = GUEST) -> None:
        response = await self.post(notification(messages=[message(wamid, text, address)]))
        assert response.status_code == 200

    async def report(self, status: str, reference: str, wamid: str = "wamid.OUT1") -> None:
        status_ = {"id": wamid, "status": status, "biz_opaque_callback_data": reference}
        response = await self.post(notification(statuses=[status_]))
        assert response.status_code == 200

    async def close(self) -> None:
        await self._http.aclose()
        await self._outgoing.close()


def message(wamid: str, text: str, address: str = GUEST, timestamp: int = 1697043223) -> Any:
    return {
        "from": address,
        "id": wamid,
        "timestamp": str(timestamp),
        "type": "text",
        "text": {"body": text},
    }


def notification(**value: Any) -> dict[str, Any]:
    value = {"metadata": {"phone_number_id": NUMBER}, **value}
    return {
        "object": "whatsapp_business_account",
        "entry": [{"id": "1", "changes": [{"field": "messages", "value": value}]}],
    }


@pytest.fixture
async def api() -> AsyncIterator[CloudApi]:
    api = CloudApi()
    async with serving(api.app()) as url:
        api.url = url
        yield api


@pytest.fixture
def recorded() -> Recorded:
    return Recorded()


@pytest.fixture
async def hotel(
    database_url: str, database: db.Database, recorded: Recorded, api: CloudApi
) -> AsyncIterator[Hotel]:
    hotel = Hotel(database_url, database, recorded, api)
    async with serving(hotel.app()) as url:
        hotel.url = url
        yield hotel
    await hotel.close()


async def eventually(check: Callable[[], Any], seconds: float = 20) -> None:
    """Wait until `check` (plain or a coroutine function) holds; fail after `seconds`."""
    async with asyncio.timeout(seconds):
        while True:
            result = check()
            if asyncio.iscoroutine(result):
                result = await result
            if result:
                return
            await asyncio.sleep(0.02)
