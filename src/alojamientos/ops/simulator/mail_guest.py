"""One simulated guest who writes mails: over SMTP, with a mail program's habits."""

import asyncio
import email
import email.policy
import email.utils
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from email.message import EmailMessage
from typing import Any

import aiosmtplib
import httpx2

from alojamientos.kit.errors import AlojamientosError
from alojamientos.ops.simulator.client import NotReachable
from alojamientos.ops.simulator.guest import Line, Unanswered

_LOOK_S = 0.2


@dataclass(slots=True, kw_only=True)
class MailGuest:
    """Write to `lodging` from `address` and read what comes back out of the sink."""

    address: str
    name: str
    lodging: str
    smtp_port: int
    sink_url: str
    deadline_s: float
    on_line: Callable[[Line], None]
    http: httpx2.AsyncClient
    got: list[EmailMessage] = field(default_factory=list)
    sent: list[str] = field(default_factory=list)  # Message-IDs
    seconds: list[float] = field(default_factory=list)
    _known: set[str] = field(default_factory=set)

    async def write(self, text: str, *, subject: str) -> EmailMessage:
        """Begin a conversation and return the answer; raises Unanswered."""
        return await self._ask(self._mail(text, subject=subject), shown=text)

    async def answer(self, mail: EmailMessage, text: str) -> EmailMessage:
        """Answer a mail, quoting it whole, and return what comes back; raises Unanswered."""
        return await self._ask(self._answer(mail, text), shown=text)

    async def send_again(self, mail: EmailMessage, text: str) -> EmailMessage:
        """Answer with a mail that arrives twice; raises Unanswered."""
        twice = self._answer(mail, text)
        await self._send(twice)
        return await self._ask(twice, shown=f"{text}  (twice)")

    async def be_away(self, mail: EmailMessage) -> None:
        """Let the mail program say that nobody is there; no answer is waited for."""
        absence = self._answer(mail, "Estoy de viaje y vuelvo el lunes.")
        absence.replace_header("Subject", f"Respuesta automática: {mail['Subject']}")
        absence["Auto-Submitted"] = "auto-replied"
        self.on_line(Line(who="guest", text="(respuesta automática)"))
        await self._send(absence)

    async def listen(self, *, seconds: float | None = None) -> EmailMessage:
        """Return the next mail to this guest; raises Unanswered."""
        patience = self.deadline_s if seconds is None else seconds
        give_up = time.perf_counter() + patience
        while time.perf_counter() < give_up:
            for listed in reversed(await self._get(f"/api/messages?to={self.address}")):
                if listed["id"] not in self._known:
                    self._known.add(listed["id"])
                    return await self._read(listed["id"])
            await asyncio.sleep(_LOOK_S)
        raise Unanswered(f"No mail within {patience:g} s")

    async def _ask(self, mail: EmailMessage, *, shown: str) -> EmailMessage:
        self.on_line(Line(who="guest", text=shown))
        start = time.perf_counter()
        await self._send(mail)
        answer = await self.listen()
        self.seconds.append(time.perf_counter() - start)
        return answer

    async def _read(self, mail_id: str) -> EmailMessage:
        response = await self._call(f"/api/messages/{mail_id}/raw")
        mail = email.message_from_bytes(response.content, policy=email.policy.default)
        assert isinstance(mail, EmailMessage)  # noqa: S101 - that is what the policy makes
        self.got.append(mail)
        self.on_line(Line(who="assistant", text=f"{mail['Subject']}\n{text_of(mail)}"))
        return mail

    def _mail(self, text: str, *, subject: str) -> EmailMessage:
        mail = EmailMessage(policy=email.policy.SMTP)
        mail["From"] = email.utils.formataddr((self.name, self.address))
        mail["To"] = self.lodging
        mail["Subject"] = subject
        mail["Date"] = email.utils.localtime()
        mail["Message-ID"] = email.utils.make_msgid(domain=self.address.rpartition("@")[2])
        mail.set_content(text)
        return mail

    def _answer(self, answered: EmailMessage, text: str) -> EmailMessage:
        quoted = "\n".join(f"> {line}" for line in text_of(answered).splitlines())
        mail = self._mail(
            f"{text}\n\nSaludos,\n{self.name}\n\nEl mar, 24 nov 2026 a las 12:00, {self.lodging}\n"
            f"escribió:\n\n{quoted}\n",
            subject=f"Re: {str(answered['Subject']).removeprefix('Re: ')}",
        )
        mail["In-Reply-To"] = answered["Message-ID"]
        references = f"{answered['References'] or ''} {answered['Message-ID']}"
        mail["References"] = " ".join(references.split())
        return mail

    async def _send(self, mail: EmailMessage) -> None:
        self.sent.append(str(mail["Message-ID"]))
        try:
            await aiosmtplib.send(
                mail,
                hostname="127.0.0.1",
                port=self.smtp_port,
                timeout=10,
                start_tls=False,
                sender=self.address,
                recipients=[self.lodging],
            )
        except (OSError, aiosmtplib.SMTPException) as error:
            raise NotReachable(
                f"The mail sink on port {self.smtp_port} takes no mail; start the stack with"
                " `make up`"
            ) from error

    async def _get(self, path: str) -> Any:
        return (await self._call(path)).json()

    async def _call(self, path: str) -> httpx2.Response:
        try:
            response = await self.http.get(self.sink_url + path)
        except httpx2.TransportError as error:
            raise NotReachable(
                f"{self.sink_url} cannot be reached; start the stack with `make up`"
            ) from error
        if response.status_code >= 400:  # noqa: PLR2004 - the first error status
            raise AlojamientosError(f"The mail sink answered {response.status_code}")
        return response


def sink_client() -> httpx2.AsyncClient:
    """Build what a guest reads the sink with; use it as an async context manager."""
    return httpx2.AsyncClient(trust_env=False)


def text_of(mail: EmailMessage) -> str:
    """Return the plain words of a mail."""
    part = mail.get_body(("plain",))
    return "" if part is None else str(part.get_content()).replace("\r\n", "\n").strip()
