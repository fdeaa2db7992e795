"""Guests and their personal data: found, handed over, deleted (Argentina's Ley 25.326)."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from alojamientos.kit import audit
from alojamientos.kit.db import Transaction
from alojamientos.kit.errors import Conflict, NotFound

_FOUND = """SELECT g.id, g.name, g.email, g.phone, g.created_at, g.erased_at,
        (SELECT count(*) FROM reservation r WHERE r.guest_id = g.id) AS bookings,
        (SELECT max(r.check_out) FROM reservation r WHERE r.guest_id = g.id
            AND r.status IN ('confirmed', 'completed')) AS last_stay
    FROM guest g"""
_SEARCH = sa.text(
    _FOUND
    + """ WHERE (CAST(:words AS text) IS NULL OR position(lower(:words) IN lower(concat_ws(
        ' ', g.name, g.email, g.phone))) > 0
        OR EXISTS (SELECT FROM guest_identity i WHERE i.guest_id = g.id AND i.value = :words))
    ORDER BY g.id DESC LIMIT :limit"""
)
_ONE = sa.text(_FOUND + " WHERE g.id = :id")

# Everything that is kept about a guest, as whoever asks for it may have it.
_KEYS = """(SELECT c.channel || ':' || c.address FROM conversation c WHERE c.guest_id = :id
    UNION SELECT CASE i.kind WHEN 'email' THEN 'email:' ELSE 'whatsapp:' END || i.value
    FROM guest_identity i WHERE i.guest_id = :id)"""
_EXPORTS = {
    "identities": "SELECT kind, value, created_at FROM guest_identity WHERE guest_id = :id"
    " ORDER BY id",
    "reservations": """SELECT r.code, a.name AS accommodation, r.check_in, r.check_out, r.guests,
        r.status, r.channel, r.quote, r.total, r.deposit, r.currency, r.created_at, r.confirmed_at,
        r.cancelled_at, r.cancel_reason FROM reservation r
        JOIN accommodation a ON a.id = r.accommodation_id WHERE r.guest_id = :id ORDER BY r.id""",
    "notes": """SELECT r.code, n.text, n.created_at FROM reservation_note n
        JOIN reservation r ON r.id = n.reservation_id WHERE r.guest_id = :id ORDER BY n.id""",
    "money": """SELECT r.code, l.kind, l.amount, l.currency, l.created_at FROM ledger_entry l
        JOIN reservation r ON r.id = l.reservation_id WHERE r.guest_id = :id ORDER BY l.id""",
    "payments": """SELECT r.code, p.provider, p.provider_id, p.status, p.amount, p.refunded,
        p.currency, p.approved_at FROM payment p JOIN reservation r ON r.id = p.reservation_id
        WHERE r.guest_id = :id ORDER BY p.id""",
    "conversations": "SELECT channel, address, state, last_inbound_at, created_at"
    " FROM conversation WHERE guest_id = :id ORDER BY id",
    "messages_received": f"""SELECT source, event_type, payload, sent_at, received_at
        FROM inbox_event WHERE conversation_key IN {_KEYS} ORDER BY id""",  # noqa: S608
    "messages_sent": f"""SELECT channel, address, kind, content, status, created_at, sent_at
        FROM outbox_message WHERE conversation_key IN {_KEYS} OR reservation_id IN
            (SELECT id FROM reservation WHERE guest_id = :id) ORDER BY id""",  # noqa: S608
}


class NoSuchGuest(NotFound):
    """There is no such guest; list them with: alojamientos guests list."""

    code = "no_such_guest"


class GuestStillNeeded(Conflict):
    """The guest's data are needed for what is still open."""

    code = "guest_still_needed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Guest:
    """A guest as the owner sees them."""

    id: int
    name: str | None
    email: str | None
    phone: str | None
    created_at: datetime
    erased_at: datetime | None
    bookings: int
    last_stay: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Erased:
    """How many rows were deleted or emptied of a guest's data, and what stays for the books."""

    guest_id: int
    removed: dict[str, int]
    kept: dict[str, int]


async def search(conn: AsyncConnection, *, words: str | None, limit: int) -> list[Guest]:
    """Return guests whose name, address or phone has `words` in it, newest first."""
    rows = await conn.execute(_SEARCH, {"words": words or None, "limit": limit})
    return [Guest(**row) for row in rows.mappings()]


async def guest(conn: AsyncConnection, guest_id: int) -> Guest:
    """Return one; raises NoSuchGuest."""
    row = (await conn.execute(_ONE, {"id": guest_id})).mappings().one_or_none()
    if row is None:
        raise NoSuchGuest(f"There is no guest {guest_id}; see: alojamientos guests list")
    return Guest(**row)


async def export(tx: Transaction, *, guest_id: int, actor: str) -> dict[str, Any]:
    """Return all that is kept about a guest, as JSON (right of access); raises NoSuchGuest."""
    found = await guest(tx.conn, guest_id)
    parts = {
        name: [
            dict(row)
            for row in (await tx.conn.execute(sa.text(query), {"id": guest_id})).mappings()
        ]
        for name, query in _EXPORTS.items()
    }
    await audit.record(
        tx,
        actor=actor,
        action="guest.exported",
        subject=f"guest:{guest_id}",
        **{name: len(rows) for name, rows in parts.items()},
    )
    person = {
        "id": found.id,
        "name": found.name,
        "email": found.email,
        "phone": found.phone,
        "created_at": found.created_at,
    }
    return {"guest": person, **parts}
