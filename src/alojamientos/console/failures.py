"""What failed for good, and another try: messages to guests, and jobs."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from alojamientos.channels import outbox
from alojamientos.channels.store import outbox_message
from alojamientos.jobs import queue
from alojamientos.kit import audit, db
from alojamientos.kit.db import Transaction
from alojamientos.kit.errors import Conflict, NotFound

_message = outbox_message.c
_JOBS = """SELECT job.id, job.task_name AS name, job.attempts, job.status,
        (SELECT max(event.at) FROM procrastinate_events event
         WHERE event.job_id = job.id) AS ended_at
    FROM procrastinate_jobs job"""
_FAILED_JOBS = sa.text(_JOBS + " WHERE job.status = 'failed' ORDER BY job.id DESC LIMIT :limit")
_ONE_JOB = sa.text(_JOBS + " WHERE job.id = :id FOR UPDATE OF job")
_RETRY_JOB = sa.text("SELECT procrastinate_retry_job_v2(:id, now(), NULL, NULL, NULL)")


class NoSuchMessage(NotFound):
    """There is no such message; list those that failed with: alojamientos messages failed."""

    code = "no_such_message"


class NoSuchJob(NotFound):
    """There is no such job; list those that failed with: alojamientos jobs failed."""

    code = "no_such_job"


class NotFailed(Conflict):
    """Only what has failed can be tried again."""

    code = "not_failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class FailedMessage:
    """A message that was not delivered, and its provider's reason."""

    id: int
    channel: str
    address: str
    kind: str
    text: str
    error_code: str | None
    attempts: int
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class FailedJob:
    """A job that was given up; its arguments are ids."""

    id: int
    name: str
    attempts: int
    ended_at: datetime | None


async def messages(conn: AsyncConnection, *, limit: int) -> list[FailedMessage]:
    """Return the messages that failed, newest first."""
    query = _messages().order_by(_message.id.desc()).limit(limit)
    return [FailedMessage(**row) for row in (await conn.execute(query)).mappings()]


async def resend(tx: Transaction, *, message_id: int, actor: str) -> FailedMessage:
    """Queue a message that failed once more; raises NoSuchMessage or NotFailed."""
    query = sa.select(_message.id, _message.status, _message.conversation_key).where(
        _message.id == message_id
    )
    row = (await tx.conn.execute(query.with_for_update())).one_or_none()
    if row is None:
        raise NoSuchMessage(f"There is no message {message_id}", field="id")
    found = (await tx.conn.execute(_messages().where(_message.id == message_id))).mappings()
    failed = found.one_or_none()
    if failed is None:
        raise NotFailed(f"Message {message_id} is {row.status}; it has not failed", field="id")
    await tx.conn.execute(
        sa.update(outbox_message)
        .where(_message.id == message_id)
        .values(
            status="queued",
            error_code=None,
            ladder=None,
            provider_id=None,
            sending_at=None,
            sent_at=None,
            created_at=sa.func.now(),  # it is kept as long as a new one
        )
    )
    await queue.enqueue(
        tx.conn, outbox.DELIVER, lock=f"deliver:{row.conversation_key}", outbox_id=message_id
    )
    await audit.record(
        tx,
        actor=actor,
        action="message.resent",
        subject=f"message:{message_id}",
        error_code=failed["error_code"],
    )
    return FailedMessage(**failed)


async def jobs(conn: AsyncConnection, *, limit: int) -> list[FailedJob]:
    """Return the jobs that were given up and not forgotten yet, newest first."""
    rows = (await conn.execute(_FAILED_JOBS, {"limit": limit})).mappings()
    return [_job(row) for row in rows]


async def retry(tx: Transaction, *, job_id: int, actor: str) -> FailedJob:
    """Queue a job that was given up once more; raises NoSuchJob or NotFailed."""
    row = (await tx.conn.execute(_ONE_JOB, {"id": job_id})).mappings().one_or_none()
    if row is None:
        raise NoSuchJob(f"There is no job {job_id}", field="id")
    if row["status"] != "failed":
        raise NotFailed(f"Job {job_id} is {row['status']}; it has not failed", field="id")
    try:
        async with tx.conn.begin_nested():
            await tx.conn.execute(_RETRY_JOB, {"id": job_id})
    except IntegrityError as error:
        if db.sqlstate(error) != db.UNIQUE_VIOLATION:
            raise
        raise NotFailed(f"Another {row['name']} like job {job_id} waits already") from error
    await audit.record(
        tx, actor=actor, action="job.retried", subject=f"job:{job_id}", job=row["name"]
    )
    return _job(row)


def _job(row: sa.RowMapping) -> FailedJob:
    return FailedJob(**{name: row[name] for name in FailedJob.__slots__})


def _messages() -> sa.Select[Any]:
    """Select what failed: never accepted, or accepted and then not delivered."""
    names = ("id", "channel", "address", "kind", "error_code", "attempts", "created_at")
    return sa.select(
        *(_message[name] for name in names), _message.content["text"].astext.label("text")
    ).where(
        sa.or_(_message.status == "failed", _message.ladder == "failed"),
        _message.address != "erased",
    )
