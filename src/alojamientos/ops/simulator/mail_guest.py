"""One simulated guest who writes mails: over SMTP, with a mail program's habits; books, cancels."""

import asyncio
import email
import email.policy
import email.utils
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from email.message import EmailMessage
from typing import Any

import aiosmtplib
import httpx2

from alojamientos.kit.clock import utc_now
from alojamientos.kit.errors import AlojamientosError
from alojamientos.ops.simulator.client import NotReachable
from alojamientos.ops.simulator.dialog import Said, Wish, read
from alojamientos.ops.simulator.guest import Astray, DatesTaken, Line, Unanswered

_LOOK_S = 0.2
_MOST_TURNS = 8
_NUMBERED = re.compile(r"^1\. ", re.MULTILINE)


async def _look_again(_until: datetime) -> None:
    await asyncio.sleep(_LOOK_S)


@dataclass(slots=True, kw_only=True)
class MailGuest:
    """Write to `lodging` from `address` and read what comes back out of the sink.

    `now` is the time that this guest lives in. `wait` returns when there may be a mail, at an
    instant at the latest.
    """

    address: str
    name: str
    lodging: str
    smtp_port: int
    sink_url: str
    deadline_s: float
    on_line: Callable[[Line], None]
    http: httpx2.AsyncClient
    now: Callable[[], datetime] = utc_now
    wait: Callable[[datetime], Awaitable[None]] = _look_again
    code: str | None = None  # of the stay that is held
    got: list[EmailMessage] = field(default_factory=list)
    sent: list[str] = field(default_factory=list)  # Message-IDs
    timings: dict[str, float] = field(default_factory=dict)  # seconds since the first word
    seconds: list[float] = field(default_factory=list)
    _known: set[str] = field(default_factory=set)
    _began: datetime | None = None

    async def write(self, text: str, *, subject: str, twice: bool = False) -> EmailMessage:
        """Begin a conversation and return the answer; raises Unanswered.

        `twice`: the mail arrives a second time.
        """
        return await self._ask(self._mail(text, subject=subject), shown=text, twice=twice)

    async def answer(self, mail: EmailMessage, text: str) -> EmailMessage:
        """Answer a mail, quoting it whole, and return what comes back; raises Unanswered."""
        return await self._ask(self._answer(mail, text), shown=text)

    async def send_again(self, mail: EmailMessage, text: str) -> EmailMessage:
        """Answer with a mail that arrives twice; raises Unanswered."""
        return await self._ask(self._answer(mail, text), shown=text, twice=True)

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
        give_up = self.now() + timedelta(seconds=patience)
        while self.now() < give_up:
            for listed in reversed(await self._get(f"/api/messages?to={self.address}")):
                if listed["id"] not in self._known:
                    self._known.add(listed["id"])
                    return await self._read(listed["id"])
            await self.wait(give_up)
        raise Unanswered(f"No mail within {patience:g} s")

    async def hold(
        self, mail: EmailMessage, wish: Wish, *, today: date, twice: bool = False
    ) -> str:
        """Answer until the stay is held and its payment link is here; return the preference.

        `twice`: a choice is sent in a mail that arrives twice. Raises Unanswered, DatesTaken or
        Astray.
        """
        for _ in range(_MOST_TURNS):
            text = text_of(mail)
            move = read({"text": text}, wish, today=today)
            if move.said is Said.LINK and move.preference_id:
                self.mark("link")
                return move.preference_id
            if move.said is Said.HELD:
                self.code = move.code
                self.mark("held")
                mail = await self.listen()
            elif move.said is Said.TAKEN:
                raise DatesTaken
            elif _NUMBERED.search(text):
                mail = await (self.send_again if twice else self.answer)(mail, "1")
            else:
                mail = await self.answer(mail, move.text or "Dale, reservala")
        raise Astray(f"No hold after {_MOST_TURNS} mails")

    async def cancel(self, mail: EmailMessage, wish: Wish, *, today: date) -> None:
        """Cancel the stay that is held, answering `mail`; raises Unanswered or Astray."""
        said = await self.answer(mail, f"Quiero cancelar mi reserva {self.code or ''}".strip())
        for _ in range(3):
            text = text_of(said)
            if read({"text": text}, wish, today=today).said is Said.CANCELLED:
                self.mark("cancelled")
                return
            if not _NUMBERED.search(text):
                break
            said = await self.answer(said, "1")
        raise Astray(f"The stay was not cancelled: {text_of(said)[:120]!r}")

    async def _ask(self, mail: EmailMessage, *, shown: str, twice: bool = False) -> EmailMessage:
        self.on_line(Line(who="guest", text=f"{shown}  (twice)" if twice else shown))
        if twice:
            await self._send(mail)
        start = self.now()
        await self._send(mail)
        answer = await self.listen()
        while not _answers(answer, mail):  # the news of a booking may come in between
            answer = await self.listen()
        self.seconds.append((self.now() - start).total_seconds())
        return answer

    def mark(self, step: str) -> None:
        """Note when a step was reached."""
        began = self._began or self.now()
        self.timings[step] = round((self.now() - began).total_seconds(), 3)

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
        mail["Date"] = self.now()
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
        self._began = self._began or self.now()
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


def _answers(mail: EmailMessage, asked: EmailMessage) -> bool:
    """Tell whether somebody has answered, and not written by themselves under the same mail."""
    return (
        str(mail["In-Reply-To"]) == str(asked["Message-ID"])
        and mail["Auto-Submitted"] == "auto-replied"
    )


def text_of(mail: EmailMessage) -> str:
    """Return the plain words of a mail."""
    part = mail.get_body(("plain",))
    return "" if part is None else str(part.get_content()).replace("\r\n", "\n").strip()
