"""Bookings, guests, money and messages, and the queue's tables.

Revision ID: 0001
"""

import contextlib
from pathlib import Path

import procrastinate.schema
import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_TABLES = [
    "audit_entry",
    "invariant_result",
    "job_heartbeat",
    "idempotent_response",
    "outbox_message",
    "inbox_event",
    "conversation",
    "ledger_entry",
    "refund",
    "payment_event",
    "payment",
    "payment_link",
    "calendar_conflict",
    "calendar_event",
    "calendar_feed",
    "manual_block",
    "reservation",
    "guest_identity",
    "guest",
    "price_rule",
    "accommodation",
]


def _execute_script(script: str) -> None:
    # Through the driver's cursor: the script has many statements and its own colons and percents.
    connection = op.get_bind().connection.dbapi_connection
    assert connection is not None  # noqa: S101 - for the type checker
    with contextlib.closing(connection.cursor()) as cursor:
        cursor.execute(script)


def upgrade() -> None:
    _execute_script(Path(__file__).with_suffix(".sql").read_text(encoding="utf-8"))
    _execute_script(procrastinate.schema.SchemaManager.get_schema())


def downgrade() -> None:
    for table in _TABLES:
        op.drop_table(table)
    bind = op.get_bind()
    for (statement,) in bind.execute(
        sa.text(
            """
            SELECT format('DROP TABLE IF EXISTS %s CASCADE', c.oid::regclass) FROM pg_class c
             WHERE c.relname LIKE 'procrastinate\\_%' AND c.relkind = 'r'
               AND c.relnamespace = 'public'::regnamespace
            UNION ALL
            SELECT format('DROP FUNCTION IF EXISTS %s CASCADE', p.oid::regprocedure) FROM pg_proc p
             WHERE p.proname LIKE 'procrastinate\\_%' AND p.pronamespace = 'public'::regnamespace
            UNION ALL
            SELECT format('DROP TYPE IF EXISTS %s CASCADE', t.oid::regtype) FROM pg_type t
             WHERE t.typname LIKE 'procrastinate\\_%' AND t.typtype IN ('e', 'c')
               AND t.typnamespace = 'public'::regnamespace
            """
        )
    ).all():
        op.execute(sa.text(statement.replace(":", "\\:")))
