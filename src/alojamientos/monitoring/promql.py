"""PromQL built from catalogue entries, so that a wrong name or label cannot be written.

Every expression knows which labels its result carries: an aggregation by, or a template of, a
label that is not there is refused when it is defined, not found out when it should have fired.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from alojamientos.kit.errors import AlojamientosError
from alojamientos.monitoring.conventions import JOBS, TARGET_LABELS
from alojamientos.telemetry.catalogue import Metric

Operator = Literal["=", "!=", "=~", "!~"]
Comparison = Literal["==", "!=", ">", "<", ">=", "<="]

_DURATION = re.compile(r"(?:\d+(?:ms|[smhdwy]))+")
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?")


class InvalidExpression(AlojamientosError):  # noqa: N818 - reads as a sentence where it is raised
    """An expression does not fit the metrics that it reads."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExporterMetric:
    """A metric of an exporter or of Prometheus itself, which the catalogue does not hold."""

    name: str
    kind: Literal["counter", "gauge"]
    help: str
    labels: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """A series that one of our recording rules makes; `labels` are all that it carries."""

    name: str
    help: str
    labels: tuple[str, ...] = ()
    values: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Where:
    """One label matcher."""

    label: str
    operator: Operator
    value: str

    def __str__(self) -> str:
        return f'{self.label}{self.operator}"{self.value}"'


@dataclass(frozen=True, slots=True, kw_only=True)
class Expr:
    """An instant vector: its text and the labels that its samples carry.

    `joined` marks what operators join, which needs parentheses inside of another operation.
    """

    text: str
    labels: frozenset[str]
    joined: bool = False

    def __str__(self) -> str:
        return self.text


def is_duration(text: str) -> bool:
    """Tell whether `text` is a duration as Prometheus and Alertmanager write them."""
    return _DURATION.fullmatch(text) is not None


def scraped_labels(metric: Metric | ExporterMetric) -> frozenset[str]:
    """Return the labels that a metric has in Prometheus, once it is scraped.

    A label of its own that is also the target's, such as `job`, is renamed `exported_job`.
    """
    own = (f"exported_{name}" if name in TARGET_LABELS else name for name in metric.labels)
    return frozenset((*own, *TARGET_LABELS))


def equals(label: str, value: str) -> Where:
    return Where(label=label, operator="=", value=value)


def one_of(label: str, values: Iterable[str]) -> Where:
    return Where(label=label, operator="=~", value="|".join(values))


def none_of(label: str, values: Iterable[str]) -> Where:
    return Where(label=label, operator="!~", value="|".join(values))


def series(metric: Metric | ExporterMetric | Recorded, *where: Where) -> Expr:
    """Select the series of a gauge, or of a counter that `rate` or `increase` will read.

    Raises InvalidExpression for a label or a label value that the metric does not have.
    """
    labels = frozenset(metric.labels) if isinstance(metric, Recorded) else scraped_labels(metric)
    for matcher in where:
        _check_matcher(metric, labels, matcher)
    matchers = ",".join(str(matcher) for matcher in where)
    return Expr(text=f"{metric.name}{{{matchers}}}" if where else metric.name, labels=labels)


def _check_matcher(
    metric: Metric | ExporterMetric | Recorded, labels: frozenset[str], where: Where
) -> None:
    if where.label not in labels:
        raise InvalidExpression(
            f"{metric.name} has no label {where.label!r}; it has {', '.join(sorted(labels))}"
        )
    known: tuple[str, ...] | None = None
    if where.label == "job":
        known = JOBS
    elif isinstance(metric, Metric):
        known = metric.labels.get(where.label.removeprefix("exported_"))
    elif isinstance(metric, Recorded):
        known = metric.values.get(where.label)
    if known is None:
        return
    asked = (where.value,) if where.operator in ("=", "!=") else tuple(where.value.split("|"))
    unknown = [value for value in asked if value not in known]
    if unknown:
        raise InvalidExpression(
            f"{metric.name}: label {where.label!r} is never {', '.join(unknown)};"
            f" it is one of {', '.join(known)}"
        )


def rate(metric: Metric | ExporterMetric, *where: Where, window: str) -> Expr:
    """Return the events per second of a counter over `window`."""
    return _over("rate", metric, where, window)


def increase(metric: Metric | ExporterMetric, *where: Where, window: str) -> Expr:
    """Return the events of a counter in `window`."""
    return _over("increase", metric, where, window)


def _over(
    function: str, metric: Metric | ExporterMetric, where: tuple[Where, ...], window: str
) -> Expr:
    if metric.kind != "counter":
        raise InvalidExpression(f"{function} wants a counter; {metric.name} is a {metric.kind}")
    if not is_duration(window):
        raise InvalidExpression(f"{window!r} is not a duration like 5m")
    selected = series(metric, *where)
    return Expr(text=f"{function}({selected}[{window}])", labels=selected.labels)


def total(expr: Expr, *by: str) -> Expr:
    """Add up, keeping the labels `by`."""
    return _aggregate("sum", expr, by)


def highest(expr: Expr, *by: str) -> Expr:
    """Take the highest, keeping the labels `by`."""
    return _aggregate("max", expr, by)


def lowest(expr: Expr, *by: str) -> Expr:
    """Take the lowest, keeping the labels `by`."""
    return _aggregate("min", expr, by)


def mean(expr: Expr, *by: str) -> Expr:
    """Average, keeping the labels `by`."""
    return _aggregate("avg", expr, by)


def number_of(expr: Expr, *by: str) -> Expr:
    """Count the samples, keeping the labels `by`."""
    return _aggregate("count", expr, by)


def _aggregate(function: str, expr: Expr, by: tuple[str, ...]) -> Expr:
    missing = [label for label in by if label not in expr.labels]
    if missing:
        raise InvalidExpression(f"{expr} has no label {', '.join(missing)} to aggregate by")
    grouping = f" by ({', '.join(by)})" if by else ""
    space = " " if by else ""
    return Expr(text=f"{function}{grouping}{space}({expr})", labels=frozenset(by))


def compare(expr: Expr, operator: Comparison, number: str) -> Expr:
    """Keep the samples that compare true with `number`, written as it shall stand."""
    if _NUMBER.fullmatch(number) is None:
        raise InvalidExpression(f"{number!r} is not a number")
    return Expr(text=f"{expr} {operator} {number}", labels=expr.labels, joined=True)


def absent(metric: Metric | ExporterMetric, *where: Where) -> Expr:
    """Return 1, labelled by the equality matchers, when no such series exists."""
    labels = frozenset(matcher.label for matcher in where if matcher.operator == "=")
    return Expr(text=f"absent({series(metric, *where)})", labels=labels)


def any_of(*arms: Expr) -> Expr:
    """Join with `or`, one arm a line; only labels that every arm has are sure to be there."""
    text = "\nor\n".join(f"({arm})" if "\n" in arm.text else arm.text for arm in arms)
    return Expr(
        text=text, labels=frozenset.intersection(*(arm.labels for arm in arms)), joined=True
    )


def both(left: Expr, right: Expr) -> Expr:
    """Keep the samples of `left` while `right` has any."""
    return Expr(text=f"{left} and on () {right}", labels=left.labels, joined=True)


def unless(left: Expr, right: Expr, *on: str) -> Expr:
    """Drop the samples of `left` for which `right` has one with the same labels `on`."""
    for side in (left, right):
        missing = [label for label in on if label not in side.labels]
        if missing:
            raise InvalidExpression(f"{side} has no label {', '.join(missing)} to match on")
    return Expr(
        text=f"{left}\nunless on ({', '.join(on)})\n{right}", labels=left.labels, joined=True
    )


def constant(number: str) -> Expr:
    """Return a single sample without labels."""
    if _NUMBER.fullmatch(number) is None:
        raise InvalidExpression(f"{number!r} is not a number")
    return Expr(text=f"vector({number})", labels=frozenset())
