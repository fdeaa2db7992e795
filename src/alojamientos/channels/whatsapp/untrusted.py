"""JSON from outside: read without trusting that anything in it is what it should be."""

import json
from datetime import UTC, datetime
from typing import Any

import orjson

_MOST_BRACKETS = 200  # more may be nested deeper than can be written again


def load(body: bytes) -> Any:
    """Read JSON; what PostgreSQL cannot store (NUL, half a surrogate pair) is replaced.

    Raises ValueError when it is no JSON, or none that could be written again.
    """
    try:
        try:
            data = orjson.loads(body)
            unusual = b"\\u0000" in body or body.count(b"[") + body.count(b"{") > _MOST_BRACKETS
        except orjson.JSONDecodeError:
            data, unusual = json.loads(body), True
        if unusual:
            data = _clean(data)
            orjson.dumps(data)  # what cannot be written cannot be stored
    except (ValueError, TypeError, RecursionError) as error:
        raise ValueError("not JSON that can be stored") from error
    return data


def _clean(value: Any) -> Any:
    if isinstance(value, str):
        return (
            value.replace("\x00", "\ufffd")
            .encode("utf-16", "surrogatepass")
            .decode("utf-16", "replace")
        )
    if isinstance(value, float) and (value != value or abs(value) == float("inf")):  # noqa: PLR0124 - NaN
        return None
    if isinstance(value, list):
        return [_clean(item) for item in value]
    if isinstance(value, dict):
        return {_clean(key): _clean(item) for key, item in value.items()}
    return value


def instant(epoch_seconds: Any) -> datetime | None:
    """Return the instant of Unix time, a number or its digits, or None."""
    try:
        return datetime.fromtimestamp(int(epoch_seconds), UTC)
    except (TypeError, ValueError, OverflowError, OSError):
        return None


def mapping(holder: Any, key: str) -> dict[str, Any]:
    """Return the object at `key`, or an empty one."""
    value = holder.get(key) if isinstance(holder, dict) else None
    return value if isinstance(value, dict) else {}


def sequence(holder: Any, key: str) -> list[Any]:
    """Return the list at `key`, or an empty one."""
    value = holder.get(key) if isinstance(holder, dict) else None
    return value if isinstance(value, list) else []


def text(holder: Any, key: str, *, limit: int) -> str:
    """Return the string at `key`, cut at `limit` characters, or an empty one."""
    value = holder.get(key) if isinstance(holder, dict) else None
    return value[:limit] if isinstance(value, str) else ""
