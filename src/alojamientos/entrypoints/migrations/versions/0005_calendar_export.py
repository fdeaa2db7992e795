"""Calendars that channels fetch from us, and conflicts between two of theirs.

Revision ID: 0005
"""

import contextlib
from pathlib import Path

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_BACK = """
DELETE FROM calendar_conflict WHERE reservation_id IS NULL;
ALTER TABLE calendar_conflict DROP COLUMN other_event_id,
    ALTER COLUMN reservation_id SET NOT NULL;
ALTER TABLE calendar_feed DROP COLUMN longest_block;
DROP TABLE calendar_export_served;
DROP TABLE calendar_export;
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
