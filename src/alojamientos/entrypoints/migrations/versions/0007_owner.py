"""Prices of holidays, notes, erased guests, and an audit that nobody rewrites.

Revision ID: 0007
"""

import contextlib
from pathlib import Path

from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_BACK = """
DROP INDEX audit_entry_subject;
DROP TRIGGER audit_entry_is_kept ON audit_entry;
DROP FUNCTION audit_entry_is_kept();
ALTER TABLE guest DROP CONSTRAINT guest_erased_has_no_data, DROP COLUMN erased_at;
DROP INDEX reservation_check_in, reservation_check_out;
DROP TABLE reservation_note;
DELETE FROM price_rule WHERE kind = 'holiday';
ALTER TABLE price_rule DROP CONSTRAINT price_rule_sets_something,
    DROP CONSTRAINT price_rule_no_overlap;
ALTER TABLE price_rule DROP COLUMN kind;
ALTER TABLE price_rule ADD CONSTRAINT price_rule_no_overlap EXCLUDE USING gist
    (accommodation_id WITH =, daterange(starts_on, ends_on, '[)') WITH &&);
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
