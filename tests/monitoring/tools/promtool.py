"""Ask promtool whether rules do what their cases say."""

import subprocess
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import yaml
from tests.monitoring.cases.case import Case
from tests.monitoring.tools.rules import Rule, document


def run_cases(promtool: str, cases: Iterable[Case], folder: Path, rules: Mapping[str, Rule]) -> str:
    """Run the cases against the rules of their alerts; return what promtool says is wrong."""
    by_interval: dict[str, list[Case]] = {}
    for case in cases:
        by_interval.setdefault(case.interval, []).append(case)
    said = ""
    for interval, some in by_interval.items():
        needed = {case.alert: rules[case.alert] for case in some}
        file = folder / f"rules-{interval}.yml"
        file.write_text(
            document(*((*rule.needs, rule.alert) for rule in needed.values())), encoding="utf-8"
        )
        tests = {
            "rule_files": [str(file)],
            "evaluation_interval": interval,
            "tests": [_group(case, rules[case.alert].alert["labels"]) for case in some],
        }
        path = folder / f"cases-{interval}.yml"
        path.write_text(
            yaml.dump(tests, Dumper=yaml.CSafeDumper, allow_unicode=True), encoding="utf-8"
        )
        result = subprocess.run(
            [promtool, "test", "rules", str(path)], capture_output=True, text=True, check=False
        )
        if result.returncode != 0:
            said += result.stdout + result.stderr
    return said


def _group(case: Case, labels: Mapping[str, str]) -> dict[str, Any]:
    # The template of the external label, as it comes out.
    stamped = {**labels, "env": "test"}
    group: dict[str, Any] = {
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
                        "exp_labels": {**stamped, **extra},
                        "exp_annotations": dict(case.annotations),
                    }
                    for extra in expected
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
                    {"labels": _as_series({**stamped, **extra}, case.alert), "value": 1}
                    for extra in expected
                ],
            }
            for at, expected in case.expect.items()
        ]
    return group


def _as_series(labels: Mapping[str, str], alert: str) -> str:
    everything = {**labels, "alertname": alert, "alertstate": "firing"}
    return "ALERTS{" + ",".join(f'{k}="{v}"' for k, v in sorted(everything.items())) + "}"
