"""The tables of what came in and what goes out."""

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

from alojamientos.kit.db import metadata

_instant = sa.DateTime(timezone=True)

inbox_event = sa.Table(
    "inbox_event",
    metadata,
    sa.Column("id", sa.BigInteger, sa.Identity(), primary_key=True),
    sa.Column("source", sa.Text, nullable=False),
    sa.Column("external_id", sa.Text, nullable=False),
    sa.Column("event_type", sa.Text, nullable=False),
    sa.Column("conversation_key", sa.Text),
    sa.Column("payload", JSONB, nullable=False),
    sa.Column("sent_at", _instant),
    sa.Column("received_at", _instant, nullable=False, server_default=sa.func.now()),
    sa.Column("trace_id", sa.Text, nullable=False),
    sa.Column("outcome", sa.Text),
    sa.Column("attempts", sa.Integer, nullable=False, server_default="0"),
    sa.Column("processed_at", _instant),
    sa.UniqueConstraint("source", "external_id"),
)

outbox_message = sa.Table(
    "outbox_message",
    metadata,
    sa.Column("id", sa.BigInteger, sa.Identity(), primary_key=True),
    sa.Column("channel", sa.Text, nullable=False),
    sa.Column("address", sa.Text, nullable=False),
    sa.Column("conversation_key", sa.Text, nullable=False),
    sa.Column("dedupe_key", sa.Text, nullable=False, unique=True),
    sa.Column("kind", sa.Text, nullable=False, server_default="reply"),
    sa.Column("content", JSONB, nullable=False),
    sa.Column("in_reply_to", sa.BigInteger, sa.ForeignKey("inbox_event.id")),
    # The reservation's table belongs to another room; the database holds the foreign key.
    sa.Column("reservation_id", sa.BigInteger),
    sa.Column("trace_id", sa.Text, nullable=False),
    sa.Column("status", sa.Text, nullable=False, server_default="queued"),
    sa.Column("ladder", sa.Text),
    sa.Column("provider_id", sa.Text),
    sa.Column("error_code", sa.Text),
    sa.Column("attempts", sa.Integer, nullable=False, server_default="0"),
    sa.Column("created_at", _instant, nullable=False, server_default=sa.func.now()),
    sa.Column("sending_at", _instant),
    sa.Column("sent_at", _instant),
)
