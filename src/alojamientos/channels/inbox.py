"""Everything that arrives: stored once, with the job that deals with it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from alojamientos.channels.store import inbox_event
from alojamientos.jobs import queue
from alojamientos.kit.db import Transaction
from alojamientos.telemetry import context

# Built once: putting a statement together costs as much as running it.
_ACCEPT = (
    insert(inbox_event)
    .on_conflict_do_nothing(index_elements=["source", "external_id"])
    .returning(inbox_event.c.id)
)


@dataclass(frozen=True, slots=True, kw_only=True)
class InboxEvent:
    """One stored event."""

    id: int
    source: str
    external_id: str
    event_type: str
    conversation_key: str | None
    payload: dict[str, Any]
    sent_at: datetime | None
    received_at: datetime
    attempts: int
    outcome: str | None
    processed_at: datetime | None


async def accept(
    tx: Transaction,
    *,
    source: str,
    external_id: str,
    event_type: str,
    payload: dict[str, Any],
    conversation_key: str | None,
    sent_at: datetime | None,
    job: str | None,
    lock: str | None,
    job_args: Mapping[str, Any] | None = None,
    id_argument: str = "event_id",
) -> int | None:
    """Store an event and queue `job` for it, both in `tx`; return its id, None for a duplicate.

    The job gets the event's id as the keyword `id_argument`, and `job_args` besides. Without a
    job the event stays open until someone marks it processed.
    """
    row = {
        "source": source,
        "external_id": external_id,
        "event_type": event_type,
        "conversation_key": conversation_key,
        "payload": payload,
        "sent_at": sent_at,
        "trace_id": context.current_trace_id() or context.new_trace_id(),
    }
    event_id: int | None = (await tx.conn.execute(_ACCEPT, row)).scalar_one_or_none()
    if event_id is not None and job is not None:
        arguments = {**(job_args or {}), id_argument: event_id}
        await queue.enqueue(tx.conn, job, lock=lock, **arguments)
    return event_id


async def load(conn: AsyncConnection, *, event_id: int, lock: bool = False) -> InboxEvent | None:
    """Return an event, or None; `lock` keeps others from dealing with it until the commit."""
    columns = [inbox_event.c[name] for name in InboxEvent.__slots__]
    query = sa.select(*columns).where(inbox_event.c.id == event_id)
    row = (await conn.execute(query.with_for_update() if lock else query)).one_or_none()
    return None if row is None else InboxEvent(**row._mapping)  # noqa: SLF001 - its public name


async def keep_message(tx: Transaction, *, event_id: int, message: dict[str, Any]) -> None:
    """Keep what is understood of an event's message now: speech is listened to once."""
    await tx.conn.execute(
        sa.update(inbox_event)
        .where(inbox_event.c.id == event_id)
        .values(
            payload=inbox_event.c.payload.op("||")(
                sa.cast({"message": message}, inbox_event.c.payload.type)
            )
        )
    )


async def mark_processed(tx: Transaction, *, event_id: int, outcome: str) -> bool:
    """Close an event with what came of it; return False when it was closed already."""
    result = await tx.conn.execute(
        sa.update(inbox_event)
        .where(inbox_event.c.id == event_id, inbox_event.c.processed_at.is_(None))
        .values(outcome=outcome, processed_at=sa.func.now())
    )
    return bool(result.rowcount)


async def count_failure(tx: Transaction, *, event_id: int) -> int:
    """Note that dealing with an event failed once more; return how often it has."""
    result = await tx.conn.execute(
        sa.update(inbox_event)
        .where(inbox_event.c.id == event_id)
        .values(attempts=inbox_event.c.attempts + 1)
        .returning(inbox_event.c.attempts)
    )
    return int(result.scalar_one())
