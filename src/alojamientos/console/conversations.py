"""Conversations as the owner sees them."""

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from alojamientos.channels import queries
from alojamientos.conversation.mails import Line
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
    row = (await conn.execute(_ONE, {"id": conversation_id})).mappings().one_or_none()
    if row is None:
        raise NoSuchConversation(f"There is no conversation {conversation_id}", field="id")
    found = Conversation(**row)
    key = f"{found.channel}:{found.address}"
    return found, await queries.last_lines(conn, conversation_key=key, count=lines)
