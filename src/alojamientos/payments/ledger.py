"""The ledger: what a guest was charged, paid and got back, in signed centavos.

Rules. A line is written once and never changed; what is due is the sum of a reservation's lines,
and below zero it is the guest's money. The whole price is charged when the dates are held (and
again when an expired hold is revived) and released when the hold expires or the reservation is
cancelled, so that a reservation that blocks dates always sums to its price less what was paid.
What a cancelled guest does not get back is retained; until that is decided all of it stays in
their favor. A payment is written as paid once, when it is first accepted or decided to be refunded;
after that its refunds and chargebacks follow what the provider tells, difference by difference. A
payment that was entered by hand by mistake is reverted.
"""

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from alojamientos.payments import store
from alojamientos.payments.provider import ProviderPayment
from alojamientos.payments.store import ledger_entry, refund
from alojamientos.reservations.events import Status

_CHARGED = frozenset({Status.PRE_RESERVED, Status.CONFIRMED, Status.COMPLETED, Status.NO_SHOW})

# One statement, because every booking waits for it: write what is missing from the standing sum.
_FOLLOW = sa.text(
    """INSERT INTO ledger_entry (reservation_id, kind, amount, currency, key)
    SELECT r.id, line.kind, line.amount, r.currency, line.kind || ':' || r.id || ':' || line.count
    FROM reservation r CROSS JOIN LATERAL (
        SELECT count, amount, CASE WHEN amount > 0 THEN 'charged' ELSE 'released' END AS kind
        FROM (SELECT count(*) AS count,
                  CASE WHEN :blocks THEN r.total ELSE 0 END - coalesce(sum(l.amount), 0) AS amount
              FROM ledger_entry l
              WHERE l.reservation_id = r.id AND l.kind IN ('charged', 'released')) AS standing
        ) AS line
    WHERE r.id = :reservation_id AND line.amount <> 0"""
)


async def follow_reservation(conn: AsyncConnection, *, reservation_id: int, status: Status) -> None:
    """Charge the price of a reservation that blocks dates, release it from one that does not."""
    await conn.execute(_FOLLOW, {"reservation_id": reservation_id, "blocks": status in _CHARGED})


async def record_paid(
    conn: AsyncConnection, *, payment_id: int, reservation_id: int, amount: int, currency: str
) -> None:
    """Write that `amount` came in."""
    await store.add_entry(
        conn,
        reservation_id=reservation_id,
        kind="paid",
        amount=-amount,
        currency=currency,
        key=f"paid:{payment_id}",
        payment_id=payment_id,
    )


async def is_recorded(conn: AsyncConnection, payment_id: int) -> bool:
    """Tell whether the payment was written as paid."""
    query = sa.select(ledger_entry.c.id).where(ledger_entry.c.key == f"paid:{payment_id}")
    return (await conn.execute(query)).first() is not None


async def record_returned(
    conn: AsyncConnection, *, payment_id: int, reservation_id: int, payment: ProviderPayment
) -> None:
    """Bring refunds and chargebacks up to what `payment` says; nothing if it was never paid."""
    if not await is_recorded(conn, payment_id):
        return
    refunded = await record_refund(
        conn,
        payment_id=payment_id,
        reservation_id=reservation_id,
        returned=payment.given_back,
        currency=payment.currency,
    )
    await _bring_to(
        conn,
        payment_id=payment_id,
        reservation_id=reservation_id,
        kind="charged_back",
        target=min(payment.charged_back, payment.amount - refunded),
        currency=payment.currency,
    )


async def record_refund(
    conn: AsyncConnection, *, payment_id: int, reservation_id: int, returned: int, currency: str
) -> int:
    """Bring a payment's refunds up to `returned`, or to those that we asked for if they are more.

    What was given back by hand comes on top. Returns what they now stand at.
    """
    at_provider, by_hand = await _refunded_by_us(conn, payment_id)
    target = max(returned, at_provider) + by_hand
    await _bring_to(
        conn,
        payment_id=payment_id,
        reservation_id=reservation_id,
        kind="refunded",
        target=target,
        currency=currency,
    )
    return target


async def _bring_to(
    conn: AsyncConnection,
    *,
    payment_id: int,
    reservation_id: int,
    kind: str,
    target: int,
    currency: str,
) -> None:
    entries = ledger_entry.c
    query = sa.select(sa.func.count(), sa.func.coalesce(sa.func.sum(entries.amount), 0)).where(
        entries.payment_id == payment_id, entries.kind == kind
    )
    count, standing = (await conn.execute(query)).one()
    if target != int(standing):
        await store.add_entry(
            conn,
            reservation_id=reservation_id,
            kind=kind,
            amount=target - int(standing),
            currency=currency,
            key=f"{kind}:{payment_id}:{count}",
            payment_id=payment_id,
        )


async def _refunded_by_us(conn: AsyncConnection, payment_id: int) -> tuple[int, int]:
    total = sa.func.sum(refund.c.amount)
    query = sa.select(
        total.filter(~refund.c.by_hand).label("at_provider"),
        total.filter(refund.c.by_hand).label("by_hand"),
    ).where(refund.c.payment_id == payment_id, refund.c.status == "done")
    row = (await conn.execute(query)).one()
    return int(row.at_provider or 0), int(row.by_hand or 0)


async def record_reverted(
    conn: AsyncConnection, *, payment_id: int, reservation_id: int, amount: int, currency: str
) -> None:
    """Write that `amount`, written as paid by mistake, did not come in."""
    await store.add_entry(
        conn,
        reservation_id=reservation_id,
        kind="reverted",
        amount=amount,
        currency=currency,
        key=f"reverted:{payment_id}",
        payment_id=payment_id,
    )


async def retain(conn: AsyncConnection, *, reservation_id: int, amount: int, currency: str) -> None:
    """Bring what the lodging keeps of a cancelled booking to `amount`."""
    entries = ledger_entry.c
    query = sa.select(sa.func.count(), sa.func.coalesce(sa.func.sum(entries.amount), 0)).where(
        entries.reservation_id == reservation_id, entries.kind == "retained"
    )
    count, standing = (await conn.execute(query)).one()
    if amount != int(standing):
        await store.add_entry(
            conn,
            reservation_id=reservation_id,
            kind="retained",
            amount=amount - int(standing),
            currency=currency,
            key=f"retained:{reservation_id}:{count}",
        )
