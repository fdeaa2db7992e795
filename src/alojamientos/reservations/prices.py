"""What the owner sets for some dates: seasons and holidays, with prices and minimum nights.

Quotes are frozen in their reservations: what changes here is for stays that are booked later.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from alojamientos.kit import audit, db
from alojamientos.kit.db import Transaction
from alojamientos.kit.errors import Conflict, Invalid, NotFound
from alojamientos.reservations.domain import RuleKind
from alojamientos.reservations.store import accommodation, price_rule

_LONGEST_NAME = 80
_MOST_NIGHTS = 60
_LONGEST_DAYS = 366
_rule = price_rule.c


class NoSuchRule(NotFound):
    """There is no such season or holiday price; list them with: alojamientos prices list."""

    code = "no_such_price"


class RulesOverlap(Conflict):
    """Another season or holiday of the same cabin has some of these nights."""

    code = "prices_overlap"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What is to hold for the nights in [starts_on, ends_on); centavos, None leaves alone."""

    name: str
    starts_on: date
    ends_on: date
    nightly_price: int | None = None
    weekend_price: int | None = None
    min_nights: int | None = None

    def check(self) -> None:
        """Raise Invalid, naming the field and the fix."""
        if not 0 < len(self.name) <= _LONGEST_NAME or not self.name.isprintable():
            raise Invalid(f"name must be one line of at most {_LONGEST_NAME} letters", field="name")
        if self.ends_on <= self.starts_on:
            raise Invalid("to must be after from: its own night is not included", field="to")
        if (self.ends_on - self.starts_on).days > _LONGEST_DAYS:
            raise Invalid("a season lasts at most a year; use two", field="to")
        prices = {"nightly": self.nightly_price, "weekend": self.weekend_price}
        for field, price in prices.items():
            if price is not None and price <= 0:
                raise Invalid(f"{field} must be more than 0", field=field)
        if self.min_nights is not None and not 1 <= self.min_nights <= _MOST_NIGHTS:
            raise Invalid(f"min_nights must be from 1 to {_MOST_NIGHTS}", field="min_nights")
        if self.nightly_price is self.weekend_price is self.min_nights is None:
            raise Invalid(
                "nothing is set; give a nightly price, a weekend price or minimum nights",
                field="nightly",
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredRule:
    """A season's or holiday's prices as they stand, in centavos."""

    id: int
    cabin: str
    kind: RuleKind
    name: str
    starts_on: date
    ends_on: date
    nightly_price: int | None
    weekend_price: int | None
    min_nights: int | None


async def rules(
    conn: AsyncConnection, *, cabin: str | None = None, since: date | None = None
) -> list[StoredRule]:
    """Return what is set for dates that end after `since`, by cabin and date."""
    query = _select().order_by(accommodation.c.slug, _rule.starts_on, _rule.kind)
    if cabin is not None:
        query = query.where(accommodation.c.slug == cabin)
    if since is not None:
        query = query.where(_rule.ends_on > since)
    return [_stored(row) for row in (await conn.execute(query)).mappings()]


async def rule(conn: AsyncConnection, rule_id: int) -> StoredRule:
    """Return one; raises NoSuchRule."""
    row = (await conn.execute(_select().where(_rule.id == rule_id))).mappings().one_or_none()
    if row is None:
        raise NoSuchRule(f"There is no price {rule_id}; see: alojamientos prices list", field="id")
    return _stored(row)


async def add(
    tx: Transaction, *, accommodation_id: int, kind: RuleKind, wanted: Wanted, actor: str
) -> StoredRule:
    """Set prices for some dates. Raises Invalid or RulesOverlap, naming what is in the way."""
    wanted.check()
    statement = (
        sa.insert(price_rule)
        .values(accommodation_id=accommodation_id, kind=kind.value, **_values(wanted))
        .returning(_rule.id)
    )
    try:
        async with tx.conn.begin_nested():
            rule_id = int((await tx.conn.execute(statement)).scalar_one())
    except IntegrityError as error:
        if db.sqlstate(error) != db.EXCLUSION_VIOLATION:
            raise
        raise await _overlap(tx.conn, accommodation_id, kind, wanted) from error
    stored = await rule(tx.conn, rule_id)
    await _audit(tx, actor, "price.added", stored)
    return stored


async def put_holidays(
    tx: Transaction, *, accommodation_id: int, wanted: Sequence[Wanted], actor: str
) -> list[StoredRule]:
    """Set the prices of holidays, in place of those that were set for the same nights."""
    stored = []
    for each in wanted:
        each.check()
        for old in await _on(tx.conn, accommodation_id, RuleKind.HOLIDAY, each):
            await remove(tx, rule_id=old.id, actor=actor)
        stored.append(
            await add(
                tx,
                accommodation_id=accommodation_id,
                kind=RuleKind.HOLIDAY,
                wanted=each,
                actor=actor,
            )
        )
    return stored


async def remove(tx: Transaction, *, rule_id: int, actor: str) -> StoredRule:
    """Let the cabin's own prices hold again; raises NoSuchRule."""
    stored = await rule(tx.conn, rule_id)
    await tx.conn.execute(sa.delete(price_rule).where(_rule.id == rule_id))
    await _audit(tx, actor, "price.removed", stored)
    return stored


def _select() -> sa.Select[tuple[object, ...]]:
    own = [_rule[name] for name in StoredRule.__slots__ if name != "cabin"]
    return sa.select(*own, accommodation.c.slug.label("cabin")).join_from(price_rule, accommodation)


def _stored(row: sa.RowMapping) -> StoredRule:
    return StoredRule(**{**row, "kind": RuleKind(row["kind"])})


def _values(wanted: Wanted) -> dict[str, object]:
    return {name: getattr(wanted, name) for name in Wanted.__slots__}


async def _on(
    conn: AsyncConnection, accommodation_id: int, kind: RuleKind, wanted: Wanted
) -> list[StoredRule]:
    query = _select().where(
        _rule.accommodation_id == accommodation_id,
        _rule.kind == kind.value,
        _rule.starts_on < wanted.ends_on,
        _rule.ends_on > wanted.starts_on,
    )
    return [_stored(row) for row in (await conn.execute(query)).mappings()]


async def _overlap(
    conn: AsyncConnection, accommodation_id: int, kind: RuleKind, wanted: Wanted
) -> RulesOverlap:
    found = await _on(conn, accommodation_id, kind, wanted)
    names = ", ".join(
        f"{each.name} ({each.starts_on.isoformat()} to {each.ends_on.isoformat()}, price {each.id})"
        for each in found
    )
    return RulesOverlap(
        f"Some of these nights have a {kind} already: {names}; remove it or choose other dates",
        field="from",
    )


async def _audit(tx: Transaction, actor: str, action: str, stored: StoredRule) -> None:
    names = ("name", "starts_on", "ends_on", "nightly_price", "weekend_price", "min_nights")
    await audit.record(
        tx,
        actor=actor,
        action=action,
        subject=f"cabin:{stored.cabin}",
        rule=stored.kind.value,
        **{name: getattr(stored, name) for name in names},
    )
