"""Reports that a mail of ours did not arrive (RFC 3464), and the ids by which ours are known."""

import re
from dataclasses import dataclass
from email.message import Message

from alojamientos.channels.email import mime

_OUTBOX_ID = re.compile(r"<outbox\.([0-9]{1,18})@([^<>\s]{1,250})>")
_ANY_OUTBOX_ID = re.compile(rb"<outbox\.[0-9]{1,18}@[^<>\s]{1,250}>")
_STATUS = re.compile(r"([245])\.(\d{1,3})\.(\d{1,3})")
_RECIPIENT = re.compile(r"(?:rfc822|utf-8)\s*;\s*(\S{3,320})", re.IGNORECASE)
_FIELD = re.compile(r"^([A-Za-z-]{1,40})[ \t]*:[ \t]*(.{0,500})$", re.MULTILINE)
_DAEMON = re.compile(r"(?:mailer-daemon|postmaster)@.*", re.IGNORECASE)
_FAILED_SUBJECT = re.compile(
    r".*(?:undeliver|delivery (?:status|failure|has failed)|returned mail|no entregado"
    r"|no se ha podido entregar|failure notice|mail delivery)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounce:
    """What is known of a mail of ours that did not arrive.

    `outbox_id` None: the report does not say which mail. `permanent`: the address does not work;
    else its server may yet take the mail.
    """

    outbox_id: int | None
    recipient: str
    status: str
    permanent: bool


def message_id(outbox_id: int, *, domain: str) -> str:
    """Return the Message-ID of one message of ours, the same for every try."""
    return f"<outbox.{outbox_id}@{domain}>"


def outbox_id(text: str, *, domain: str) -> int | None:
    """Return which message of ours a Message-ID names, or None."""
    match = _OUTBOX_ID.fullmatch(text)
    return int(match[1]) if match and match[2].lower() == domain.lower() else None


def read(message: Message, content: bytes, *, own_domain: str) -> Bounce | None:
    """Return what a delivery report says, or None when the mail is no such report.

    "Delayed" is none either: its server goes on trying.
    """
    fields = _report(message)
    if fields is None:
        if not _looks_like_one(message):
            return None
        fields = {}
    action = fields.get("action", "failed").lower()
    if action not in ("failed", ""):
        return None
    status = _STATUS.search(fields.get("status", "") or fields.get("diagnostic-code", ""))
    recipient = _RECIPIENT.search(fields.get("final-recipient", "")) or _RECIPIENT.search(
        fields.get("original-recipient", "")
    )
    return Bounce(
        outbox_id=_about(content, own_domain),
        recipient=(recipient[1].lower() if recipient else _failed_recipient(message)),
        status=status[0] if status else "",
        permanent=status is not None and status[1] == "5",
    )


def _report(message: Message) -> dict[str, str] | None:
    """Return the fields of the first recipient's report; None without a report."""
    if mime.content_type(message) != "multipart/report":
        return None
    if mime.parameter(message, "report-type").lower() != "delivery-status":
        return None
    payload = mime.content_of(message)
    parts = payload if isinstance(payload, list) else []
    for part in parts:
        if isinstance(part, Message) and mime.content_type(part) == "message/delivery-status":
            return _fields(part)
    return {}


def _fields(part: Message) -> dict[str, str]:
    blocks = mime.content_of(part)
    found: dict[str, str] = {}
    # The library makes each block of fields a message of its own.
    for block in blocks if isinstance(blocks, list) else [part]:
        if isinstance(block, Message):
            names = ("action", "status", "final-recipient", "original-recipient")
            for name in (*names, "diagnostic-code"):
                value = mime.header(block, name)
                if value:
                    found.setdefault(name, value)
    if not found and isinstance(blocks, str):
        for match in _FIELD.finditer(blocks[:10_000]):
            found.setdefault(match[1].lower(), mime.one_line(match[2]))
    return found


def _looks_like_one(message: Message) -> bool:
    """Tell whether a daemon says in its own words that something did not arrive."""
    _, sender = mime.address_of(mime.header(message, "from"))
    return bool(_DAEMON.fullmatch(sender)) and (
        bool(mime.header(message, "x-failed-recipients"))
        or bool(_FAILED_SUBJECT.match(mime.header(message, "subject")))
    )


def _failed_recipient(message: Message) -> str:
    return mime.address_of(mime.header(message, "x-failed-recipients"))[1]


def _about(content: bytes, domain: str) -> int | None:
    """Return which of ours is quoted: reports carry the headers of what did not arrive."""
    for found in _ANY_OUTBOX_ID.findall(content):
        known = outbox_id(found.decode("ascii", "replace"), domain=domain)
        if known is not None:
            return known
    return None
