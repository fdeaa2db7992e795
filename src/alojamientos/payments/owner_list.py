"""What about money waits for the owner, and a booking's account as it was written."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection


class Task(StrEnum):
    """What there is to do, or to decide."""

    REFUND_BY_HAND = "refund by hand"
    REFUND_REFUSED = "refund refused"
    WHOSE = "whose payment"
    DISPUTE = "dispute"
    SHORT = "short of the deposit"
    CREDIT = "guest's money"  # a cancelled booking or too much paid: it is to go back


@dataclass(frozen=True, slots=True, kw_only=True)
class Todo:
    """One thing that waits; `number` is the refund's or the payment's own."""

    task: Task
    number: str
    code: str | None
    amount: int
    since: datetime
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line of a booking's account; `amount` raises what is due, or lowers it below zero."""

    at: datetime
    kind: str
    amount: int
    payment_id: int | None
    how: str  # mercadopago, cash, transfer, card; "" where no money moved
    provider_id: str
    note: str
    by: str


_TODO = sa.text(
    """
    SELECT CASE WHEN f.status = 'failed' THEN 'refund refused' ELSE 'refund by hand' END AS task,
        f.id::text AS number, r.code, f.amount, f.created_at AS since, f.note
    FROM refund f JOIN payment p ON p.id = f.payment_id
        LEFT JOIN reservation r ON r.id = p.reservation_id
    WHERE f.status = 'failed' OR (f.status = 'pending' AND f.by_hand)
    UNION ALL
    SELECT 'whose payment', p.provider_id, NULL, p.amount - p.refunded, p.created_at, ''
    FROM payment p
    WHERE p.outcome = 'orphan' AND p.reservation_id IS NULL AND p.status = 'approved'
        AND p.amount > p.refunded
    UNION ALL
    SELECT 'dispute', p.provider_id, r.code, p.amount, p.updated_at, p.status
    FROM payment p JOIN reservation r ON r.id = p.reservation_id
    WHERE p.disputed
    UNION ALL
    SELECT 'short of the deposit', p.provider_id, r.code, p.amount - p.refunded, p.created_at,
        r.status
    FROM payment p JOIN reservation r ON r.id = p.reservation_id
    WHERE p.outcome = 'partial' AND p.status = 'approved' AND p.amount > p.refunded
        AND (r.status = 'expired' OR (r.status = 'pre_reserved' AND r.hold_expires_at <= now()))
        AND NOT EXISTS (SELECT FROM refund f WHERE f.payment_id = p.id)
    UNION ALL
    SELECT 'guest''s money', r.code, r.code, -account.due - waiting.amount, account.since, r.status
    FROM reservation r
    CROSS JOIN LATERAL (
        SELECT sum(l.amount)::bigint AS due, max(l.created_at) AS since
        FROM ledger_entry l WHERE l.reservation_id = r.id) AS account
    CROSS JOIN LATERAL (
        SELECT coalesce(sum(f.amount), 0)::bigint AS amount
        FROM refund f JOIN payment p ON p.id = f.payment_id
        WHERE p.reservation_id = r.id AND f.status <> 'done') AS waiting
    WHERE r.status NOT IN ('pre_reserved', 'expired') AND -account.due > waiting.amount
    ORDER BY since, number"""
)
_LINES = sa.text(
    """SELECT l.created_at AS at, l.kind, l.amount, l.payment_id,
        coalesce(h.method, p.provider, '') AS how, coalesce(p.provider_id, '') AS provider_id,
        coalesce(CASE WHEN l.kind = 'reverted' THEN v.note ELSE h.note END, '') AS note,
        coalesce(CASE WHEN l.kind = 'reverted' THEN v.entered_by ELSE h.entered_by END, '') AS by
    FROM ledger_entry l
        LEFT JOIN payment p ON p.id = l.payment_id
        LEFT JOIN hand_payment h ON h.payment_id = l.payment_id
        LEFT JOIN hand_payment_reversal v ON v.payment_id = l.payment_id
    WHERE l.reservation_id = :reservation_id ORDER BY l.id"""
)
_RECENT = sa.text(
    """SELECT p.created_at AS at, p.id AS payment_id, p.provider_id, r.code, p.status, p.outcome,
        p.amount, p.refunded, coalesce(h.method, p.provider) AS how, p.disputed
    FROM payment p LEFT JOIN reservation r ON r.id = p.reservation_id
        LEFT JOIN hand_payment h ON h.payment_id = p.id
    ORDER BY p.id DESC LIMIT :limit"""
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """One payment, whatever became of it; amounts in centavos."""

    at: datetime
    payment_id: int
    provider_id: str
    code: str | None
    status: str
    outcome: str
    amount: int
    refunded: int
    how: str
    disputed: bool


async def todo(conn: AsyncConnection) -> list[Todo]:
    """Return what waits for the owner, oldest first."""
    rows = (await conn.execute(_TODO)).mappings()
    return [Todo(**{**row, "task": Task(row["task"])}) for row in rows]


async def waiting(conn: AsyncConnection) -> tuple[int, datetime | None]:
    """Count what waits for the owner, and say since when the oldest does."""
    tasks = await todo(conn)
    return len(tasks), min((task.since for task in tasks), default=None)


async def account(conn: AsyncConnection, *, reservation_id: int) -> list[Line]:
    """Return a booking's account, in the order in which it was written."""
    rows = (await conn.execute(_LINES, {"reservation_id": reservation_id})).mappings()
    return [Line(**row) for row in rows]


async def recent(conn: AsyncConnection, *, limit: int) -> list[Received]:
    """Return the newest payments, newest first."""
    rows = (await conn.execute(_RECENT, {"limit": limit})).mappings()
    return [Received(**row) for row in rows]
