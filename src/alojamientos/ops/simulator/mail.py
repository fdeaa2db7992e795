"""A mail sink: takes every mail over SMTP, keeps it as a file and never passes it on."""

import email
import email.message
import email.policy
import email.utils
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from aiosmtpd.smtp import SMTP, Envelope, Session

from alojamientos.kit.clock import utc_now
from alojamientos.ops.simulator import log_events
from alojamientos.telemetry import logs

MOST_KEPT = 500
_STAMP = "%Y%m%dT%H%M%S.%f"
_LARGEST = 10 * 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """One mail as a reader sees it."""

    id: str
    to: list[str]
    from_: str
    subject: str
    text: str
    html: str
    received_at: str
    message_id: str = ""
    in_reply_to: str = ""
    auto_submitted: str = ""
    calendar: str = ""  # the first calendar that is attached

    def to_json(self) -> dict[str, Any]:
        data = asdict(self)
        return {("from" if key == "from_" else key): value for key, value in data.items()}


class Mailbox:
    """The mails in a folder of .eml files; the newest `most` stay."""

    def __init__(self, folder: Path, *, most: int = MOST_KEPT) -> None:
        self._folder = folder
        self._most = most
        self.taken = 0  # grows with every mail
        folder.mkdir(parents=True, exist_ok=True)
        self._mails: dict[str, Mail] = {}
        for path in sorted(folder.glob("*.eml")):
            self._mails[path.stem] = _read(path.stem, path.read_bytes())
        self._drop_old()

    def keep(self, content: bytes, *, sender: str, recipients: list[str]) -> Mail:
        """Store one mail with its envelope and return it."""
        now = utc_now()
        mail_id = f"{now.strftime(_STAMP)}-{secrets.token_hex(3)}"
        envelope = (
            f"X-Envelope-From: {_one_line(sender)}\r\n"
            f"X-Envelope-To: {', '.join(map(_one_line, recipients))}\r\n"
        ).encode("utf-8", "replace")
        new = self._folder / f"{mail_id}.new"
        new.write_bytes(envelope + content)
        new.replace(self._folder / f"{mail_id}.eml")
        mail = _read(mail_id, envelope + content)
        self._mails[mail_id] = mail
        self.taken += 1
        self._drop_old()
        return mail

    def newest_first(self) -> list[Mail]:
        return list(reversed(self._mails.values()))

    def get(self, mail_id: str) -> Mail | None:
        return self._mails.get(mail_id)

    def content(self, mail_id: str) -> bytes | None:
        """Return a mail as it came, under its envelope; None when there is none."""
        known = mail_id in self._mails
        return (self._folder / f"{mail_id}.eml").read_bytes() if known else None

    def clear(self) -> None:
        """Delete every mail."""
        for mail_id in list(self._mails):
            self._delete(mail_id)

    def _drop_old(self) -> None:
        while len(self._mails) > self._most:
            self._delete(next(iter(self._mails)))

    def _delete(self, mail_id: str) -> None:
        del self._mails[mail_id]
        (self._folder / f"{mail_id}.eml").unlink(missing_ok=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Inbox:
    """Where mails to one address are delivered to, besides being kept."""

    address: str
    deliver: Callable[[bytes], Awaitable[None]]


class Sink:
    """What aiosmtpd calls for every mail."""

    def __init__(self, mailbox: Mailbox, inbox: Inbox | None = None) -> None:
        self._mailbox = mailbox
        self._inbox = inbox
        self._log = logs.get_logger()

    async def handle_DATA(  # noqa: N802 - the name that aiosmtpd looks for
        self, _server: SMTP, _session: Session, envelope: Envelope
    ) -> str:
        content = envelope.content
        if not isinstance(content, bytes):
            return "554 5.6.0 Cannot be read"
        mail = self._mailbox.keep(
            content, sender=envelope.mail_from or "", recipients=list(envelope.rcpt_tos)
        )
        if self._inbox is not None and self._inbox.address in envelope.rcpt_tos:
            await self._inbox.deliver(content)
        self._log.info(log_events.MAIL, mail_id=mail.id, size=len(content))
        return "250 2.0.0 Kept"


def create_protocol(mailbox: Mailbox, inbox: Inbox | None = None) -> SMTP:
    """Build the protocol of one SMTP connection: no TLS, no login, loopback only by its server."""
    return SMTP(
        Sink(mailbox, inbox), data_size_limit=_LARGEST, enable_SMTPUTF8=True, ident="mail sink"
    )


def _one_line(value: str) -> str:
    return " ".join(value.split())


def _read(mail_id: str, content: bytes) -> Mail:
    message = email.message_from_bytes(content, policy=email.policy.default)
    received = datetime.strptime(mail_id.split("-", maxsplit=1)[0], _STAMP).replace(tzinfo=UTC)
    return Mail(
        id=mail_id,
        to=_addresses(message, "to") or _addresses(message, "x-envelope-to"),
        from_=_header(message, "from") or _header(message, "x-envelope-from"),
        subject=_header(message, "subject"),
        text=_body(message, "plain"),
        html=_body(message, "html"),
        received_at=received.isoformat(),
        message_id=_header(message, "message-id"),
        in_reply_to=_header(message, "in-reply-to"),
        auto_submitted=_header(message, "auto-submitted"),
        calendar=_calendar(message),
    )


def _addresses(message: email.message.Message, name: str) -> list[str]:
    # Python up to 3.11.4 answers an empty header with one empty address.
    found = email.utils.getaddresses([_header(message, name)])
    return [address for _, address in found if address]


def _header(message: email.message.Message, name: str) -> str:
    """Return a header as text; one that breaks the rules as nothing, for the mail still counts."""
    try:
        return str(message[name] or "")
    except (ValueError, IndexError, AttributeError):  # email.policy's parsers, on nonsense
        return ""


def _body(message: email.message.Message, kind: str) -> str:
    if not isinstance(message, email.message.EmailMessage):
        return ""
    part = message.get_body(preferencelist=(kind,))
    return "" if part is None else _content(part)


def _calendar(message: email.message.Message) -> str:
    for part in message.walk():
        if part.get_content_type() != "text/calendar":
            continue
        if isinstance(part, email.message.MIMEPart):
            return _content(part)
    return ""


def _content(part: email.message.MIMEPart) -> str:
    try:
        return str(part.get_content())
    except (LookupError, KeyError, ValueError):
        payload = part.get_payload(decode=True)
        return payload.decode("utf-8", "replace") if isinstance(payload, bytes) else ""
