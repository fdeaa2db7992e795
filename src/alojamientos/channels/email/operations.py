"""Taking in what the mailbox holds: each mail stored once, with what must follow from it."""

from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from alojamientos.channels import base, inbox, outbox
from alojamientos.channels.email import queries
from alojamientos.channels.email.bounces import Bounce
from alojamientos.channels.email.events import MailSetAside, MailTaken
from alojamientos.channels.email.payloads import CHANNEL, Incoming, Nature
from alojamientos.channels.email.queries import Position
from alojamientos.channels.email.store import mail_received, mail_undeliverable, mailbox
from alojamientos.channels.events import MessageUndelivered
from alojamientos.channels.pipeline import HANDLE
from alojamientos.channels.store import inbox_event, outbox_message
from alojamientos.jobs.registry import Retry
from alojamientos.kit.db import Transaction
from alojamientos.kit.imap import Fetched

MOST_PER_HOUR = 30  # of one sender: people do not write more, machines that answer machines do
_HOUR = timedelta(hours=1)
_BACK_OFF = Retry(first_s=5.0, cap_s=300.0)
_ACCOUNT_S = 300.0  # a refused login: trying at once again gets accounts locked
_WANT_A_PERSON = (Nature.UNREADABLE, Nature.FLOOD)


async def take_in(
    tx: Transaction, *, mail: Incoming, fetched: Fetched, now: datetime
) -> int | None:
    """Store a mail and what follows from it; return its inbox id, None for one known already."""
    nature = await _nature(tx, mail, now)
    is_guest = nature is Nature.GUEST
    message = mail.message()
    event_id = await inbox.accept(
        tx,
        source=CHANNEL,
        external_id=await _external_id(tx, mail),
        event_type="text" if is_guest else nature.value,
        payload=base.to_payload(message, {**mail.headers(), "size": fetched.size}),
        conversation_key=message.conversation_key if mail.address else None,
        sent_at=mail.sent_at,
        job=HANDLE if is_guest else None,
        lock=f"conversation:{message.conversation_key}",
    )
    tx.emit(
        MailTaken(
            inbox_id=event_id,
            nature=nature.value,
            kind=mail.kind.value,
            size=fetched.size,
            attachments=len(mail.attachments),
            duplicate=event_id is None,
        )
    )
    if event_id is None:
        return None
    await tx.conn.execute(
        sa.insert(mail_received).values(
            inbox_id=event_id, content=fetched.content, size=fetched.size
        )
    )
    if not is_guest:
        await inbox.mark_processed(tx, event_id=event_id, outcome=nature.value)
    if nature in _WANT_A_PERSON:
        tx.emit(MailSetAside(inbox_id=event_id, nature=nature.value, address=mail.address))
    if mail.bounce is not None:
        await _take_bounce(tx, mail.bounce)
    if is_guest:
        await _works_again(tx, mail.address)
    return event_id


async def refused(tx: Transaction, *, address: str, code: str, outbox_id: int | None) -> None:
    """Note that `address` does not work: its server said so for good."""
    await tx.conn.execute(
        insert(mail_undeliverable)
        .values(address=address.lower(), code=code, outbox_id=outbox_id)
        .on_conflict_do_nothing(index_elements=["address"])
    )


async def reached(
    tx: Transaction, *, name: str, uid_validity: int, last_uid: int, now: datetime | None
) -> None:
    """Note how far a mailbox has been read; with `now`, that all of it was seen then."""
    values: dict[str, Any] = {"uid_validity": uid_validity, "last_uid": last_uid}
    if now is not None:
        values |= {"read_at": now, "failures": 0, "retry_at": None}
    await tx.conn.execute(
        insert(mailbox)
        .values(name=name, **values)
        .on_conflict_do_update(index_elements=["name"], set_=values)
    )


async def note_failure(
    tx: Transaction, *, position: Position, account: bool, now: datetime
) -> tuple[int, float]:
    """Note that a mailbox could not be read; return how often in a row, and the seconds to wait."""
    failures = position.failures + 1
    seconds = _ACCOUNT_S if account else _BACK_OFF.delay(failures)
    values = {"failures": failures, "retry_at": now + timedelta(seconds=seconds)}
    await tx.conn.execute(
        insert(mailbox)
        .values(name=position.name, **values)
        .on_conflict_do_update(index_elements=["name"], set_=values)
    )
    return failures, seconds


async def _nature(tx: Transaction, mail: Incoming, now: datetime) -> Nature:
    if mail.nature is not Nature.GUEST:
        return mail.nature
    heard = await queries.heard_since(
        tx.conn, conversation_key=mail.message().conversation_key, since=now - _HOUR
    )
    return Nature.FLOOD if heard >= MOST_PER_HOUR else Nature.GUEST


async def _external_id(tx: Transaction, mail: Incoming) -> str:
    """Return what makes the mail known: its Message-ID, unless another mail has used that one."""
    known: str | None = await tx.conn.scalar(
        sa.select(inbox_event.c.payload["raw"]["fingerprint"].astext).where(
            inbox_event.c.source == CHANNEL, inbox_event.c.external_id == mail.external_id
        )
    )
    if known is None or known == mail.fingerprint:
        return mail.external_id
    return f"{mail.external_id}#{mail.fingerprint}"


async def _take_bounce(tx: Transaction, bounce: Bounce) -> None:
    """Note a mail that came back against the message and the address it was for.

    Anybody can send such a report: it counts only for the address that the message went to.
    """
    if bounce.outbox_id is None:
        return
    row = (
        await tx.conn.execute(
            sa.select(outbox_message.c.address, outbox_message.c.provider_id).where(
                outbox_message.c.id == bounce.outbox_id, outbox_message.c.channel == CHANNEL
            )
        )
    ).one_or_none()
    if row is None or (bounce.recipient and bounce.recipient != row.address.lower()):
        return
    code = f"bounce_{bounce.status}" if bounce.status else "bounce"
    known = await outbox.report(
        tx,
        outbox_id=bounce.outbox_id,
        provider_id=row.provider_id or "",
        status="failed",
        error_code=code,
    )
    if known is None:
        return  # reported before
    if bounce.permanent:
        await refused(tx, address=row.address, code=code, outbox_id=bounce.outbox_id)
    tx.emit(
        MessageUndelivered(
            channel=CHANNEL, outbox_id=bounce.outbox_id, code=code, permanent=bounce.permanent
        )
    )


async def _works_again(tx: Transaction, address: str) -> None:
    """Forget that an address did not work: whoever writes from it has it."""
    await tx.conn.execute(
        sa.delete(mail_undeliverable).where(mail_undeliverable.c.address == address)
    )
