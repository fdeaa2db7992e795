"""From the bytes of a mail to what it is: a guest's words, or one of the things nobody answers.

Who must not be answered is decided as RFC 3834 says, and by what mail programs do besides.
"""

import hashlib
import re
from dataclasses import dataclass
from datetime import datetime
from email.message import Message
from enum import StrEnum
from typing import Any

from alojamientos.channels.email import bounces, mime, words
from alojamientos.channels.email.bounces import Bounce
from alojamientos.channels.email.mime import Attachment, Unreadable
from alojamientos.conversation.messages import InboundMessage, MessageKind

CHANNEL = "email"
LOOP_HEADER = "X-Alojamientos"
_MESSAGE_ID = re.compile(r"<[^<>\s]{1,250}>")
_MOST_REFERENCES = 20
_MOST_LISTED = 20
_REPLY_SUBJECT = re.compile(r"\s*(?:re|rv|fwd?|aw|sv|res|enc|tr)\s*(?:\[\d+\])?\s*:", re.IGNORECASE)
_AWAY_SUBJECT = re.compile(
    r"\s*(?:(?:re|aw):\s*)?(?:respuesta autom[aá]tica|automatic reply|auto(?:matic)?[- ]?(?:reply"
    r"|response)|out of (?:the )?office|fuera de (?:la )?oficina|resposta autom[aá]tica"
    r"|r[eé]ponse automatique|abwesenheit)",
    re.IGNORECASE,
)
_ROBOT = re.compile(
    r"(?:mailer-daemon|postmaster|(?:no|do-?not|not?)[-_.]?repl(?:y|ies)|no[-_.]?responder"
    r"|noresponder|bounces?|notificaciones|notifications?)(?:[-+.].*)?",
    re.IGNORECASE,
)
_LIST_HEADERS = ("list-id", "list-post", "list-unsubscribe", "mailing-list")
_AUTO_HEADERS = ("x-autoreply", "x-autorespond", "x-autoreply-from", "x-mail-autoreply")


class Nature(StrEnum):
    """What a mail is; the values are the metric's `nature`."""

    GUEST = "guest"
    AUTO_REPLY = "auto_reply"  # an absence, a receipt, a robot
    LIST = "list"  # a newsletter, a mailing list
    BOUNCE = "bounce"  # a report on a mail of ours
    OWN = "own"  # ours, come back
    SPAM = "spam"  # marked by the mailbox's own server
    FLOOD = "flood"  # one sender too many times in an hour: as good as a loop
    UNREADABLE = "unreadable"  # no sender, or built so that nobody can take it apart


@dataclass(frozen=True, slots=True, kw_only=True)
class Own:
    """How our mails are known: the address that sends them, and whose verdicts are believed.

    `authenticator` is the name that our mail server signs its Authentication-Results with
    (RFC 8601); without it the sender's domain is not asked about.
    """

    address: str
    authenticator: str | None = None

    @property
    def domain(self) -> str:
        return self.address.rpartition("@")[2]


@dataclass(frozen=True, slots=True, kw_only=True)
class Incoming:
    """One mail, understood. `external_id` is its Message-ID, or a hash where it has none."""

    nature: Nature
    external_id: str
    fingerprint: str
    address: str = ""
    name: str = ""
    subject: str = ""
    text: str = ""
    message_id: str = ""
    references: tuple[str, ...] = ()
    attachments: tuple[Attachment, ...] = ()
    sent_at: datetime | None = None
    bounce: Bounce | None = None

    @property
    def kind(self) -> MessageKind:
        return MessageKind.TEXT if self.text or not self.attachments else MessageKind.DOCUMENT

    def message(self) -> InboundMessage:
        """Return what a conversation gets to read."""
        return InboundMessage(
            channel=CHANNEL,
            external_id=self.external_id,
            address=self.address,
            kind=self.kind,
            text=self.text,
            profile_name=self.name or None,
            sent_at=self.sent_at,
        )

    def headers(self) -> dict[str, Any]:
        """Return what a later reply, or a person, wants to know besides the words."""
        return {
            "nature": self.nature.value,
            "fingerprint": self.fingerprint,
            "subject": self.subject,
            "message_id": self.message_id,
            "references": list(self.references),
            "attachments": [
                {"name": each.name, "mime_type": each.mime_type, "size": each.size}
                for each in self.attachments[:_MOST_LISTED]
            ],
        }


def read_mail(content: bytes, *, own: Own) -> Incoming:
    """Return what a mail is and says. Whatever the bytes are, this returns."""
    try:
        return _read(mime.parse(content), content, own)
    except Unreadable:
        return unreadable(content)


def unreadable(content: bytes) -> Incoming:
    """Return a mail of which nothing is known but that it came."""
    digest = hashlib.sha256(content).hexdigest()
    return Incoming(
        nature=Nature.UNREADABLE, external_id=f"sha256:{digest}", fingerprint=digest[:32]
    )


def _read(message: Message, content: bytes, own: Own) -> Incoming:
    name, address = mime.address_of(mime.header(message, "from"))
    subject = mime.header(message, "subject")[:300]
    message_id = next(iter(_ids(mime.header(message, "message-id"))), "")
    answered = _ids(mime.header(message, "in-reply-to"))
    references = list(dict.fromkeys([*_ids(mime.header(message, "references")), *answered]))
    nature, bounce = _nature(message, content, address, subject, message_id, own)
    body = mime.body_of(message)
    is_answer = bool(references) or bool(_REPLY_SUBJECT.match(subject))
    text = _text(body, subject="" if is_answer else subject, name=name)
    fingerprint = hashlib.sha256(f"{address}\0{subject}\0{text}".encode()).hexdigest()
    return Incoming(
        nature=nature,
        external_id=message_id or f"sha256:{hashlib.sha256(content).hexdigest()}",
        fingerprint=fingerprint[:32],
        address=address,
        name=name,
        subject=subject,
        text=text,
        message_id=message_id,
        references=tuple(references[-_MOST_REFERENCES:]),
        attachments=body.attachments,
        sent_at=mime.date_of(mime.header(message, "date")),
        bounce=bounce,
    )


def _text(body: mime.Body, *, subject: str, name: str) -> str:
    """Return the new words; the subject comes first where the mail begins a conversation."""
    said = words.new_words(body.plain) or words.new_words(words.html_words(body.html))
    said = words.without_courtesies(said, name=name)
    return mime.clean("\n".join(part for part in (subject, said) if part))[: words.LONGEST]


def _nature(
    message: Message, content: bytes, address: str, subject: str, message_id: str, own: Own
) -> tuple[Nature, Bounce | None]:
    if _is_own(message, address, message_id, own):
        return Nature.OWN, None
    bounce = bounces.read(message, content, own_domain=own.domain)
    if bounce is not None:
        return Nature.BOUNCE, bounce
    if not address:
        return Nature.UNREADABLE, None
    if _is_list(message):
        return Nature.LIST, None
    if _is_automatic(message, address, subject):
        return Nature.AUTO_REPLY, None
    return (Nature.SPAM if _is_spam(message, own) else Nature.GUEST), None


def _is_own(message: Message, address: str, message_id: str, own: Own) -> bool:
    return (
        address == own.address.lower()
        or mime.header(message, LOOP_HEADER).lower() == own.address.lower()
        or bounces.outbox_id(message_id, domain=own.domain) is not None
    )


def _is_list(message: Message) -> bool:
    precedence = mime.header(message, "precedence").lower()
    return precedence in ("bulk", "list", "junk") or any(
        mime.header(message, name) for name in _LIST_HEADERS
    )


def _is_automatic(message: Message, address: str, subject: str) -> bool:
    submitted = mime.header(message, "auto-submitted").partition(";")[0].strip().lower()
    return (
        submitted not in ("", "no")
        or any(mime.header(message, name) for name in _AUTO_HEADERS)
        or bool(mime.header(message, "x-auto-response-suppress"))
        or mime.header(message, "precedence").lower() == "auto_reply"
        or mime.header(message, "return-path").strip() == "<>"
        or mime.content_type(message) == "multipart/report"
        or bool(_AWAY_SUBJECT.match(subject))
        or bool(_ROBOT.fullmatch(address.partition("@")[0]))
    )


def _is_spam(message: Message, own: Own) -> bool:
    marked = (
        mime.header(message, "x-spam-flag").lower() in ("yes", "true")
        or mime.header(message, "x-spam-status").lower().startswith("yes")
        or mime.header(message, "x-spam").lower() in ("yes", "true")
    )
    return marked or _is_forged(message, own)


def _is_forged(message: Message, own: Own) -> bool:
    """Tell whether our own server says that the sender's domain did not send this (DMARC)."""
    if own.authenticator is None:
        return False
    for verdict in mime.headers(message, "authentication-results"):
        by, _, results = verdict.partition(";")
        if by.strip().lower().split(" ")[0] == own.authenticator.lower():
            return bool(re.search(r"\bdmarc\s*=\s*fail\b", results, re.IGNORECASE))
    return False


def _ids(value: str) -> list[str]:
    return _MESSAGE_ID.findall(value)
