"""What a guest sent last, found without reading everyone's.

Revision ID: 0002
"""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("inbox_event_conversation", "inbox_event", ["conversation_key", "id"])


def downgrade() -> None:
    op.drop_index("inbox_event_conversation", table_name="inbox_event")
