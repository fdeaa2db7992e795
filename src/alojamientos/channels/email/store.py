"""The tables of the mailbox."""

import sqlalchemy as sa

from alojamientos.kit.db import metadata

_instant = sa.DateTime(timezone=True)

mailbox = sa.Table(
    "mailbox",
    metadata,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("uid_validity", sa.BigInteger),
    sa.Column("last_uid", sa.BigInteger, nullable=False, server_default="0"),
    sa.Column("read_at", _instant),
    sa.Column("failures", sa.Integer, nullable=False, server_default="0"),
    sa.Column("retry_at", _instant),
)

mail_received = sa.Table(
    "mail_received",
    metadata,
    sa.Column("inbox_id", sa.ForeignKey("inbox_event.id"), primary_key=True),
    sa.Column("content", sa.LargeBinary, nullable=False),
    sa.Column("size", sa.BigInteger, nullable=False),
)

mail_undeliverable = sa.Table(
    "mail_undeliverable",
    metadata,
    sa.Column("address", sa.Text, primary_key=True),
    sa.Column("code", sa.Text, nullable=False),
    sa.Column("outbox_id", sa.BigInteger),
    sa.Column("since", _instant, nullable=False, server_default=sa.func.now()),
)
