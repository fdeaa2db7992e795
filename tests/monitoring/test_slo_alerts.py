"""Alerts on service levels do what their cases say, with every file as Prometheus loads it.

What is recorded at intervals of its own reaches the alerts in time; that takes minutes to play,
so the finer cases are left to test_rules_promtool.py, which gives each alert what it reads only.
"""

import re
from collections.abc import Iterable
from pathlib import Path

import pytest
import yaml
from tests.monitoring.cases import journey, slo
from tests.monitoring.cases.case import Case
from tests.monitoring.cases.slo import TEXTS
from tests.monitoring.conftest import ROOT
from tests.monitoring.tools.promtool import group_of, run_file
from tests.monitoring.tools.rules import committed

from alojamientos.monitoring import definitions

CASES = [
    case for case in (*slo.CASES, *journey.SLO_CASES) if case.kind in ("firing", "low traffic")
]
RULES = ROOT / "monitoring/prometheus/alerts"
RECORDINGS = ROOT / "monitoring/prometheus/rules"
ALERTS = {rule.name: rule for group in definitions.RULE_GROUPS for rule in group.alerts}
ALERT_FILES = {rule.name: group.file for group in definitions.RULE_GROUPS for rule in group.alerts}
LABELS = {name: rule.alert["labels"] for name, rule in committed().items()}
_RECORDED = re.compile(r"\b\w+:\w+:\w+")


def _files(alerts: set[str]) -> list[str]:
    """Return the rule files that the alerts need: recording for those that read none is slow."""
    files = {str(RULES / ALERT_FILES[alert]) for alert in alerts}
    if any(_RECORDED.search(str(ALERTS[alert].expr)) for alert in alerts):
        files.add(str(RECORDINGS / "*.yml"))
    return sorted(files)


def _run_cases(promtool: str, cases: Iterable[Case], folder: Path) -> str:
    """Run the cases against the committed rule files; return what promtool says is wrong."""
    by_interval: dict[str, list[Case]] = {}
    for case in cases:
        by_interval.setdefault(case.interval, []).append(case)
    paths = []
    for interval, alike in by_interval.items():
        document = {
            "rule_files": _files({case.alert for case in alike}),
            "evaluation_interval": interval,
            # What records goes first; left to itself, promtool takes any order.
            "group_eval_order": [group.name for group in definitions.RULE_GROUPS],
            "tests": [group_of(case, LABELS[case.alert]) for case in alike],
        }
        paths.append(folder / f"cases.{interval}.test.yml")
        paths[-1].write_text(yaml.safe_dump(document, allow_unicode=True), encoding="utf-8")
    return "".join(run_file(promtool, path) for path in paths)


@pytest.mark.parametrize("alert", sorted({case.alert for case in CASES}))
def test_alert_fires_and_keeps_quiet_as_it_should(alert, tool, tmp_path):
    cases = [case for case in CASES if case.alert == alert]

    assert _run_cases(tool("promtool"), cases, tmp_path) == ""


def test_templates_read_well(tool, tmp_path):
    assert _run_cases(tool("promtool"), TEXTS, tmp_path) == ""
