"""A reply as a mail: a subject, and the same words as text and as HTML."""

import re
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from pathlib import Path

import jinja2

from alojamientos.conversation.messages import Reply

_ADDRESS = re.compile(r"[^@\s<>,;]+@[^@\s<>,;]+")
_BOLD = re.compile(r"\*([^*\n]+)\*")
_LONGEST_SUBJECT = 150
_TEMPLATES = jinja2.Environment(
    loader=jinja2.FileSystemLoader(Path(__file__).with_name("templates")),
    autoescape=jinja2.select_autoescape(enabled_extensions=("html.j2",)),
    trim_blocks=True,
    lstrip_blocks=True,
    undefined=jinja2.StrictUndefined,
)


def draw(
    reply: Reply, *, lodging: str, sender: str, recipient: str, reply_to: str | None, now: datetime
) -> EmailMessage:
    """Return the mail; raises ValueError for an address that is none."""
    subject = _one_line(reply.header)[:_LONGEST_SUBJECT] or f"Mensaje de {_one_line(lodging)}"
    values = {
        "subject": subject,
        "lodging": lodging,
        "paragraphs": _paragraphs(reply),
        "url": reply.url if (reply.url or "").startswith(("https://", "http://")) else None,
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
    message["Auto-Submitted"] = "auto-generated"  # so that nobody's absence answers
    message.set_content(_TEMPLATES.get_template("message.txt.j2").render(values))
    html = _TEMPLATES.get_template("message.html.j2").render(values)
    message.add_alternative(html, subtype="html")
    message["Content-Language"] = "es-AR"  # after the content, which would drop it
    return message


def _paragraphs(reply: Reply) -> list[list[list[tuple[str, bool]]]]:
    """Return paragraphs of lines of pieces, each with whether it is strong."""
    blocks = [block.strip("\n") for block in reply.text.split("\n\n")]
    return [[_pieces(line) for line in block.split("\n")] for block in blocks if block]


def _pieces(line: str) -> list[tuple[str, bool]]:
    # Every second part of the split is what stood between asterisks.
    parts = _BOLD.split(line)
    return [(part, number % 2 == 1) for number, part in enumerate(parts) if part]


def _one_line(text: str) -> str:
    return " ".join(text.split())
