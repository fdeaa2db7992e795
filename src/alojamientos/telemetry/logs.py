"""Log lines: one JSON object each, whoever wrote it, with the trace and without secrets."""

import logging
import sys
from collections.abc import Callable, MutableMapping
from typing import Any, BinaryIO, cast

import orjson
import structlog
from structlog.typing import EventDict, FilteringBoundLogger, Processor, WrappedLogger

from alojamientos.telemetry import context, log_events
from alojamientos.telemetry.redaction import redact, redact_event

__all__ = ["configure", "get_logger", "redact"]

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


def get_logger() -> FilteringBoundLogger:
    """Return the logger; what it writes depends on `configure`."""
    return cast("FilteringBoundLogger", structlog.get_logger())


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
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        _Frame(process, on_line),
    ]
    structlog.configure(
        processors=[*shared, _renderer(format)],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.BytesLoggerFactory(output),
        cache_logger_on_first_use=True,
    )
    handler = _Handler(output)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[_foreign, *shared],
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                lambda logger, name, event: _renderer(format)(logger, name, event).decode(),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level)
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access"):
        logging.getLogger(name).handlers = []
        logging.getLogger(name).propagate = True
    for name, least in _QUIET.items():
        logging.getLogger(name).setLevel(least)
    logging.captureWarnings(capture=True)


class _Frame:
    """Add what every line has, count the line, take out what it must not have."""

    def __init__(self, process: str, on_line: Callable[[str], None] | None) -> None:
        self._process = process
        self._on_line = on_line

    def __call__(
        self, _logger: WrappedLogger, _name: str, event: MutableMapping[str, Any]
    ) -> EventDict:
        event["process"] = self._process
        trace_id = context.current_trace_id()
        if trace_id is not None:
            event.setdefault("trace_id", trace_id)
            event.setdefault("span_id", context.current_span_id())
        if self._on_line is not None:
            self._on_line(str(event.get("level", "info")))
        return redact_event(dict(event))


class _Handler(logging.Handler):
    """Write the standard library's lines where ours go."""

    def __init__(self, output: BinaryIO) -> None:
        super().__init__()
        self._output = output

    def emit(self, record: logging.LogRecord) -> None:
        try:
            self._output.write(self.format(record).encode() + b"\n")
            self._output.flush()
        except Exception:  # noqa: BLE001 - logging must not bring down what it tells of
            self.handleError(record)


def _foreign(_logger: WrappedLogger, _name: str, event: EventDict) -> EventDict:
    """Give a library's line a constant event and keep its text as `message`."""
    record: logging.LogRecord | None = event.get("_record")
    event["message"] = event["event"]
    event["event"] = log_events.FOREIGN
    event["logger"] = record.name if record is not None else ""
    return event


def _renderer(format: str) -> Callable[..., bytes]:  # noqa: A002 - as above
    if format == "console":
        console = structlog.dev.ConsoleRenderer(colors=sys.stdout.isatty())
        return lambda logger, name, event: str(console(logger, name, event)).encode()
    return lambda _logger, _name, event: orjson.dumps(event, default=str)
