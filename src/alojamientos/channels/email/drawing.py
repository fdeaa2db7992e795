"""A reply as a mail: a subject, and the same words as text and as HTML."""

import re
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from pathlib import Path

import jinja2

from alojamientos.channels.email.payloads import LOOP_HEADER
from alojamientos.channels.email.queries import Thread
from alojamientos.conversation.messages import Option, Reply

_ADDRESS = re.compile(r"[^@\s<>,;]+@[^@\s<>,;]+")
_MESSAGE_ID = re.compile(r"<[\x21-\x3b\x3d\x3f-\x7e]{1,250}>")
_ANSWER = re.compile(r"\s*re\s*:\s*", re.IGNORECASE)
_BOLD = re.compile(r"\*([^*\n]+)\*")
_NUMBERED = re.compile(r"^\d+\. ", re.MULTILINE)
_LONGEST_SUBJECT = 150
_SCHEMES = ("https://", "http://", "mailto:")
_MOST_REFERENCES = 10
_TEMPLATES = jinja2.Environment(
    loader=jinja2.FileSystemLoader(Path(__file__).with_name("templates")),
    autoescape=jinja2.select_autoescape(enabled_extensions=("html.j2",)),
    trim_blocks=True,
    lstrip_blocks=True,
    undefined=jinja2.StrictUndefined,
)


def draw(
    reply: Reply,
    *,
    lodging: str,
    sender: str,
    recipient: str,
    reply_to: str | None,
    now: datetime,
    thread: Thread | None = None,
) -> EmailMessage:
    """Return the mail; `thread` is the guest's mail that it goes under.

    Raises ValueError for an address that is none.
    """
    title = _one_line(reply.header)
    subject = (title or _answer_to(thread) or f"Mensaje de {_one_line(lodging)}")[:_LONGEST_SUBJECT]
    values = {
        "subject": subject,
        "title": title,
        "lodging": lodging,
        "paragraphs": _paragraphs(reply),
        "facts": reply.facts,
        "choices": _choices(reply),
        "url": reply.url if (reply.url or "").startswith(_SCHEMES) else None,
        "url_title": reply.url_title or "Abrir",
        "footer": reply.footer,
    }
    if not _ADDRESS.fullmatch(recipient):
        raise ValueError("the recipient's address is none")
    message = EmailMessage(policy=SMTP)
    message["From"] = Address(_one_line(lodging), addr_spec=sender)
    message["To"] = Address(addr_spec=recipient)
    if reply_to and reply_to != recipient:
        message["Reply-To"] = Address(addr_spec=reply_to)
    message["Subject"] = subject
    message["Date"] = format_datetime(now)
    is_answer = thread is not None and thread.is_answer
    # RFC 3834, 5: so that nobody's absence answers.
    message["Auto-Submitted"] = "auto-replied" if is_answer else "auto-generated"
    message[LOOP_HEADER] = sender
    if thread is not None:
        _thread(message, thread)
    message.set_content(_TEMPLATES.get_template("message.txt.j2").render(values))
    html = _TEMPLATES.get_template("message.html.j2").render(values)
    message.add_alternative(html, subtype="html")
    if reply.calendar:
        _attach_calendar(message, reply.calendar)
    message["Content-Language"] = "es-AR"  # after the content, which would drop it
    return message


def _thread(message: EmailMessage, thread: Thread) -> None:
    """Put the mail under the guest's (RFC 5322, 3.6.4)."""
    if not _MESSAGE_ID.fullmatch(thread.message_id):
        return
    before = [each for each in thread.references if _MESSAGE_ID.fullmatch(each)]
    known = [each for each in dict.fromkeys(before) if each != thread.message_id]
    message["In-Reply-To"] = thread.message_id
    message["References"] = " ".join([*known, thread.message_id][-_MOST_REFERENCES:])


def _attach_calendar(message: EmailMessage, calendar: str) -> None:
    message.add_attachment(
        calendar.encode(), maintype="text", subtype="calendar", filename="reserva.ics"
    )
    part = list(message.iter_attachments())[-1]
    part.set_param("charset", "utf-8")
    part.set_param("method", "PUBLISH")


def _answer_to(thread: Thread | None) -> str:
    subject = _ANSWER.sub("", _one_line(thread.subject), count=1) if thread else ""
    return f"Re: {subject}" if subject else ""


def _choices(reply: Reply) -> list[Option]:
    """Return what WhatsApp draws as buttons, unless the text numbers the same choices itself."""
    return [] if _NUMBERED.search(reply.text) else list(reply.options)


def _paragraphs(reply: Reply) -> list[list[list[tuple[str, bool]]]]:
    """Return paragraphs of lines of pieces, each with whether it is strong."""
    # A link on a line of its own is drawn as the button.
    lines = [line for line in reply.text.split("\n") if not line or line != reply.url]
    blocks = [block.strip("\n") for block in "\n".join(lines).split("\n\n")]
    return [[_pieces(line) for line in block.split("\n")] for block in blocks if block]


def _pieces(line: str) -> list[tuple[str, bool]]:
    # Every second part of the split is what stood between asterisks.
    parts = _BOLD.split(line)
    return [(part, number % 2 == 1) for number, part in enumerate(parts) if part]


def _one_line(text: str) -> str:
    return " ".join(text.split())
