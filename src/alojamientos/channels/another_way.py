"""When a channel will not take a message to a guest: its template, their e-mail, or the owner.

A message fails when its provider refuses it, or says later that it did not arrive; then this job
looks for the next way. Each way is its own outbox message, so that none is tried twice.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Protocol

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from alojamientos.channels import outbox
from alojamientos.channels.base import Verdict
from alojamientos.channels.outbox import OutboxMessage
from alojamientos.channels.store import outbox_message
from alojamientos.conversation import store
from alojamientos.conversation.events import HandOverReason, HandOverRequested
from alojamientos.conversation.messages import Reply
from alojamientos.jobs.registry import Job
from alojamientos.kit.db import Database, Transaction
from alojamientos.reservations import queries

WINDOWED = frozenset({"whatsapp"})  # channels that take free words for a day after the guest's last
WINDOW_CLOSED = "131047"  # what WhatsApp says then, and what we say by our own clock
_SUBJECT = "Un mensaje que no te llegó por WhatsApp"
_FOOTER = "Te lo mandamos por mail porque por WhatsApp no te llegó."


class Reader(Protocol):
    """What a channel knows of its provider's error codes."""

    def verdict(self, error_code: str) -> Verdict:
        """Return what follows from a message that was given up with `error_code`."""
        ...


def create_job(
    *,
    database: Database,
    readers: Mapping[str, Reader],
    mail: bool,
    now: Callable[[], datetime],
) -> Job:
    """Return the job; `readers` are by channel, with `mail` guests can be written to by mail."""

    async def run(*, outbox_id: int) -> None:
        async with database.begin() as tx:
            message = await outbox.load(tx.conn, outbox_id=outbox_id)
            reader = None if message is None else readers.get(message.channel)
            if message is None or reader is None:
                return
            code = await _error_code(tx.conn, outbox_id)
            if code is not None:
                await _go(tx, message, reader.verdict(code), mail=mail, now=now())

    return Job(outbox.ANOTHER_WAY, run)


async def window_is_closed(conn: AsyncConnection, message: OutboxMessage, now: datetime) -> bool:
    """Tell whether only a template would be taken at `now`."""
    if message.channel not in WINDOWED or message.reply.as_template:
        return False
    until = await store.window_of(conn, channel=message.channel, address=message.address)
    return until is not None and until <= now


async def _go(
    tx: Transaction, message: OutboxMessage, verdict: Verdict, *, mail: bool, now: datetime
) -> None:
    reply = message.reply
    if verdict.without_media and (reply.images or reply.place):
        plain = replace(reply, images=(), place=None)
        await _put(tx, message, plain, way="plain")
        return
    if verdict.template and not reply.as_template:
        await _put(tx, message, replace(reply, as_template=True), way="template")
        return
    by_mail = verdict.another_way and mail and await _mail(tx, message)
    if verdict.tell_owner or (verdict.another_way and not by_mail):
        tx.emit(
            HandOverRequested(
                channel=message.channel,
                address=message.address,
                cause=f"undelivered:{message.address}:{now.date()}",  # one mail a day is enough
                reason=HandOverReason.UNDELIVERED,
            )
        )


async def _mail(tx: Transaction, message: OutboxMessage) -> bool:
    """Write to the guest by mail if they have an address; return whether they have."""
    guest_id = await store.guest_of(tx.conn, channel=message.channel, address=message.address)
    address = None if guest_id is None else await queries.guest_email(tx.conn, guest_id)
    if address is None:
        return False
    reply = replace(
        message.reply,
        as_template=False,
        header=message.reply.header or _SUBJECT,
        footer=message.reply.footer or _FOOTER,
    )
    await _put(tx, message, reply, way="mail", channel="email", address=address)
    return True


async def _put(
    tx: Transaction,
    message: OutboxMessage,
    reply: Reply,
    *,
    way: str,
    channel: str | None = None,
    address: str | None = None,
) -> None:
    await outbox.put(
        tx,
        channel=channel or message.channel,
        address=address or message.address,
        reply=reply,
        dedupe_key=f"{way}:{message.id}",
        kind=message.kind,
        reservation_id=message.reservation_id,
    )


async def _error_code(conn: AsyncConnection, outbox_id: int) -> str | None:
    """Return why a message did not arrive, or None when it has."""
    failed = sa.or_(outbox_message.c.status == "failed", outbox_message.c.ladder == "failed")
    query = sa.select(outbox_message.c.error_code).where(outbox_message.c.id == outbox_id, failed)
    code: str | None = await conn.scalar(query)
    return code
