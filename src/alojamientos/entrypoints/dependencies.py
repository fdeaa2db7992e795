"""The servers that a process needs: whether they answer, and a line when that changes."""

import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import sqlalchemy as sa
from structlog.typing import FilteringBoundLogger

from alojamientos.health.checks import Check
from alojamientos.kit.db import Database
from alojamientos.kit.errors import Unavailable
from alojamientos.kit.redis import Redis
from alojamientos.telemetry import log_events


@dataclass(slots=True, kw_only=True)
class Dependency:
    """A server, probed on demand."""

    name: str
    critical: bool
    ask: Callable[[], Awaitable[object]]
    log: FilteringBoundLogger
    _lost_at: float | None = field(default=None, init=False)

    async def probe(self) -> None:
        """Return when the server answers; raise what stopped it otherwise."""
        try:
            await self.ask()
        except Exception as error:
            if self._lost_at is None:
                self._lost_at = time.monotonic()
                self.log.warning(
                    log_events.DEPENDENCY_LOST, dependency=self.name, error=type(error).__name__
                )
            raise
        if self._lost_at is not None:
            down = time.monotonic() - self._lost_at
            self._lost_at = None
            self.log.info(
                log_events.DEPENDENCY_BACK, dependency=self.name, seconds_down=round(down, 1)
            )

    @property
    def check(self) -> Check:
        return Check(name=self.name, critical=self.critical, probe=self.probe)


def postgres(database: Database, log: FilteringBoundLogger) -> Dependency:
    """Return the one server without which nothing works."""

    async def ask() -> None:
        async with database.read() as conn:
            await conn.execute(sa.text("SELECT 1"))

    return Dependency(name="postgres", critical=True, ask=ask, log=log)


def redis(client: Redis | None, log: FilteringBoundLogger) -> Dependency:
    """Return the server that sheds contention; one that is not configured does not answer."""

    async def ask() -> None:
        if client is None:
            raise Unavailable("REDIS_URL is not set")
        await client.ping()

    return Dependency(name="redis", critical=False, ask=ask, log=log)
