import re
import subprocess
from collections.abc import Iterable
from pathlib import Path

import pytest
import yaml
from tests.monitoring import slo_cases
from tests.monitoring.conftest import ROOT
from tests.monitoring.rule_cases import CASES as PLAIN_CASES
from tests.monitoring.rule_cases import TEXTS as PLAIN_TEXTS
from tests.monitoring.rule_cases import Case

from alojamientos.monitoring import definitions

CASES = [*PLAIN_CASES, *slo_cases.CASES]
TEXTS = [*PLAIN_TEXTS, *slo_cases.TEXTS]

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


def _metrics(case: Case) -> frozenset[str]:
    return frozenset(series.split("{")[0] for series in case.series)


def _recordings(folder: Path, metrics: frozenset[str]) -> Path:
    """Write the committed recording rules without those that read other metrics than these.

    They would record nothing, and a case would take three times as long.
    """
    folder.mkdir()
    for path in RECORDINGS.glob("*.yml"):
        document = yaml.safe_load(path.read_text(encoding="utf-8"))
        for group in document["groups"]:
            group["rules"] = [
                rule
                for rule in group["rules"]
                if any(text in rule["expr"] for text in ("slo:", "vector(", *metrics))
            ]
        (folder / path.name).write_text(yaml.safe_dump(document), encoding="utf-8")
    return folder


def run_cases(promtool: str, cases: Iterable[Case], folder: Path, rules: Path = RULES) -> str:
    """Run the cases against the rule files; return what promtool says is wrong."""
    alike: dict[tuple[str, str, frozenset[str]], list[Case]] = {}
    for case in cases:
        reads_recorded = _RECORDED.search(str(ALERTS[case.alert].expr)) is not None
        key = (case.alert, case.interval, _metrics(case) if reads_recorded else frozenset())
        alike.setdefault(key, []).append(case)
    paths = []
    for number, ((alert, interval, metrics), group) in enumerate(alike.items()):
        files = [str(rules / ALERT_FILES[alert])]
        if _RECORDED.search(str(ALERTS[alert].expr)):
            files.append(str(_recordings(folder / f"recordings-{number}", metrics) / "*.yml"))
        document = {
            "rule_files": files,
            "evaluation_interval": interval,
            # What records goes first; left to itself, promtool takes any order.
            "group_eval_order": [group.name for group in definitions.RULE_GROUPS],
            "tests": [_group(case) for case in group],
        }
        paths.append(folder / f"cases.{number}.test.yml")
        paths[-1].write_text(yaml.safe_dump(document, allow_unicode=True), encoding="utf-8")
    result = subprocess.run(
        [promtool, "test", "rules", *map(str, paths)], capture_output=True, text=True, check=False
    )
    return "" if result.returncode == 0 else result.stdout + result.stderr


@pytest.mark.parametrize("alert", ALERTS)
def test_alert_fires_and_keeps_quiet_as_it_should(alert, tool, tmp_path):
    cases = [case for case in CASES if case.alert == alert]

    assert run_cases(tool("promtool"), cases, tmp_path) == ""


def test_templates_read_well(tool, tmp_path):
    assert run_cases(tool("promtool"), TEXTS, tmp_path) == ""


@pytest.mark.parametrize("alert", ALERTS)
def test_every_alert_has_a_firing_a_quiet_and_a_boundary_case(alert):
    kinds = {case.kind for case in CASES if case.alert == alert}

    if not ALERTS[alert].hold:  # one that fires always is never quiet and has no boundary
        assert kinds >= {"firing"}
    else:
        assert kinds >= {"firing", "quiet", "boundary"}


def test_no_case_is_about_an_alert_that_is_gone():
    assert {case.alert for case in CASES + TEXTS} <= set(ALERTS)


MUTATIONS = {
    "ServiceDown": [
        ("for: 1m", "for: 50s"),
        ("for: 1m", "for: 1m10s"),
        ("== 0", "<= 1"),
        ("sum by (job) (up", "min by (job) (up"),
        ('absent(up{job="backend"})', 'absent(up{job="nothing"}) == 2'),
    ],
    "DatabaseDown": [
        ("for: 1m", "for: 50s"),
        ("for: 1m", "for: 1m10s"),
        ("max(app_dependency_up", "min(app_dependency_up"),
        ("max(pg_up) == 0", "max(pg_up) == 2"),
        ("> 0", "> 1"),
        ("and on ()", "or"),
    ],
    "RedisDown": [
        ("for: 2m", "for: 1m50s"),
        ("for: 2m", "for: 2m10s"),
        ("max(redis_up) == 0", "max(redis_up) == 2"),
        ("> 0", "> 1"),
        ("and on ()", "or"),
    ],
    "AlertmanagerNotificationsFailing": [("[15m]", "[5m]"), ("for: 5m", "for: 4m50s")],
    "PrometheusNotificationsFailing": [("[5m]", "[6m]"), ("> 0", "> 1")],
    "ErrorBudgetBurnFast": [
        ("> 14.4\n", "> 13\n"),
        ("> 14.4\n", "> 16\n"),
        (">= 3", ">= 4"),
        (">= 3", ">= 2"),
        ("ratio_rate1h", "ratio_rate2h"),
        ("ratio_rate5m", "ratio_rate10m"),
        ('{slo!~"ical-freshness"}', ""),
    ],
    "SloOutage": [
        ("> 0.5", "> 0.4"),
        ("> 0.5", "> 0.6"),
        (">= 5", ">= 4"),
        (">= 5", ">= 6"),
        ("ratio_rate10m", "ratio_rate30m"),
        ('{slo!~"ical-freshness"}', ""),
    ],
    "SloSignalMissing": [
        ("for: 10m", "for: 8m"),
        ("for: 10m", "for: 12m"),
        ('absent(slo:total_events:rate5m{slo="payment-notifications"})', "vector(1) == 2"),
    ],
}


@pytest.mark.parametrize(
    ("alert", "was", "becomes"), [(a, w, b) for a, pairs in MUTATIONS.items() for w, b in pairs]
)
def test_a_rule_that_went_wrong_is_caught(alert, was, becomes, tool, tmp_path):
    cases = [case for case in CASES if case.alert == alert]
    for path in RULES.glob("*.yml"):
        text = path.read_text(encoding="utf-8")
        head, found, tail = text.partition(f"- alert: {alert}\n")
        if found:
            assert was in tail.split("- alert: ")[0]
            text = head + found + tail.replace(was, becomes, 1)
        (tmp_path / "rules").mkdir(exist_ok=True)
        (tmp_path / "rules" / path.name).write_text(text, encoding="utf-8")

    assert run_cases(tool("promtool"), cases, tmp_path, rules=tmp_path / "rules") != ""
