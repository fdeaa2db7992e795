"""The check that nothing private leaks: not into a log, not into a metric, not into an error."""

from collections.abc import Iterable
from itertools import chain
from pathlib import Path

from alojamientos.ops.launcher import logs as log_files
from alojamientos.ops.verify import known
from alojamientos.ops.verify.clients import Stack
from alojamientos.ops.verify.item import Finding, Item, failed, passed
from alojamientos.ops.verify.private import Hit, Private
from alojamientos.ops.verify.wrong_requests import SENT, Refusal, refusals
from alojamientos.settings import Settings

NAME = "Nothing private is in logs, metrics or errors"
HINT = "the lines named; then telemetry/redaction.py"
FORMATS = {"text": "text/plain", "OpenMetrics": "application/openmetrics-text; version=1.0.0"}
_SHOWN = 5


class Leaks:
    """Search a running stack for the secrets of `settings`, and for its guests' addresses."""

    def __init__(self, settings: Settings, logs: Path | None) -> None:
        self._settings = settings
        self._logs = logs
        self._lines = 0

    def item(self, stack: Stack) -> Item:
        """Return the search as an item of the list."""
        return Item(name=NAME, look=lambda: self.search(stack), hint=HINT)

    def search(self, stack: Stack) -> Finding:
        """Search everything; what is found is told by its place and kind, never by its value."""
        url = self._settings.database.url
        dsn = url.get_secret_value() if url else ""
        private = Private.of(chain(SENT, known.of_settings(self._settings), known.of_database(dsn)))
        answers = list(refusals(stack, dsn))
        found = [*self._in_answers(private, answers), *self._in_metrics(private, stack)]
        # The logs are last: they hold the lines about those requests by now.
        self._lines = 0
        found += self._in_logs(private)
        if found:
            return failed(_told(found))
        statuses = ", ".join(str(status) for status in sorted({a.status for a in answers}))
        short = f"; {private.too_short} too short to search for" if private.too_short else ""
        return passed(
            f"{self._lines:,} log lines, {len(stack.processes) * len(FORMATS)} expositions,"
            f" {len(answers)} error bodies ({statuses}) searched for {len(private)} values,"
            f" and for phones and e-mail addresses: none found{short}"
        )

    def _in_answers(self, private: Private, answers: Iterable[Refusal]) -> Iterable[Hit]:
        for answer in answers:
            yield from private.in_text(f"answer {answer.status} to {answer.request}", answer.text)

    def _in_metrics(self, private: Private, stack: Stack) -> Iterable[Hit]:
        for process, base in stack.processes.items():
            for name, accept in FORMATS.items():
                text = stack.metrics(base, accept=accept)
                yield from private.in_text(f"/metrics of {process} ({name})", text)

    def _in_logs(self, private: Private) -> Iterable[Hit]:
        for path in log_files.files(self._logs, None) if self._logs else ():
            yield from private.in_file(path, on_lines=self._count)

    def _count(self, lines: int) -> None:
        self._lines += lines


def _told(found: list[Hit]) -> str:
    more = f" and {len(found) - _SHOWN:,} more" if len(found) > _SHOWN else ""
    return "; ".join(str(finding) for finding in found[:_SHOWN]) + more
