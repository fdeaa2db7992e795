"""Answer a repeated request with what the first one got (draft-ietf-httpapi-idempotency-key).

The key is claimed in the transaction that has the effect. A second request with it waits until
the first has committed, then finds the answer; if the first rolled back, it is the first.
"""

import hashlib
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg

from alojamientos.kit.db import Transaction, metadata
from alojamientos.kit.errors import Invalid

idempotent_response = sa.Table(
    "idempotent_response",
    metadata,
    sa.Column("scope", sa.Text, primary_key=True),
    sa.Column("key", sa.Text, primary_key=True),
    sa.Column("request_hash", sa.Text, nullable=False),
    sa.Column("status", sa.Integer),
    sa.Column("body", pg.JSONB),
    sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.func.now()),
)

# The update changes nothing; it makes the statement wait for, lock and return a row that is there.
_CLAIM = sa.text(
    """INSERT INTO idempotent_response (scope, key, request_hash)
    VALUES (:scope, :key, :request_hash)
    ON CONFLICT (scope, key) DO UPDATE SET request_hash = idempotent_response.request_hash
    RETURNING request_hash, status, body"""
).columns(body=pg.JSONB)
_KEEP = sa.text(
    "UPDATE idempotent_response SET status = :status, body = :body"
    " WHERE scope = :scope AND key = :key"
).bindparams(sa.bindparam("body", type_=pg.JSONB))
_FORGET = sa.text(
    "DELETE FROM idempotent_response WHERE created_at < statement_timestamp() - :older_than"
).bindparams(sa.bindparam("older_than", type_=sa.Interval))


class KeyReused(Invalid):
    """The Idempotency-Key was used for another request; send a new key with a new request."""

    code = "idempotency_key_reused"
    title = "Idempotency key reused"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What the first request with a key was answered."""

    status: int
    body: Any


async def claim(tx: Transaction, *, scope: str, key: str, request: bytes) -> Answer | None:
    """Take `key` for `request`; return None when it is new, else what it was answered before.

    Raises KeyReused when it was used for a different request.
    """
    request_hash = hashlib.sha256(request).hexdigest()
    values = {"scope": scope, "key": key, "request_hash": request_hash}
    row = (await tx.conn.execute(_CLAIM, values)).one()
    if row.request_hash != request_hash:
        raise KeyReused(field="Idempotency-Key")
    # Nobody else ever sees a row without an answer: it commits together with it.
    return None if row.status is None else Answer(status=row.status, body=row.body)


async def keep(tx: Transaction, *, scope: str, key: str, answer: Answer) -> None:
    """Store what the request that claimed `key` is answered."""
    values = {"scope": scope, "key": key, "status": answer.status, "body": answer.body}
    await tx.conn.execute(_KEEP, values)


async def forget(tx: Transaction, *, older_than: timedelta) -> int:
    """Delete answers that are `older_than` this; return how many."""
    return (await tx.conn.execute(_FORGET, {"older_than": older_than})).rowcount
