"""Alerts on service levels do what their cases say, with every file as Prometheus loads it.

What is recorded at intervals of its own reaches the alerts in time; that takes minutes to play,
so the finer cases are left to test_rules_promtool.py, which gives each alert what it reads only.
"""

import re
import subprocess
from collections.abc import Iterable
from pathlib import Path

import pytest
import yaml
from tests.monitoring.cases import journey, slo
from tests.monitoring.cases.case import Case
from tests.monitoring.cases.slo import TEXTS
from tests.monitoring.conftest import ROOT

from alojamientos.monitoring import definitions

CASES = [
    case for case in (*slo.CASES, *journey.SLO_CASES) if case.kind in ("firing", "low traffic")
]
RULES = ROOT / "monitoring/prometheus/alerts"
RECORDINGS = ROOT / "monitoring/prometheus/rules"
ALERTS = {rule.name: rule for group in definitions.RULE_GROUPS for rule in group.alerts}
ALERT_FILES = {rule.name: group.file for group in definitions.RULE_GROUPS for rule in group.alerts}
_RECORDED = re.compile(r"\b\w+:\w+:\w+")


def _stamped(alert: str) -> dict[str, str]:
    """Return the labels that every alert of that name carries, as the committed files have them."""
    for path in RULES.glob("*.yml"):
        for group in yaml.safe_load(path.read_text(encoding="utf-8"))["groups"]:
            for rule in group["rules"]:
                if rule.get("alert") == alert:
                    return {**rule["labels"], "env": "test"}
    return pytest.fail(f"{alert} is in no rule file")


def _labels(alert: str, extra: dict[str, str]) -> str:
    labels = {**_stamped(alert), **extra, "alertname": alert, "alertstate": "firing"}
    return "ALERTS{" + ",".join(f'{k}="{v}"' for k, v in sorted(labels.items())) + "}"


def _group(case: Case) -> dict[str, object]:
    group: dict[str, object] = {
        "name": f"{case.alert}: {case.name}",
        "interval": case.interval,
        "external_labels": {"env": "test"},
        "input_series": [{"series": s, "values": v} for s, v in case.series.items()],
    }
    if case.annotations:
        group["alert_rule_test"] = [
            {
                "eval_time": at,
                "alertname": case.alert,
                "exp_alerts": [
                    {
                        "exp_labels": {**_stamped(case.alert), **labels},
                        "exp_annotations": dict(case.annotations),
                    }
                    for labels in expected
                ],
            }
            for at, expected in case.expect.items()
        ]
    else:
        query = f'ALERTS{{alertname="{case.alert}",alertstate="firing"}}'
        group["promql_expr_test"] = [
            {
                "expr": query,
                "eval_time": at,
                "exp_samples": [
                    {"labels": _labels(case.alert, dict(labels)), "value": 1} for labels in expected
                ],
            }
            for at, expected in case.expect.items()
        ]
    return group


def _files(rules: Path, alerts: set[str]) -> list[str]:
    """Return the rule files that the alerts need: recording for those that read none is slow."""
    files = {str(rules / ALERT_FILES[alert]) for alert in alerts}
    if any(_RECORDED.search(str(ALERTS[alert].expr)) for alert in alerts):
        files.add(str(RECORDINGS / "*.yml"))
    return sorted(files)


def run_cases(promtool: str, cases: Iterable[Case], folder: Path, rules: Path = RULES) -> str:
    """Run the cases against the rule files; return what promtool says is wrong."""
    by_interval: dict[str, list[Case]] = {}
    for case in cases:
        by_interval.setdefault(case.interval, []).append(case)
    paths = []
    for interval, alike in by_interval.items():
        document = {
            "rule_files": _files(rules, {case.alert for case in alike}),
            "evaluation_interval": interval,
            # What records goes first; left to itself, promtool takes any order.
            "group_eval_order": [group.name for group in definitions.RULE_GROUPS],
            "tests": [_group(case) for case in alike],
        }
        paths.append(folder / f"cases.{interval}.test.yml")
        paths[-1].write_text(yaml.safe_dump(document, allow_unicode=True), encoding="utf-8")
    result = subprocess.run(
        [promtool, "test", "rules", *map(str, paths)], capture_output=True, text=True, check=False
    )
    return "" if result.returncode == 0 else result.stdout + result.stderr


@pytest.mark.parametrize("alert", sorted({case.alert for case in CASES}))
def test_alert_fires_and_keeps_quiet_as_it_should(alert, tool, tmp_path):
    cases = [case for case in CASES if case.alert == alert]

    assert run_cases(tool("promtool"), cases, tmp_path) == ""


def test_templates_read_well(tool, tmp_path):
    assert run_cases(tool("promtool"), TEXTS, tmp_path) == ""
