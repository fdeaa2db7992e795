"""Dashboards as Grafana's JSON, and the files that make Grafana take them in."""

import json
from collections.abc import Iterable, Iterator
from typing import Any
from urllib.parse import quote

from grafana_foundation_sdk.builders import dashboard as build
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models import dashboard

from alojamientos.monitoring import conventions
from alojamientos.monitoring.board import COLUMNS, Dashboard, Mark, Panel
from alojamientos.monitoring.model import RuleGroup, ScrapeJob
from alojamientos.monitoring.related import alerts_of
from alojamientos.monitoring.render.documents import document
from alojamientos.monitoring.render.grafana_panels import COLOURS, DATASOURCE, legend, panel

# Where a mount of the committed folder puts the boards, beside the file that names it.
PROVISIONED = "/etc/grafana/provisioning/dashboards"
# Where Grafana itself serves docs/runbooks from, once it is mounted below its public folder.
_RUNBOOKS_AT = "/public/runbooks"
_DATASOURCE_NAME = "Prometheus"
_TAG = "alojamientos"
_GRID = 24
_LOW, _HIGH = 5, 8
_SECONDS = {"s": 1, "m": 60}


def board(made_of: Dashboard, marks: Iterable[Mark], groups: Iterable[RuleGroup]) -> str:
    """Return the JSON of one dashboard, the same bytes every time."""
    marks, groups = tuple(marks), tuple(groups)
    builder = (
        build.Dashboard(made_of.title)
        .uid(made_of.uid)
        .description(f"{made_of.description} {conventions.HEADER}")
        .tags([_TAG])
        .readonly()
        .time(f"now-{made_of.span}", "now")
        .refresh(made_of.refresh)
        .timezone("browser")
        .tooltip(dashboard.DashboardCursorSync.CROSSHAIR)
        .with_variable(
            build.DatasourceVariable("datasource")
            .label("Prometheus")
            .type("prometheus")
            .current(
                dashboard.VariableOption(text=_DATASOURCE_NAME, value=conventions.PROMETHEUS_UID)
            )
        )
        .with_variable(
            build.TextBoxVariable("runbooks")
            .label("Runbooks at")
            .description("Where docs/runbooks is served; links to runbooks begin with it.")
            .default_value(_RUNBOOKS_AT)
        )
        .link(
            build.DashboardLink("Boards")
            .type(dashboard.DashboardLinkType.DASHBOARDS)
            .tags([_TAG])
            .as_dropdown(True)
            .keep_time(True)
            .include_vars(True)
        )
    )
    for item in _laid_out(made_of, groups):
        builder.with_row(item) if isinstance(item, build.Row) else builder.with_panel(item)
    for mark in marks:
        builder.annotation(
            build.AnnotationQuery()
            .name(mark.name)
            .datasource(DATASOURCE)
            .enable(True)
            .hide(False)
            .icon_color(COLOURS[mark.level])
            .expr(str(mark.expr))
        )
    content = json.loads(json.dumps(builder.build(), cls=JSONEncoder))
    _word_marks(content, marks)
    return json.dumps(content, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def _word_marks(content: dict[str, Any], marks: tuple[Mark, ...]) -> None:
    # The SDK's annotation has no words; without them Grafana draws it with nothing to read.
    for annotation, mark in zip(content["annotations"]["list"], marks, strict=True):
        annotation["titleFormat"] = legend(mark.title)
        annotation["textFormat"] = legend(mark.text)


def _laid_out(made_of: Dashboard, groups: tuple[RuleGroup, ...]) -> Iterator[Any]:
    """Yield rows and panels with ids and places: from left to right, as high as their row."""
    top, number = 0, 0
    for row in made_of.rows:
        number += 1
        yield build.Row(row.title).id(number).grid_pos(dashboard.GridPos(h=1, w=_GRID, x=0, y=top))
        top += 1
        for line in _lines(row.panels):
            height = max(_HIGH if item.width > _GRID // COLUMNS else _LOW for item in line)
            left = 0
            for item in line:
                number += 1
                width = item.width * _GRID // COLUMNS
                place = dashboard.GridPos(h=height, w=width, x=left, y=top)
                yield (
                    panel(item)
                    .id(number)
                    .grid_pos(place)
                    .description(_description(item, groups))
                    .links(_links(item, groups))
                )
                left += width
            top += height


def _lines(panels: Iterable[Panel]) -> Iterator[list[Panel]]:
    line: list[Panel] = []
    for item in panels:
        if sum(other.width for other in line) + item.width > COLUMNS:
            yield line
            line = []
        line.append(item)
    if line:
        yield line


def _description(item: Panel, groups: tuple[RuleGroup, ...]) -> str:
    alerts = ", ".join(rule.name for rule in alerts_of(item, groups))
    parts = [item.description]
    if item.may_be_empty:
        parts.append(f"Empty: {item.may_be_empty[0].lower()}{item.may_be_empty[1:]}.")
    if alerts:
        parts.append(f"Alerts on it: {alerts}; runbooks in {conventions.RUNBOOKS}.")
    return " ".join(parts)


def _links(item: Panel, groups: tuple[RuleGroup, ...]) -> list[build.DashboardLink]:
    links = [
        build.DashboardLink(f"Runbook: {rule.name}")
        .type(dashboard.DashboardLinkType.LINK)
        .url(f"${{runbooks}}/{rule.name}.md")
        .target_blank(True)
        for rule in alerts_of(item, groups)
    ]
    if item.logs:
        links.append(
            build.DashboardLink("Logs (where Loki collects them)")
            .type(dashboard.DashboardLinkType.LINK)
            .url(_logs(item.logs))
            .target_blank(True)
        )
    return links


def _logs(events: tuple[str, ...]) -> str:
    pattern = "|".join(event.replace(".", r"\\.") for event in events)
    ours = f"{conventions.BACKEND}|{conventions.WORKER}"
    source = {"type": "loki", "uid": conventions.LOKI_UID}
    query = {
        "refId": "A",
        "datasource": source,
        "expr": f'{{service=~"{ours}"}} | json | event=~"{pattern}"',
    }
    pane = {
        "datasource": conventions.LOKI_UID,
        "queries": [query],
        "range": {"from": "${__from}", "to": "${__to}"},
    }
    # Grafana fills in the times of the board; it finds its variables only as they are.
    encoded = quote(json.dumps({"logs": pane}, separators=(",", ":")), safe="${}")
    return f"/explore?schemaVersion=1&orgId=1&panes={encoded}"


def datasource(address: str, jobs: Iterable[ScrapeJob]) -> str:
    """Return the file that connects Grafana to the Prometheus at `address`.

    `$__rate_interval` is at least four times the slowest scrape, so that it always holds samples.
    """
    slowest = max((job.interval for job in jobs), key=lambda i: int(i[:-1]) * _SECONDS[i[-1]])
    return document(
        {
            "apiVersion": 1,
            "datasources": [
                {
                    "name": _DATASOURCE_NAME,
                    "uid": conventions.PROMETHEUS_UID,
                    "type": "prometheus",
                    "access": "proxy",
                    "url": f"http://{address}",
                    "isDefault": True,
                    "editable": False,
                    "jsonData": {
                        "httpMethod": "POST",
                        "prometheusType": "Prometheus",
                        "timeInterval": slowest,
                        "manageAlerts": False,
                    },
                }
            ],
        }
    )


def provider() -> str:
    """Return the file that makes Grafana read the dashboards beside it."""
    return document(
        {
            "apiVersion": 1,
            "providers": [
                {
                    "name": "alojamientos",
                    "folder": "Alojamientos",
                    "type": "file",
                    "disableDeletion": True,
                    # What is changed by hand would be overwritten without a word.
                    "allowUiUpdates": False,
                    "updateIntervalSeconds": 30,
                    "options": {"path": PROVISIONED},
                }
            ],
        }
    )
