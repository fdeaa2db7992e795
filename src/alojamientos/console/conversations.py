"""Conversations as the owner sees them."""

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from alojamientos.channels import queries
from alojamientos.conversation import pausing
from alojamientos.conversation.mails import Line
from alojamientos.conversation.pausing import PauseReason
from alojamientos.kit import audit
from alojamientos.kit.db import Transaction
from alojamientos.kit.errors import NotFound

_ALL = """SELECT c.id, c.channel, c.address, g.name AS guest, c.guest_id, c.last_inbound_at,
        c.window_expires_at,
        CASE WHEN c.paused_until > statement_timestamp() THEN c.paused_until END AS paused_until
    FROM conversation c LEFT JOIN guest g ON g.id = c.guest_id"""
_LIST = sa.text(
    _ALL
    + """ WHERE NOT :paused OR c.paused_until > statement_timestamp()
    ORDER BY c.last_inbound_at DESC NULLS LAST, c.id DESC LIMIT :limit"""
)
_ONE = sa.text(_ALL + " WHERE c.id = :id")


class NoSuchConversation(NotFound):
    """There is no such conversation; list them with: alojamientos conversations list."""

    code = "no_such_conversation"


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversation:
    """A conversation; `paused_until` is set while the bot leaves it to a person."""

    id: int
    channel: str
    address: str
    guest: str | None
    guest_id: int | None
    last_inbound_at: datetime | None
    window_expires_at: datetime | None
    paused_until: datetime | None


async def conversations(
    conn: AsyncConnection, *, limit: int, paused: bool = False
) -> list[Conversation]:
    """Return those that were heard from last, only paused ones if so wanted."""
    rows = await conn.execute(_LIST, {"limit": limit, "paused": paused})
    return [Conversation(**row) for row in rows.mappings()]


async def conversation(
    conn: AsyncConnection, conversation_id: int, *, lines: int
) -> tuple[Conversation, list[Line]]:
    """Return one with its last lines, oldest first; raises NoSuchConversation."""
    found = await _one(conn, conversation_id)
    key = f"{found.channel}:{found.address}"
    return found, await queries.last_lines(conn, conversation_key=key, count=lines)


async def pause(
    tx: Transaction, conversation_id: int, *, until: datetime, actor: str
) -> Conversation:
    """Keep the assistant silent until `until`; a longer pause stays. Raises NoSuchConversation."""
    found = await _one(tx.conn, conversation_id)
    held = await pausing.pause(
        tx,
        channel=found.channel,
        address=found.address,
        until=until,
        reason=PauseReason.OWNER,
    )
    await _record(tx, found, "conversation.paused", actor, until=held.until)
    return await _one(tx.conn, conversation_id)


async def resume(
    tx: Transaction, conversation_id: int, *, now: datetime, actor: str
) -> Conversation:
    """Let the assistant answer again; does nothing if it does. Raises NoSuchConversation."""
    found = await _one(tx.conn, conversation_id)
    if await pausing.resume(tx, channel=found.channel, address=found.address, now=now):
        await _record(tx, found, "conversation.resumed", actor, was_until=found.paused_until)
    return await _one(tx.conn, conversation_id)


async def _record(
    tx: Transaction, found: Conversation, action: str, actor: str, **detail: object
) -> None:
    # By its number: the address is the guest's.
    await audit.record(tx, actor=actor, action=action, subject=f"conversation:{found.id}", **detail)


async def _one(conn: AsyncConnection, conversation_id: int) -> Conversation:
    row = (await conn.execute(_ONE, {"id": conversation_id})).mappings().one_or_none()
    if row is None:
        raise NoSuchConversation(f"There is no conversation {conversation_id}", field="id")
    return Conversation(**row)
