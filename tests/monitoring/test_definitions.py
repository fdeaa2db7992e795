"""The definitions, the committed files and the runbooks agree with each other and the catalogue."""

import json
import re
from typing import Any

import promql_parser
import pytest
import yaml
from tests.monitoring.conftest import ROOT
from tests.monitoring.tools import mutations

from alojamientos.cli.app import VERBS
from alojamientos.monitoring import conventions, definitions, generate, slo_rules
from alojamientos.monitoring.definitions import routes, targets
from alojamientos.monitoring.definitions.exporters import EXPORTER_METRICS
from alojamientos.monitoring.promql import scraped_labels
from alojamientos.ops.launcher import monitors
from alojamientos.ops.launcher import parts as parts_of_stack
from alojamientos.telemetry.catalogue import CATALOGUE

RECORDED = {recorded.name: recorded for recorded in slo_rules.RECORDED}
ALERTS = [rule for group in definitions.RULE_GROUPS for rule in group.alerts]


def _walk(node, found):
    if isinstance(node, promql_parser.VectorSelector):
        found.append(node)
    if isinstance(node, promql_parser.MatrixSelector):
        found.append(node.vector_selector)
    for name in ("lhs", "rhs", "expr"):
        child = getattr(node, name, None)
        if isinstance(child, promql_parser.Expr):
            _walk(child, found)
    for child in getattr(node, "args", None) or []:
        _walk(child, found)
    return found


def _committed_rules(kind: str = "alert") -> list[dict[str, Any]]:
    return [
        rule
        for path in sorted((ROOT / "monitoring/prometheus/alerts").glob("*.yml"))
        for group in yaml.safe_load(path.read_text(encoding="utf-8"))["groups"]
        for rule in group["rules"]
        if kind in rule
    ]


def test_committed_files_are_current():
    assert generate.check(ROOT) == []


def test_rendering_twice_gives_the_same_bytes():
    assert generate.artefacts() == generate.artefacts()


def test_definitions_have_no_problem():
    assert generate.problems() == []


@pytest.mark.parametrize("path", sorted(generate.artefacts()))
def test_generated_files_say_so(path):
    text = generate.artefacts()[path]
    # JSON has no comments: a dashboard says so where its reader sees it.
    said = json.loads(text)["description"] if path.endswith(".json") else text.splitlines()[0]

    assert conventions.HEADER in said


@pytest.mark.parametrize(
    "rule",
    [*_committed_rules(), *_committed_rules("record")],
    ids=lambda rule: rule.get("alert") or rule["record"],
)
def test_every_metric_of_a_rule_is_in_the_catalogue_or_of_an_exporter_or_recorded(rule):
    selectors = _walk(promql_parser.parse(rule["expr"]), [])
    recorded = {one["record"] for one in _committed_rules("record")} | RECORDED.keys()
    recorded.add("ALERTS")  # Prometheus makes it

    assert selectors or rule["alert"] == "Watchdog"
    for selector in selectors:
        if selector.name in recorded:
            continue
        family = re.sub("_(bucket|count|sum)$", "", selector.name)
        entry = (
            CATALOGUE.get(selector.name) or CATALOGUE.get(family) or EXPORTER_METRICS[selector.name]
        )
        labels = {matcher.name for matcher in selector.matchers.matchers}
        assert labels <= {*scraped_labels(entry), "le"}


@pytest.mark.parametrize("rule", _committed_rules(), ids=lambda rule: rule["alert"])
def test_every_alert_says_what_where_how_bad_and_what_to_do(rule):
    assert set(rule["labels"]) >= set(conventions.ALERT_LABELS)
    assert set(rule["annotations"]) == set(conventions.ALERT_ANNOTATIONS)
    assert (ROOT / rule["annotations"]["runbook_url"]).is_file()


@pytest.mark.parametrize("rule", ALERTS, ids=lambda rule: rule.name)
def test_every_runbook_answers_the_four_questions(rule):
    text = (ROOT / conventions.runbook(rule.name)).read_text(encoding="utf-8")
    sections = re.split(r"^## ", text, flags=re.MULTILINE)

    assert text.startswith(f"# {rule.name}\n")
    assert tuple(s.splitlines()[0] for s in sections[1:]) == conventions.RUNBOOK_HEADINGS
    assert all(len(s.split()) > 3 for s in sections[1:])


def test_every_runbook_is_of_an_alert():
    runbooks = {path.stem for path in (ROOT / conventions.RUNBOOKS).glob("*.md")}

    assert runbooks == {rule.name for rule in ALERTS}


def test_runbooks_link_to_runbooks_that_exist():
    for path in (ROOT / conventions.RUNBOOKS).glob("*.md"):
        for target in re.findall(r"\]\(([^)]+)\)", path.read_text(encoding="utf-8")):
            assert (path.parent / target).is_file(), f"{path.name} links to {target}"


def test_runbooks_name_parts_and_verbs_that_exist():
    words = [
        words.split()
        for path in (ROOT / conventions.RUNBOOKS).glob("*.md")
        for words in re.findall(r"`alojamientos ([^`]+)`", path.read_text(encoding="utf-8"))
    ]
    parts = {line[1] for line in words if line[0] == "logs" and not line[1].startswith("--")}

    assert {line[0] for line in words} <= set(VERBS)
    assert parts <= {
        *(
            parts_of_stack.POSTGRES,
            parts_of_stack.VALKEY,
            parts_of_stack.WEB,
            parts_of_stack.WORKER,
        ),
        *(monitors.PROMETHEUS, monitors.ALERTMANAGER, monitors.POSTGRES),
    }


def test_the_specification_is_kept_by_name_and_threshold():
    rules = {rule["alert"]: rule for rule in _committed_rules()}
    specified = {
        "ServiceDown": ("== 0", "1m", "critical"),
        "HighErrorRate": ("> 0.05", "5m", "critical"),
        "HighLatencyP95": ("> 6", "3m", "critical"),
        "DatabaseDown": ("== 0", "1m", "critical"),
        "RedisDown": ("== 0", "2m", "critical"),
        # A warning in its rule, critical in the table of objectives: what can sell a cabin twice
        # is critical. 40 minutes, in seconds.
        "ICalSyncStale": ("> 2400", "5m", "critical"),
        # 0.1/s and 0.5/s are out of a cabin's reach: what they stand for is in the decision.
        "FrequentDateOverlaps": (">= 4", "5m", "warning"),
        "FrequentLockFailures": ("> 0.2", "3m", "warning"),
        "HighCPUUsage": ("> 80", "5m", "warning"),
        "HighMemoryUsage": ("> 85", "5m", "warning"),
        "DiskSpaceLow": ("< 15", "5m", "warning"),
        "HighDatabaseConnections": ("> 80", "5m", "warning"),
    }

    for name, (threshold, hold, severity) in specified.items():
        assert re.search(rf"{re.escape(threshold)}\b", rules[name]["expr"]), name
        assert (rules[name]["for"], rules[name]["labels"]["severity"]) == (hold, severity), name
    assert rules["ServiceDown"]["labels"]["team"] == "backend"


def test_the_table_of_objectives_is_kept_in_both_columns():
    rules = {rule["alert"]: rule for rule in _committed_rules()}
    columns = {
        "TextReplyLatencyP95": ("> 4", "> 6"),
        "AudioReplyLatencyP95": ("> 20", "> 30"),
        "LatencyP95": ("> 4", "> 6"),
        "ErrorRate": ("> 0.03", "> 0.05"),
    }
    pairs = {
        **{(f"Elevated{name}", f"High{name}"): limits for name, limits in columns.items()},
        ("ICalSyncDelayed", "ICalSyncStale"): ("> 1800", "> 2400"),
    }

    for names, limits in pairs.items():
        for name, limit, severity in zip(names, limits, ("warning", "critical"), strict=True):
            assert f"{limit}\n" in f"{rules[name]['expr']}\n", name
            assert rules[name]["labels"]["severity"] == severity


def test_prometheus_is_configured_as_specified():
    config = yaml.safe_load((ROOT / "monitoring/prometheus/prometheus.yml").read_text("utf-8"))
    jobs = {job["job_name"]: job for job in config["scrape_configs"]}

    assert config["global"]["scrape_interval"] == "15s"
    assert config["global"]["external_labels"] == {
        "cluster": "alojamientos-prod",
        "env": "production",
    }
    assert config["rule_files"] == ["/etc/prometheus/alerts/*.yml", "/etc/prometheus/rules/*.yml"]
    assert {
        name: (job["scrape_interval"], job["static_configs"][0]["targets"])
        for name, job in jobs.items()
        if name in ("backend", "worker", "postgres", "redis", "node")
    } == {
        "backend": ("10s", ["backend:8000"]),
        "worker": ("10s", ["worker:8001"]),
        "postgres": ("30s", ["postgres-exporter:9187"]),
        "redis": ("30s", ["redis-exporter:9121"]),
        "node": ("15s", ["node-exporter:9100"]),
    }
    assert set(jobs) == set(conventions.JOBS)


def test_what_is_kept_covers_every_window_with_slack():
    days = mutations.in_seconds(targets.RETENTION_TIME) / 86_400
    windows = [
        mutations.in_seconds(window)
        for rule in (*_committed_rules(), *_committed_rules("record"))
        for window in re.findall(r"\[(\w+)\]", rule["expr"])
    ]

    assert days >= 30 * 1.1
    assert max(windows) <= 0.9 * days * 86_400


def test_a_killed_backend_is_mailed_within_two_minutes_in_the_worst_case():
    def read(duration):
        return int(duration[:-1]) * {"s": 1, "m": 60}[duration[-1]]

    backend = next(job for job in targets.SCRAPE_JOBS if job.name == conventions.BACKEND)
    group = next(g for g in definitions.RULE_GROUPS if g.name == "critical_alerts")
    rule = next(rule for rule in group.alerts if rule.name == "ServiceDown")
    critical = routes.ROOT.routes[1]

    worst = (
        read(backend.interval)
        + read(group.interval)  # until it is pending
        + read(rule.hold)
        + read(group.interval)  # until it fires
        + read(critical.group_wait)
    )
    assert worst <= 110
