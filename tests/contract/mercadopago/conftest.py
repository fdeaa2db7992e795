import contextlib
import itertools
import threading
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from typing import Any

import httpx2
import psycopg
import pytest
import structlog
from fastapi import FastAPI
from psycopg.rows import dict_row
from tests.conftest import free_port
from tests.simulators.running import running_app

from alojamientos.channels.mercadopago import signature
from alojamientos.channels.mercadopago.webhook import PATH, create_router
from alojamientos.entrypoints import errors
from alojamientos.kit import db
from alojamientos.kit.events import Bus
from alojamientos.telemetry import catalogue
from alojamientos.telemetry.recorder import Recorder

SECRET = "dev-only-mp-webhook-secret"
_requests = itertools.count(1)


class Counted:
    """A recorder that keeps what it was told."""

    def __init__(self) -> None:
        self.signatures: list[bool] = []
        self.events: list[tuple[str, str]] = []
        self._real = Recorder.for_tests()

    def signature_checked(self, *, source: str, valid: bool) -> None:
        self._real.signature_checked(source=source, valid=valid)
        self.signatures.append(valid)

    def webhook_event(self, *, source: str, event_type: str, outcome: str) -> None:
        assert source == "mercadopago"
        assert event_type in catalogue.MERCADOPAGO_EVENTS
        assert outcome in catalogue.WEBHOOK_OUTCOMES
        self._real.webhook_event(source=source, event_type=event_type, outcome=outcome)
        self.events.append((event_type, outcome))


class Door:
    """The webhook on a real port, and Mercado Pago's side of it."""

    def __init__(self, url: str, dsn: str, recorder: Counted) -> None:
        self.recorder = recorder
        self._url = url
        self._dsn = dsn

    def post(self, query: str = "", *, content: bytes = b"{}", **headers: str) -> httpx2.Response:
        return httpx2.post(
            f"{self._url}{PATH}?{query}",
            content=content,
            headers={name.replace("_", "-"): value for name, value in headers.items()},
            trust_env=False,
        )

    def notify(
        self,
        data_id: str = "123",
        *,
        kind: str = "payment",
        content: bytes = b"{}",
        request_id: str | None = None,
        ts: float | None = None,
    ) -> httpx2.Response:
        """Send an authentic notification; a repeat has the same `request_id` and `ts`."""
        return self.post(
            f"data.id={data_id}&type={kind}",
            content=content,
            **self.signed(data_id, request_id=request_id, ts=ts),
        )

    def signed(
        self, data_id: str | None, *, request_id: str | None = None, ts: float | None = None
    ) -> dict[str, str]:
        request_id = request_id or f"request-{next(_requests)}"
        at = str(int(datetime.now(UTC).timestamp() * 1000) if ts is None else int(ts))
        v1 = signature.signature(secret=SECRET, data_id=data_id, request_id=request_id, ts=at)
        return {"x_signature": f"ts={at},v1={v1}", "x_request_id": request_id}

    def sql(self, statement: str) -> list[dict[str, Any]]:
        with psycopg.connect(self._dsn, autocommit=True, row_factory=dict_row) as connection:
            return connection.execute(statement.encode()).fetchall()

    def events(self) -> list[dict[str, Any]]:
        return self.sql(
            "SELECT id, event_type, payload, outcome, processed_at IS NOT NULL AS done"
            " FROM inbox_event ORDER BY id"
        )

    def jobs(self) -> list[dict[str, Any]]:
        return self.sql("SELECT task_name, lock, args FROM procrastinate_jobs ORDER BY id")


@contextlib.contextmanager
def serving(dsn: str, *, port: int | None = None, **settings: Any) -> Iterator[Door]:
    database = db.Database(db.create_engine(dsn))
    recorder = Counted()

    @contextlib.asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        yield
        await database.close()

    app = FastAPI(lifespan=lifespan)
    errors.install(app, bus=Bus())
    values: dict[str, Any] = {
        "secret": SECRET,
        "accept_unsigned_ipn": False,
        "now": lambda: datetime.now(UTC),
        **settings,
    }
    app.include_router(
        create_router(database=database, recorder=recorder, log=structlog.get_logger(), **values)
    )
    with running_app(app, port=port or free_port()) as url:
        yield Door(url, dsn, recorder)


@pytest.fixture
def door(database_url) -> Iterator[Door]:
    with serving(database_url) as door:
        yield door


def at_once(count: int, work) -> list[Any]:
    """Do `work` in as many threads, all starting together; return what each returned."""
    start = threading.Barrier(count)
    results: list[Any] = []

    def one() -> None:
        start.wait()
        results.append(work())

    threads = [threading.Thread(target=one) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results
