"""Nights that the owner keeps for themselves."""

from dataclasses import dataclass
from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from alojamientos.kit import audit
from alojamientos.kit.db import Transaction
from alojamientos.kit.errors import Conflict, Invalid, NotFound
from alojamientos.reservations import cabins, operations
from alojamientos.reservations.domain import Stay
from alojamientos.reservations.store import accommodation, manual_block

_LONGEST_NOTE = 200
_MOST_NIGHTS = 366
_OVER = sa.text(
    """SELECT code, check_in, check_out, status FROM reservation
    WHERE accommodation_id = :accommodation_id
        AND daterange(check_in, check_out, '[)') && daterange(:check_in, :check_out, '[)')
        AND (status = 'confirmed'
             OR (status = 'pre_reserved' AND hold_expires_at > statement_timestamp()))
    ORDER BY check_in"""
).bindparams(sa.bindparam("check_in", type_=sa.Date), sa.bindparam("check_out", type_=sa.Date))


class NoSuchBlock(NotFound):
    """There is no such block; list them with: alojamientos blocks list."""

    code = "no_such_block"


class BlockOverBooking(Conflict):
    """Guests are booked on some of these nights."""

    code = "block_over_booking"


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """The nights in [starts_on, ends_on) of a cabin that are not sold."""

    id: int
    cabin: str
    starts_on: date
    ends_on: date
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BookedThere:
    """A booking on nights that were to be blocked."""

    code: str
    check_in: date
    check_out: date
    status: str


async def blocks(
    conn: AsyncConnection, *, cabin: str | None = None, since: date | None = None
) -> list[Block]:
    """Return the blocks that end after `since`, by cabin and date."""
    query = _select().order_by(accommodation.c.slug, manual_block.c.starts_on)
    if cabin is not None:
        query = query.where(accommodation.c.slug == cabin)
    if since is not None:
        query = query.where(manual_block.c.ends_on > since)
    return [Block(**row) for row in (await conn.execute(query)).mappings()]


async def add(
    tx: Transaction,
    *,
    cabin: str,
    stay: Stay,
    note: str,
    today: date,
    actor: str,
    despite: bool = False,
) -> tuple[Block, list[BookedThere]]:
    """Block nights on every channel of ours; return the block and the bookings on its nights.

    Bookings there stay, and are why it is refused unless `despite`. Raises NoSuchAccommodation,
    Invalid or BlockOverBooking.
    """
    if stay.check_out <= today:
        raise Invalid("these nights are over; choose later ones", field="to")
    if stay.nights > _MOST_NIGHTS:
        raise Invalid("a block lasts at most a year; retire the cabin instead", field="to")
    if len(note) > _LONGEST_NOTE or not note.isprintable():
        raise Invalid(f"note must be one line of at most {_LONGEST_NOTE} letters", field="note")
    found = await cabins.cabin(tx.conn, cabin, today=today)
    unit = found.accommodation.id
    await operations.lock_unit(tx, accommodation_id=unit)
    values = {"accommodation_id": unit, "check_in": stay.check_in, "check_out": stay.check_out}
    booked = [BookedThere(**row) for row in (await tx.conn.execute(_OVER, values)).mappings()]
    if booked and not despite:
        raise BlockOverBooking(_refusal(cabin, stay, booked), field="from")
    statement = (
        sa.insert(manual_block)
        .values(
            accommodation_id=unit,
            starts_on=stay.check_in,
            ends_on=stay.check_out,
            note=note.strip(),
        )
        .returning(manual_block.c.id)
    )
    block = await _block(tx.conn, int((await tx.conn.execute(statement)).scalar_one()))
    await _audit(tx, actor, "block.added", block, over=[each.code for each in booked])
    return block, booked


async def remove(tx: Transaction, *, block_id: int, actor: str) -> Block:
    """Sell the nights of a block again; raises NoSuchBlock."""
    block = await _block(tx.conn, block_id)
    await tx.conn.execute(sa.delete(manual_block).where(manual_block.c.id == block_id))
    await _audit(tx, actor, "block.removed", block)
    return block


def _refusal(cabin: str, stay: Stay, booked: list[BookedThere]) -> str:
    there = "; ".join(
        f"{each.code} ({each.status}) {each.check_in.isoformat()} to {each.check_out.isoformat()}"
        for each in booked
    )
    return (
        f"{cabin} from {stay.check_in.isoformat()} to {stay.check_out.isoformat()} has bookings:"
        f" {there}. Move or cancel them, or force the block over them"
    )


def _select() -> sa.Select[Any]:
    own = [manual_block.c[name] for name in ("id", "starts_on", "ends_on", "note")]
    return sa.select(*own, accommodation.c.slug.label("cabin")).join_from(
        manual_block, accommodation
    )


async def _block(conn: AsyncConnection, block_id: int) -> Block:
    query = _select().where(manual_block.c.id == block_id)
    row = (await conn.execute(query)).mappings().one_or_none()
    if row is None:
        raise NoSuchBlock(f"There is no block {block_id}; see: alojamientos blocks list")
    return Block(**row)


async def _audit(tx: Transaction, actor: str, action: str, block: Block, **more: object) -> None:
    await audit.record(
        tx,
        actor=actor,
        action=action,
        subject=f"cabin:{block.cabin}",
        block=block.id,
        starts_on=block.starts_on,
        ends_on=block.ends_on,
        **more,
    )
