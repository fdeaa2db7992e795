"""However hostile the input: few series, and no label that a client chose."""

import asyncio
import json
import random
import re
import secrets
import time
from collections import Counter
from collections.abc import Callable, Iterator
from itertools import cycle, islice
from typing import Any

import httpx2
import psycopg
import pytest
from prometheus_client.parser import text_string_to_metric_families

from alojamientos.ops.simulator.signing import mercadopago_signature, meta_signature
from alojamientos.telemetry.catalogue import (
    CATALOGUE,
    OWNER_HANDLER,
    SYNTHETIC_HANDLER,
    Metric,
    of_process,
)

pytestmark = [pytest.mark.stack, pytest.mark.timeout(300), pytest.mark.xdist_group("stack")]

BUDGET = 1500
REQUESTS = 3000
AT_A_TIME = 20
EVENTS = 240  # that the worker has to handle
WHATSAPP, MERCADOPAGO = "/api/v1/webhooks/whatsapp", "/api/v1/webhooks/mercadopago"
METHODS = {"GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"}
# What bounds the labels whose values no catalogue can list.
OPEN = {
    "status": r"[1-5]\d\d",
    "job": r"[a-z_]+\.[a-z_]+",
    "collector": r"[a-z_.]+",
    "invariant": r"[a-z_]+",
    "feed": r"127\.0\.0\.1/\d+",
    "feed_url": r"127\.0\.0\.1/\d+",
    "version": r"\d+\.\d+\.\d+\S*",
    "commit": r"\d+\.\d+\.\d+\S*|[0-9a-f]{7,40}|unknown",
}
Request = tuple[str, str, dict[str, Any]]


class Hostile:
    """What a hostile client sends: every value of its own holds the marker, and none twice."""

    def __init__(self, stack) -> None:
        self.marker = f"zq{secrets.token_hex(4)}"
        self._random = random.Random(self.marker)
        self._count = 0
        self._stack = stack

    def value(self) -> str:
        self._count += 1
        return f"{self.marker}{self._count}"

    def requests(self) -> Iterator[Request]:
        kinds: list[Callable[[], Request]] = [
            self.path,
            self.method,
            self.headers,
            self.query,
            self.api_body,
            self.code,
            self.forged,
            self.garbage,
        ]
        for kind in islice(cycle(kinds), REQUESTS):
            yield kind()

    def path(self) -> Request:
        v = self.value()
        ways: tuple[str, ...] = (
            f"/{v}",
            f"/api/v1/{v}/",
            f"/api/v1/reservations/{v}/cancel/{v}",
            f"//{v}%2f..",
        )
        ways = (*ways, f"/api/v1/accommodations/?{v}={v}", f"/{v}.php", f"/metrics/{v}")
        return self._random.choice(("GET", "POST")), self._random.choice(ways), {}

    def method(self) -> Request:
        standard = ("TRACE", "PROPFIND", "PATCH", "PUT", "DELETE", "OPTIONS", "HEAD")
        method = self._random.choice((*standard, self.value().upper()))
        return method, self._random.choice(("/api/v1/availability", WHATSAPP, "/metrics")), {}

    def headers(self) -> Request:
        v = self.value()
        names: tuple[str, ...] = (
            "User-Agent",
            "Referer",
            "X-Forwarded-For",
            "Traceparent",
            "Tracestate",
            "Baggage",
        )
        names = (*names, "X-Request-Id", "Accept", "Content-Type", "Authorization", "X-Tenant-Id")
        headers = {**dict.fromkeys(names, v), "Host": f"{v}.example", v: v}
        return "GET", "/api/v1/accommodations", {"headers": headers}

    def query(self) -> Request:
        v = self.value()
        params = {"check_in": v, "check_out": "2027-01-18", "guests": v, v: v}
        return "GET", "/api/v1/availability", {"params": params}

    def api_body(self) -> Request:
        v = self.value()
        booking = {"accommodation_id": v, "channel": v, "status": v, "code": v, v: v}
        headers = {**self._token(), "Idempotency-Key": v}
        return "POST", "/api/v1/reservations", {"json": booking, "headers": headers}

    def code(self) -> Request:
        v = self.value()
        path = f"/api/v1/reservations/{v}/cancel"
        return "POST", path, {"json": {"reason": v}, "headers": self._token()}

    def forged(self) -> Request:
        v = self.value()
        if self._random.random() < 0.5:
            return "POST", WHATSAPP, {"content": v, "headers": {"X-Hub-Signature-256": v}}
        signed = {"x-signature": f"ts={v},v1={v}", "x-request-id": v}
        return "POST", MERCADOPAGO, {"params": {"data.id": v, "type": v}, "headers": signed}

    def garbage(self) -> Request:
        v = self.value()
        body = self._random.choice((f'{{"{v}":', "[" * 500 + v, f'"{v}"', f'{{"object":"{v}"}}'))
        return self._signed_whatsapp(body.encode())

    def authentic(self) -> Iterator[Request]:
        """Webhooks that are let in: what is hostile is what they carry."""
        for _ in range(EVENTS // 10):
            changes = [self._foreign(), self._unknown_field(), self._statuses()]
            changes.append(self._value(messages=[self._message() for _ in range(10)]))
            entry = [{"id": self.value(), "changes": changes}]
            body = {"object": "whatsapp_business_account", "entry": entry}
            yield self._signed_whatsapp(json.dumps(body).encode())
        for _ in range(20):
            yield self._signed_mercadopago()

    def _value(self, **content: Any) -> dict[str, Any]:
        number = self._stack.settings.whatsapp.phone_number_id
        metadata = {"phone_number_id": number, "display_phone_number": self.value()}
        return {"field": "messages", "value": {"metadata": metadata, **content}}

    def _foreign(self) -> dict[str, Any]:
        metadata = {"phone_number_id": self.value()}
        return {"field": "messages", "value": {"metadata": metadata, "messages": [self._message()]}}

    def _unknown_field(self) -> dict[str, Any]:
        return {**self._value(**{self.value(): self.value()}), "field": self.value()}

    def _statuses(self) -> dict[str, Any]:
        return self._value(
            statuses=[
                {"id": self.value(), "status": status, "errors": [{"code": self.value()}]}
                for status in (self.value(), "failed", "read")
            ]
        )

    def _message(self) -> dict[str, Any]:
        v = self.value()
        common = {"id": f"wamid.{v}", "from": v, "timestamp": str(int(time.time()))}
        return common | self._random.choice(
            [
                {"type": v, v: {"body": v}},
                {"type": "text", "text": {"body": f"quiero {v} del 10 al 12 de {v}"}},
                {"type": "button", "button": {"payload": v, "text": v}},
                {"type": "interactive", "interactive": {"type": v, v: {"id": v}}},
                {"type": "reaction", "reaction": {"emoji": v, "message_id": v}},
                {"type": "image", "image": {"id": v, "mime_type": v, "caption": v}},
                {"type": "unsupported", "errors": [{"code": v, "title": v}]},
            ]
        )

    def _signed_whatsapp(self, body: bytes) -> Request:
        secret = self._stack.settings.whatsapp.app_secret.get_secret_value()
        headers = {"X-Hub-Signature-256": meta_signature(body, secret=secret)}
        return "POST", WHATSAPP, {"content": body, "headers": headers}

    def _signed_mercadopago(self) -> Request:
        v = self.value()
        what = self._random.choice(("payment", v))
        data_id = str(self._random.randrange(10**12)) if what == "payment" else v
        secret = self._stack.settings.mercadopago.webhook_secret.get_secret_value()
        signed = mercadopago_signature(
            data_id=data_id, request_id=v, ts=str(int(time.time())), secret=secret
        )
        sent = {
            "params": {"data.id": data_id, "type": what},
            "json": {"type": what, "action": v, "data": {"id": data_id}},
            "headers": {"x-signature": signed, "x-request-id": v},
        }
        return "POST", MERCADOPAGO, sent

    def _token(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self._stack.api_token}"}


async def send_all(url: str, requests: Iterator[Request]) -> Counter[int]:
    """Send requests, some at a time; return how often which status was answered."""
    answers: Counter[int] = Counter()

    async def some(client: httpx2.AsyncClient) -> None:
        for method, path, more in requests:
            answers[(await client.request(method, url + path, **more)).status_code] += 1

    async with httpx2.AsyncClient(timeout=30, trust_env=False) as client:
        await asyncio.gather(*(some(client) for _ in range(AT_A_TIME)))
    return answers


def samples_of(url: str, token: str) -> list[tuple[str, dict[str, str]]]:
    """Return what a process exposes: the family and the labels of every series."""
    response = httpx2.get(
        f"{url}/metrics", headers={"Authorization": f"Bearer {token}"}, trust_env=False, timeout=20
    )
    families = text_string_to_metric_families(response.raise_for_status().text)
    return [
        (family.name if family.type != "counter" else f"{family.name}_total", sample.labels)
        for family in families
        for sample in family.samples
    ]


def wrong(metric: Metric, labels: dict[str, str], handlers: set[str]) -> list[str]:
    """Return what the catalogue does not allow of a series' labels."""
    found = []
    for name, value in labels.items():
        if name == "le":
            continue
        declared = metric.labels[name]
        if declared is not None:
            good = value in declared
        elif name == "handler":
            good = value in handlers
        elif name == "method":
            good = value in METHODS
        else:
            good = re.fullmatch(OPEN[name], value) is not None
        if not good:
            found.append(f"{metric.name}{{{name}={value!r}}}")
    return found


@pytest.fixture(scope="module")
def attacked(stack):
    """The stack after hostile requests, once the worker is through with what was let in."""
    hostile = Hostile(stack)
    answers = asyncio.run(send_all(stack.web, hostile.requests()))
    authentic = asyncio.run(send_all(stack.web, hostile.authentic()))
    assert set(authentic) == {200}, authentic
    assert {401, 404, 405, 422} <= set(answers), answers
    assert not {500, 502} & set(answers), answers
    deadline = time.monotonic() + 60
    mine = "payload::text LIKE %s"
    with psycopg.connect(stack.database_url, autocommit=True) as connection:
        while True:
            row = connection.execute(
                f"SELECT count(*), count(*) FILTER (WHERE processed_at IS NULL)"  # noqa: S608 - ours
                f" FROM inbox_event WHERE {mine}",
                (f"%{hostile.marker}%",),
            ).fetchone()
            assert row is not None
            if row[0] >= EVENTS and not row[1]:
                break
            assert time.monotonic() < deadline, row
            time.sleep(0.2)
    return hostile


@pytest.mark.parametrize("process", ["web", "worker"])
def test_hostile_input_makes_few_series_and_chooses_no_label(stack, attacked, process):
    series = samples_of(getattr(stack, process), stack.metrics_token)
    paths = httpx2.get(f"{stack.web}/openapi.json", trust_env=False).json()["paths"]
    handlers = {
        *paths,
        SYNTHETIC_HANDLER,
        OWNER_HANDLER,
        "/openapi.json",
        "/docs",
        "/docs/oauth2-redirect",
        "/redoc",
    }
    known = {metric.name for metric in of_process(process)}

    assert len(series) <= BUDGET
    chosen = [f"{n}{labels}" for n, labels in series if attacked.marker in str(labels).lower()]
    assert chosen == []
    ours = [(name, labels) for name, labels in series if not name.startswith("process_")]
    assert {name for name, _ in ours} <= known
    assert [w for name, labels in ours for w in wrong(CATALOGUE[name], labels, handlers)] == []
