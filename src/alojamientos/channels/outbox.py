"""Everything that goes out: written with the change it tells of, delivered by a job.

A message is `queued`, then `sending` while a provider is asked to take it, then `sent` or
`failed`. A row found `sending` may have arrived: its provider is asked before it is sent again.
"""

import re
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from alojamientos.channels.store import inbox_event, outbox_message
from alojamientos.conversation.messages import Reply
from alojamientos.jobs import queue
from alojamientos.kit.db import Transaction
from alojamientos.telemetry import context

DELIVER = "messages.deliver"
ANOTHER_WAY = "messages.another_way"  # for one that will not arrive
OPEN = ("queued", "sending")
# What a provider reports, in the order in which it comes true; failing may follow sending only.
LADDER = {"sent": 1, "failed": 2, "delivered": 3, "read": 4, "played": 5}
_REFERENCE = re.compile(r"outbox:([0-9]{1,18})")


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboxMessage:
    """One message to a guest. `attempts` counts the times a provider was asked to take it."""

    id: int
    channel: str
    address: str
    conversation_key: str
    kind: str
    reply: Reply
    in_reply_to: int | None
    reservation_id: int | None
    status: str
    attempts: int
    created_at: datetime
    sending_at: datetime | None
    sent_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """An event all of whose replies are out."""

    source: str
    event_type: str
    received_at: datetime


_COLUMNS = [
    outbox_message.c[name] if name != "reply" else outbox_message.c.content.label("reply")
    for name in OutboxMessage.__slots__
]

# Built once: putting a statement together costs as much as running it.
_PUT = (
    insert(outbox_message)
    .on_conflict_do_nothing(index_elements=["dedupe_key"])
    .returning(outbox_message.c.id)
)


def reference(outbox_id: int) -> str:
    """Return what travels with a message so that its status reports can be matched."""
    return f"outbox:{outbox_id}"


def id_of(text: object) -> int | None:
    """Return the outbox id in a reference that came back, or None when it is not one of ours."""
    if not isinstance(text, str):
        return None
    match = _REFERENCE.fullmatch(text)
    return int(match[1]) if match else None


async def put(
    tx: Transaction,
    *,
    channel: str,
    address: str,
    reply: Reply,
    dedupe_key: str,
    kind: str = "reply",
    in_reply_to: int | None = None,
    reservation_id: int | None = None,
) -> int | None:
    """Queue a message and its delivery in `tx`; return its id, None when it was queued before."""
    conversation_key = f"{channel}:{address}"
    row = {
        "channel": channel,
        "address": address,
        "conversation_key": conversation_key,
        "dedupe_key": dedupe_key,
        "kind": kind,
        "content": reply.to_json(),
        "in_reply_to": in_reply_to,
        "reservation_id": reservation_id,
        "trace_id": context.current_trace_id() or context.new_trace_id(),
    }
    outbox_id: int | None = (await tx.conn.execute(_PUT, row)).scalar_one_or_none()
    if outbox_id is not None:
        await queue.enqueue(
            tx.conn, DELIVER, lock=f"deliver:{conversation_key}", outbox_id=outbox_id
        )
    return outbox_id


async def load(conn: AsyncConnection, *, outbox_id: int) -> OutboxMessage | None:
    """Return a message, or None."""
    query = sa.select(*_COLUMNS).where(outbox_message.c.id == outbox_id)
    row = (await conn.execute(query)).one_or_none()
    return None if row is None else _message(row)


async def open_up_to(conn: AsyncConnection, *, message: OutboxMessage) -> list[OutboxMessage]:
    """Return what of the same conversation is still to go out, up to `message`, in order."""
    query = (
        sa.select(*_COLUMNS)
        .where(
            outbox_message.c.conversation_key == message.conversation_key,
            outbox_message.c.id <= message.id,
            outbox_message.c.status.in_(OPEN),
        )
        .order_by(outbox_message.c.id)
    )
    return [_message(row) for row in (await conn.execute(query)).all()]


async def claim(tx: Transaction, *, outbox_id: int, again: bool = False) -> int | None:
    """Take a queued message for sending and return which attempt this is; None when it is gone.

    `again` takes one that was already `sending`, whose fate could not be learnt.
    """
    result = await tx.conn.execute(
        sa.update(outbox_message)
        .where(
            outbox_message.c.id == outbox_id,
            outbox_message.c.status == ("sending" if again else "queued"),
        )
        .values(
            status="sending",
            attempts=outbox_message.c.attempts + 1,
            sending_at=sa.func.clock_timestamp(),
        )
        .returning(outbox_message.c.attempts)
    )
    attempts = result.scalar_one_or_none()
    return None if attempts is None else int(attempts)


async def sent(tx: Transaction, *, outbox_id: int, provider_id: str) -> datetime | None:
    """Note that the provider took the message; return when, None if that was known already."""
    return await _settle(tx, outbox_id=outbox_id, status="sent", provider_id=provider_id)


async def failed(tx: Transaction, *, outbox_id: int, error_code: str) -> None:
    """Note that the message will not go out any more, and look for another way."""
    await _settle(tx, outbox_id=outbox_id, status="failed", error_code=error_code)
    await queue.enqueue(tx.conn, ANOTHER_WAY, outbox_id=outbox_id)


async def later(tx: Transaction, *, outbox_id: int, error_code: str) -> None:
    """Put a message back that its provider did not take."""
    await tx.conn.execute(
        sa.update(outbox_message)
        .where(outbox_message.c.id == outbox_id, outbox_message.c.status == "sending")
        .values(status="queued", error_code=error_code)
    )


async def answered(conn: AsyncConnection, *, message: OutboxMessage) -> Answered | None:
    """Return the event that `message` is the last reply to; None while others are to go out."""
    if message.in_reply_to is None:
        return None
    others = sa.exists().where(
        outbox_message.c.in_reply_to == message.in_reply_to,
        outbox_message.c.id != message.id,
        outbox_message.c.status.in_(OPEN),
    )
    row = (
        await conn.execute(
            sa.select(
                inbox_event.c.source, inbox_event.c.event_type, inbox_event.c.received_at
            ).where(inbox_event.c.id == message.in_reply_to, ~others)
        )
    ).one_or_none()
    return None if row is None else Answered(**row._mapping)  # noqa: SLF001 - its public name


async def report(
    tx: Transaction, *, outbox_id: int | None, provider_id: str, status: str, error_code: str | None
) -> int | None:
    """Take in how far a message of ours has got; return its id, None when it was known or unknown.

    Reports come in any order and more than once: only one that is further along counts. A message
    whose fate was open has arrived, or has failed, as it says.
    """
    table = outbox_message.c
    further = sa.case(LADDER, value=table.ladder, else_=0) < LADDER[status]
    which = table.id == outbox_id if outbox_id is not None else table.provider_id == provider_id
    is_open = table.status.in_(OPEN)
    has_failed = status == "failed"
    result = await tx.conn.execute(
        sa.update(outbox_message)
        .where(which, further)
        .values(
            ladder=status,
            provider_id=sa.func.coalesce(table.provider_id, provider_id),
            error_code=error_code if has_failed else table.error_code,
            status=sa.case((is_open, "failed" if has_failed else "sent"), else_=table.status),
            sent_at=table.sent_at
            if has_failed
            else sa.func.coalesce(table.sent_at, sa.func.clock_timestamp()),
        )
        .returning(table.id)
    )
    known: int | None = result.scalars().first()
    if known is not None and has_failed:
        await queue.enqueue(tx.conn, ANOTHER_WAY, outbox_id=known)
    return known


async def _settle(
    tx: Transaction,
    *,
    outbox_id: int,
    status: str,
    provider_id: str | None = None,
    error_code: str | None = None,
) -> datetime | None:
    result = await tx.conn.execute(
        sa.update(outbox_message)
        .where(outbox_message.c.id == outbox_id, outbox_message.c.status.in_(OPEN))
        .values(
            status=status,
            provider_id=sa.func.coalesce(provider_id, outbox_message.c.provider_id),
            error_code=error_code,
            sent_at=sa.func.clock_timestamp() if status == "sent" else None,
        )
        .returning(sa.func.clock_timestamp())
    )
    settled_at: datetime | None = result.scalar_one_or_none()
    return settled_at


def _message(row: sa.Row[tuple[object, ...]]) -> OutboxMessage:
    values = dict(row._mapping)  # noqa: SLF001 - its public name
    return OutboxMessage(**{**values, "reply": Reply.from_json(values["reply"])})
