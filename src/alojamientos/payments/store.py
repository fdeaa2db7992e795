"""The tables of money: links, payments, refunds and the ledger."""

from datetime import datetime
from typing import Any
from uuid import UUID
from zlib import crc32

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg
from sqlalchemy.ext.asyncio import AsyncConnection

from alojamientos.kit.db import advisory_lock, metadata

PROVIDER = "mercadopago"
_instant = sa.DateTime(timezone=True)

# Classes of advisory locks; taken in this order, and before any lock of a lodging.
_PAYMENT_LOCK = 7_403
_RESERVATION_LOCK = 7_404

payment_link = sa.Table(
    "payment_link",
    metadata,
    sa.Column("id", sa.BigInteger, sa.Identity(), primary_key=True),
    sa.Column("reservation_id", sa.BigInteger, nullable=False),
    sa.Column("external_reference", sa.Text, nullable=False, unique=True),
    sa.Column("idempotency_key", sa.Uuid, nullable=False, unique=True),
    sa.Column("amount", sa.BigInteger, nullable=False),
    sa.Column("currency", sa.Text, nullable=False, server_default="ARS"),
    sa.Column("expires_at", _instant),
    sa.Column("preference_id", sa.Text),
    sa.Column("url", sa.Text),
    sa.Column("created_at", _instant, nullable=False, server_default=sa.func.now()),
    sa.Column("ready_at", _instant),
    sa.Column("purpose", sa.Text, nullable=False, server_default="deposit"),
)

payment = sa.Table(
    "payment",
    metadata,
    sa.Column("id", sa.BigInteger, sa.Identity(), primary_key=True),
    sa.Column("provider", sa.Text, nullable=False, server_default="mercadopago"),
    sa.Column("provider_id", sa.Text, nullable=False),
    sa.Column("reservation_id", sa.BigInteger),
    sa.Column("external_reference", sa.Text),
    sa.Column("status", sa.Text, nullable=False),
    sa.Column("status_detail", sa.Text, nullable=False, server_default=""),
    sa.Column("amount", sa.BigInteger, nullable=False),
    sa.Column("refunded", sa.BigInteger, nullable=False, server_default="0"),
    sa.Column("currency", sa.Text, nullable=False),
    sa.Column("outcome", sa.Text, nullable=False, server_default="seen"),
    sa.Column("disputed", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("provider_updated_at", _instant, nullable=False),
    sa.Column("approved_at", _instant),
    sa.Column("created_at", _instant, nullable=False, server_default=sa.func.now()),
    sa.Column("updated_at", _instant, nullable=False, server_default=sa.func.now()),
    sa.UniqueConstraint("provider", "provider_id"),
)

payment_event = sa.Table(
    "payment_event",
    metadata,
    sa.Column("id", sa.BigInteger, sa.Identity(), primary_key=True),
    sa.Column("payment_id", sa.BigInteger, nullable=False),
    sa.Column("status", sa.Text, nullable=False),
    sa.Column("outcome", sa.Text, nullable=False),
    sa.Column("detail", pg.JSONB, nullable=False, server_default="{}"),
    sa.Column("happened_at", _instant, nullable=False, server_default=sa.func.now()),
)

refund = sa.Table(
    "refund",
    metadata,
    sa.Column("id", sa.BigInteger, sa.Identity(), primary_key=True),
    sa.Column("payment_id", sa.BigInteger, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("amount", sa.BigInteger, nullable=False),
    sa.Column("idempotency_key", sa.Uuid, nullable=False, unique=True),
    sa.Column("status", sa.Text, nullable=False, server_default="pending"),
    sa.Column("provider_id", sa.Text),
    sa.Column("attempts", sa.Integer, nullable=False, server_default="0"),
    sa.Column("created_at", _instant, nullable=False, server_default=sa.func.now()),
    sa.Column("done_at", _instant),
    sa.Column("by_hand", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("up_to", sa.BigInteger, nullable=False),
    sa.Column("note", sa.Text, nullable=False, server_default=""),
    sa.Column("asked_by", sa.Text, nullable=False, server_default="rule"),
    sa.Column("ended_by", sa.Text),
    sa.UniqueConstraint("payment_id", "reason"),
)

hand_payment = sa.Table(
    "hand_payment",
    metadata,
    sa.Column("payment_id", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("method", sa.Text, nullable=False),
    sa.Column("received_on", sa.Date, nullable=False),
    sa.Column("note", sa.Text, nullable=False, server_default=""),
    sa.Column("entered_by", sa.Text, nullable=False),
    sa.Column("created_at", _instant, nullable=False, server_default=sa.func.now()),
)

hand_payment_reversal = sa.Table(
    "hand_payment_reversal",
    metadata,
    sa.Column("payment_id", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("note", sa.Text, nullable=False, server_default=""),
    sa.Column("entered_by", sa.Text, nullable=False),
    sa.Column("created_at", _instant, nullable=False, server_default=sa.func.now()),
)

ledger_entry = sa.Table(
    "ledger_entry",
    metadata,
    sa.Column("id", sa.BigInteger, sa.Identity(), primary_key=True),
    sa.Column("reservation_id", sa.BigInteger, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("amount", sa.BigInteger, nullable=False),
    sa.Column("currency", sa.Text, nullable=False, server_default="ARS"),
    sa.Column("payment_id", sa.BigInteger),
    sa.Column("key", sa.Text, nullable=False, unique=True),
    sa.Column("created_at", _instant, nullable=False, server_default=sa.func.now()),
)

# Other rooms' tables, by the columns that are needed here.
audit_entry = sa.table(
    "audit_entry",
    sa.column("actor", sa.Text),
    sa.column("action", sa.Text),
    sa.column("subject", sa.Text),
    sa.column("detail", pg.JSONB),
)
inbox_event = sa.table(
    "inbox_event",
    sa.column("id", sa.BigInteger),
    sa.column("source", sa.Text),
    sa.column("event_type", sa.Text),
    sa.column("payload", pg.JSONB),
    sa.column("received_at", _instant),
    sa.column("outcome", sa.Text),
    sa.column("attempts", sa.Integer),
    sa.column("processed_at", _instant),
)


async def lock_payment(conn: AsyncConnection, provider_id: str) -> None:
    """Let nobody else decide about this payment until the commit."""
    await advisory_lock(conn, _PAYMENT_LOCK, crc32(provider_id.encode()) & 0x7FFFFFFF)


async def lock_reservation(conn: AsyncConnection, reservation_id: int) -> None:
    """Let nobody else decide about this reservation's money until the commit."""
    await advisory_lock(conn, _RESERVATION_LOCK, reservation_id & 0x7FFFFFFF)


async def load_payment(conn: AsyncConnection, provider_id: str) -> sa.Row[Any] | None:
    """Return the row of the provider's payment, or None."""
    query = sa.select(payment).where(
        payment.c.provider == PROVIDER, payment.c.provider_id == provider_id
    )
    return (await conn.execute(query)).one_or_none()


async def insert_link(
    conn: AsyncConnection,
    *,
    reservation_id: int,
    external_reference: str,
    idempotency_key: UUID,
    amount: int,
    currency: str,
    expires_at: datetime | None,
    purpose: str,
) -> sa.Row[Any]:
    """Write a link that the provider has not made yet, and return its row."""
    statement = (
        sa.insert(payment_link)
        .values(
            reservation_id=reservation_id,
            external_reference=external_reference,
            idempotency_key=idempotency_key,
            amount=amount,
            currency=currency,
            expires_at=expires_at,
            purpose=purpose,
        )
        .returning(payment_link)
    )
    row: sa.Row[Any] = (await conn.execute(statement)).one()
    return row


async def add_entry(
    conn: AsyncConnection,
    *,
    reservation_id: int,
    kind: str,
    amount: int,
    currency: str,
    key: str,
    payment_id: int | None = None,
) -> None:
    """Write one line of the ledger; its unique `key` refuses to write it twice."""
    await conn.execute(
        sa.insert(ledger_entry).values(
            reservation_id=reservation_id,
            kind=kind,
            amount=amount,
            currency=currency,
            key=key,
            payment_id=payment_id,
        )
    )


async def close_inbox_event(
    conn: AsyncConnection, *, event_id: int, outcome: str
) -> datetime | None:
    """Mark a notification as dealt with; return when it came, None if it was closed already."""
    statement = (
        sa.update(inbox_event)
        .where(inbox_event.c.id == event_id, inbox_event.c.processed_at.is_(None))
        .values(outcome=outcome, processed_at=sa.func.now())
        .returning(inbox_event.c.received_at)
    )
    received_at: datetime | None = (await conn.execute(statement)).scalar_one_or_none()
    return received_at


async def count_inbox_attempt(conn: AsyncConnection, *, event_id: int) -> int:
    """Note one more vain attempt at a notification; return how many that makes."""
    statement = (
        sa.update(inbox_event)
        .where(inbox_event.c.id == event_id)
        .values(attempts=inbox_event.c.attempts + 1)
        .returning(inbox_event.c.attempts)
    )
    return int((await conn.execute(statement)).scalar_one())


async def audit(
    conn: AsyncConnection, *, actor: str, action: str, subject: str, **detail: object
) -> None:
    """Write down who did what to which money."""
    await conn.execute(
        sa.insert(audit_entry).values(actor=actor, action=action, subject=subject, detail=detail)
    )
