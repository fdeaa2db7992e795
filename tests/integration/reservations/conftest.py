from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, TypeVar

import psycopg
import pytest

from alojamientos.entrypoints import demo
from alojamientos.kit import db
from alojamientos.kit.clock import today_in
from alojamientos.kit.errors import AlojamientosError
from alojamientos.kit.events import Bus
from alojamientos.kit.locks import UnitLocks
from alojamientos.reservations import operations, queries
from alojamientos.reservations.domain import Stay
from alojamientos.reservations.events import Channel, ReservationChanged
from alojamientos.reservations.views import ReservationView

T = TypeVar("T")
# The database's clock decides expiry, so days are real ones: the lodging's.
ZONE = "America/Argentina/Buenos_Aires"
TODAY = today_in(ZONE)
JANUARY = date(TODAY.year + 1, 1, 4)
POLICY = operations.Policy(
    time_zone="America/Argentina/Buenos_Aires",
    hold=timedelta(minutes=60),
    deposit_percent=30,
    max_open_holds=2,
)
NO_LOCKS = UnitLocks(None, ttl_ms=1000, wait_ms=100)


def nights(first: int, count: int) -> Stay:
    """`count` nights from the `first` day after a Monday or so in summer's high season."""
    check_in = JANUARY + timedelta(days=first)
    return Stay(check_in, check_in + timedelta(days=count))


class Told(Bus):
    """A bus that remembers what it was told."""

    def __init__(self) -> None:
        super().__init__()
        self.facts: list[object] = []

    def publish_all(self, facts) -> None:
        self.facts.extend(facts)

    def changes(self) -> list[tuple[str, str | None]]:
        return [
            (fact.status.value, fact.previous.value if fact.previous else None)
            for fact in self.facts
            if isinstance(fact, ReservationChanged)
        ]

    def of(self, kind: type) -> list[object]:
        return [fact for fact in self.facts if type(fact) is kind]


@dataclass
class Desk:
    """The use cases as the edges call them: a transaction each, refusals after its commit."""

    database: db.Database
    told: Told
    dsn: str
    locks: UnitLocks

    async def guest(self, name: str = "ana") -> int:
        return await self.do(
            lambda tx: operations.identify_guest(tx, kind="email", value=f"{name}@example.com")
        )

    async def do(self, work: Callable[[db.Transaction], Awaitable[T]]) -> T:
        async with self.database.begin() as tx:
            try:
                return await work(tx)
            except AlojamientosError as error:
                refusal = error
        raise refusal

    async def hold(
        self,
        stay: Stay,
        *,
        unit: int = 1,
        guest: str = "ana",
        key: str | None = None,
        **changes: Any,
    ) -> ReservationView:
        guest_id = await self.guest(guest)
        values: dict[str, Any] = {
            "accommodation_id": unit,
            "stay": stay,
            "guests": 2,
            "guest_id": guest_id,
            "channel": Channel.API,
            "policy": POLICY,
            "locks": self.locks,
            "today": TODAY,
            "idempotency_key": key,
            **changes,
        }
        return await self.do(lambda tx: operations.hold(tx, **values))

    async def confirm(self, view: ReservationView) -> ReservationView:
        return await self.do(lambda tx: operations.confirm(tx, reservation_id=view.id))

    async def revive(self, view: ReservationView) -> ReservationView:
        return await self.do(lambda tx: operations.revive(tx, reservation_id=view.id))

    async def cancel(self, view: ReservationView, reason: str = "guest") -> ReservationView:
        return await self.do(
            lambda tx: operations.cancel(tx, reservation_id=view.id, reason=reason)
        )

    async def see(self, view: ReservationView) -> ReservationView:
        async with self.database.read() as conn:
            return await queries.by_id(conn, view.id)

    def sql(self, statement: str, *values: object) -> list[Any]:
        with psycopg.connect(self.dsn, autocommit=True) as connection:
            cursor = connection.execute(statement, values)
            return cursor.fetchall() if cursor.description else []

    def run_out(self, view: ReservationView) -> None:
        """Let the deadline of a hold pass, a second ago."""
        self.sql(
            "UPDATE reservation SET hold_expires_at = now() - interval '1 second' WHERE id = %s",
            view.id,
        )


@pytest.fixture
async def desk(database_url: str):
    """A booking desk with the three demo cabins (ids 1 to 3 for 2, 4 and 6 guests)."""
    demo.load(database_url, today=TODAY)
    told = Told()
    database = db.Database(db.create_engine(database_url), told)
    yield Desk(database, told, database_url, NO_LOCKS)
    await database.close()
