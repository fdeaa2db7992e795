"""Whether the dashboards are there and their queries are answered: Grafana's word, or the files'.

A machine without Docker has no Grafana: then the provisioning files are read instead, and the
evidence says so.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from alojamientos.monitoring import conventions
from alojamientos.ops.verify.clients import Stack
from alojamientos.ops.verify.item import Finding, failed, not_applicable, passed

REQUIRED = ("overview", "reservations", "webhooks", "infrastructure")
_VARIABLES = {
    "$__rate_interval": "1m",
    "$__interval": "1m",
    "$__range": "1h",
}


class Grafana:
    """Ask Grafana where its address is known, read the files where it is not."""

    def __init__(self, stack: Stack, files: Path | None) -> None:
        self._stack = stack
        self._files = files

    def datasource(self) -> Finding:
        """A Prometheus data source is configured, and answers where it can be asked."""
        if self._stack.addresses.grafana is not None:
            sources = self._stack.grafana("/api/datasources")
            found = [source for source in sources if source["type"] == "prometheus"]
            if not found:
                return failed("Grafana has no data source of type prometheus")
            state = self._stack.grafana(f"/api/datasources/uid/{found[0]['uid']}/health")
            said = f"Grafana: {found[0]['name']} {state.get('status')}"
            return passed(said) if state.get("status") == "OK" else failed(said)
        if self._files is None:
            return not_applicable("no Grafana address and no files here")
        names = [
            str(source["name"])
            for path in sorted((self._files / "datasources").glob("*.yml"))
            for source in yaml.safe_load(path.read_text(encoding="utf-8"))["datasources"]
            if source["type"] == "prometheus"
        ]
        if not names:
            return failed(f"no data source of type prometheus in {self._files / 'datasources'}")
        return passed(f"no Grafana here; its files define {', '.join(names)}")

    def boards(self) -> Finding:
        """The four are there, and Prometheus answers every query of every panel."""
        where = "Grafana" if self._stack.addresses.grafana is not None else "files"
        boards = dict(self._boards())
        wanted = [conventions.dashboard_uid(name) for name in REQUIRED]
        missing = [uid for uid in wanted if uid not in boards]
        if missing:
            return failed(f"not in {where}: {', '.join(missing)}")
        asked, empty, refused = 0, 0, []
        for board in boards.values():
            for title, expression in _queries(board):
                asked += 1
                problem, samples = self._stack.try_query(_filled(expression))
                empty += not problem and not samples
                if problem:
                    refused.append(f"{board['title']}/{title}: {problem}")
        if refused:
            return failed(f"refused: {'; '.join(refused[:3])}")
        evidence = f"{len(boards)} in {where}, {asked} queries answered"
        return passed(evidence + (f", {empty} of them with nothing to show yet" if empty else ""))

    def _boards(self) -> Iterator[tuple[str, dict[str, Any]]]:
        if self._stack.addresses.grafana is not None:
            for found in self._stack.grafana("/api/search?type=dash-db"):
                board = self._stack.grafana(f"/api/dashboards/uid/{found['uid']}")["dashboard"]
                yield board["uid"], board
        elif self._files is not None:
            for path in sorted((self._files / "dashboards").glob("*.json")):
                board = json.loads(path.read_text(encoding="utf-8"))
                yield board["uid"], board


def _queries(board: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield the title and expression of every Prometheus query, also in collapsed rows."""
    waiting = list(board.get("panels", []))
    while waiting:
        panel = waiting.pop(0)
        waiting += panel.get("panels", [])
        for target in panel.get("targets", []):
            if expression := target.get("expr"):
                yield str(panel.get("title", "?")), str(expression)


def _filled(expression: str) -> str:
    for variable, value in _VARIABLES.items():
        expression = expression.replace(variable, value)
    return expression
