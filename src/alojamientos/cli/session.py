"""What the verbs that work on the database have in common."""

import asyncio
import getpass
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from alojamientos.kit import db
from alojamientos.kit.errors import AlojamientosError
from alojamientos.ops.launcher import config
from alojamientos.settings import Settings, load_settings

T = TypeVar("T")


def running_settings() -> Settings:
    """Return the settings of the stack that runs here, or of the environment."""
    return config.running(load_settings(check_production=False))


def actor() -> str:
    """Return who the audit names."""
    return f"cli:{getpass.getuser()}"


def run(settings: Settings, work: Callable[[db.Database], Awaitable[T]], *, name: str = "cli") -> T:
    """Run `work` on the database; raises AlojamientosError when there is none."""
    url = settings.database.url
    if url is None:
        raise AlojamientosError(
            "There is no database: set DATABASE_URL, or start the stack with `make up`"
        )

    async def working() -> T:
        database = db.Database(
            db.create_engine(url.get_secret_value(), pool_size=2, application_name=name)
        )
        try:
            return await work(database)
        finally:
            await database.close()

    return asyncio.run(working())


def read(settings: Settings, work: Callable[[Any], Awaitable[T]]) -> T:
    """Run `work` on a connection for reading."""

    async def reading(database: db.Database) -> T:
        async with database.read() as conn:
            return await work(conn)

    return run(settings, reading)


def in_transaction(settings: Settings, work: Callable[[db.Transaction], Awaitable[T]]) -> T:
    """Run `work` in a transaction and commit it."""
    return run(settings, lambda database: database.run(work))
