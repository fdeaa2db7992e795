"""What providers report of our messages: in any order, more than once, and even too early.

A report may be here before the answer to our sending is stored, and without our reference nothing
says whose it is. Such a report is kept, and counts once its message is known.
"""

import sqlalchemy as sa

from alojamientos.channels import inbox, outbox
from alojamientos.channels.store import inbox_event, outbox_message
from alojamientos.kit.db import Transaction

_EVENT_TYPE = "status"
_EARLY, _MATCHED = "unmatched", "matched"
_LOCK = 103  # class of advisory locks: one provider's id at a time


async def take_in(
    tx: Transaction,
    *,
    source: str,
    reference: str | None,
    provider_id: str,
    status: str,
    error_code: str | None,
) -> int | None:
    """Take in a report; return the message that it has brought further, None for none (yet)."""
    outbox_id = outbox.id_of(reference)
    found = await _report(tx, outbox_id, provider_id, status, error_code)
    if found is not None or await _is_known(tx, outbox_id, provider_id):
        return found
    await _lock(tx, provider_id)
    if await _is_known(tx, outbox_id, provider_id):  # stored while we waited
        return await _report(tx, outbox_id, provider_id, status, error_code)
    event_id = await inbox.accept(
        tx,
        source=source,
        external_id=":".join(part for part in (provider_id, status, error_code) if part),
        event_type=_EVENT_TYPE,
        payload={"wamid": provider_id, "status": status, "error_code": error_code},
        conversation_key=None,
        sent_at=None,
        job=None,
        lock=None,
    )
    if event_id is not None:
        await inbox.mark_processed(tx, event_id=event_id, outcome=_EARLY)
    return None


async def catch_up(tx: Transaction, *, outbox_id: int, provider_id: str) -> None:
    """Count what was reported of a message before it was known under `provider_id`."""
    await _lock(tx, provider_id)
    payload = inbox_event.c.payload
    rows = await tx.conn.execute(
        sa.update(inbox_event)
        .where(inbox_event.c.outcome == _EARLY, payload["wamid"].astext == provider_id)
        .values(outcome=_MATCHED)
        .returning(payload["status"].astext, payload["error_code"].astext)
    )
    for status, error_code in rows:
        await _report(tx, outbox_id, provider_id, status, error_code)


async def _report(
    tx: Transaction, outbox_id: int | None, provider_id: str, status: str, error_code: str | None
) -> int | None:
    return await outbox.report(
        tx,
        outbox_id=outbox_id,
        provider_id=provider_id,
        status=status,
        error_code=error_code,
    )


async def _is_known(tx: Transaction, outbox_id: int | None, provider_id: str) -> bool:
    which = outbox_message.c.provider_id == provider_id
    if outbox_id is not None:
        which |= outbox_message.c.id == outbox_id
    return bool(await tx.conn.scalar(sa.select(sa.exists().where(which))))


async def _lock(tx: Transaction, provider_id: str) -> None:
    statement = sa.text("SELECT pg_advisory_xact_lock(:kind, hashtext(:id))")
    await tx.conn.execute(statement, {"kind": _LOCK, "id": provider_id})
