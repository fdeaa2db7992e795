"""The trace that the present work belongs to, and what every log line of it says besides.

Context variables, set and reset within one task: safe in pure ASGI code and in jobs, not across
Starlette's thread pool. Format: W3C Trace Context, https://www.w3.org/TR/trace-context/.
"""

import os
import re
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar, Token
from types import TracebackType
from typing import Any

from structlog.contextvars import bound_contextvars

_Trace = tuple[str, str]  # trace id, span id
_trace: ContextVar[_Trace | None] = ContextVar("trace", default=None)

_TRACEPARENT = re.compile(r"([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?")
_TRACE_ID = re.compile(r"[0-9a-f]{32}")
_NO_TRACE = "0" * 32
_NO_SPAN = "0" * 16


def current_trace_id() -> str | None:
    """Return the trace id (32 hex digits) that is bound here, or None."""
    current = _trace.get()
    return None if current is None else current[0]


def current_span_id() -> str | None:
    """Return the span id (16 hex digits) that is bound here, or None."""
    current = _trace.get()
    return None if current is None else current[1]


def new_trace_id() -> str:
    """Return a fresh random trace id, 32 hex digits."""
    return os.urandom(16).hex()


def is_trace_id(value: str) -> bool:
    """Tell whether `value` is a usable trace id: 32 lower-case hex digits, not all zero."""
    return _TRACE_ID.fullmatch(value) is not None and value != _NO_TRACE


def parse_traceparent(header: str | None) -> str | None:
    """Return the trace id of a `traceparent` header, or None when it is missing or not valid."""
    if header is None:
        return None
    match = _TRACEPARENT.fullmatch(header.strip())
    if match is None:
        return None
    version, trace_id, span_id, _, rest = match.groups()
    if version == "ff" or trace_id == _NO_TRACE or span_id == _NO_SPAN:
        return None
    if version == "00" and rest:
        return None
    return trace_id


def traceparent() -> str:
    """Return the header that carries the present trace on; starts one when there is none."""
    trace_id, span_id = _trace.get() or _new_trace(None)
    return f"00-{trace_id}-{span_id}-01"


def trace_headers() -> Mapping[str, str]:
    """Return what an outbound HTTP call carries so that the other side can join the trace."""
    return {"traceparent": traceparent()}


class trace:  # noqa: N801 - reads as the verb that it is
    """Bind `trace_id` (or a new one, also when it is not valid) and a new span; restore on exit."""

    __slots__ = ("_bound", "_token")
    _token: Token[_Trace | None]

    def __init__(self, trace_id: str | None = None) -> None:
        self._bound = _new_trace(trace_id)

    def __enter__(self) -> str:
        self._token = _trace.set(self._bound)
        return self._bound[0]

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        _trace.reset(self._token)


@contextmanager
def bound(**fields: Any) -> Generator[None]:
    """Add `fields` to every log line written inside; restore on exit."""
    with bound_contextvars(**fields):
        yield


def _new_trace(trace_id: str | None) -> _Trace:
    fresh = os.urandom(24).hex()
    if trace_id is not None and is_trace_id(trace_id):
        return trace_id, fresh[32:]
    return fresh[:32], fresh[32:]
