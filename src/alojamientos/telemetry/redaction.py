"""Take out of a log line what must never be in one: phones, addresses, tokens, secret URLs.

This is the last line of defence. Events are written with ids and closed sets only; what gets here
comes from libraries, from exceptions and from mistakes.
"""

import re
from collections.abc import Mapping
from typing import Any

# What our own events hold in these is an id, a name from a closed set or a time: never a person's.
SAFE_KEYS = frozenset(
    {
        *("timestamp", "level", "event", "process", "logger", "trace_id", "span_id", "job_id"),
        *("code", "provider_payment_id", "reservation_id", "inbox_id", "outbox_id", "guest_id"),
        *("amount", "version", "pid", "port"),
    }
)
_LEAST_PHONE = 10**9
_SHORTEST = 6  # "a@b.co"

_NAMED = (
    "access_token|api_token|token|secret|password|passwd|pwd|signature|api_key|verify_token"
    "|x-signature|authorization"
)
_NAMED_IN_URL = f"{_NAMED}|hub.verify_token|sig|key|s|t"
_PATTERNS: tuple[tuple[re.Pattern[str], str], ...] = (
    # A calendar's address is its password: only the host stays.
    (
        re.compile(
            r"(https?|webcal)://([^/\s:@]+@)?([\w.-]+(?::\d+)?)/[^\s\"'<>]*(?:ical|\.ics|calendar)[^\s\"'<>]*",
            re.IGNORECASE,
        ),
        r"\1://\3/[calendar]",
    ),
    (re.compile(r"([a-z][a-z0-9+.-]*://[^\s:/@]*):[^\s@/]+@", re.IGNORECASE), r"\1:[secret]@"),
    (re.compile(r"\b(Bearer|Basic)\s+[\w.~+/=-]+", re.IGNORECASE), r"\1 [secret]"),
    (re.compile(rf"([?&;]\s*(?:{_NAMED_IN_URL})=)[^&\s\"'#]+", re.IGNORECASE), r"\1[secret]"),
    (
        re.compile(
            rf"([\"']?\b(?:{_NAMED})[\"']?\s*[=:]\s*[\"']?)(?!\[secret\])[^\s\"',&)}}]{{4,}}",
            re.IGNORECASE,
        ),
        r"\1[secret]",
    ),
    (
        re.compile(r"\b(?:EAA\w{20,}|APP_USR-[\w-]{10,}|TEST-[\w-]{20,}|dev-only-[\w-]+)"),
        "[secret]",
    ),
    # The id of a WhatsApp message is base64 and holds the phone.
    (re.compile(r"wamid\.[\w+/=-]+"), "wamid.[id]"),
    (re.compile(r"[\w.+%-]+@[\w-]+(?:\.[\w-]+)+"), "[email]"),
    # Ten to fifteen digits, grouped as people do, that are no date and no part of a longer word.
    (
        re.compile(
            r"(?:(?<![\w.+-])|(?<=%2B))(?!\d{4}-\d\d-\d\d)"
            r"\+?\(?\d(?:[ \-()\u00a0]{0,2}\d){9,14}(?!\w)"
        ),
        "[phone]",
    ),
)
_HINTS = re.compile(r"\d[\d ()\-\u00a0]{8}|[@:=]|wamid|EAA|APP_USR|TEST-|dev-only|earer|asic ")


def redact(text: str) -> str:
    """Return `text` without phones, e-mail addresses, tokens, passwords and calendar addresses."""
    if len(text) < _SHORTEST or text.isidentifier() or _HINTS.search(text) is None:
        return text
    for pattern, instead in _PATTERNS:
        text = pattern.sub(instead, text)
    return text


def redact_value(value: Any) -> Any:
    """Return `value`, or what it holds, redacted; an integer may be a phone if it is as long."""
    if isinstance(value, str):
        return redact(value)
    if value is None or isinstance(value, bool | float):
        return value
    if isinstance(value, int):
        return "[number]" if value >= _LEAST_PHONE else value
    if isinstance(value, Mapping):
        return {key: redact_value(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [redact_value(item) for item in value]
    text = value.decode("utf-8", errors="replace") if isinstance(value, bytes) else str(value)
    return redact(text)


def redact_event(event: dict[str, Any]) -> dict[str, Any]:
    """Return the fields of a log line, redacted, but for those that hold ids of ours."""
    return {key: value if key in SAFE_KEYS else redact_value(value) for key, value in event.items()}
