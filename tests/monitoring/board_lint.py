"""What a panel's queries must not do, whatever Prometheus would accept; each finding says why."""

import re
from collections.abc import Iterator

import promql_parser

from alojamientos.monitoring.board import OVER_TIME, Panel, text_of
from alojamientos.monitoring.conventions import TARGET_LABELS
from alojamientos.monitoring.definitions.exporters import EXPORTER_METRICS
from alojamientos.monitoring.definitions.recorded import ALERTS, RECORDED_SLO
from alojamientos.monitoring.promql import (
    RATE_INTERVAL,
    ExporterMetric,
    Expr,
    Recorded,
    scraped_labels,
)
from alojamientos.telemetry.catalogue import CATALOGUE, Metric

_RECORDED = {series.name: series for series in (*RECORDED_SLO, ALERTS)}
_PARTS = ("_bucket", "_count", "_sum")


def findings(panel: Panel) -> Iterator[str]:
    """Yield what is wrong with the queries of `panel`."""
    for query in panel.queries:
        tree = promql_parser.parse(text_of(query.expr, step=15, scrape=30))
        yield from _of_node(tree, inside=())
        yield from _window_findings(panel, query.expr)


def _of_node(node: object, inside: tuple[str, ...]) -> Iterator[str]:
    if isinstance(node, promql_parser.VectorSelector):
        yield from _of_selector(node, inside)
        return
    if isinstance(node, promql_parser.MatrixSelector):
        yield from _of_selector(node.vector_selector, inside)
        return
    if isinstance(node, promql_parser.Call):
        name = node.func.name
        if name == "irate":
            yield "irate shows the last two samples only"
        if name == "histogram_quantile" and not _keeps_le(node.args[1]):
            yield "histogram_quantile wants the sum by le"
        inside = (*inside, name)
    if isinstance(node, promql_parser.AggregateExpr):
        inside = (*inside, str(node.op))
    for name in ("lhs", "rhs", "expr"):
        child = getattr(node, name, None)
        if isinstance(child, promql_parser.Expr):
            yield from _of_node(child, inside)
    for child in getattr(node, "args", None) or []:
        yield from _of_node(child, inside)


def _keeps_le(node: object) -> bool:
    return "le" in re.findall(r"\w+", str(getattr(node, "modifier", "")))


def _of_selector(selector: promql_parser.VectorSelector, inside: tuple[str, ...]) -> Iterator[str]:
    name = str(selector.name)
    found = known(name)
    if found is None:
        yield f"{name} is in no catalogue"
        return
    labels = {matcher.name for matcher in selector.matchers.matchers}
    unknown = labels - labels_of(found) - ({"le"} if name.endswith("_bucket") else set())
    if unknown:
        yield f"{name} has no label {', '.join(sorted(unknown))}"
    is_counter = not isinstance(found, Recorded) and (
        found.kind == "counter" or (found.kind == "histogram" and name.endswith(_PARTS))
    )
    if is_counter and not {"rate", "increase", "count"} & set(inside):
        yield f"{name} only grows; ask for its rate or increase"
    if not is_counter and {"rate", "increase"} & set(inside):
        yield f"{name} is no counter"


def known(name: str) -> Metric | ExporterMetric | Recorded | None:
    """Return what is known of a series by its name in Prometheus."""
    for part in ("", *_PARTS):
        base = name.removesuffix(part) if part else name
        if found := CATALOGUE.get(base):
            return found if (found.kind == "histogram") == bool(part) else None
    return EXPORTER_METRICS.get(name) or _RECORDED.get(name)


def labels_of(found: Metric | ExporterMetric | Recorded) -> set[str]:
    if isinstance(found, Recorded):
        return set(found.labels)
    return {*scraped_labels(found), *TARGET_LABELS}


def _window_findings(panel: Panel, expr: Expr) -> Iterator[str]:
    windows = {part.split("]")[0] for part in expr.text.split("[")[1:]}
    if panel.kind == "bars":
        if windows - {panel.step}:
            yield "bars that overlap or leave gaps: the window is not the step"
    elif panel.kind in OVER_TIME:
        if windows - {RATE_INTERVAL} and not panel.fixed_window:
            yield f"a window of its own without a reason; lines zoom with {RATE_INTERVAL}"
    elif RATE_INTERVAL in windows:
        yield "a number must not depend on how far the board is zoomed"
