"""Ask promtool whether rules do what their cases say."""

import os
import subprocess
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import yaml
from tests.monitoring.cases.case import Case
from tests.monitoring.cases.readings import Reading
from tests.monitoring.tools.rules import Rule, document

RULE_FILE = "rules.yml"
_MILLION = 1_000_000
# It makes a database for each case and waits for the disk to have it: memory is no disk.
_MEMORY = Path("/dev/shm")  # noqa: S108 - scratch of promtool, which it removes
_SCRATCH = {"TMPDIR": str(_MEMORY)} if _MEMORY.is_dir() else {}


def run_cases(promtool: str, cases: Iterable[Case], folder: Path, rules: Mapping[str, Rule]) -> str:
    """Run the cases against the rules of their alerts; return what promtool says is wrong."""
    cases = tuple(cases)
    needed = {case.alert: rules[case.alert] for case in cases}
    text = document(*((*rule.needs, rule.alert) for rule in needed.values()))
    (folder / RULE_FILE).write_text(text, encoding="utf-8")
    return "".join(run(promtool, text, folder) for text in written(cases, rules).values())


def written(cases: Iterable[Case], rules: Mapping[str, Rule]) -> dict[str, str]:
    """Return promtool's test files for `cases`, by their interval; they want RULE_FILE beside."""
    by_interval: dict[str, list[Case]] = {}
    for case in cases:
        by_interval.setdefault(case.interval, []).append(case)
    return {
        interval: yaml.dump(
            {
                "rule_files": [RULE_FILE],
                "evaluation_interval": interval,
                "tests": [group_of(case, rules[case.alert].alert["labels"]) for case in some],
            },
            Dumper=yaml.CSafeDumper,
            allow_unicode=True,
        )
        for interval, some in by_interval.items()
    }


def read(promtool: str, readings: Iterable[Reading], folder: Path, rule: Mapping[str, Any]) -> str:
    """Run the readings of one recording rule; return what promtool says is wrong."""
    (folder / RULE_FILE).write_text(document((dict(rule),)), encoding="utf-8")
    return run(promtool, written_readings(readings), folder)


def written_readings(readings: Iterable[Reading]) -> str:
    """Return promtool's test file for `readings`; it wants RULE_FILE beside."""
    readings = tuple(readings)
    (interval,) = {reading.interval for reading in readings}
    tests = [
        {
            "name": reading.name,
            "interval": reading.interval,
            "input_series": [{"series": s, "values": v} for s, v in reading.series.items()],
            "promql_expr_test": [
                {
                    # In millionths: whole numbers compare without a last bit that differs.
                    "expr": f'round({_MILLION} * sum({reading.record}{{slo="{reading.slo}"}}))',
                    "eval_time": reading.at,
                    "exp_samples": []
                    if reading.value is None
                    else [{"labels": "{}", "value": round(_MILLION * reading.value)}],
                }
            ],
        }
        for reading in readings
    ]
    text = {"rule_files": [RULE_FILE], "evaluation_interval": interval, "tests": tests}
    return yaml.dump(text, Dumper=yaml.CSafeDumper, allow_unicode=True)


def run(promtool: str, tests: str, folder: Path) -> str:
    """Run a test file against the RULE_FILE in `folder`; return what promtool says is wrong."""
    path = folder / "cases.yml"
    path.write_text(tests, encoding="utf-8")
    return run_file(promtool, path)


def run_file(promtool: str, path: Path) -> str:
    """Run a test file that is there; return what promtool says is wrong."""
    result = subprocess.run(
        [promtool, "test", "rules", str(path)],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, **_SCRATCH},
    )
    return "" if result.returncode == 0 else result.stdout + result.stderr


def group_of(case: Case, labels: Mapping[str, str]) -> dict[str, Any]:
    """Return promtool's test group for `case` of an alert that carries `labels`."""
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
