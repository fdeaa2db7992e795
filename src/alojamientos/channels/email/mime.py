"""What is in a mail, taken apart without ever raising: strangers write these.

The library's own header objects raise on nonsense and take quadratic time on some, so headers are
read raw and decoded here, each up to a limit.
"""

import codecs
import email
import email.errors
import email.header
import email.message
import email.policy
import email.utils
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import Message

_LONGEST_HEADER = 4_000
_MOST_PARTS = 200
_MOST_NESTED = 40
_NESTING = re.compile(rb"boundary\s*=|message/", re.IGNORECASE)
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]")
_SPACE = re.compile(r"\s+")
_ADDRESS = re.compile(r"[^@\s<>()\[\],;:\\\"]{1,64}@[^@\s<>()\[\],;:\\\"]{1,250}")
_NAME = re.compile(r"[\w.+-]{1,40}\Z", re.ASCII)
# What the library's parsers are known to raise on nonsense.
_BROKEN = (ValueError, LookupError, TypeError, AttributeError, RecursionError)
# Decoders that are no charsets, or take quadratic time.
_NOT_CHARSETS = {"idna", "punycode", "undefined", "mbcs", "oem", "unicode-escape"} | {
    *("raw-unicode-escape",)
}


class Unreadable(Exception):  # noqa: N818 - reads as a sentence where it is raised
    """The mail is built so that taking it apart would take too long, or cannot be done."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """What hangs on a mail. It is listed and never opened."""

    name: str
    mime_type: str
    size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Body:
    """The words of a mail, as they came, and what hangs on it."""

    plain: str
    html: str
    attachments: tuple[Attachment, ...]


def parse(content: bytes) -> Message:
    """Return the mail's tree; raises Unreadable for one that is too deep."""
    if len(_NESTING.findall(content)) > _MOST_NESTED:
        raise Unreadable
    try:
        return email.message_from_bytes(content, policy=email.policy.compat32)
    except _BROKEN as error:
        raise Unreadable from error


def header(message: Message, name: str) -> str:
    """Return the first header called `name`, decoded and on one line; "" when there is none."""
    return next(iter(headers(message, name)), "")


def headers(message: Message, name: str) -> list[str]:
    """Return every header called `name`, decoded, each on one line."""
    wanted = name.lower()
    # Past the message's own accessors, which raise on some bytes.
    values = [value for key, value in message._headers if key.lower() == wanted]  # type: ignore[attr-defined]  # noqa: SLF001
    return [_decoded(str(value)[:_LONGEST_HEADER]) for value in values]


def one_line(text: str) -> str:
    """Return `text` without control characters and with single spaces."""
    return _SPACE.sub(" ", clean(text)).strip()


def clean(text: str) -> str:
    """Return `text` without what PostgreSQL does not store: NUL, controls, halves of pairs."""
    return _CONTROL.sub("", text)


def address_of(value: str) -> tuple[str, str]:
    """Return name and address of the first mailbox in a header; ("", "") when there is none."""
    try:
        pairs = email.utils.getaddresses([value])
    except _BROKEN:
        pairs = []
    for name, address in pairs:
        if _ADDRESS.fullmatch(address):
            return one_line(name)[:100], address.lower()
    found = _ADDRESS.search(value)
    return ("", found[0].lower()) if found else ("", "")


def date_of(value: str) -> datetime | None:
    """Return what a Date header says, or None."""
    try:
        moment = email.utils.parsedate_to_datetime(value)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (*_BROKEN, OverflowError):
        return None


def content_of(part: Message) -> object:
    """Return the parts of a multipart, or the text of a leaf as it came."""
    # Past the accessor, which decodes with whatever codec the mail names.
    return part._payload  # type: ignore[attr-defined]  # noqa: SLF001


def body_of(message: Message) -> Body:
    """Return the words and the list of what hangs on the mail; what is forwarded whole is one."""
    plain: list[str] = []
    html: list[str] = []
    attachments: list[Attachment] = []
    for part in _leaves(message):
        kind, name = content_type(part), _file_name(part)
        is_attached = _disposition(part).startswith("attachment") or bool(name)
        if not is_attached and kind == "text/plain":
            plain.append(_text(part))
        elif not is_attached and kind == "text/html":
            html.append(_text(part))
        else:
            attachments.append(Attachment(name=name, mime_type=kind, size=_size(part)))
    return Body(plain="\n".join(plain), html="\n".join(html), attachments=tuple(attachments))


def content_type(part: Message) -> str:
    """Return the type without parameters, in small letters; text/plain when there is none."""
    value = header(part, "content-type").partition(";")[0].strip().lower()
    main, _, sub = value.partition("/")
    if not _NAME.match(main) or not _NAME.match(sub):
        return "text/plain"
    return value


def parameter(part: Message, name: str) -> str:
    """Return a parameter of the content type, or ""."""
    return _parameter(part, "content-type", name)


def _leaves(message: Message) -> Iterator[Message]:
    waiting = [message]
    seen = 0
    while waiting and seen < _MOST_PARTS:
        part = waiting.pop()
        seen += 1
        payload = content_of(part)
        if isinstance(payload, list) and content_type(part) != "message/rfc822":
            waiting.extend(each for each in reversed(payload) if isinstance(each, Message))
        else:
            yield part


def parts_of(message: Message, kind: str) -> Iterator[Message]:
    """Yield the leaves of one content type."""
    return (part for part in _leaves(message) if content_type(part) == kind)


def _text(part: Message) -> str:
    payload = _payload(part)
    charset = _charset(parameter(part, "charset"))
    for name in (charset, "utf-8"):
        if name:
            try:
                return payload.decode(name)
            except (ValueError, LookupError):
                continue
    return payload.decode("cp1252", "replace")


def _charset(name: str) -> str:
    if not _NAME.match(name):
        return ""
    try:
        known = codecs.lookup(name).name
    except (LookupError, ValueError):
        return ""
    if known.replace("_", "-") in _NOT_CHARSETS:
        return ""
    # What Windows calls by the smaller set's name, and browsers read so as well (WHATWG).
    return "cp1252" if known in ("ascii", "iso8859-1") else known


def _payload(part: Message) -> bytes:
    try:
        payload = part.get_payload(decode=True)
    except _BROKEN:
        payload = None
    if isinstance(payload, bytes):
        return payload
    raw = content_of(part)
    return raw.encode("utf-8", "surrogateescape") if isinstance(raw, str) else b""


def _size(part: Message) -> int:
    payload = content_of(part)
    return len(_payload(part)) if isinstance(payload, str) else 0


def _disposition(part: Message) -> str:
    return header(part, "content-disposition").lower()


def _file_name(part: Message) -> str:
    name = _parameter(part, "content-disposition", "filename") or parameter(part, "name")
    return one_line(name)[:100]


def _parameter(part: Message, name: str, parameter_name: str) -> str:
    value = header(part, name)
    if not value:
        return ""
    bare = Message()
    bare[name] = value
    try:
        found = bare.get_param(parameter_name, header=name)
        text = email.utils.collapse_rfc2231_value(found) if found else ""
    except _BROKEN:
        return ""
    return clean(str(text)).strip()


def _decoded(value: str) -> str:
    # Bytes above 127 come in as surrogates: they are UTF-8 more often than anything else.
    raw = value.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    if "=?" not in raw:
        return one_line(raw)
    try:
        pieces = email.header.decode_header(raw)
    except (*_BROKEN, email.errors.MessageError):
        return one_line(raw)
    return one_line("".join(_piece(piece, charset) for piece, charset in pieces))


def _piece(piece: bytes | str, charset: str | None) -> str:
    if isinstance(piece, str):
        return piece
    try:
        return piece.decode(_charset(charset or "") or "utf-8")
    except (ValueError, LookupError):
        return piece.decode("cp1252", "replace")
