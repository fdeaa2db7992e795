"""The mailbox, mails as they came, addresses that do not work, and days that were told of.

Revision ID: 0008
"""

import contextlib
from pathlib import Path

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def _execute_script(script: str) -> None:
    # Through the driver's cursor: the script has many statements and its own colons and percents.
    connection = op.get_bind().connection.dbapi_connection
    assert connection is not None  # noqa: S101 - for the type checker
    with contextlib.closing(connection.cursor()) as cursor:
        cursor.execute(script)


def upgrade() -> None:
    _execute_script(Path(__file__).with_suffix(".sql").read_text(encoding="utf-8"))


def downgrade() -> None:
    for table in ("stay_notice", "mail_undeliverable", "mail_received", "mailbox"):
        op.drop_table(table)
