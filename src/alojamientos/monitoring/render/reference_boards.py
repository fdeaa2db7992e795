"""The reference page of the dashboards: what each picture shows, and what it asks."""

from collections.abc import Iterable

from alojamientos.monitoring import conventions
from alojamientos.monitoring.board import Dashboard, Mark, Panel, Scale
from alojamientos.monitoring.model import RuleGroup
from alojamientos.monitoring.related import alerts_of

_HEAD = f"""<!-- {conventions.HEADER} -->
# Dashboards

Grafana's JSON in `monitoring/grafana/dashboards` is rendered from these definitions.
No data is not zero: an empty picture says why it may be empty, or that something is not measured.
`$__rate_interval` is as wide as the drawing needs, and never below four scrapes.
"""


def page(boards: Iterable[Dashboard], marks: Iterable[Mark], groups: Iterable[RuleGroup]) -> str:
    """Return docs/reference/dashboards.md."""
    boards, groups = tuple(boards), tuple(groups)
    lines = [_HEAD, "| board | address | panels | what for |", "|---|---|---|---|"]
    lines += [
        f"| [{board.title}](#{board.title.lower().replace(' ', '-')}) | `/d/{board.uid}`"
        f" | {sum(1 for _ in board.panels())} | {board.description} |"
        for board in boards
    ]
    lines += ["", "Marked on all of them:", ""]
    for mark in marks:
        lines += [f"- **{mark.name}**", "", *_query("  ", str(mark.expr))]
    for board in boards:
        lines += ["", f"## {board.title}"]
        for row in board.rows:
            lines += ["", f"### {row.title}"]
            for panel in row.panels:
                lines += ["", *_panel(panel, groups)]
    return "\n".join(lines) + "\n"


def _panel(panel: Panel, groups: tuple[RuleGroup, ...]) -> list[str]:
    lines = [
        f"**{panel.title}** ({panel.kind}, {panel.unit.replace('_', ' ')}). {panel.description}"
    ]
    notes = []
    if panel.scale is not None:
        notes.append(f"Levels: {_levels(panel.scale)}.")
    if panel.may_be_empty:
        notes.append(f"When empty: {panel.may_be_empty}.")
    if panel.fixed_window:
        notes.append(f"Its window is its own: {panel.fixed_window}.")
    if panel.logs:
        notes.append(f"Log events: {', '.join(f'`{event}`' for event in panel.logs)}.")
    alerts = alerts_of(panel, groups)
    if alerts:
        links = ", ".join(f"[{rule.name}](../runbooks/{rule.name}.md)" for rule in alerts)
        notes.append(f"Alerts: {links}.")
    lines += notes
    lines.append("")
    for query in panel.queries:
        lines += _query("", f"# {query.legend}\n{query.expr}")
    return lines


def _query(indent: str, text: str) -> list[str]:
    return [f"{indent}{line}" for line in ("```promql", *text.splitlines(), "```")]


def _levels(scale: Scale) -> str:
    steps = [f"{level} from {value:g}" for value, level in scale.steps]
    return ", ".join([scale.floor, *steps])
