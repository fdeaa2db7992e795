"""Read the mailbox: each mail stored before it is marked, then the position moved on.

A crash between two of these steps makes the same mail come again, and the inbox knows it.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from structlog.typing import FilteringBoundLogger

from alojamientos.channels.email import operations, payloads, queries
from alojamientos.channels.email.events import MailboxFailed
from alojamientos.channels.email.payloads import Incoming, Own
from alojamientos.channels.email.queries import Position
from alojamientos.jobs.registry import Job
from alojamientos.kit.db import Database, Transaction
from alojamientos.kit.errors import Unavailable
from alojamientos.kit.imap import Fetched, ImapClient, MailboxUnavailable
from alojamientos.telemetry import log_events

READ = "mail.read"
_AT_ONCE = 50  # mails in one run; the next run goes on
_FIRST_DAYS = timedelta(days=3)  # how far back a mailbox is read that is new to us
_TIMEOUT_S = 240.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """Read one mailbox with `client`, whose connection is kept from run to run."""

    database: Database
    client: ImapClient
    own: Own
    log: FilteringBoundLogger
    now: Callable[[], datetime]

    async def read(self) -> None:
        """Take in what is new, unless the mailbox failed a short while ago."""
        async with self.database.read() as conn:
            position = await queries.position(conn, name=self.client.name)
        if position.retry_at is not None and position.retry_at > self.now():
            return
        try:
            await self._read(position)
        except MailboxUnavailable as error:
            await self._failed(position, error)

    async def _read(self, position: Position) -> None:
        validity = await self.client.look()
        if position.uid_validity == validity:
            uids = await self.client.uids_after(position.last_uid)
            for uid in uids[:_AT_ONCE]:
                await self._take(uid)
                await self._reached(validity, uid)
            last = uids[:_AT_ONCE][-1] if uids else position.last_uid
            if len(uids) <= _AT_ONCE:
                await self._reached(validity, last, all_seen=True)
            return
        # New to us, or numbered anew by its server: UIDs mean nothing, Message-IDs still do. Of a
        # mailbox that a person has read until now, only what they have not seen is ours.
        last = await self.client.last_uid()
        day = (self.now() - _FIRST_DAYS).date()
        for uid in await self.client.uids_since(day, unseen=position.uid_validity is None):
            if uid <= last:
                await self._take(uid)
        await self._reached(validity, last, all_seen=True)

    async def _take(self, uid: int) -> None:
        fetched = await self.client.fetch(uid)
        if fetched is None:
            return  # moved or deleted meanwhile by someone else
        try:
            # In a thread: a long mail takes longer to understand than a guest should wait.
            mail = await asyncio.to_thread(payloads.read_mail, fetched.content, own=self.own)
            await self._store(mail, fetched)
        except (Unavailable, MailboxUnavailable):
            raise
        except Exception as error:  # noqa: BLE001 - one mail must not keep the others waiting
            # Its words are a stranger's, and would be in the traceback.
            self.log.error(  # noqa: TRY400
                log_events.MAIL_NOT_UNDERSTOOD, size=fetched.size, error=type(error).__name__
            )
            await self._store(payloads.unreadable(fetched.content), fetched)
        await self.client.mark_done(uid)

    async def _store(self, mail: Incoming, fetched: Fetched) -> None:
        async def work(tx: Transaction) -> None:
            await operations.take_in(tx, mail=mail, fetched=fetched, now=self.now())

        await self.database.run(work)

    async def _reached(self, validity: int, uid: int, *, all_seen: bool = False) -> None:
        async with self.database.begin() as tx:
            await operations.reached(
                tx,
                name=self.client.name,
                uid_validity=validity,
                last_uid=uid,
                now=self.now() if all_seen else None,
            )

    async def _failed(self, position: Position, error: MailboxUnavailable) -> None:
        async with self.database.begin() as tx:
            failures, seconds = await operations.note_failure(
                tx, position=position, account=error.account, now=self.now()
            )
            tx.emit(
                MailboxFailed(error=error.message, failures=failures, retry_in_s=round(seconds, 1))
            )


def create_jobs(*, reader: Reader, poll_s: int) -> list[Job]:
    """Return the job that reads the mailbox every `poll_s` seconds."""
    every = f"* * * * * */{poll_s}" if poll_s > 1 else "* * * * * *"
    return [Job(READ, reader.read, every=every, timeout_s=_TIMEOUT_S)]
