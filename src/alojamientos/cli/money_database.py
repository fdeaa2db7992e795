"""The database for the verbs about money: what they do has its consequences, as in the worker."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from sqlalchemy.ext.asyncio import AsyncConnection

from alojamientos.entrypoints import container
from alojamientos.kit import db
from alojamientos.kit.errors import AlojamientosError
from alojamientos.settings import Settings

T = TypeVar("T")


def run(settings: Settings, work: Callable[[db.Database], Awaitable[T]]) -> T:
    """Run `work` with the application's database; raises AlojamientosError when there is none."""
    url = settings.database.url
    if url is None:
        raise AlojamientosError(
            "There is no database: set DATABASE_URL, or start the stack with `make up`"
        )

    async def within() -> T:
        database = db.Database(
            db.create_engine(url.get_secret_value(), pool_size=2, application_name="payments"),
            consequences=container.consequences_of(settings),
        )
        try:
            return await work(database)
        finally:
            await database.close()

    return asyncio.run(within())


def read(settings: Settings, work: Callable[[AsyncConnection], Awaitable[T]]) -> T:
    """Run `work` on a connection for reading."""

    async def reading(database: db.Database) -> T:
        async with database.read() as conn:
            return await work(conn)

    return run(settings, reading)


def write(
    settings: Settings,
    work: Callable[[db.Transaction], Awaitable[T]],
    *,
    rehearse: bool = False,
) -> T:
    """Run `work` in a transaction; with `rehearse` all of it is rolled back and told to nobody."""

    async def rehearsing(database: db.Database) -> T:
        async with database.rehearse() as tx:
            return await work(tx)

    return run(settings, rehearsing if rehearse else lambda database: database.run(work))
