"""What of each payment is still with us and promised to nobody."""

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from alojamientos.payments.plans import Standing

# Of a payment that the ledger has as paid: what came in less what was charged back or entered by
# mistake; less what the provider has given back or was asked to (`up_to` counts from the
# payment's beginning, so a refund that both sides tell of counts once); less what goes back by
# hand, also because the provider refused.
_STANDING = sa.text(
    """SELECT p.id AS payment_id, p.provider, p.provider_id, p.amount, p.disputed,
        coalesce(p.approved_at, p.created_at) AS paid_at, given.at_provider AS promised,
        came.amount - given.at_provider - given.by_hand AS left_over
    FROM payment p
    CROSS JOIN LATERAL (
        SELECT coalesce(-sum(l.amount), 0)::bigint AS amount,
            count(*) FILTER (WHERE l.kind = 'paid') AS times
        FROM ledger_entry l
        WHERE l.payment_id = p.id AND l.kind IN ('paid', 'reverted', 'charged_back')) AS came
    CROSS JOIN LATERAL (
        SELECT greatest(p.refunded, coalesce(max(f.up_to)
                FILTER (WHERE NOT f.by_hand AND f.status <> 'failed'), 0))::bigint AS at_provider,
            coalesce(sum(f.amount)
                FILTER (WHERE f.by_hand OR f.status = 'failed'), 0)::bigint AS by_hand
        FROM refund f WHERE f.payment_id = p.id) AS given
    WHERE p.reservation_id = :reservation_id AND came.times > 0
    ORDER BY paid_at DESC, p.id DESC"""
)


async def of_reservation(conn: AsyncConnection, *, reservation_id: int) -> list[Standing]:
    """Return every payment that a reservation's ledger has as paid, newest first."""
    rows = (await conn.execute(_STANDING, {"reservation_id": reservation_id})).mappings()
    return [
        Standing(
            left=max(row["left_over"], 0),
            **{name: row[name] for name in Standing.__slots__ if name != "left"},
        )
        for row in rows
    ]


async def left_by_others(
    conn: AsyncConnection, *, reservation_id: int, payment_id: int | None
) -> int:
    """Return what payments other than `payment_id` left here, without what is to go back."""
    found = await of_reservation(conn, reservation_id=reservation_id)
    return sum(one.left for one in found if one.payment_id != payment_id)
