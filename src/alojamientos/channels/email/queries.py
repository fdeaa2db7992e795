"""What can be read about mails: the mailbox's position, threads, addresses that do not work."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from alojamientos.channels.email.payloads import CHANNEL
from alojamientos.channels.email.store import mail_undeliverable, mailbox
from alojamientos.channels.store import inbox_event, outbox_message


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """How far a mailbox has been read, and how reading it goes."""

    name: str
    uid_validity: int | None
    last_uid: int
    read_at: datetime | None
    failures: int
    retry_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Thread:
    """The guest's mail that one of ours answers, or follows."""

    message_id: str
    references: tuple[str, ...]
    subject: str
    is_answer: bool


async def position(conn: AsyncConnection, *, name: str) -> Position:
    """Return how far the mailbox `name` has been read; a fresh position when it never was."""
    columns = [mailbox.c[field] for field in Position.__slots__]
    row = (await conn.execute(sa.select(*columns).where(mailbox.c.name == name))).one_or_none()
    if row is None:
        return Position(
            name=name, uid_validity=None, last_uid=0, read_at=None, failures=0, retry_at=None
        )
    return Position(**row._mapping)  # noqa: SLF001 - its public name


async def last_read_at(conn: AsyncConnection) -> datetime | None:
    """Return when the mailbox was last seen whole: 1970 if never, None if nobody tried."""
    tried_last = sa.func.greatest(mailbox.c.read_at, mailbox.c.retry_at).desc().nulls_last()
    query = sa.select(sa.func.coalesce(mailbox.c.read_at, sa.func.to_timestamp(0)))
    found: datetime | None = await conn.scalar(query.order_by(tried_last).limit(1))
    return found


async def thread_of(conn: AsyncConnection, *, outbox_id: int) -> Thread | None:
    """Return the mail that a message of ours belongs under: what it answers, or the last one."""
    message = (
        await conn.execute(
            sa.select(outbox_message.c.in_reply_to, outbox_message.c.conversation_key).where(
                outbox_message.c.id == outbox_id
            )
        )
    ).one_or_none()
    if message is None:
        return None
    query = sa.select(inbox_event.c.payload["raw"].label("raw")).where(
        inbox_event.c.source == CHANNEL
    )
    if message.in_reply_to is not None:
        query = query.where(inbox_event.c.id == message.in_reply_to)
    else:
        query = (
            query.where(inbox_event.c.conversation_key == message.conversation_key)
            .order_by(inbox_event.c.id.desc())
            .limit(1)
        )
    raw: dict[str, Any] | None = await conn.scalar(query)
    if not raw or not raw.get("message_id"):
        return None
    return Thread(
        message_id=raw["message_id"],
        references=tuple(raw.get("references", ())),
        subject=raw.get("subject", ""),
        is_answer=message.in_reply_to is not None,
    )


async def heard_since(conn: AsyncConnection, *, conversation_key: str, since: datetime) -> int:
    """Count the mails of one sender that were stored since `since`."""
    query = sa.select(sa.func.count()).where(
        inbox_event.c.conversation_key == conversation_key, inbox_event.c.received_at >= since
    )
    return int(await conn.scalar(query) or 0)


async def undeliverable(conn: AsyncConnection, *, address: str) -> str | None:
    """Return the code with which `address` was refused for good, or None."""
    query = sa.select(mail_undeliverable.c.code).where(
        mail_undeliverable.c.address == address.lower()
    )
    code: str | None = await conn.scalar(query)
    return code
