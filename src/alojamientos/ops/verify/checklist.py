"""The specification's checklist, item by item, asked of a running stack."""

import itertools
import secrets
import statistics
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from alojamientos.monitoring import conventions, definitions, slo_rules
from alojamientos.monitoring.definitions.slos import SLOS
from alojamientos.monitoring.slo import PERIOD
from alojamientos.ops.verify import dashboards, lines
from alojamientos.ops.verify.clients import Stack
from alojamientos.ops.verify.item import Finding, Item, failed, not_applicable, passed
from alojamientos.telemetry.catalogue import CATALOGUE

SCRAPE_S = 10
CUSTOM_METRICS = 20
RULES = 7
_SAMPLES = 4
_TOLERANCE_S = 1.0
_SHOWN = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a stack keeps what is not asked over HTTP; None where it does not."""

    logs: Path | None
    grafana_files: Path | None


def items(stack: Stack, place: Place) -> list[Item]:
    """Return the eight items in the specification's order."""
    mail = _TestMail(stack)
    grafana = dashboards.Grafana(stack, place.grafana_files)
    asked: list[tuple[str, Callable[[], Finding], str]] = [
        (
            f"Prometheus scrapes /metrics every {SCRAPE_S} s",
            lambda: scrapes(stack),
            "alojamientos status, then the log of the part that is not up",
        ),
        (
            f"{CUSTOM_METRICS} and more metrics of our own are in Prometheus",
            lambda: custom_metrics(stack),
            "docs/reference/metrics.md, alojamientos logs web",
        ),
        ("Grafana knows Prometheus", grafana.datasource, "monitoring/grafana/datasources"),
        ("The four dashboards are there", grafana.boards, "alojamientos render"),
        (
            f"{RULES} and more alert rules are loaded and healthy",
            lambda: rules(stack),
            "alojamientos logs prometheus",
        ),
        ("Alertmanager mails a test alert", mail.look, "alojamientos logs alertmanager"),
        ("The SLOs have values", lambda: slos(stack), "monitoring/prometheus/rules/slo.yml"),
        (
            "Log lines are JSON and carry the trace of their request",
            lambda: lines.traced(stack, place.logs),
            "alojamientos logs web",
        ),
    ]
    return [
        Item(name=name, look=look, hint=hint, specified=number)
        for number, (name, look, hint) in enumerate(asked, start=1)
    ]


def scrapes(stack: Stack) -> Finding:
    """Every job is up, and the backend's samples really are 10 s apart."""
    up: dict[str, bool] = {}
    for target in stack.targets():
        job = target["labels"]["job"]
        up[job] = up.get(job, True) and target["health"] == "up"
    bad = [job for job in conventions.JOBS if not up.get(job)]
    if bad:
        return failed(f"not up: {', '.join(bad)}", may_settle=True)
    times = stack.sample_times(f'up{{job="{conventions.BACKEND}"}}[2m]')
    if len(times) < _SAMPLES:
        return failed(f"only {len(times)} scrapes of the backend yet", may_settle=True)
    gap = statistics.median(b - a for a, b in itertools.pairwise(times))
    evidence = f"{len(up)} jobs up; the backend every {gap:.1f} s ({len(times)} scrapes measured)"
    return passed(evidence) if abs(gap - SCRAPE_S) <= _TOLERANCE_S else failed(evidence)


def custom_metrics(stack: Stack) -> Finding:
    """The catalogue's families are stored under their names."""
    stored = set(stack.label_values("__name__"))
    found = [name for name in CATALOGUE if {name, f"{name}_count", f"{name}_sum"} & stored]
    missing = [name for name in CATALOGUE if name not in found]
    evidence = f"{len(found)} of {len(CATALOGUE)} in Prometheus"
    if missing:
        evidence += f"; no series: {_some(missing)}"
    if len(found) >= CUSTOM_METRICS:
        return passed(evidence)
    return failed(evidence, may_settle=True)


def rules(stack: Stack) -> Finding:
    """Every alert that is defined is loaded, and evaluates."""
    health = {rule["name"]: rule["health"] for rule in stack.rules()}
    wanted = [rule.name for group in definitions.RULE_GROUPS for rule in group.alerts]
    missing = [name for name in wanted if name not in health]
    if missing:
        return failed(f"not loaded: {_some(missing)}")
    failing = [name for name, state in health.items() if state == "err"]
    if failing:
        return failed(f"failing: {_some(failing)}")
    unknown = [name for name, state in health.items() if state == "unknown"]
    if unknown:
        return failed(f"not evaluated yet: {_some(unknown)}", may_settle=True)
    evidence = f"{len(wanted)} alerts among {len(health)} rules, all evaluated"
    return passed(evidence) if len(wanted) >= RULES else failed(evidence)


def slos(stack: Stack) -> Finding:
    """Every level that had events has a budget; one without events yet is named as such."""
    left = _by_slo(stack, slo_rules.REMAINING.name)
    events = _by_slo(stack, slo_rules.TOTAL[PERIOD].name)
    names = [slo.name for slo in SLOS]
    missing = [name for name in names if name not in left and events.get(name, 0) > 0]
    idle = [name for name in names if name not in left and name not in missing]
    shown = ", ".join(f"{name} {100 * left[name]:.1f} %" for name in names if name in left)
    evidence = f"budget left: {shown or 'none recorded yet'}"
    if idle:
        evidence += f"; no event to measure yet: {', '.join(idle)}"
    if missing or not left:
        waiting = f"; events but no budget: {', '.join(missing)}" if missing else ""
        return failed(evidence + waiting, may_settle=True)
    return passed(evidence)


def _by_slo(stack: Stack, name: str) -> dict[str, float]:
    return {
        sample["metric"].get("slo", ""): float(sample["value"][1]) for sample in stack.query(name)
    }


class _TestMail:
    """Post an alert of its own to Alertmanager once, and wait until its mail is there."""

    def __init__(self, stack: Stack) -> None:
        self._stack = stack
        self._mark = f"verify-{secrets.token_hex(4)}"
        self._posted = False

    def look(self) -> Finding:
        if not self._posted:
            now = datetime.now(UTC)
            self._stack.post_alert(
                # No severity that anybody is woken by: the root route mails it.
                labels={"alertname": "VerifyMail", "service": self._mark, "severity": "test"},
                annotations={
                    "summary": "A test mail that `alojamientos verify` asked for",
                    "description": "Nothing is wrong.",
                    "owner_es": "Correo de prueba: no pasa nada y no hay nada que hacer.",
                },
                ends_at=now + timedelta(minutes=2),
            )
            self._posted = True
        if self._stack.addresses.mail is None:
            return not_applicable(
                "posted, but mail leaves this machine: look for VerifyMail in SMTP_DEVOPS' inbox"
            )
        subjects = [subject for subject in self._stack.mail_subjects() if self._mark in subject]
        if subjects:
            return passed(f"received: {subjects[0]}")
        return failed("posted to Alertmanager, no mail yet", may_settle=True)


def _some(names: list[str]) -> str:
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return ", ".join(names[:_SHOWN]) + more
