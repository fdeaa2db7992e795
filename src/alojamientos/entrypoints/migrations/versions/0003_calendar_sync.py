"""How calendar feeds are read, and bookings that see what an import has just committed.

Revision ID: 0003
"""

import contextlib
from pathlib import Path

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_BACK = """
DROP FUNCTION nights_blocked(integer, date, date);
DROP INDEX calendar_conflict_open;
UPDATE calendar_event SET kind = 'block' WHERE kind = 'unknown';
ALTER TABLE calendar_event DROP CONSTRAINT calendar_event_kind_check;
ALTER TABLE calendar_event ADD CONSTRAINT calendar_event_kind_check
    CHECK (kind IN ('reservation', 'block'));
DROP INDEX calendar_feed_due;
DROP INDEX calendar_feed_url;
ALTER TABLE calendar_feed
    DROP COLUMN next_sync_at, DROP COLUMN failures, DROP COLUMN last_error,
    DROP COLUMN content_hash, DROP COLUMN vanishing_since;
"""


def _execute_script(script: str) -> None:
    # Through the driver's cursor: the script has many statements and its own colons and percents.
    connection = op.get_bind().connection.dbapi_connection
    assert connection is not None  # noqa: S101 - for the type checker
    with contextlib.closing(connection.cursor()) as cursor:
        cursor.execute(script)


def upgrade() -> None:
    _execute_script(Path(__file__).with_suffix(".sql").read_text(encoding="utf-8"))


def downgrade() -> None:
    _execute_script(_BACK)
