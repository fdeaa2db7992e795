"""Who did what: one line per act of a person, written with the act and never changed."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg
from sqlalchemy.ext.asyncio import AsyncConnection

from alojamientos.kit.db import Transaction, metadata

audit_entry = sa.Table(
    "audit_entry",
    metadata,
    sa.Column("id", sa.BigInteger, sa.Identity(), primary_key=True),
    sa.Column("actor", sa.Text, nullable=False),
    sa.Column("action", sa.Text, nullable=False),
    sa.Column("subject", sa.Text, nullable=False),
    sa.Column("detail", pg.JSONB, nullable=False, server_default="{}"),
    sa.Column(
        "happened_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One act. `subject` is what it was done to, as kind:name."""

    id: int
    actor: str
    action: str
    subject: str
    detail: dict[str, Any]
    happened_at: datetime


async def record(
    tx: Transaction, *, actor: str, action: str, subject: str, **detail: object
) -> None:
    """Write an act in the transaction that does it.

    `detail` holds values from before and after: no secret, and nothing by which a guest is known.
    """
    await tx.conn.execute(
        sa.insert(audit_entry).values(
            actor=actor, action=action, subject=subject, detail=_plain(detail)
        )
    )


async def entries(
    conn: AsyncConnection,
    *,
    limit: int,
    actor: str | None = None,
    action: str | None = None,
    subject: str | None = None,
    before: int | None = None,
) -> list[Entry]:
    """Return the newest acts first; `action` and `subject` also match by how they begin."""
    columns = audit_entry.c
    query = sa.select(audit_entry).order_by(columns.id.desc()).limit(limit)
    if actor is not None:
        query = query.where(columns.actor == actor)
    if action is not None:
        query = query.where(columns.action.startswith(action, autoescape=True))
    if subject is not None:
        query = query.where(columns.subject.startswith(subject, autoescape=True))
    if before is not None:
        query = query.where(columns.id < before)
    return [Entry(**row) for row in (await conn.execute(query)).mappings()]


def changes(before: object, after: object, *names: str) -> dict[str, Any]:
    """Return {name: [before, after]} of the attributes among `names` that differ."""
    pairs = {name: [getattr(before, name), getattr(after, name)] for name in names}
    return {name: pair for name, pair in pairs.items() if pair[0] != pair[1]}


def _plain(value: Any) -> Any:
    """Return what JSON can hold: days and instants as ISO 8601."""
    if isinstance(value, dict):
        return {str(key): _plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    return value if value is None or isinstance(value, bool | int | float | str) else str(value)
