"""Money by hand, refunds of a part, links for the balance, and a ledger that is written once.

Revision ID: 0006
"""

import contextlib
from pathlib import Path

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

# The way back has no place for money by hand: it goes, and with it what the ledger says of it.
_BACK = """
DROP TRIGGER ledger_entry_written_once ON ledger_entry;
DELETE FROM ledger_entry WHERE kind IN ('retained', 'reverted')
    OR payment_id IN (SELECT payment_id FROM hand_payment);
DELETE FROM refund WHERE payment_id IN (SELECT payment_id FROM hand_payment);
DROP TABLE hand_payment_reversal;
CREATE TEMPORARY TABLE by_hand ON COMMIT DROP AS SELECT payment_id FROM hand_payment;
DROP TABLE hand_payment;
DELETE FROM payment_event WHERE payment_id IN (SELECT payment_id FROM by_hand);
DELETE FROM payment WHERE id IN (SELECT payment_id FROM by_hand);
DROP FUNCTION money_is_written_once();
ALTER TABLE ledger_entry
    DROP CONSTRAINT ledger_entry_payment_check,
    DROP CONSTRAINT ledger_entry_sign_check,
    DROP CONSTRAINT ledger_entry_kind_check;
ALTER TABLE ledger_entry ADD CONSTRAINT ledger_entry_kind_check
    CHECK (kind IN ('charged', 'paid', 'refunded', 'released', 'charged_back'));
ALTER TABLE payment_link DROP COLUMN purpose;
ALTER TABLE refund
    DROP COLUMN by_hand, DROP COLUMN up_to, DROP COLUMN note, DROP COLUMN asked_by,
    DROP COLUMN ended_by;
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
