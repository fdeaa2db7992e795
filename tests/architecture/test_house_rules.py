"""Habits that no linter knows, each with a sample that it catches and one that it passes."""

import ast
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[2] / "src" / "alojamientos"
LOG_METHODS = {"debug", "info", "warning", "error", "exception", "critical"}
CLOCK_EDGES = {"entrypoints", "ops", "cli", "channels", "jobs", "telemetry", "kit", "console"}
CLOCK_CALLS = {"utc_now", "now", "today", "utcnow"}

Rule = Callable[[str, ast.AST], Iterator[int]]


def log_event_is_a_constant(_path: str, tree: ast.AST) -> Iterator[int]:
    """The event of a log line is a name from a catalogue, never text made on the spot."""
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and node.func.attr in LOG_METHODS
            and _is_logger(node.func.value)
            and node.args
            and not isinstance(node.args[0], ast.Attribute | ast.Name)
        ):
            yield node.lineno


def labels_only_in_telemetry(path: str, tree: ast.AST) -> Iterator[int]:
    """Metrics are moved by the recorder's verbs; nobody else names labels."""
    if path.startswith("telemetry/"):
        return
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and node.func.attr == "labels"
        ):
            yield node.lineno


def only_edges_read_the_clock(path: str, tree: ast.AST) -> Iterator[int]:
    """Decisions are given `now` and `today`."""
    if path.split("/", maxsplit=1)[0] in CLOCK_EDGES or path == "settings.py":
        return
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        name = (
            node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        )
        if name in CLOCK_CALLS and (isinstance(node.func, ast.Name) or _is_datetime(node.func)):
            yield node.lineno


def outside_http_goes_through_the_kit(path: str, tree: ast.AST) -> Iterator[int]:
    """One client has the deadlines and metrics; tools outside the application have their own."""
    if path == "kit/http.py" or path.startswith("ops/"):
        return
    for node in ast.walk(tree):
        if not isinstance(node, ast.Import | ast.ImportFrom):
            continue
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        else:
            names = [node.module or ""]
        if any(name.split(".")[0] in ("httpx2", "httpx", "requests", "urllib3") for name in names):
            yield node.lineno


def outside_mail_goes_through_the_kit(path: str, tree: ast.AST) -> Iterator[int]:
    """One client has the deadline, knows what silence means and is counted."""
    if path in ("kit/smtp.py", "kit/imap.py") or path.startswith("ops/"):
        return
    for node in ast.walk(tree):
        if not isinstance(node, ast.Import | ast.ImportFrom):
            continue
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        else:
            names = [node.module or ""]
        if any(
            name.split(".")[0] in ("aiosmtplib", "smtplib", "imapclient", "imaplib")
            for name in names
        ):
            yield node.lineno


def commits_happen_in_the_kit(path: str, tree: ast.AST) -> Iterator[int]:
    """Only the unit of work commits or rolls back."""
    if path.startswith(("kit/", "ops/", "entrypoints/")):
        return
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and node.func.attr in ("commit", "rollback")
        ):
            yield node.lineno


def _is_logger(node: ast.AST) -> bool:
    name = node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")
    return name.strip("_").endswith("log") or name.strip("_") == "logger"


def _is_datetime(node: ast.AST) -> bool:
    return (
        isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and node.value.id in ("datetime", "date", "clock")
    )


RULES: dict[Rule, tuple[str, str]] = {
    log_event_is_a_constant: (
        "log.info(f'booked {code}')",
        "log.info(log_events.RESERVATION_CHANGED, code=code)",
    ),
    labels_only_in_telemetry: (
        "counter.labels(channel='whatsapp').inc()",
        "recorder.lock_attempted(channel='whatsapp', result='failed')",
    ),
    only_edges_read_the_clock: ("x = datetime.now(UTC)", "def f(now): return now.date()"),
    outside_http_goes_through_the_kit: (
        "import httpx2",
        "from alojamientos.kit.http import HttpClient",
    ),
    outside_mail_goes_through_the_kit: (
        "from smtplib import SMTP",
        "from alojamientos.kit.smtp import SmtpClient",
    ),
    commits_happen_in_the_kit: ("await conn.commit()", "tx.emit(fact)"),
}


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_rule_catches_its_bad_sample_and_passes_its_good_one(rule):
    bad, good = RULES[rule]

    assert list(rule("reservations/operations.py", ast.parse(bad)))
    assert not list(rule("reservations/operations.py", ast.parse(good)))


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_source_keeps_the_rule(rule):
    broken = [
        f"{path.relative_to(SOURCE)}:{line}"
        for path in sorted(SOURCE.rglob("*.py"))
        for line in rule(path.relative_to(SOURCE).as_posix(), ast.parse(path.read_text()))
    ]

    assert broken == [], rule.__doc__
