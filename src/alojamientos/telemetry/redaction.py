"""Take out of a log line what must never be in one: phones, addresses, tokens, secret URLs.

This is the last line of defence. Events are written with ids and closed sets only; what gets here
comes from libraries, from exceptions and from mistakes. Every pattern starts where a word starts
or is bounded, so that the time is linear in a text that a stranger may have written.
"""

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from alojamientos.telemetry import log_events

# What our own events hold in these is an id, a name from a closed set or a time: never a person's.
SAFE_KEYS = frozenset(
    {
        *("timestamp", "level", "process", "logger", "trace_id", "span_id", "job_id"),
        *("code", "provider_payment_id", "reservation_id", "inbox_id", "outbox_id", "guest_id"),
        *("amount", "version", "pid", "port", "handler", "status", "duration_ms"),
    }
)
SECRET = "[secret]"  # noqa: S105 - what stands in a secret's place
_LEAST_PHONE = 10**9
_A_WORD = 20  # letters alone, and no more of them, are no token
_LONGEST = 16_384
_CUT = " [cut] "

_NAMES = r"token|secret|password|passwd|pwd|signature|api[_-]?key|credentials?|authorization|cookie"
_NAMED = rf"(?<![\w-])[\w-]{{0,40}}?(?:{_NAMES})"
_GAP = "[ \\-()\u00a0\u2010-\u2015\u202f]"  # as people group the digits of a phone
_DATE = r"\d{4}-\d\d-\d\d(?!\d)|\d\d?-\d\d?-\d{4}(?!\d)|\d{8}[ T]\d{6}(?!\d)"
_UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-"
_START = r"(?:(?<![\w.+-])|(?<=%2B)|(?<=\\[nrt]))"  # also after an escaped + or line break
_PATTERNS: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern, re.IGNORECASE), instead)
    for pattern, instead in (
        (r"(?<![a-z0-9+.-])([a-z][a-z0-9+.-]{0,40}://[^\s:/@]{0,200}):[^\s/]+@", rf"\1:{SECRET}@"),
        (r"\b(Bearer|Basic)\s+[\w.~+/=-]+", rf"\1 {SECRET}"),
        (rf"([?&;]\s*(?:[\w.-]{{0,40}}?(?:{_NAMES})|sig|key|s|t)=)[^&\s\"'#]+", rf"\1{SECRET}"),
        # What is that long and no trace is a key of someone's.
        (r"([?&](?!trace)[\w.-]{1,60}=)[\w%.~+/=-]{32,}", rf"\1{SECRET}"),
        (
            rf"([\"']?{_NAMED}[\"']?\s*[=:]\s*[\"']?)(?!\[secret\])[^\s\"',&)}}]{{4,}}",
            rf"\1{SECRET}",
        ),
        (r"(?<!\w)(?:EAA\w{20,}|APP_USR-[\w-]{10,}|TEST-[\w-]{20,}|dev-only-[\w-]+)", SECRET),
        # The calendars that we give out have a secret in their path.
        (r"/ical/[^/\s\"']+", f"/ical/{SECRET}"),
        # The id of a WhatsApp message is base64 and holds the phone.
        (r"wamid\.[\w+/=%-]+", "wamid.[id]"),
        (r"(?<![\w.+%-])[\w.+%-]+(?:@|%40)[\w-]+(?:\.[\w-]+)+", "[email]"),
        # An Argentine mobile as WhatsApp writes it, also when it is glued to a name.
        (r"(?<![0-9a-z])549\d{10}(?![0-9a-z])", "[phone]"),
        # Ten to fifteen digits, grouped as people do, that are no date and no part of a word.
        (
            rf"{_START}(?!{_DATE}|{_UUID})\+?\(?\d(?:{_GAP}{{0,3}}\d){{9,14}}(?!\w)",
            "[phone]",
        ),
    )
)
_URL = re.compile(r"(?<![a-z])(https?|webcal)://([^\s\"'<>]+)", re.IGNORECASE)
_CALENDAR = re.compile(r"\bical|\.ics|calendar", re.IGNORECASE)
# Most texts are plain words: one search tells that no pattern can match.
_HINTS = re.compile(
    rf"\d(?:{_GAP}{{0,3}}\d){{9}}|[@:=]|%40|/ical/|wamid|EAA|APP_USR|TEST-|dev-only|bearer\s|basic\s",
    re.IGNORECASE,
)
_SECRET_KEY = re.compile(rf"(?:{_NAMES})$", re.IGNORECASE)


def redact(text: str) -> str:
    """Return `text` without phones, e-mail addresses, tokens, passwords and calendar addresses.

    Of what is longer than 16,384 characters only the head and the tail stay.
    """
    if len(text) <= _A_WORD and text.isalpha():
        return text
    if _HINTS.search(text) is not None:
        text = _URL.sub(_without_feed, text)
        for pattern, instead in _PATTERNS:
            text = pattern.sub(instead, text)
    if len(text) > _LONGEST:
        half = _LONGEST // 2
        text = text[:half] + _CUT + text[-half:]
    return text


def _without_feed(match: re.Match[str]) -> str:
    """Return a URL as it was; of a calendar's, whose address is its password, only the host."""
    scheme, rest = match.groups()
    if scheme.lower() != "webcal" and _CALENDAR.search(rest) is None:
        return match[0]
    host = rest.partition("/")[0].rpartition("@")[2].partition("?")[0]
    return f"{scheme}://{host}/[calendar]"


def redact_value(value: Any) -> Any:
    """Return `value`, or what it holds, redacted; an integer may be a phone if it is as long."""
    if isinstance(value, str):
        return redact(value)
    if value is None or isinstance(value, bool | float):
        return value
    if isinstance(value, int):
        return "[number]" if abs(value) >= _LEAST_PHONE else value
    if isinstance(value, Mapping):
        return {redact(str(key)): _field(str(key), item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [redact_value(item) for item in value]
    text = value.decode("utf-8", errors="replace") if isinstance(value, bytes) else str(value)
    return redact(text)


def redact_event(event: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields of a log line, redacted, but for those that hold ids of ours."""
    redacted = dict(event)
    for key, value in event.items():
        if key not in SAFE_KEYS and not (key == "event" and value in log_events.ALL):
            redacted[key] = _field(key, value)
    return redacted


def _field(key: str, value: Any) -> Any:
    if _names_secret(key) and value and not isinstance(value, bool):
        return SECRET
    return redact_value(value)


@lru_cache(maxsize=1024)
def _names_secret(key: str) -> bool:
    return _SECRET_KEY.search(key) is not None
