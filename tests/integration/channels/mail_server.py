"""A real SMTP server that does as told."""

import asyncio
import contextlib
import ssl
import subprocess
from collections import deque
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session

SILENT = "silent"


@dataclass
class MailServer:
    """Takes mail over SMTP; `mail`, `rcpt` and `data` are its next answers to those commands."""

    mails: list[EmailMessage] = field(default_factory=list)
    recipients: list[str] = field(default_factory=list)
    encrypted: list[bool] = field(default_factory=list)
    mail: deque[str] = field(default_factory=deque)
    rcpt: deque[str] = field(default_factory=deque)
    data: deque[str] = field(default_factory=deque)
    port: int = 0

    async def handle_MAIL(  # noqa: N802 - the name that aiosmtpd looks for
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, options: Any
    ) -> str:
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return await self._answer(self.mail)

    async def handle_RCPT(  # noqa: N802
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: Any
    ) -> str:
        answer = await self._answer(self.rcpt)
        if answer.startswith("250"):
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(  # noqa: N802
        self, _server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        assert isinstance(envelope.content, bytes)
        mail = message_from_bytes(envelope.content, policy=policy.default)
        assert isinstance(mail, EmailMessage)
        self.mails.append(mail)
        self.recipients += envelope.rcpt_tos
        self.encrypted.append(session.ssl is not None)
        return await self._answer(self.data)

    async def _answer(self, answers: deque[str]) -> str:
        answer = answers.popleft() if answers else "250 OK"
        if answer == SILENT:
            await asyncio.Event().wait()
        return answer

    def text(self, number: int = 0, kind: str = "plain") -> str:
        part = self.mails[number].get_body((kind,))
        assert part is not None
        return str(part.get_content()).replace("\r\n", "\n")


def certificate(folder: Path) -> Path:
    """Make a certificate for 127.0.0.1 with its key in one file, and return the file."""
    path = folder / "certificate.pem"
    subject = ["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"]
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", *subject]
    subprocess.run(
        [*command, "-keyout", str(path), "-out", str(folder / "only.pem")],
        check=True,
        capture_output=True,
    )
    path.write_text(path.read_text() + (folder / "only.pem").read_text())
    return path


@contextlib.asynccontextmanager
async def serving_mail(
    *, tls: ssl.SSLContext | None = None, password: str | None = None
) -> AsyncIterator[MailServer]:
    """Serve on a free port of the loopback; with `password` an account is wanted."""
    server = MailServer()
    connections: list[SMTP] = []

    def authenticate(*arguments: Any) -> AuthResult:
        login = arguments[-1]
        return AuthResult(success=login.password == (password or "").encode(), handled=False)

    def connection() -> SMTP:
        protocol = SMTP(
            server,
            tls_context=tls,
            require_starttls=tls is not None,
            auth_required=password is not None,
            auth_require_tls=tls is not None,
            authenticator=authenticate,
        )
        connections.append(protocol)
        return protocol

    listener = await asyncio.get_running_loop().create_server(connection, "127.0.0.1", 0)
    server.port = listener.sockets[0].getsockname()[1]
    try:
        yield server
    finally:
        listener.close()
        for protocol in connections:
            if protocol.transport is not None:
                protocol.transport.close()
