"""Log lines: one JSON object each, whoever wrote it, with the trace and without secrets."""

import json
import logging
import sys
import time
from collections.abc import Callable, MutableMapping
from functools import lru_cache
from types import TracebackType
from typing import Any, BinaryIO, cast

import orjson
import structlog
from structlog.typing import EventDict, FilteringBoundLogger, Processor, WrappedLogger

from alojamientos.telemetry import context, log_events
from alojamientos.telemetry.redaction import redact, redact_event

__all__ = ["configure", "get_logger", "mark_told", "redact"]

# These say what our own lines say already, or say it for every statement.
_QUIET = {
    "uvicorn.access": logging.CRITICAL + 1,
    "uvicorn.error": logging.WARNING,
    "sqlalchemy": logging.WARNING,
    "procrastinate": logging.WARNING,
    "asyncio": logging.WARNING,
    "httpx2": logging.WARNING,
    "httpcore2": logging.WARNING,
}
_LEVELS = {"exception": "error", "warn": "warning", "fatal": "critical"}  # by method
_TOLD = "_alojamientos_told"


def get_logger() -> FilteringBoundLogger:
    """Return the logger; what it writes depends on `configure`, which is best called before."""
    log = structlog.get_logger()
    # Bound once, a logger need not find out at every line what it is.
    return cast("FilteringBoundLogger", log.bind() if structlog.is_configured() else log)


def mark_told(error: BaseException) -> None:
    """Keep the server that `error` reaches in the end from writing it down once more."""
    setattr(error, _TOLD, True)


def configure(
    *,
    process: str,
    level: str = "INFO",
    format: str = "json",  # noqa: A002 - the setting's name
    on_line: Callable[[str], None] | None = None,
    file: BinaryIO | None = None,
) -> None:
    """Send every line of this process, ours and libraries', to `file` (stdout by default).

    `format` is json, or console for people. `on_line` is told the level of each line written.
    """
    output = file or sys.stdout.buffer
    render = _console(output) if format == "console" else _json
    shared: list[Processor] = [structlog.processors.format_exc_info, _Frame(process, on_line)]
    structlog.configure(
        processors=[*shared, render],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.BytesLoggerFactory(output),
        cache_logger_on_first_use=True,
    )
    handler = _Handler(output)
    handler.addFilter(_is_news)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[_foreign, *shared],
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                lambda logger, name, event: render(logger, name, event).decode(),
            ],
        )
    )
    _take_over(handler, level)


def _take_over(handler: logging.Handler, level: str) -> None:
    """Make `handler` the only way out for the standard library's lines, warnings and crashes."""
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level)
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access"):
        logging.getLogger(name).handlers = []
        logging.getLogger(name).propagate = True
    for name, least in _QUIET.items():
        logging.getLogger(name).setLevel(max(least, root.level))
    logging.captureWarnings(capture=True)
    sys.excepthook = _crashed


def _crashed(
    kind: type[BaseException], error: BaseException, traceback: TracebackType | None
) -> None:
    """Write down what ends the process, as a line like any other."""
    if issubclass(kind, KeyboardInterrupt):
        sys.__excepthook__(kind, error, traceback)
        return
    logging.getLogger("python").critical("Uncaught exception", exc_info=(kind, error, traceback))


class _Frame:
    """Add what every line has, count the line, take out what it must not have."""

    def __init__(self, process: str, on_line: Callable[[str], None] | None) -> None:
        self._process = process
        self._on_line = on_line

    def __call__(
        self, _logger: WrappedLogger, method: str, event: MutableMapping[str, Any]
    ) -> EventDict:
        level = _LEVELS.get(method, method)
        if self._on_line is not None:
            self._on_line(level)
        framed: dict[str, Any] = {
            "timestamp": _timestamp(),
            "level": level,
            "event": None,
            "process": self._process,
        }
        trace_id = context.current_trace_id()
        if trace_id is not None:
            framed["trace_id"] = trace_id
            framed["span_id"] = context.current_span_id()
        framed.update(structlog.contextvars.get_contextvars())
        framed.update(event)
        return redact_event(framed)


def _timestamp() -> str:
    """Return the present instant, RFC 3339 in UTC with microseconds."""
    now = time.time_ns() // 1000
    return f"{_second(now // 1_000_000)}.{now % 1_000_000:06d}Z"


@lru_cache(maxsize=2)
def _second(since_epoch: int) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(since_epoch))


class _Handler(logging.Handler):
    """Write the standard library's lines where ours go."""

    def __init__(self, output: BinaryIO) -> None:
        super().__init__()
        self._output = output

    def emit(self, record: logging.LogRecord) -> None:
        try:
            line = self.format(record)
        except Exception as error:  # noqa: BLE001 - a library's line may not fit its arguments
            record.msg, record.args, record.exc_info = str(record.msg), None, None
            record.error = type(error).__name__
            line = self.format(record)
        self._output.write(line.encode() + b"\n")
        self._output.flush()


def _is_news(record: logging.LogRecord) -> bool:
    """Tell whether a line is not about an exception that we have written down already."""
    error = record.exc_info[1] if record.exc_info else None
    return not getattr(error, _TOLD, False)


def _foreign(_logger: WrappedLogger, _name: str, event: EventDict) -> EventDict:
    """Give a library's line a constant event and keep its text as `message`."""
    record: logging.LogRecord | None = event.get("_record")
    event["message"] = event["event"]
    event["event"] = log_events.FOREIGN
    event["logger"] = record.name if record is not None else ""
    return event


def _json(_logger: WrappedLogger, _name: str, event: EventDict) -> bytes:
    try:
        return orjson.dumps(event, default=str)
    except TypeError:  # a lone surrogate or an integer beyond 64 bits: slower, but a line it is
        return json.dumps(event, default=str, ensure_ascii=False).encode("utf-8", errors="replace")


def _console(output: BinaryIO) -> Callable[[WrappedLogger, str, EventDict], bytes]:
    render = structlog.dev.ConsoleRenderer(colors=output.isatty())
    return lambda logger, name, event: str(render(logger, name, event)).encode(
        "utf-8", errors="replace"
    )
