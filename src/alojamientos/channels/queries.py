"""How much waits at the doors, for gauges and the console."""

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from alojamientos.channels.echoes import EVENT_TYPE
from alojamientos.channels.outbox import OPEN
from alojamientos.channels.store import inbox_event, outbox_message
from alojamientos.conversation.mails import Line


@dataclass(frozen=True, slots=True, kw_only=True)
class Backlog:
    """How many wait, and since when the oldest does."""

    count: int
    oldest_at: datetime | None


async def inbox_open(conn: AsyncConnection) -> Backlog:
    """Return the events that are stored and not handled."""
    return await _backlog(conn, inbox_event.c.received_at, inbox_event.c.processed_at.is_(None))


async def outbox_open(conn: AsyncConnection) -> Backlog:
    """Return the messages to guests that no provider has taken yet."""
    return await _backlog(conn, outbox_message.c.created_at, outbox_message.c.status.in_(OPEN))


async def last_lines(conn: AsyncConnection, *, conversation_key: str, count: int) -> list[Line]:
    """Return what was said last in a conversation by the guest and by us, oldest first."""
    message = inbox_event.c.payload["message"]
    theirs = (
        sa.select(
            sa.func.coalesce(message["text"].astext, "").label("text"),
            sa.case(
                (inbox_event.c.event_type == EVENT_TYPE, ""), else_=inbox_event.c.event_type
            ).label("kind"),
            inbox_event.c.received_at.label("at"),
        )
        .where(inbox_event.c.conversation_key == conversation_key)
        .order_by(inbox_event.c.id.desc())
        .limit(count)
    )
    ours = (
        sa.select(
            outbox_message.c.content["text"].astext.label("text"),
            sa.literal("").label("kind"),
            outbox_message.c.created_at.label("at"),
        )
        .where(outbox_message.c.conversation_key == conversation_key)
        .order_by(outbox_message.c.id.desc())
        .limit(count)
    )
    both = sa.union_all(theirs.subquery().select(), ours.subquery().select()).subquery()
    newest = sa.select(both).order_by(both.c.at.desc()).limit(count)
    rows = (await conn.execute(newest)).all()
    return [Line(text=row.text, kind=row.kind, at=row.at) for row in reversed(rows)]


async def _backlog(
    conn: AsyncConnection, since: sa.Column[datetime], is_open: sa.ColumnElement[bool]
) -> Backlog:
    query = sa.select(sa.func.count().label("waiting"), sa.func.min(since).label("oldest_at"))
    row = (await conn.execute(query.where(is_open))).one()
    return Backlog(count=row.waiting, oldest_at=row.oldest_at)
