"""Service levels from and to OpenSLO v1, as far as OpenSLO can say them.

Indicators travel as queries of one form each, read back against the catalogue: what reads no
metric of ours is refused. OpenSLO has one condition with one window per alert policy, so the
alerts, which look at two, stay ours and are not exported.
"""

import re
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any, NoReturn

from alojamientos.kit.errors import AlojamientosError
from alojamientos.monitoring.promql import (
    InvalidExpression,
    Operator,
    Where,
    series,
)
from alojamientos.monitoring.slo import PERIOD, Failing, Indicator, Slo, Slow, Stale
from alojamientos.telemetry.catalogue import CATALOGUE, Metric

API_VERSION = "openslo/v1"
PREFIX = "alojamientos.local/"
_OWNER, _EVENTS = f"{PREFIX}owner-es", f"{PREFIX}events-per-month"
_PAGES, _DESPITE = f"{PREFIX}pages", f"{PREFIX}despite"
_STEADY = f"{PREFIX}steady"
_MATCHER = re.compile(r'([a-z_]+)(=~|!~|!=|=)"((?:[^"\\]|\\.)*)"')
_SUM = re.compile(r"sum\(([a-z_:]+)(?:\{(.*)\})?\)")
_STALE = re.compile(r"sum\(min by \(([a-z_]+)\) \(([a-z_]+)\) >= bool (\d+)\)")
_LE = re.compile(r"([0-9]+)(?:\(\\\\\.0\)\?|\\\\\.([0-9]+))")
_SERVICES = "depends_on"


class NotExpressible(AlojamientosError):  # noqa: N818 - reads as a sentence where it is raised
    """An OpenSLO document says what our service levels cannot."""


def to_openslo(slo: Slo) -> dict[str, Any]:
    """Return `slo` as an OpenSLO v1 document of kind SLO."""
    annotations = {_OWNER: slo.owner_es, _EVENTS: str(slo.events_per_month)}
    if not slo.pages:
        annotations[_PAGES] = "false"
    if slo.steady:
        annotations[_STEADY] = "true"
    if slo.despite:
        annotations[_DESPITE] = slo.despite
    return {
        "apiVersion": API_VERSION,
        "kind": "SLO",
        "metadata": {
            "name": slo.name,
            "displayName": slo.title,
            "labels": {_SERVICES: list(slo.depends_on)},
            "annotations": annotations,
        },
        "spec": {
            "description": slo.description,
            "service": slo.service,
            "indicator": {
                "metadata": {"name": f"{slo.name}-indicator"},
                "spec": {"ratioMetric": _ratio(slo.indicator)},
            },
            "timeWindow": [{"duration": PERIOD, "isRolling": True}],
            "budgetingMethod": "Occurrences",
            "objectives": [{"displayName": slo.title, "target": float(slo.objective)}],
        },
    }


def _ratio(indicator: Indicator) -> dict[str, Any]:
    match indicator:
        case Failing(metric=metric, where=where, bad=bad):
            return {
                "counter": True,
                "bad": _source(_sum(metric.name, *where, *bad)),
                "total": _source(_sum(metric.name, *where)),
            }
        case Slow(metric=metric, where=where, seconds=seconds):
            edge = Where(label="le", operator="=~", value=_edge(seconds))
            return {
                "counter": True,
                "good": _source(_sum(f"{metric.name}_bucket", *where, edge)),
                "total": _source(_sum(f"{metric.name}_count", *where)),
            }
        case Stale(metric=metric, by=by, limit=limit):
            each = f"min by ({by}) ({metric.name})"
            # Not a counter: each sample tells how many minutes of feeds its minute had.
            return {
                "counter": False,
                "bad": _source(f"sum({each} >= bool {limit})"),
                "total": _source(f"count({each})"),
            }


def _edge(seconds: float) -> str:
    whole, _, rest = f"{seconds:g}".partition(".")
    return f"{whole}\\\\.{rest}" if rest else f"{whole}(\\\\.0)?"


def _sum(name: str, *where: Where) -> str:
    matchers = ",".join(str(matcher) for matcher in where)
    return f"sum({name}{{{matchers}}})" if matchers else f"sum({name})"


def _source(query: str) -> dict[str, Any]:
    return {"metricSource": {"type": "Prometheus", "spec": {"query": query}}}


def from_openslo(document: Mapping[str, Any]) -> Slo:
    """Return the service level that an OpenSLO v1 document describes.

    Raises NotExpressible naming the field that says more than we can, or less than we need.
    """
    if document.get("apiVersion") != API_VERSION or document.get("kind") != "SLO":
        _refuse("apiVersion and kind", f"must be {API_VERSION} and SLO")
    _only(document, "the document", "apiVersion", "kind", "metadata", "spec")
    metadata, spec = _map(document, "metadata"), _map(document, "spec")
    _only(metadata, "metadata", "name", "displayName", "labels", "annotations")
    known = ("description", "service", "indicator", "timeWindow", "budgetingMethod", "objectives")
    _only(spec, "spec", *known)
    if spec.get("timeWindow") != [{"duration": PERIOD, "isRolling": True}]:
        _refuse("spec.timeWindow", f"must be one rolling window of {PERIOD}")
    if spec.get("budgetingMethod") != "Occurrences":
        _refuse("spec.budgetingMethod", "must be Occurrences: every event counts the same")
    labels, annotations = _map(metadata, "labels"), _map(metadata, "annotations")
    _only(labels, "metadata.labels", _SERVICES)
    _only(annotations, "metadata.annotations", _OWNER, _EVENTS, _PAGES, _STEADY, _DESPITE)
    events = _text(annotations, _EVENTS)
    if not events.isdecimal():
        _refuse(f"metadata.annotations.{_EVENTS}", "must be a whole number")
    return Slo(
        name=_text(metadata, "name"),
        title=_text(metadata, "displayName"),
        description=_text(spec, "description"),
        owner_es=_text(annotations, _OWNER),
        service=_text(spec, "service"),
        depends_on=tuple(labels.get(_SERVICES, ())),
        indicator=_indicator(_map(spec, "indicator")),
        objective=_objective(spec),
        events_per_month=int(events),
        pages=_flag(annotations, _PAGES, default=True),
        steady=_flag(annotations, _STEADY, default=False),
        despite=annotations.get(_DESPITE, ""),
    )


def _flag(annotations: Mapping[str, Any], name: str, *, default: bool) -> bool:
    said = annotations.get(name, "true" if default else "false")
    if said not in ("true", "false"):
        _refuse(f"metadata.annotations.{name}", "must be true or false")
    return bool(said == "true")


def _objective(spec: Mapping[str, Any]) -> Decimal:
    objectives = spec.get("objectives")
    if not isinstance(objectives, list) or len(objectives) != 1:
        _refuse("spec.objectives", "must be exactly one")
    _only(objectives[0], "spec.objectives[0]", "displayName", "target")
    try:
        return Decimal(str(objectives[0].get("target")))
    except InvalidOperation:
        _refuse("spec.objectives[0].target", "must be a number between 0 and 1")


def _indicator(indicator: Mapping[str, Any]) -> Indicator:
    _only(indicator, "spec.indicator", "metadata", "spec")
    spec = _map(indicator, "spec")
    _only(spec, "spec.indicator.spec", "ratioMetric")
    ratio = _map(spec, "ratioMetric")
    _only(ratio, "ratioMetric", "counter", "good", "bad", "total")
    if ("good" in ratio) == ("bad" in ratio):
        _refuse("ratioMetric", "must have either good or bad events, and a total")
    try:
        found = _stale(ratio) if ratio.get("counter") is False else _counted(ratio)
    except InvalidExpression as problem:
        raise NotExpressible(f"ratioMetric: {problem}") from problem
    if _ratio(found) != ratio:
        # Parsed leniently, compared strictly: nothing that was said is dropped in silence.
        _refuse("ratioMetric", f"its queries are not of the form {_ratio(found)}")
    return found


def _stale(ratio: Mapping[str, Any]) -> Stale:
    match = _STALE.fullmatch(_query(ratio, "bad"))
    if match is None:
        _refuse("ratioMetric.bad", "must be sum(min by (LABEL) (GAUGE) >= bool LIMIT)")
    by, name, limit = match.groups()
    indicator = Stale(metric=_metric(name, "gauge"), by=by, limit=limit)
    indicator.each()
    return indicator


def _counted(ratio: Mapping[str, Any]) -> Failing | Slow:
    name, where = _selected(_query(ratio, "total"), "total")
    if "bad" in ratio:
        _, bad = _selected(_query(ratio, "bad"), "bad")
        metric = _metric(name, "counter")
        series(metric, *where, *bad)
        return Failing(metric=metric, where=where, bad=bad[len(where) :])
    _, good = _selected(_query(ratio, "good"), "good")
    metric = _metric(name.removesuffix("_count"), "histogram")
    series(metric, *where)
    edge = _LE.fullmatch(good[-1].value) if good and good[-1].label == "le" else None
    if edge is None:
        _refuse("ratioMetric.good", 'must end with the bucket, as in le=~"3(\\\\.0)?"')
    indicator = Slow(
        metric=metric, where=where, seconds=float(f"{edge.group(1)}.{edge.group(2) or 0}")
    )
    indicator.bad_events("5m")  # refuses a threshold that is no bucket's edge
    return indicator


def _selected(query: str, field: str) -> tuple[str, tuple[Where, ...]]:
    match = _SUM.fullmatch(query)
    if match is None:
        _refuse(f"ratioMetric.{field}", "must be sum(METRIC{...}), without a range")
    name, matchers = match.group(1), match.group(2) or ""
    found = []
    for part in _MATCHER.finditer(matchers):
        label, operator, value = part.groups()
        found.append(Where(label=label, operator=_operator(operator), value=value))
    return name, tuple(found)


def _operator(text: str) -> Operator:
    operators: dict[str, Operator] = {"=": "=", "!=": "!=", "=~": "=~", "!~": "!~"}
    return operators[text]


def _metric(name: str, kind: str) -> Metric:
    metric = CATALOGUE.get(name)
    if metric is None or metric.kind != kind:
        _refuse("ratioMetric", f"{name} is not a {kind} of the catalogue")
    return metric


def _query(ratio: Mapping[str, Any], field: str) -> str:
    source = _map(_map(ratio, field), "metricSource")
    _only(source, f"ratioMetric.{field}.metricSource", "type", "spec")
    if source.get("type") != "Prometheus":
        _refuse(f"ratioMetric.{field}.metricSource.type", "must be Prometheus")
    return _text(_map(source, "spec"), "query")


def _only(value: Mapping[str, Any], where: str, *fields: str) -> None:
    unknown = sorted(set(value) - set(fields))
    if unknown:
        _refuse(where, f"has {', '.join(unknown)}, which we cannot express")


def _map(value: Mapping[str, Any], field: str) -> Mapping[str, Any]:
    found = value.get(field)
    if not isinstance(found, dict):
        _refuse(field, "is missing")
    return found


def _text(value: Mapping[str, Any], field: str) -> str:
    found = value.get(field)
    if not isinstance(found, str) or not found.strip():
        _refuse(field, "is missing")
    return found


def _refuse(field: str, why: str) -> NoReturn:
    raise NotExpressible(f"{field} {why}")
