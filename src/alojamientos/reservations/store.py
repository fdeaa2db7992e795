"""The tables of lodgings, guests and reservations."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg

from alojamientos.kit.db import metadata

_instant = sa.DateTime(timezone=True)


def _id(kind: type[sa.Integer] = sa.BigInteger) -> sa.Column[Any]:
    return sa.Column("id", kind, sa.Identity(), primary_key=True)


accommodation = sa.Table(
    "accommodation",
    metadata,
    _id(sa.Integer),
    sa.Column("slug", sa.Text, nullable=False, unique=True),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("description", sa.Text, nullable=False, server_default=""),
    sa.Column("capacity", sa.Integer, nullable=False),
    sa.Column("nightly_price", sa.BigInteger, nullable=False),
    sa.Column("weekend_price", sa.BigInteger, nullable=False),
    sa.Column("currency", sa.Text, nullable=False, server_default="ARS"),
    sa.Column("min_nights", sa.Integer, nullable=False, server_default="1"),
    sa.Column("time_zone", sa.Text, nullable=False),
    sa.Column("active", sa.Boolean, nullable=False, server_default=sa.true()),
    sa.Column("created_at", _instant, nullable=False, server_default=sa.func.now()),
)

price_rule = sa.Table(
    "price_rule",
    metadata,
    _id(sa.Integer),
    sa.Column("accommodation_id", sa.ForeignKey("accommodation.id"), nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("starts_on", sa.Date, nullable=False),
    sa.Column("ends_on", sa.Date, nullable=False),
    sa.Column("nightly_price", sa.BigInteger),
    sa.Column("weekend_price", sa.BigInteger),
    sa.Column("min_nights", sa.Integer),
    sa.Column("kind", sa.Text, nullable=False, server_default="season"),
)

guest = sa.Table(
    "guest",
    metadata,
    _id(),
    sa.Column("name", sa.Text),
    sa.Column("email", sa.Text),
    sa.Column("phone", sa.Text),
    sa.Column("created_at", _instant, nullable=False, server_default=sa.func.now()),
    sa.Column("erased_at", _instant),
)

guest_identity = sa.Table(
    "guest_identity",
    metadata,
    _id(),
    sa.Column("guest_id", sa.ForeignKey("guest.id"), nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("value", sa.Text, nullable=False),
    sa.Column("created_at", _instant, nullable=False, server_default=sa.func.now()),
    sa.UniqueConstraint("kind", "value"),
)

reservation = sa.Table(
    "reservation",
    metadata,
    _id(),
    sa.Column("code", sa.Text, nullable=False, unique=True),
    sa.Column("accommodation_id", sa.ForeignKey("accommodation.id"), nullable=False),
    sa.Column("guest_id", sa.ForeignKey("guest.id"), nullable=False),
    sa.Column("check_in", sa.Date, nullable=False),
    sa.Column("check_out", sa.Date, nullable=False),
    sa.Column("guests", sa.Integer, nullable=False),
    sa.Column("status", sa.Text, nullable=False),
    sa.Column("channel", sa.Text, nullable=False),
    sa.Column("quote", pg.JSONB, nullable=False),
    sa.Column("total", sa.BigInteger, nullable=False),
    sa.Column("deposit", sa.BigInteger, nullable=False),
    sa.Column("currency", sa.Text, nullable=False, server_default="ARS"),
    sa.Column("hold_expires_at", _instant),
    sa.Column("hold_reminded_at", _instant),
    sa.Column("idempotency_key", sa.Text, unique=True),
    sa.Column("created_at", _instant, nullable=False, server_default=sa.func.now()),
    sa.Column("updated_at", _instant, nullable=False, server_default=sa.func.now()),
    sa.Column("confirmed_at", _instant),
    sa.Column("cancelled_at", _instant),
    sa.Column("cancel_reason", sa.Text),
)

reservation_note = sa.Table(
    "reservation_note",
    metadata,
    _id(),
    sa.Column("reservation_id", sa.ForeignKey("reservation.id"), nullable=False),
    sa.Column("text", sa.Text, nullable=False),
    sa.Column("actor", sa.Text, nullable=False),
    sa.Column("created_at", _instant, nullable=False, server_default=sa.func.now()),
)

manual_block = sa.Table(
    "manual_block",
    metadata,
    _id(),
    sa.Column("accommodation_id", sa.ForeignKey("accommodation.id"), nullable=False),
    sa.Column("starts_on", sa.Date, nullable=False),
    sa.Column("ends_on", sa.Date, nullable=False),
    sa.Column("note", sa.Text, nullable=False, server_default=""),
    sa.Column("created_at", _instant, nullable=False, server_default=sa.func.now()),
)

# Reservations on the bound nights [:check_in, :check_out) of `unit` (an expression), a row for
# each; `but` leaves some out. An overdue hold takes no night.
_RESERVED = """
    SELECT 1 FROM reservation taken
    WHERE taken.accommodation_id = {unit}
      AND (taken.status = 'confirmed' OR (taken.status = 'pre_reserved'
           AND taken.hold_expires_at > statement_timestamp()))
      AND daterange(taken.check_in, taken.check_out, '[)')
          && daterange(:check_in, :check_out, '[)') {but}"""
RESERVED = f"({_RESERVED})"
# What nights are taken by, a row per reason: reservations, imported events, the owner's blocks.
TAKEN_BY = f"""({_RESERVED}
    UNION ALL
    SELECT 1 FROM calendar_event event
    WHERE event.accommodation_id = {{unit}} AND event.cancelled_at IS NULL
      AND daterange(event.starts_on, event.ends_on, '[)') && daterange(:check_in, :check_out, '[)')
    UNION ALL
    SELECT 1 FROM manual_block block
    WHERE block.accommodation_id = {{unit}}
      AND daterange(block.starts_on, block.ends_on, '[)') && daterange(:check_in, :check_out, '[)')
)"""  # noqa: S608 - constant text

# The status that a reader is to see: a hold past its deadline has expired, swept or not.
EFFECTIVE_STATUS = """CASE WHEN r.status = 'pre_reserved'
    AND r.hold_expires_at <= statement_timestamp() THEN 'expired' ELSE r.status END"""
