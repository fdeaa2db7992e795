"""The tables of feeds, of what was imported from them, and of where that collides."""

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
    sa.Column("reservation_id", sa.BigInteger, nullable=False),
    sa.Column("detected_at", _instant, nullable=False, server_default=sa.func.now()),
    sa.Column("resolved_at", _instant),
    sa.UniqueConstraint("event_id", "reservation_id"),
)

# Nobody's table yet: who did what.
audit_entry = sa.table(
    "audit_entry",
    sa.column("actor", sa.Text),
    sa.column("action", sa.Text),
    sa.column("subject", sa.Text),
    sa.column("detail", pg.JSONB),
)

# The same nights sold here and booked elsewhere. Nights that a host merely closes collide with
# nothing, nor do nights that may be our own, closed there by hand: the very same, of unknown kind.
_COLLIDES = """event.cancelled_at IS NULL AND event.kind <> 'block' AND event.ends_on > :today
    AND r.check_out > :today AND r.check_in < event.ends_on AND event.starts_on < r.check_out
    AND (r.status = 'confirmed' OR (r.status = 'pre_reserved' AND r.hold_expires_at > :now))
    AND NOT (event.kind = 'unknown'
        AND event.starts_on = r.check_in AND event.ends_on = r.check_out)"""
_DATES = (sa.bindparam("today", type_=sa.Date), sa.bindparam("now", type_=_instant))
FIND_CONFLICTS = sa.text(
    f"""INSERT INTO calendar_conflict AS conflict (event_id, reservation_id, detected_at)
    SELECT event.id, r.id, :now
    FROM calendar_event event JOIN reservation r ON r.accommodation_id = event.accommodation_id
    WHERE event.feed_id = :feed_id AND {_COLLIDES}
    ON CONFLICT (event_id, reservation_id) DO UPDATE
        SET resolved_at = NULL, detected_at = excluded.detected_at
        WHERE conflict.resolved_at IS NOT NULL
    RETURNING event_id, reservation_id"""  # noqa: S608 - constant text
).bindparams(*_DATES)
RESOLVE_CONFLICTS = sa.text(
    f"""UPDATE calendar_conflict conflict SET resolved_at = :now
    FROM calendar_event event, reservation r
    WHERE event.id = conflict.event_id AND r.id = conflict.reservation_id
        AND event.feed_id = :feed_id AND conflict.resolved_at IS NULL AND NOT ({_COLLIDES})
    RETURNING conflict.event_id, conflict.reservation_id"""  # noqa: S608 - constant text
).bindparams(*_DATES)
