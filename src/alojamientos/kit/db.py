"""The database: one engine, one commit per unit of work, facts told after it."""

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, TypeVar

import orjson
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from alojamientos.kit.errors import Unavailable
from alojamientos.kit.events import Bus

metadata = sa.MetaData(
    naming_convention={
        "ix": "ix_%(column_0_N_label)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)

T = TypeVar("T")

EXCLUSION_VIOLATION = "23P01"
UNIQUE_VIOLATION = "23505"
_TRY_AGAIN = {"40P01", "40001"}  # deadlock detected, serialization failure
_LOCK_NOT_AVAILABLE = "55P03"
_ATTEMPTS = 3


class DatabaseUnavailable(Unavailable):
    """The database cannot be reached at the moment; try again shortly."""

    code = "database_unavailable"


class Busy(Unavailable):
    """Others are changing the same thing at the moment; try again."""

    code = "busy"
    title = "Busy"


@dataclass(slots=True)
class Transaction:
    """A connection inside a transaction, and the facts to tell once it has committed."""

    conn: AsyncConnection
    facts: list[object] = field(default_factory=list)

    def emit(self, fact: object) -> None:
        """Keep `fact` until the commit; a rollback drops it."""
        self.facts.append(fact)


def sqlstate(error: BaseException) -> str | None:
    """Return the SQLSTATE behind a SQLAlchemy error, or None."""
    return getattr(getattr(error, "orig", None), "sqlstate", None)


def async_url(dsn: str) -> sa.URL:
    """Return `dsn` (postgresql://…) as a SQLAlchemy URL for psycopg."""
    return sa.make_url(dsn).set(drivername="postgresql+psycopg")


def create_engine(
    dsn: str,
    *,
    pool_size: int = 16,
    pool_timeout: float = 3.0,
    connect_timeout: int = 3,
    lock_timeout_ms: int = 3_000,
    statement_timeout_ms: int = 15_000,
    application_name: str = "alojamientos",
) -> AsyncEngine:
    """Build the engine; nothing connects until it is used."""
    return create_async_engine(
        async_url(dsn),
        pool_size=pool_size,
        max_overflow=0,  # a connection more costs a login each time, and gains nothing
        pool_timeout=pool_timeout,
        pool_recycle=1800,
        connect_args={
            "connect_timeout": connect_timeout,
            "application_name": application_name,
            "options": f"-c lock_timeout={lock_timeout_ms}"
            f" -c statement_timeout={statement_timeout_ms} -c timezone=UTC",
        },
        json_serializer=lambda value: orjson.dumps(value).decode(),
        json_deserializer=orjson.loads,
    )


@asynccontextmanager
async def _translated() -> AsyncIterator[None]:
    """Turn the driver's ways of being unreachable into our two conditions."""
    try:
        yield
    except PoolTimeout as error:
        raise DatabaseUnavailable from error
    except (OperationalError, InterfaceError) as error:
        if sqlstate(error) == _LOCK_NOT_AVAILABLE:
            raise Busy from error
        if sqlstate(error) in _TRY_AGAIN:
            raise
        raise DatabaseUnavailable from error
    except DBAPIError as error:
        if error.connection_invalidated:
            raise DatabaseUnavailable from error
        raise


Consequence = Callable[[Transaction, Any], Awaitable[None]]


class Database:
    """Hand out transactions and read-only connections; commit happens here and nowhere else.

    `consequences` maps a fact's exact type to what must be written in the same transaction
    because of it (a job, a message); `bus` is told of the fact once all of it has committed.
    """

    def __init__(
        self,
        engine: AsyncEngine,
        bus: Bus | None = None,
        consequences: Mapping[type, Consequence] | None = None,
    ) -> None:
        self.engine = engine
        self.bus = bus or Bus()
        self._consequences = dict(consequences or {})

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[Transaction]:
        """Open a transaction, commit it at the end, then publish its facts.

        Raises DatabaseUnavailable when the server cannot be reached, Busy when a lock could not
        be had within the engine's `lock_timeout`.
        """
        async with _translated():
            async with self.engine.begin() as conn:
                transaction = Transaction(conn)
                yield transaction
                # A consequence may emit facts of its own: the list is walked as it grows.
                for fact in transaction.facts:
                    consequence = self._consequences.get(type(fact))
                    if consequence is not None:
                        await consequence(transaction, fact)
            self.bus.publish_all(transaction.facts)

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        """Open a connection for reading; nothing done on it is kept."""
        async with _translated(), self.engine.connect() as conn:
            yield conn

    @asynccontextmanager
    async def rehearse(self) -> AsyncIterator[Transaction]:
        """Open a transaction that is rolled back at the end; its facts are told to nobody."""
        async with self.read() as conn:
            yield Transaction(conn)

    async def run(self, work: Callable[[Transaction], Awaitable[T]]) -> T:
        """Run `work` in a transaction; run it again, three times in all, after a deadlock."""
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                async with self.begin() as transaction:
                    return await work(transaction)
            except DBAPIError as error:
                if sqlstate(error) not in _TRY_AGAIN:
                    raise
                if attempt == _ATTEMPTS:
                    raise Busy from error
            await asyncio.sleep(random.uniform(0.005, 0.05) * attempt)  # noqa: S311 - jitter
        raise AssertionError  # pragma: no cover - the loop returns or raises

    async def close(self) -> None:
        await self.engine.dispose()


async def advisory_lock(conn: AsyncConnection, lock_class: int, key: int) -> None:
    """Wait for the transaction-scoped advisory lock (`lock_class`, `key`)."""
    await conn.execute(sa.text("SELECT pg_advisory_xact_lock(:c, :k)"), {"c": lock_class, "k": key})
