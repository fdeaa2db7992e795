"""What every route of the owner's has at hand."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated, TypeVar

from fastapi import Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field, field_validator
from sqlalchemy.ext.asyncio import AsyncConnection

from alojamientos.kit.clock import today_in
from alojamientos.kit.db import Database, Transaction
from alojamientos.kit.errors import Invalid
from alojamientos.kit.locks import UnitLocks
from alojamientos.reservations.domain import Policy

T = TypeVar("T")
PREFIX = "/api/v1/owner"
ACTOR = "api:owner"
_MAX_INT8 = 2**63 - 1
_NUL = "\0"

Limit = Annotated[int, Query(ge=1, le=1000, description="At most as many")]
DryRun = Annotated[
    bool, Query(description="true checks everything and shows it, and changes nothing")
]
Id = Annotated[int, Field(ge=1, le=_MAX_INT8)]
Centavos = Annotated[int, Field(ge=1, le=10**13, strict=True, description="Centavos")]


class Body(BaseModel):
    """What a request has; an unknown field is a mistake, and so is what no database stores."""

    model_config = ConfigDict(extra="forbid")

    @field_validator("*")
    @classmethod
    def _storable(cls, value: object) -> object:
        if isinstance(value, str) and _NUL in value:
            raise ValueError("must not contain a NUL character")
        return value


@dataclass(frozen=True, slots=True, kw_only=True)
class Guards:
    """The dependencies that stand before the routes: who may, and how often."""

    token: Callable[..., Awaitable[None]]
    rate_limit: Callable[..., Awaitable[None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """The database, the lodging's rules, and its clock."""

    database: Database
    policy: Policy
    locks: UnitLocks
    clock: Callable[[], datetime]

    @property
    def zone(self) -> str:
        return self.policy.time_zone

    @property
    def today(self) -> date:
        return today_in(self.zone, self.clock())

    async def read(self, work: Callable[[AsyncConnection], Awaitable[T]]) -> T:
        async with self.database.read() as conn:
            return await work(conn)

    async def write(
        self, work: Callable[[Transaction], Awaitable[T]], *, dry_run: bool = False
    ) -> T:
        """Do `work`, or rehearse it with all of its checks."""
        if not dry_run:
            return await self.database.run(work)
        async with self.database.rehearse() as tx:
            return await work(tx)


async def storable(request: Request) -> None:
    """Refuse a path or query that no database can look for; raises Invalid."""
    for name, value in (*request.path_params.items(), *request.query_params.multi_items()):
        if _NUL in str(value):
            raise Invalid("must not contain a NUL character", field=name)


async def not_stored(response: Response) -> None:
    """Let no cache between us and the owner keep what guests told us."""
    response.headers["Cache-Control"] = "no-store"
