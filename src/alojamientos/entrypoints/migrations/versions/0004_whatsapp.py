"""Why a conversation is paused, statuses that came early, where cabins are and how they look.

Revision ID: 0004
"""

import contextlib
from pathlib import Path

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_BACK = """
DROP TABLE accommodation_photo;
ALTER TABLE accommodation DROP COLUMN address, DROP COLUMN latitude, DROP COLUMN longitude;
DROP INDEX inbox_event_unmatched;
ALTER TABLE conversation DROP COLUMN pause_reason;
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
