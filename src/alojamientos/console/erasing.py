"""A guest's personal data deleted on request, and what has to stay for the books kept without them.

Stays, prices, the ledger and payments remain: the law keeps accounts (Ley 25.326, art. 16.5; CCyC,
art. 328: ten years). Nothing in what remains says who the guest was.
"""

import sqlalchemy as sa

from alojamientos.console import guests
from alojamientos.console.guests import Erased, GuestStillNeeded
from alojamientos.kit import audit
from alojamientos.kit.db import Transaction

# Addresses and keys by which what was said is found; fixed before they are deleted.
_ADDRESSES = """WITH known AS (
        SELECT channel, address FROM conversation WHERE guest_id = :id
        UNION SELECT CASE kind WHEN 'email' THEN 'email' ELSE 'whatsapp' END, value
        FROM guest_identity WHERE guest_id = :id
        UNION SELECT 'email', lower(email) FROM guest WHERE id = :id AND email IS NOT NULL)
    SELECT channel || ':' || address AS key, address FROM known"""
_OPEN = """SELECT
    (SELECT count(*) FROM reservation r JOIN accommodation a ON a.id = r.accommodation_id
     WHERE r.guest_id = :id AND (r.status = 'confirmed'
         OR (r.status = 'pre_reserved' AND r.hold_expires_at > statement_timestamp()))) AS stays,
    (SELECT count(*) FROM refund f JOIN payment p ON p.id = f.payment_id
     JOIN reservation r ON r.id = p.reservation_id
     WHERE r.guest_id = :id AND f.status = 'pending') AS refunds,
    (SELECT count(*) FROM outbox_message o WHERE o.conversation_key = ANY(:keys)
     AND o.status IN ('queued', 'sending'))
    + (SELECT count(*) FROM inbox_event e WHERE e.conversation_key = ANY(:keys)
       AND e.processed_at IS NULL) AS messages"""
# In this order: what refers to something goes before it.
_REMOVE = {
    # What we wrote, also to the owner about this guest. The dedupe key may name the conversation.
    "messages_sent": """UPDATE outbox_message SET address = 'erased', conversation_key = 'erased',
        content = '{"text": ""}', provider_id = NULL, dedupe_key = 'erased:' || id
        WHERE conversation_key = ANY(:keys) OR in_reply_to IN
            (SELECT id FROM inbox_event WHERE conversation_key = ANY(:keys))
        OR reservation_id IN (SELECT id FROM reservation WHERE guest_id = :id)
        OR dedupe_key IN (SELECT 'hand-over:' || source || ':' || external_id FROM inbox_event
            WHERE conversation_key = ANY(:keys))""",
    # A WhatsApp message's id has the phone in it.
    "messages_received": """UPDATE inbox_event SET payload = '{}', conversation_key = NULL,
        external_id = 'erased:' || id WHERE conversation_key = ANY(:keys)""",
    "conversations": "DELETE FROM conversation WHERE guest_id = :id OR channel || ':' || address"
    " = ANY(:keys)",
    "notes": """DELETE FROM reservation_note WHERE reservation_id IN
        (SELECT id FROM reservation WHERE guest_id = :id)""",
    "identities": "DELETE FROM guest_identity WHERE guest_id = :id",
    "answers": """DELETE FROM idempotent_response WHERE body->>'code' IN
        (SELECT code FROM reservation WHERE guest_id = :id)""",
    "finished_jobs": """DELETE FROM procrastinate_jobs
        WHERE status IN ('succeeded', 'failed', 'cancelled', 'aborted')
            AND lock IN (SELECT kind || key FROM unnest(CAST(:keys AS text[])) AS key,
                (VALUES ('deliver:'), ('conversation:')) AS locks (kind))""",
    "reservation_traces": """UPDATE reservation SET idempotency_key = NULL,
        cancel_reason = CASE WHEN cancel_reason IS NULL THEN NULL ELSE 'erased' END
        WHERE guest_id = :id AND num_nonnulls(idempotency_key, cancel_reason) > 0""",
    "guest": """UPDATE guest SET name = NULL, email = NULL, phone = NULL,
        erased_at = statement_timestamp() WHERE id = :id""",
}
_KEPT = {
    "reservations": "SELECT count(*) FROM reservation WHERE guest_id = :id",
    "ledger_entries": """SELECT count(*) FROM ledger_entry WHERE reservation_id IN
        (SELECT id FROM reservation WHERE guest_id = :id)""",
    "payments": """SELECT count(*) FROM payment WHERE reservation_id IN
        (SELECT id FROM reservation WHERE guest_id = :id)""",
}


async def erase(tx: Transaction, *, guest_id: int, actor: str) -> Erased:
    """Delete a guest's personal data; their stays remain, of nobody.

    Twice changes nothing more. Raises NoSuchGuest, or GuestStillNeeded while a stay is to come or
    under way, a refund is on its way or a message is being answered.
    """
    await guests.guest(tx.conn, guest_id)
    locked = sa.text("SELECT id FROM guest WHERE id = :id FOR UPDATE")
    await tx.conn.execute(locked, {"id": guest_id})
    found = (await tx.conn.execute(sa.text(_ADDRESSES), {"id": guest_id})).all()
    values = {"id": guest_id, "keys": [row.key for row in found]}
    await _check_closed(tx, values)
    removed = {}
    for name, statement in _REMOVE.items():
        result = await tx.conn.execute(_with_keys(statement), values)
        if result.rowcount:
            removed[name] = result.rowcount
    kept = {
        name: int(await tx.conn.scalar(sa.text(query), {"id": guest_id}) or 0)
        for name, query in _KEPT.items()
    }
    await audit.record(
        tx,
        actor=actor,
        action="guest.erased",
        subject=f"guest:{guest_id}",
        removed=removed,
        kept=kept,
    )
    return Erased(guest_id=guest_id, removed=removed, kept=kept)


async def _check_closed(tx: Transaction, values: dict[str, object]) -> None:
    row = (await tx.conn.execute(_with_keys(_OPEN), values)).one()
    reasons = [
        f"{count} {what}"
        for count, what in (
            (row.stays, "stays that are to come or under way: cancel them or wait until they end"),
            (row.refunds, "refunds on their way: wait for them"),
            (row.messages, "messages that are being answered or sent: wait for them"),
        )
        if count
    ]
    if reasons:
        raise GuestStillNeeded("The guest still has " + "; ".join(reasons), field="guest")


def _with_keys(statement: str) -> sa.TextClause:
    text = sa.text(statement)
    if ":keys" not in statement:
        return text
    return text.bindparams(sa.bindparam("keys", type_=sa.ARRAY(sa.Text)))
