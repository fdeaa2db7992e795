"""A till: real bookings, the payments' jobs, and the fake Mercado Pago over real HTTP."""

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

import httpx2
import psycopg
import pytest
import structlog
from psycopg.rows import dict_row
from tests.conftest import free_port
from tests.simulators.running import running_app

from alojamientos.channels.mercadopago.client import MercadoPago, notification_url
from alojamientos.entrypoints import collectors, demo
from alojamientos.jobs import queue
from alojamientos.jobs.registry import Job
from alojamientos.kit import db
from alojamientos.kit.clock import utc_now
from alojamientos.kit.events import Bus
from alojamientos.kit.http import HttpClient
from alojamientos.kit.locks import UnitLocks
from alojamientos.ops.simulator.config import SimulatorConfig
from alojamientos.ops.simulator.server import create_app
from alojamientos.payments import invariants, jobs, queries
from alojamientos.payments import operations as payments
from alojamientos.payments.domain import Account
from alojamientos.payments.events import (
    BalanceLinkRequested,
    OrphanAssigned,
    PaymentApplied,
    PaymentLinkClosed,
    RefundRequested,
)
from alojamientos.payments.provider import PaymentProvider
from alojamientos.reservations import operations as reservations
from alojamientos.reservations import queries as reservation_queries
from alojamientos.reservations.domain import Stay
from alojamientos.reservations.events import (
    Channel,
    ReservationChanged,
    ReservationMoved,
    Status,
)

TODAY = date.today()  # noqa: DTZ011 - the database's clock decides expiry, so days are real ones
CHECK_IN = date(TODAY.year + 1, 8, 4)
POLICY = reservations.Policy(
    time_zone="America/Argentina/Buenos_Aires",
    hold=timedelta(minutes=60),
    deposit_percent=30,
    max_open_holds=9,
)
ACCOUNT = Account(collector_id="843382748", live_mode=False)


class Provider:
    """The running simulator, and what payers and Mercado Pago do there."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.http = httpx2.Client(base_url=url, trust_env=False, timeout=15)

    def control(self, method: str, path: str, json: Any = None) -> Any:
        response = self.http.request(method, f"/_control/{path}", json=json)
        assert response.is_success, response.text
        return response.json()

    def pay(self, reference: str, **body: Any) -> str:
        """Pay without anybody being told; return the payment's id."""
        body = {"external_reference": reference, "notify": False, "late": True} | body
        return str(self.control("POST", "mercadopago/pay", body)["payment"]["id"])

    def change(self, payment_id: str, **body: Any) -> None:
        self.control("POST", f"mercadopago/payments/{payment_id}", {"notify": False} | body)

    def fault(self, mode: str, **more: Any) -> None:
        self.control("PUT", "faults", {"provider": "mercadopago", "mode": mode} | more)

    def state(self) -> Any:
        return self.control("GET", "mercadopago")

    def refunds(self, payment_id: str) -> list[dict[str, Any]]:
        refunds: list[dict[str, Any]] = self.state()["payments"][payment_id]["refunds"]
        return refunds


class Told(Bus):
    """A bus that remembers what it was told."""

    def __init__(self) -> None:
        super().__init__()
        self.facts: list[object] = []

    def publish_all(self, facts) -> None:
        self.facts.extend(facts)

    def of(self, kind: type) -> list[Any]:
        return [fact for fact in self.facts if type(fact) is kind]

    def outcomes(self) -> list[str]:
        return [fact.outcome.value for fact in self.of(PaymentApplied)]


class Timed:
    """A recorder that keeps what it was told."""

    def __init__(self) -> None:
        self.seconds: list[float] = []

    def webhook_processed(self, *, source: str, event_type: str, seconds: float) -> None:
        assert (source, event_type) == ("mercadopago", "payment")
        self.seconds.append(seconds)


async def _reservation_changed(tx: db.Transaction, fact: ReservationChanged) -> None:
    await payments.record_reservation_changed(tx, fact)
    if fact.status is Status.PRE_RESERVED:
        await queue.enqueue(tx.conn, jobs.CREATE_LINK, reservation_id=fact.reservation_id)


async def _reservation_moved(tx: db.Transaction, fact: ReservationMoved) -> None:
    await payments.record_reservation_moved(tx, fact)
    if fact.status is Status.PRE_RESERVED:
        await queue.enqueue(tx.conn, jobs.CREATE_LINK, reservation_id=fact.reservation_id)


async def _link_closed(tx: db.Transaction, fact: PaymentLinkClosed) -> None:
    await queue.enqueue(tx.conn, jobs.CLOSE_LINK, link_id=fact.link_id)


async def _balance_link_requested(tx: db.Transaction, fact: BalanceLinkRequested) -> None:
    await queue.enqueue(tx.conn, jobs.CREATE_BALANCE_LINK, reservation_id=fact.reservation_id)


async def _orphan_assigned(tx: db.Transaction, fact: OrphanAssigned) -> None:
    await queue.enqueue(tx.conn, jobs.APPLY, provider_payment_id=fact.provider_id)


async def _refund_requested(tx: db.Transaction, fact: RefundRequested) -> None:
    await queue.enqueue(tx.conn, jobs.REFUND, refund_id=fact.refund_id)


@dataclass
class Till:
    """The rooms put together as the composition root does, with a worker that runs when told."""

    database: db.Database
    dsn: str
    told: Told
    jobs: dict[str, Job]
    timed: Timed
    later: list[timedelta]

    def sql(self, statement: str, *values: object) -> list[dict[str, Any]]:
        with psycopg.connect(self.dsn, autocommit=True, row_factory=dict_row) as connection:
            cursor = connection.execute(statement.encode(), values)
            return cursor.fetchall() if cursor.description else []

    def with_provider(self, provider: PaymentProvider) -> dict[str, Job]:
        """Return this till's jobs, with `provider`."""
        built = jobs.create_jobs(
            database=self.database,
            provider=provider,
            account=ACCOUNT,
            recorder=self.timed,
            log=structlog.get_logger(),
            now=lambda: datetime.now(UTC) + self.later[0],
        )
        return {job.name: job for job in built}

    async def hold(self, *, first: int = 0, unit: int = 1, guest: str = "ana") -> int:
        check_in = CHECK_IN + timedelta(days=first)
        async with self.database.begin() as tx:
            guest_id = await reservations.identify_guest(
                tx, kind="email", value=f"{guest}@example.com"
            )
            view = await reservations.hold(
                tx,
                accommodation_id=unit,
                stay=Stay(check_in, check_in + timedelta(days=3)),
                guests=2,
                guest_id=guest_id,
                channel=Channel.API,
                policy=POLICY,
                locks=UnitLocks(None, ttl_ms=1000, wait_ms=100),
                today=TODAY,
            )
        return view.id

    async def hold_with_link(self, **values: Any) -> tuple[int, str]:
        """Hold, get the link, and return the reservation and the reference to pay."""
        reservation_id = await self.hold(**values)
        await self.work()
        return reservation_id, self.reference(reservation_id)

    def reference(self, reservation_id: int) -> str:
        query = (
            "SELECT external_reference FROM payment_link WHERE reservation_id = %s ORDER BY id DESC"
        )
        return str(self.sql(query, reservation_id)[0]["external_reference"])

    async def cancel(self, reservation_id: int) -> None:
        async with self.database.begin() as tx:
            await reservations.cancel(tx, reservation_id=reservation_id, reason="guest")

    def run_out(self, reservation_id: int) -> None:
        """Let the hold's deadline pass; nobody has swept it yet."""
        self.sql(
            "UPDATE reservation SET hold_expires_at = now() - interval '1 minute' WHERE id = %s",
            reservation_id,
        )

    async def work(self) -> None:
        """Do what is queued, as the worker would, until nothing is."""
        while queued := self.sql(
            "DELETE FROM procrastinate_jobs WHERE id = (SELECT id FROM procrastinate_jobs"
            " WHERE status = 'todo' AND task_name LIKE 'payments.%%' ORDER BY id LIMIT 1)"
            " RETURNING task_name, args"
        ):
            arguments = {k: v for k, v in queued[0]["args"].items() if k != queue.TRACE_ARGUMENT}
            await self.jobs[queued[0]["task_name"]].run(**arguments)

    async def apply(self, payment_id: str, **more: Any) -> str:
        """Take in a payment and everything that follows; return what came of it."""
        before = len(self.told.outcomes())
        await self.jobs[jobs.APPLY].run(provider_payment_id=payment_id, **more)
        await self.work()
        return self.told.outcomes()[before]

    async def reconcile(self) -> None:
        await self.jobs[jobs.RECONCILE].run()
        await self.work()

    async def status(self, reservation_id: int) -> str:
        async with self.database.read() as conn:
            return (await reservation_queries.by_id(conn, reservation_id)).status.value

    async def deposit(self, reservation_id: int) -> int:
        async with self.database.read() as conn:
            return (await reservation_queries.by_id(conn, reservation_id)).deposit

    async def balance(self, reservation_id: int) -> queries.Balance:
        async with self.database.read() as conn:
            return await queries.balance(conn, reservation_id=reservation_id)

    async def unreconciled(self) -> int:
        async with self.database.read() as conn:
            return (await queries.unreconciled(conn))[0]

    async def waiting_for_owner(self) -> dict[str, float]:
        """Return what /metrics tells of it."""
        return {
            sample.metric.name: sample.value
            for one in collectors.of_database(self.database, now=utc_now)
            if one.name == "payments"
            for sample in await one.read()
            if sample.metric.name.startswith("owner_money_tasks")
        }

    async def violations(self) -> dict[str, list[str]]:
        async with self.database.read() as conn:
            found = {one.name: await one.check(conn) for one in invariants.INVARIANTS}
        return {name: lines for name, lines in found.items() if lines}


@pytest.fixture
def provider() -> Iterator[Provider]:
    port = free_port()
    config = SimulatorConfig(
        public_url=f"http://127.0.0.1:{port}", application_url="http://127.0.0.1:9"
    )
    with running_app(create_app(config), port=port) as url:
        provider = Provider(url)
        yield provider
        provider.http.close()


@pytest.fixture
def webhook_port() -> int:
    """Where notifications go; nobody is there unless the test sees to it."""
    return free_port()


@pytest.fixture
async def mercadopago(provider, webhook_port) -> AsyncIterator[MercadoPago]:
    http = HttpClient(
        provider="mercadopago",
        base_url=provider.url,
        timeout_s=2,  # a busy machine may need one of them
        headers={"Authorization": "Bearer dev-only-mp-token"},
    )
    async with http:
        yield MercadoPago(
            http=http, notification_url=notification_url(f"http://127.0.0.1:{webhook_port}")
        )


@pytest.fixture
async def till(database_url, mercadopago) -> AsyncIterator[Till]:
    demo.load(database_url)
    told = Told()
    database = db.Database(
        db.create_engine(database_url, pool_size=30),
        told,
        {
            ReservationChanged: _reservation_changed,
            ReservationMoved: _reservation_moved,
            PaymentLinkClosed: _link_closed,
            RefundRequested: _refund_requested,
            BalanceLinkRequested: _balance_link_requested,
            OrphanAssigned: _orphan_assigned,
        },
    )
    timed = Timed()
    later = [timedelta()]
    till = Till(database=database, dsn=database_url, told=told, jobs={}, timed=timed, later=later)
    till.jobs = till.with_provider(mercadopago)
    yield till
    await database.close()
