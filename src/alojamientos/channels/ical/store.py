"""The tables of feeds, of what was imported from them, and of what channels fetch from us."""

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg

from alojamientos.kit.db import metadata

_instant = sa.DateTime(timezone=True)

calendar_feed = sa.Table(
    "calendar_feed",
    metadata,
    sa.Column("id", sa.Integer, sa.Identity(), primary_key=True),
    sa.Column("accommodation_id", sa.Integer, nullable=False),
    sa.Column("source", sa.Text, nullable=False),
    sa.Column("url", sa.Text, nullable=False),  # a secret: never logged, never a label
    sa.Column("active", sa.Boolean, nullable=False, server_default=sa.true()),
    sa.Column("etag", sa.Text),
    sa.Column("last_modified", sa.Text),
    sa.Column("last_attempt_at", _instant),
    sa.Column("last_success_at", _instant),
    sa.Column("next_sync_at", _instant, nullable=False, server_default=sa.func.now()),
    sa.Column("failures", sa.Integer, nullable=False, server_default="0"),
    sa.Column("last_error", sa.Text),
    sa.Column("content_hash", sa.Text),
    sa.Column("vanishing_since", _instant),
    sa.Column("longest_block", sa.Integer),  # nights; longer ones are the host's rules, not stays
    sa.Column("created_at", _instant, nullable=False, server_default=sa.func.now()),
)

calendar_event = sa.Table(
    "calendar_event",
    metadata,
    sa.Column("id", sa.BigInteger, sa.Identity(), primary_key=True),
    sa.Column("feed_id", sa.ForeignKey("calendar_feed.id"), nullable=False),
    sa.Column("accommodation_id", sa.Integer, nullable=False),
    sa.Column("uid", sa.Text, nullable=False),
    sa.Column("starts_on", sa.Date, nullable=False),
    sa.Column("ends_on", sa.Date, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("content_hash", sa.Text, nullable=False),
    sa.Column("miss_count", sa.Integer, nullable=False, server_default="0"),
    sa.Column("first_missed_at", _instant),
    sa.Column("cancelled_at", _instant),
    sa.Column("created_at", _instant, nullable=False, server_default=sa.func.now()),
    sa.Column("updated_at", _instant, nullable=False, server_default=sa.func.now()),
    sa.UniqueConstraint("feed_id", "uid"),
)

calendar_conflict = sa.Table(
    "calendar_conflict",
    metadata,
    sa.Column("id", sa.BigInteger, sa.Identity(), primary_key=True),
    sa.Column("event_id", sa.ForeignKey("calendar_event.id"), nullable=False),
    sa.Column("reservation_id", sa.BigInteger),  # a stay of ours, or another host's:
    sa.Column("other_event_id", sa.ForeignKey("calendar_event.id")),
    sa.Column("detected_at", _instant, nullable=False, server_default=sa.func.now()),
    sa.Column("resolved_at", _instant),
    sa.UniqueConstraint("event_id", "reservation_id"),
)

calendar_export = sa.Table(
    "calendar_export",
    metadata,
    sa.Column("id", sa.Integer, sa.Identity(), primary_key=True),
    sa.Column("accommodation_id", sa.Integer, nullable=False),
    sa.Column("source", sa.Text, nullable=False),
    sa.Column("feed_id", sa.ForeignKey("calendar_feed.id"), unique=True),
    sa.Column("secret_hash", sa.LargeBinary, nullable=False, unique=True),
    sa.Column("content_hash", sa.Text),
    sa.Column("changed_at", _instant),
    sa.Column("served_hash", sa.Text),
    sa.Column("last_fetched_at", _instant),
    sa.Column("last_agent", sa.Text),
    sa.Column("fetches", sa.BigInteger, nullable=False, server_default="0"),
    sa.Column("rotated_at", _instant),
    sa.Column("created_at", _instant, nullable=False, server_default=sa.func.now()),
)

calendar_export_served = sa.Table(
    "calendar_export_served",
    metadata,
    sa.Column("export_id", sa.ForeignKey("calendar_export.id"), primary_key=True),
    sa.Column("uid", sa.Text, primary_key=True),
    sa.Column("starts_on", sa.Date, primary_key=True),
    sa.Column("ends_on", sa.Date, primary_key=True),
    sa.Column("withdrawn_at", _instant),
)

# Nobody's table yet: who did what.
audit_entry = sa.table(
    "audit_entry",
    sa.column("actor", sa.Text),
    sa.column("action", sa.Text),
    sa.column("subject", sa.Text),
    sa.column("detail", pg.JSONB),
)
