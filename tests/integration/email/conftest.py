"""A mailbox on a real IMAP server, a real SMTP server, and the program between them."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from email.policy import SMTP
from typing import Any

import pytest
import sqlalchemy as sa
import structlog
from imapclient import IMAPClient
from tests.integration.channels.conftest import Recorded
from tests.integration.channels.mail_server import MailServer, serving_mail

from alojamientos.channels import pipeline
from alojamientos.channels.email.client import EmailClient
from alojamientos.channels.email.jobs import Reader, create_jobs
from alojamientos.channels.email.payloads import Own
from alojamientos.channels.email.threads import StoredMails
from alojamientos.channels.listening import Listener
from alojamientos.conversation.handler import Handler
from alojamientos.conversation.turn import ConversationPolicy
from alojamientos.entrypoints import demo
from alojamientos.entrypoints.consequences import create_consequences
from alojamientos.jobs.worker import Worker
from alojamientos.kit import db
from alojamientos.kit.imap import ImapClient
from alojamientos.kit.locks import UnitLocks
from alojamientos.kit.smtp import SmtpClient
from alojamientos.nlu.holidays import Argentina
from alojamientos.ops.simulator.mailbox import ImapMailbox, serving_mailbox
from alojamientos.reservations.domain import Policy
from alojamientos.transcription.none import Nobody

NOW = datetime(2026, 11, 24, 15, 0, tzinfo=UTC)
US = "reservas@lago.example"
OWNER = "duenia@example.com"
PASSWORD = "mailbox-password"
POLICY = ConversationPolicy(
    lodging_name="Cabañas del Lago", time_zone="America/Argentina/Buenos_Aires"
)


def mail(
    text: str = "Hola, ¿tenés lugar del 15 al 18 de enero para 6?",
    *,
    message_id: str | None = "<1@ana.example>",
    sender: str = "Ana Pérez <ana@ana.example>",
    subject: str = "Consulta",
    **headers: str,
) -> bytes:
    message = EmailMessage(policy=SMTP)
    message["From"] = sender
    message["To"] = US
    message["Subject"] = subject
    message["Date"] = "Tue, 24 Nov 2026 11:59:00 -0300"
    if message_id:
        message["Message-ID"] = message_id
    for name, value in headers.items():
        message[name.replace("_", "-")] = value
    message.set_content(text)
    return message.as_bytes()


@dataclass
class Clock:
    now: datetime = NOW

    def __call__(self) -> datetime:
        return self.now

    def later(self, **delta: float) -> None:
        self.now += timedelta(**delta)


@dataclass
class PostOffice:
    """The mailbox as guests fill it, and the program that reads it."""

    mailbox: ImapMailbox
    port: int
    smtp: MailServer
    database: db.Database
    dsn: str
    clock: Clock = field(default_factory=Clock)
    recorded: Recorded = field(default_factory=Recorded)
    clients: list[ImapClient] = field(default_factory=list)

    def client(self, **options: Any) -> ImapClient:
        client = ImapClient(
            **{
                "host": "127.0.0.1",
                "port": self.port,
                "username": US,
                "password": PASSWORD,
                "require_tls": False,
                "timeout_s": 5.0,
                **options,
            }
        )
        self.clients.append(client)
        return client

    def reader(self, client: ImapClient | None = None, **own: str) -> Reader:
        return Reader(
            database=self.database,
            client=client or self.client(),
            own=Own(address=US, **own),
            log=structlog.get_logger(),
            now=self.clock,
        )

    async def deliver(self, *contents: bytes) -> None:
        for content in contents:
            await self.mailbox.deliver(content)

    async def rows(self, query: str, **values: Any) -> list[tuple[Any, ...]]:
        async with self.database.read() as conn:
            return [tuple(row) for row in (await conn.execute(sa.text(query), values)).all()]

    async def events(self) -> list[tuple[Any, ...]]:
        """Return the stored mails: id, kind, outcome, oldest first."""
        return await self.rows(
            "SELECT external_id, event_type, outcome FROM inbox_event ORDER BY id"
        )

    async def seen(self, folder: str = "INBOX") -> list[bool]:
        """Return whether each mail in a folder is marked as seen, in its order."""
        return await asyncio.to_thread(self._seen, folder)

    def _seen(self, folder: str) -> list[bool]:
        with IMAPClient("127.0.0.1", self.port, ssl=False, timeout=5) as client:
            client.login(US, PASSWORD)
            if not client.folder_exists(folder):
                return []
            client.select_folder(folder, readonly=True)
            flags = client.get_flags(client.search("ALL"))
            return [rb"\Seen" in flags[uid] for uid in sorted(flags)]

    @contextlib.asynccontextmanager
    async def working(self) -> AsyncIterator[None]:
        """Run the worker: it reads the mailbox every second, answers and sends."""
        mails = StoredMails(self.database)
        sender = EmailClient(
            smtp=SmtpClient(
                host="127.0.0.1", port=self.smtp.port, timeout_s=5.0, require_tls=False
            ),
            sender=US,
            lodging=POLICY.lodging_name,
            now=self.clock,
            mails=mails,
        )
        handler = Handler(
            database=self.database,
            policy=POLICY,
            booking_policy=Policy(
                time_zone=POLICY.time_zone,
                hold=timedelta(minutes=60),
                deposit_percent=30,
                max_open_holds=3,
            ),
            locks=UnitLocks(None, ttl_ms=1000, wait_ms=100),
            holidays=Argentina(),
        )
        jobs = [
            *pipeline.create_jobs(
                database=self.database,
                handler=handler,
                listener=Listener(
                    media={},
                    transcriber=Nobody(),
                    recorder=self.recorded,
                    log=structlog.get_logger(),
                ),
                senders={"email": sender},
                recorder=self.recorded,
                log=structlog.get_logger(),
                now=self.clock,
            ),
            *create_jobs(reader=self.reader(), poll_s=1),
        ]
        worker = Worker(
            self.dsn,
            jobs,
            recorder=self.recorded,
            log=structlog.get_logger(),
            polling_s=0.1,
            stop_deadline_s=0.5,
        )
        task = asyncio.create_task(worker.run())
        try:
            yield
        finally:
            worker.stop()
            await task


@pytest.fixture
async def office(database_url: str) -> AsyncIterator[PostOffice]:
    demo.load(database_url, today=NOW.date())
    clock = Clock()
    database = db.Database(
        db.create_engine(database_url),
        consequences=create_consequences(policy=POLICY, now=clock, mail=True, owner=OWNER),
    )
    listener = socket.create_server(("127.0.0.1", 0))
    port = listener.getsockname()[1]
    async with (
        serving_mail() as smtp,
        serving_mailbox(listener, username=US, password=PASSWORD) as mailbox,
    ):
        office = PostOffice(mailbox, port, smtp, database, database_url, clock)
        yield office
        for client in office.clients:
            await client.close()
    await database.close()
