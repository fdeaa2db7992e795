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
        WHERE p.reservation_id IS NOT NULL
            AND p.status IN ('approved', 'refunded', 'reverted', 'charged_back')
            AND (p.outcome NOT IN ('orphan', 'foreign', 'seen'))
            AND (p.status <> 'charged_back' OR l.id IS NOT NULL)
        GROUP BY p.id HAVING coalesce(sum(l.amount), 0) <> CASE
            WHEN p.status = 'reverted' THEN 0
            WHEN p.status = 'charged_back' AND p.status_detail <> 'reimbursed'
                THEN greatest(sum(l.amount), 0)  -- what was refunded as well is lost twice
            ELSE greatest(p.refunded, (
                    SELECT coalesce(sum(f.amount), 0) FROM refund f
                    WHERE f.payment_id = p.id AND f.status = 'done' AND NOT f.by_hand))
                + (SELECT coalesce(sum(f.amount), 0) FROM refund f
                    WHERE f.payment_id = p.id AND f.status = 'done' AND f.by_hand) - p.amount END
        ORDER BY p.id""",
    ),
    from_sql(
        "hand_payments_are_in_the_ledger",
        """SELECT 'payment by hand ' || h.payment_id || ' is in the ledger ' || count(l.id)
            || ' times'
        FROM hand_payment h JOIN payment p ON p.id = h.payment_id
            LEFT JOIN hand_payment_reversal v ON v.payment_id = h.payment_id
            LEFT JOIN ledger_entry l ON l.payment_id = h.payment_id
                AND l.kind IN ('paid', 'reverted')
        GROUP BY h.payment_id, v.payment_id, p.status, p.amount
        HAVING count(l.id) <> CASE WHEN v.payment_id IS NULL THEN 1 ELSE 2 END
            OR coalesce(sum(l.amount), 0)
                <> CASE WHEN v.payment_id IS NULL THEN -p.amount ELSE 0 END
            OR (p.status = 'reverted') <> (v.payment_id IS NOT NULL)
        ORDER BY h.payment_id""",
    ),
    from_sql(
        "no_more_goes_back_than_came",
        """SELECT 'payment ' || p.provider_id || ' of ' || p.amount || ' gives back '
            || given.amount
        FROM payment p CROSS JOIN LATERAL (
            SELECT coalesce(sum(f.amount), 0) AS amount FROM refund f WHERE f.payment_id = p.id
                AND f.status <> 'failed') AS given
        WHERE given.amount > p.amount ORDER BY p.id""",
    ),
    from_sql(
        "cancelled_money_is_settled",
        """SELECT r.code || ' is cancelled, keeps ' || sum(l.amount) FILTER (
                WHERE l.kind = 'retained') || ' and the guest is owed '
            || -sum(l.amount) || ' with ' || waiting.amount || ' on the way'
        FROM reservation r JOIN ledger_entry l ON l.reservation_id = r.id
            CROSS JOIN LATERAL (
                SELECT coalesce(sum(f.amount), 0) AS amount
                FROM refund f JOIN payment p ON p.id = f.payment_id
                WHERE p.reservation_id = r.id AND f.status <> 'done') AS waiting
        WHERE r.status = 'cancelled'
            AND EXISTS (SELECT FROM ledger_entry k WHERE k.reservation_id = r.id
                        AND k.kind = 'retained')
        GROUP BY r.id, waiting.amount HAVING -sum(l.amount) > waiting.amount ORDER BY r.id""",
    ),
    from_sql(
        "every_payment_ends",
        """SELECT 'payment ' || p.provider_id || ' was approved at ' || p.approved_at
            || ' and came to nothing'
        FROM payment p
        WHERE p.status = 'approved' AND p.amount > p.refunded
            AND coalesce(p.approved_at, p.created_at) < now() - interval '1 hour'
            AND p.outcome NOT IN ('orphan', 'foreign')  -- these are in the owner's list
            AND NOT EXISTS (SELECT FROM ledger_entry l WHERE l.payment_id = p.id
                            AND l.kind = 'paid')
        ORDER BY p.id""",
    ),
    from_sql(
        "every_refund_ends",
        """SELECT 'refund ' || f.id || ' of payment ' || p.provider_id || ' waits since '
            || f.created_at
        FROM refund f JOIN payment p ON p.id = f.payment_id
        WHERE f.status = 'pending' AND NOT f.by_hand AND f.created_at < now() - interval '3 days'
        ORDER BY f.id""",
    ),
    from_sql(
        "paid_means_confirmed_or_refunded",
        """SELECT 'payment ' || p.provider_id || ' of ' || r.code || ', which is ' || r.status
        FROM payment p JOIN reservation r ON r.id = p.reservation_id
        WHERE p.status = 'approved' AND p.outcome NOT IN ('partial', 'foreign')
            AND p.provider <> 'hand' AND p.amount > p.refunded AND r.confirmed_at IS NULL
            AND NOT EXISTS (SELECT FROM refund f WHERE f.payment_id = p.id)
        ORDER BY p.id""",
    ),
    from_sql(
        "confirmed_by_payment_once",
        """SELECT r.code || ' was paid ' || count(*) || ' times and nothing is going back'
        FROM payment p JOIN reservation r ON r.id = p.reservation_id
        WHERE p.status = 'approved' AND p.provider <> 'hand'
            AND p.outcome IN ('confirmed', 'revived') AND p.refunded = 0
            AND NOT EXISTS (SELECT FROM payment_event e WHERE e.payment_id = p.id
                            AND e.status = 'charged_back')  -- won back after it was paid again
            AND NOT EXISTS (SELECT FROM refund f WHERE f.payment_id = p.id)
        GROUP BY r.id HAVING count(*) > 1 ORDER BY r.id""",
    ),
)
