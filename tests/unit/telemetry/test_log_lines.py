"""One JSON object per line, ours or a library's, with its trace, without secrets, counted."""

import io
import logging
import sys
import threading
import warnings
from collections import Counter
from collections.abc import Iterator
from typing import Any

import orjson
import pytest
import structlog

from alojamientos.telemetry import context, log_events, logs

PHONE = "5491155550000"


@pytest.fixture(autouse=True)
def _restored() -> Iterator[None]:
    """Leave the process's logging as it was."""
    root = logging.getLogger()
    names = [
        *("uvicorn", "uvicorn.error", "uvicorn.access", "sqlalchemy", "procrastinate", "asyncio"),
        *("httpx2", "httpcore2"),
    ]
    kept = {name: vars(logging.getLogger(name)).copy() for name in names}
    handlers, level, hook = root.handlers, root.level, sys.excepthook
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        yield
        logging.captureWarnings(capture=False)
    root.handlers, sys.excepthook = handlers, hook
    root.setLevel(level)
    for name, attributes in kept.items():
        logger = logging.getLogger(name)
        logger.handlers, logger.propagate = attributes["handlers"], attributes["propagate"]
        logger.setLevel(attributes["level"])
    structlog.reset_defaults()


def fail(message: str) -> None:
    raise ValueError(message)


class Output:
    """What a process wrote."""

    def __init__(self, **options: Any) -> None:
        self.file = io.BytesIO()
        self.levels: Counter[str] = Counter()
        logs.configure(
            process="web",
            on_line=lambda level: self.levels.update([level]),
            file=self.file,
            **options,
        )

    @property
    def text(self) -> str:
        return self.file.getvalue().decode()

    @property
    def lines(self) -> list[dict[str, Any]]:
        return [orjson.loads(line) for line in self.file.getvalue().splitlines()]


def test_a_line_says_when_how_grave_what_where_and_under_which_trace():
    output = Output()

    with context.trace("0af7651916cd43dd8448eb211c80319c"), context.bound(job="messages.handle"):
        logs.get_logger().info(log_events.RESERVATION_CHANGED, code="7K2M-9QXR-4TBW", nights=3)

    (line,) = output.lines
    assert line.pop("timestamp").endswith("Z")
    assert len(line.pop("span_id")) == 16
    assert line == {
        "level": "info",
        "event": "reservation.status_changed",
        "process": "web",
        "trace_id": "0af7651916cd43dd8448eb211c80319c",
        "job": "messages.handle",
        "code": "7K2M-9QXR-4TBW",
        "nights": 3,
    }


def test_a_line_outside_of_any_trace_has_none():
    output = Output()

    logs.get_logger().info(log_events.PROCESS_STARTED)

    assert "trace_id" not in output.lines[0]


def test_lines_below_the_level_are_not_written():
    output = Output(level="WARNING")

    logs.get_logger().info(log_events.PROCESS_STARTED)
    logging.getLogger("library").info("hello")
    logging.getLogger("library").warning("careful")

    assert [line["message"] for line in output.lines] == ["careful"]


def test_a_library_that_we_keep_quiet_does_not_get_louder_than_the_level():
    output = Output(level="ERROR")

    logging.getLogger("sqlalchemy.pool").warning("careful")

    assert output.lines == []


@pytest.mark.parametrize(
    "name", ["uvicorn.error", "sqlalchemy.pool", "procrastinate.worker", "asyncio", "anything"]
)
def test_a_librarys_line_is_the_same_json_under_the_same_trace(name: str):
    output = Output()

    with context.trace() as trace_id:
        logging.getLogger(name).error("cannot reach %s", "db")

    (line,) = output.lines
    assert line["event"] == log_events.FOREIGN
    assert line["logger"] == name
    assert line["message"] == "cannot reach db"
    assert line["level"] == "error"
    assert line["process"] == "web"
    assert line["trace_id"] == trace_id


def test_uvicorns_access_lines_are_ours_to_write():
    output = Output(level="DEBUG")

    logging.getLogger("uvicorn.access").info("GET / 200")

    assert output.lines == []


def test_a_warning_is_a_line():
    output = Output()

    warnings.warn("old habit", DeprecationWarning, stacklevel=1)

    assert output.lines[0]["logger"] == "py.warnings"
    assert "old habit" in output.lines[0]["message"]


def test_a_librarys_line_that_does_not_fit_its_arguments_is_a_line_all_the_same(
    capsys: pytest.CaptureFixture[str],
):
    output = Output()

    arguments = ("%d of %s", PHONE, "x", "y")
    logging.getLogger("library").error(*arguments)

    (line,) = output.lines
    assert line["message"] == "%d of %s"
    assert PHONE not in output.text
    assert capsys.readouterr().err == ""


def test_an_exception_is_one_line_with_its_traceback_and_without_secrets():
    output = Output()
    try:
        fail(f"guest {PHONE} with Bearer abcdefghijkl")
    except ValueError:
        logs.get_logger().exception(log_events.HTTP_CRASHED)
        logging.getLogger("library").exception("of %s", PHONE)

    ours, theirs = output.lines
    assert "ValueError: guest [phone]" in ours["exception"]
    assert "Traceback" in theirs["exception"]
    assert PHONE not in output.text
    assert "abcdefghijkl" not in output.text


def test_an_exception_that_was_told_is_not_told_again_by_the_server():
    output = Output()
    error = ValueError("told")
    logs.mark_told(error)

    logging.getLogger("uvicorn.error").error("Exception in ASGI application", exc_info=error)
    logging.getLogger("uvicorn.error").error("other", exc_info=ValueError("news"))

    assert [line["message"] for line in output.lines] == ["other"]


def test_what_ends_the_process_is_a_line():
    output = Output()
    error = ValueError(f"{PHONE}")

    sys.excepthook(ValueError, error, None)

    assert output.lines[0]["level"] == "critical"
    assert "ValueError: [phone]" in output.lines[0]["exception"]


def test_an_interrupt_is_no_crash(capsys: pytest.CaptureFixture[str]):
    output = Output()

    sys.excepthook(KeyboardInterrupt, KeyboardInterrupt(), None)

    assert output.lines == []
    assert "KeyboardInterrupt" in capsys.readouterr().err


def test_an_event_that_nobody_named_is_searched_for_secrets_too():
    output = Output()

    logs.get_logger().info(f"guest {PHONE} wrote")

    assert output.lines[0]["event"] == "guest [phone] wrote"


def test_what_json_cannot_hold_is_a_line_all_the_same():
    output = Output()

    logs.get_logger().info(
        log_events.MESSAGE_RECEIVED, source="\ud800", amount=2**70, event_type={1: object}
    )

    assert output.lines[0]["source"] == "?"
    assert output.lines[0]["amount"] == 2**70


def test_every_line_is_counted_by_its_level():
    output = Output()
    log = logs.get_logger()

    log.debug("not written")
    log.info("a")
    log.warning("b")
    try:
        fail("c")
    except ValueError:
        log.exception("c")
    logging.getLogger("library").critical("d")

    assert output.levels == {"info": 1, "warning": 1, "error": 1, "critical": 1}


def test_the_console_shows_lines_for_people_without_secrets():
    output = Output(format="console")

    logs.get_logger().info(log_events.PROCESS_STARTED, reason=f"for {PHONE}")
    logging.getLogger("library").warning("careful")

    first, second = output.text.splitlines()
    assert "process.start_finished" in first
    assert "[phone]" in first
    assert "careful" in second


def test_lines_of_many_threads_do_not_mix():
    output = Output()

    def write(number: int) -> None:
        for _ in range(50):
            logs.get_logger().info(log_events.JOB_FINISHED, job=f"j{number}" * 50)
            logging.getLogger("library").warning("%s", f"j{number}" * 50)

    threads = [threading.Thread(target=write, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(output.lines) == 800
