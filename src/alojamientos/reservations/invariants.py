"""What must always be true of the bookings, each as a check that names its violations."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg
from sqlalchemy.ext.asyncio import AsyncConnection

from alojamientos.kit.db import Transaction

Check = Callable[[AsyncConnection], Awaitable[list[str]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Invariant:
    """A named condition; `check` returns a line for each violation, without personal data."""

    name: str
    check: Check


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    name: str
    violations: tuple[str, ...]


def from_sql(name: str, query: str) -> Invariant:
    """Build an invariant from a query that selects one line of text per violation."""
    statement = sa.text(query)

    async def check(conn: AsyncConnection) -> list[str]:
        return [str(line) for line in await conn.scalars(statement)]

    return Invariant(name=name, check=check)


# Nothing here trusts the constraint that it checks: an index can be broken, a constraint dropped.
INVARIANTS: tuple[Invariant, ...] = (
    from_sql(
        "no_overlap",
        """SELECT a.code || ' and ' || b.code || ' share nights in accommodation '
            || a.accommodation_id
        FROM reservation a JOIN reservation b
            ON b.accommodation_id = a.accommodation_id AND b.id > a.id
            AND a.check_in < b.check_out AND b.check_in < a.check_out
        WHERE a.status IN ('pre_reserved', 'confirmed')
            AND b.status IN ('pre_reserved', 'confirmed') ORDER BY a.id, b.id""",
    ),
    from_sql(
        "overlap_is_impossible",
        """SELECT 'the constraint reservation_no_overlap is missing' WHERE NOT EXISTS (
            SELECT FROM pg_constraint WHERE conrelid = 'reservation'::regclass
            AND conname = 'reservation_no_overlap' AND contype = 'x' AND convalidated)""",
    ),
    from_sql(
        "holds_have_deadlines",
        """SELECT code || ' is held without a deadline' FROM reservation
        WHERE status = 'pre_reserved' AND hold_expires_at IS NULL ORDER BY id""",
    ),
    from_sql(
        "quotes_add_up",
        """SELECT r.code || ' has a quote that does not add up' FROM reservation r
        CROSS JOIN LATERAL (
            SELECT count(*) AS nights, sum((line ->> 'amount')::bigint) AS amount,
                min((line ->> 'night')::date) AS first
            FROM jsonb_array_elements(r.quote -> 'lines') line) quoted
        WHERE quoted.nights <> r.check_out - r.check_in OR quoted.first <> r.check_in
            OR quoted.amount IS DISTINCT FROM r.total
            OR (r.quote ->> 'total')::bigint <> r.total
            OR (r.quote ->> 'deposit')::bigint <> r.deposit ORDER BY r.id""",
    ),
    from_sql(
        "statuses_have_instants",
        """SELECT code || ' is ' || status || ' without its instant' FROM reservation
        WHERE (status IN ('confirmed', 'completed', 'no_show') AND confirmed_at IS NULL)
            OR (status = 'cancelled' AND cancelled_at IS NULL) ORDER BY id""",
    ),
)

_RESULT = sa.text(
    """INSERT INTO invariant_result (name, violations, detail, checked_at)
    VALUES (:name, :violations, :detail, statement_timestamp())
    ON CONFLICT (name) DO UPDATE SET violations = excluded.violations,
        detail = excluded.detail, checked_at = excluded.checked_at"""
).bindparams(sa.bindparam("detail", type_=pg.JSONB))
_KEPT_DETAIL = 20  # lines a result keeps; the count is always whole


async def check_all(
    conn: AsyncConnection, *, checks: Sequence[Invariant] = INVARIANTS
) -> list[Finding]:
    """Run every check and return what each found."""
    return [
        Finding(name=invariant.name, violations=tuple(await invariant.check(conn)))
        for invariant in checks
    ]


async def record(tx: Transaction, findings: Sequence[Finding]) -> None:
    """Keep the last result of each check, for the metrics."""
    for finding in findings:
        await tx.conn.execute(
            _RESULT,
            {
                "name": finding.name,
                "violations": len(finding.violations),
                "detail": list(finding.violations[:_KEPT_DETAIL]),
            },
        )
