"""What can be read about money."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from alojamientos.payments.events import Purpose
from alojamientos.payments.store import PROVIDER, inbox_event, ledger_entry, payment_link
from alojamientos.payments.store import payment as payments

# Approved money that is with us and that no reservation accounts for: of an unknown reference,
# short of a deposit, or to be given back and not yet given back. What the owner is to give back by
# hand has a list of its own.
_UNRECONCILED = sa.text(
    """SELECT count(*), min(p.approved_at) FROM payment p
    LEFT JOIN reservation r ON r.id = p.reservation_id
    WHERE p.provider = 'mercadopago' AND p.status = 'approved' AND p.amount > p.refunded
      AND (p.outcome = 'orphan'
           OR (p.outcome = 'partial' AND r.status NOT IN ('confirmed', 'completed', 'no_show'))
           OR EXISTS (SELECT FROM refund f WHERE f.payment_id = p.id AND f.status <> 'done'
               AND NOT f.by_hand))"""
)
# Links that are open or closed within a day, and that no approved payment has answered.
_OPEN_LINKS = sa.text(
    """SELECT l.external_reference FROM payment_link l
    JOIN reservation r ON r.id = l.reservation_id
    WHERE l.ready_at IS NOT NULL AND l.expires_at > :since
      AND (l.purpose = 'balance' OR r.status IN ('pre_reserved', 'expired'))
      AND NOT EXISTS (SELECT FROM payment p WHERE p.status = 'approved'
          AND p.external_reference = l.external_reference)
    ORDER BY l.expires_at LIMIT :limit"""
)
_LAST_SUCCESS = sa.text("SELECT last_success_at FROM job_heartbeat WHERE job_name = :job")


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentLink:
    """A link that can be paid: where, how much in centavos, and until when."""

    url: str
    amount: int
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Balance:
    """A reservation's money in centavos; `due` below zero is the guest's."""

    charged: int  # less what was released, and what is retained of a cancelled booking
    paid: int  # less what was refunded or charged back

    @property
    def due(self) -> int:
        return self.charged - self.paid


async def link_for(
    conn: AsyncConnection, *, reservation_id: int, purpose: Purpose = Purpose.DEPOSIT
) -> PaymentLink | None:
    """Return the reservation's newest link while it can be paid, by the database's clock."""
    query = (
        sa.select(payment_link.c.url, payment_link.c.amount, payment_link.c.expires_at)
        .where(
            payment_link.c.reservation_id == reservation_id,
            payment_link.c.purpose == purpose.value,
            payment_link.c.ready_at.is_not(None),
            payment_link.c.expires_at > sa.func.now(),
        )
        .order_by(payment_link.c.id.desc())
        .limit(1)
    )
    row = (await conn.execute(query)).one_or_none()
    if row is None:
        return None
    return PaymentLink(url=row.url, amount=row.amount, expires_at=row.expires_at)


async def balance(conn: AsyncConnection, *, reservation_id: int) -> Balance:
    """Sum a reservation's ledger; zeros when it has none."""
    query = (
        sa.select(ledger_entry.c.kind, sa.func.sum(ledger_entry.c.amount))
        .where(ledger_entry.c.reservation_id == reservation_id)
        .group_by(ledger_entry.c.kind)
    )
    sums = {kind: int(amount) for kind, amount in await conn.execute(query)}
    charged = sum(sums.pop(kind, 0) for kind in ("charged", "released", "retained"))
    return Balance(charged=charged, paid=-sum(sums.values()))


async def unreconciled(conn: AsyncConnection) -> tuple[int, datetime | None]:
    """Count approved payments that no reservation accounts for, and date the oldest."""
    count, oldest = (await conn.execute(_UNRECONCILED)).one()
    return int(count), oldest


async def versions(conn: AsyncConnection, provider_ids: Collection[str]) -> dict[str, datetime]:
    """Return the stored version of each of these payments that is stored."""
    query = sa.select(payments.c.provider_id, payments.c.provider_updated_at).where(
        payments.c.provider == PROVIDER, payments.c.provider_id.in_(provider_ids)
    )
    return {row.provider_id: row.provider_updated_at for row in await conn.execute(query)}


async def reservations_of(conn: AsyncConnection, references: Collection[str]) -> dict[str, int]:
    """Return the reservation that each of these external references names, if one does."""
    query = sa.select(payment_link.c.external_reference, payment_link.c.reservation_id).where(
        payment_link.c.external_reference.in_(references)
    )
    return {row.external_reference: row.reservation_id for row in await conn.execute(query)}


async def notified(conn: AsyncConnection) -> frozenset[str]:
    """Return the payments of which a notification waits to be dealt with."""
    payment_id = inbox_event.c.payload["payment_id"].astext
    query = sa.select(payment_id).where(
        inbox_event.c.processed_at.is_(None),
        inbox_event.c.source == "mercadopago",
        inbox_event.c.event_type == "payment",
    )
    return frozenset((await conn.execute(query)).scalars())


async def open_links(conn: AsyncConnection, *, since: datetime, limit: int) -> list[str]:
    """Return the references of unpaid links that close after `since`, soonest first."""
    rows = await conn.execute(_OPEN_LINKS, {"since": since, "limit": limit})
    return list(rows.scalars())


async def last_success(conn: AsyncConnection, *, job: str) -> datetime | None:
    """Return when `job` last ended well, or None."""
    found: datetime | None = (await conn.execute(_LAST_SUCCESS, {"job": job})).scalar_one_or_none()
    return found
