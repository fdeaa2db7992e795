"""What must always be true of the money."""

from alojamientos.reservations.invariants import Invariant, from_sql

INVARIANTS: tuple[Invariant, ...] = (
    from_sql(
        "ledger_charges_what_blocks",
        """SELECT r.code || ' is ' || r.status || ' and charged ' || coalesce(sum(l.amount), 0)
        FROM reservation r LEFT JOIN ledger_entry l
            ON l.reservation_id = r.id AND l.kind IN ('charged', 'released')
        GROUP BY r.id
        HAVING coalesce(sum(l.amount), 0) <> CASE
            WHEN r.status IN ('pre_reserved', 'confirmed', 'completed', 'no_show') THEN r.total
            ELSE 0 END
        ORDER BY r.id""",
    ),
    from_sql(
        "ledger_has_every_payment",
        """SELECT 'payment ' || p.provider_id || ' is not what the ledger says of it'
        FROM payment p LEFT JOIN ledger_entry l ON l.payment_id = p.id
        WHERE p.reservation_id IS NOT NULL AND p.status IN ('approved', 'refunded')
            AND p.outcome NOT IN ('orphan', 'foreign', 'seen')
        GROUP BY p.id HAVING coalesce(sum(l.amount), 0) <> greatest(p.refunded, (
            SELECT coalesce(sum(f.amount), 0) FROM refund f
            WHERE f.payment_id = p.id AND f.status = 'done')) - p.amount
        ORDER BY p.id""",
    ),
    from_sql(
        "paid_means_confirmed_or_refunded",
        """SELECT 'payment ' || p.provider_id || ' of ' || r.code || ', which is ' || r.status
        FROM payment p JOIN reservation r ON r.id = p.reservation_id
        WHERE p.status = 'approved' AND p.outcome NOT IN ('partial', 'foreign')
            AND p.amount > p.refunded AND r.confirmed_at IS NULL
            AND NOT EXISTS (SELECT FROM refund f WHERE f.payment_id = p.id)
        ORDER BY p.id""",
    ),
    from_sql(
        "confirmed_by_payment_once",
        """SELECT r.code || ' was paid ' || count(*) || ' times and nothing is going back'
        FROM payment p JOIN reservation r ON r.id = p.reservation_id
        WHERE p.status = 'approved' AND p.outcome IN ('confirmed', 'revived')
            AND NOT EXISTS (SELECT FROM refund f WHERE f.payment_id = p.id)
        GROUP BY r.id HAVING count(*) > 1 ORDER BY r.id""",
    ),
)
