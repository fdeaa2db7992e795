"""The reference page of the alerts."""

from collections.abc import Iterable

from alojamientos.monitoring import conventions
from alojamientos.monitoring.model import AlertRule, RuleGroup


def alerts(groups: Iterable[RuleGroup]) -> str:
    """Return docs/reference/alerts.md."""
    groups = tuple(groups)
    lines = [
        f"<!-- {conventions.HEADER} -->",
        "# Alerts",
        "",
        "| alert | severity | service | fires after | runbook |",
        "|---|---|---|---|---|",
        *(_row(rule) for group in groups for rule in group.alerts),
    ]
    for group in groups:
        lines += ["", f"## `{group.path}`, evaluated every {group.interval}"]
        for rule in group.alerts:
            lines += ["", *_entry(rule)]
    return "\n".join(lines) + "\n"


def _row(rule: AlertRule) -> str:
    of_series = rule.service == conventions.SERVICE_OF_SERIES
    return (
        f"| [{rule.name}](#{rule.name.lower()}) | {rule.severity}"
        f" | {'by [level](slos.md)' if of_series else rule.service}"
        f" | {rule.hold or 'at once'} | [runbook](../runbooks/{rule.name}.md) |"
    )


def _entry(rule: AlertRule) -> list[str]:
    lines = [f"### {rule.name}", f"{rule.summary}.", "", "```promql"]
    lines += [*str(rule.expr).splitlines(), "```", "", f"> {rule.owner_es}"]
    if rule.depends_on:
        lines += ["", f"Not sent while {' or '.join(rule.depends_on)} is known to be down."]
    return lines
