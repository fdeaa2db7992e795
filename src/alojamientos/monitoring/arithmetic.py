"""PromQL that calculates: ratios, quantiles, ages, windows over recorded series.

Here live the traps of the specification's own rules: a ratio of differently labelled sides is
empty, a quantile above the last bucket never moves, and a threshold that is no bucket's edge
counts nothing. Each is refused when the expression is built.
"""

import re
from typing import Literal

from alojamientos.monitoring.promql import (
    ExporterMetric,
    Expr,
    InvalidExpression,
    Recorded,
    Where,
    is_window,
    series,
)
from alojamientos.telemetry.catalogue import Metric

Arithmetic = Literal["+", "-", "*", "/"]
_OR = re.compile(r"\sor\s")

OverTime = Literal[
    "avg_over_time",
    "max_over_time",
    "min_over_time",
    "sum_over_time",
    "last_over_time",
    "changes",
]


def divide(left: Expr, right: Expr) -> Expr:
    """Return `left` per `right`, and no sample where there is nothing to divide by.

    Raises InvalidExpression when the sides carry different labels: they would not match.
    """
    _same_labels(left, right)
    return Expr(text=f"{wrapped(left)} / ({wrapped(right)} > 0)", labels=left.labels, joined=True)


def calculate(left: Expr, operator: Arithmetic, right: Expr | str) -> Expr:
    """Return `left` with a number, written as it shall stand, or with equally labelled samples."""
    if isinstance(right, Expr):
        _same_labels(left, right)
        right = str(wrapped(right))
    return Expr(text=f"{wrapped(left)} {operator} {right}", labels=left.labels, joined=True)


def complement(share: Expr) -> Expr:
    """Return what a share leaves of the whole, 1."""
    return Expr(text=f"1 - {wrapped(share)}", labels=share.labels, joined=True)


def _same_labels(left: Expr, right: Expr) -> None:
    if left.labels != right.labels:
        raise InvalidExpression(
            f"{left} and {right} carry different labels: {', '.join(sorted(left.labels))} and"
            f" {', '.join(sorted(right.labels))}"
        )


def wrapped(expr: Expr) -> Expr:
    """Put parentheses around an expression that operators join."""
    return Expr(text=f"({expr})", labels=expr.labels) if expr.joined else expr


def since(timestamp: Expr) -> Expr:
    """Return the seconds that have passed since the instants that `timestamp` holds."""
    return Expr(text=f"time() - {wrapped(timestamp)}", labels=timestamp.labels, joined=True)


def over(
    function: OverTime,
    metric: Metric | ExporterMetric | Recorded,
    *where: Where,
    window: str,
    before: str = "",
) -> Expr:
    """Return what `function` makes of a gauge's samples in `window`, which ended `before` ago."""
    if not isinstance(metric, Recorded) and metric.kind != "gauge":
        raise InvalidExpression(f"{function} wants a gauge; {metric.name} is a {metric.kind}")
    selected = series(metric, *where)
    offset = f" offset {_window(before)}" if before else ""
    return Expr(text=f"{function}({selected}[{_window(window)}]{offset})", labels=selected.labels)


def forecast(metric: ExporterMetric | Metric, *where: Where, window: str, seconds: int) -> Expr:
    """Return where a gauge will be in so many seconds, if it goes on as in `window`."""
    selected = series(metric, *where)
    return Expr(
        text=f"predict_linear({selected}[{_window(window)}], {seconds})", labels=selected.labels
    )


def events(metric: Metric, *where: Where, window: str) -> Expr:
    """Return how many a histogram observed in `window`."""
    return _of_histogram("increase", metric, "_count", where, window)


def events_per_second(metric: Metric, *where: Where, window: str) -> Expr:
    """Return how many a histogram observed per second."""
    return _of_histogram("rate", metric, "_count", where, window)


def within(metric: Metric, *where: Where, seconds: float, window: str) -> Expr:
    """Return how many per second a histogram observed that took at most `seconds`.

    Raises InvalidExpression when no bucket ends there. The bucket is matched as Prometheus 2
    keeps it (3.0) and as Prometheus 3 may (3).
    """
    if seconds not in metric.buckets:
        raise InvalidExpression(
            f"{metric.name} has no bucket that ends at {seconds}; it has"
            f" {', '.join(f'{edge:g}' for edge in metric.buckets)}"
        )
    edge = f"{seconds:g}".replace(".", "\\\\.")
    if "." not in f"{seconds:g}":
        edge += "(\\\\.0)?"
    return _of_histogram(
        "rate", metric, "_bucket", (*where, Where(label="le", operator="=~", value=edge)), window
    )


def slower(metric: Metric, *where: Where, seconds: float, window: str) -> Expr:
    """Return how many in `window` took longer than `seconds`, all series together.

    Raises InvalidExpression when no bucket ends there.
    """
    fast = within(metric, *where, seconds=seconds, window=window)
    # `increase` of both, which stretches both alike; `within` counts per second.
    text = fast.text.replace("rate(", "increase(", 1)
    return Expr(
        text=f"sum({events(metric, *where, window=window)}) - sum({text})",
        labels=frozenset(),
        joined=True,
    )


def quantile(share: str, metric: Metric, *where: Where, window: str, by: tuple[str, ...]) -> Expr:
    """Return the quantile `share` of a histogram, keeping the labels `by`; for display, or guarded.

    It can never exceed the last bucket's edge.
    """
    rates = _of_histogram("rate", metric, "_bucket", where, window)
    missing = [label for label in by if label not in rates.labels]
    if missing:
        raise InvalidExpression(f"{metric.name} has no label {', '.join(missing)} to keep")
    grouping = ", ".join(("le", *by))
    return Expr(
        text=f"histogram_quantile({share}, sum by ({grouping}) ({rates}))", labels=frozenset(by)
    )


def _of_histogram(
    function: str, metric: Metric, suffix: str, where: tuple[Where, ...], window: str
) -> Expr:
    if metric.kind != "histogram":
        raise InvalidExpression(f"{metric.name} is a {metric.kind}, not a histogram")
    plain = tuple(matcher for matcher in where if matcher.label != "le")
    labels = series(metric, *plain).labels
    matchers = ",".join(str(matcher) for matcher in where)
    braces = f"{{{matchers}}}" if matchers else ""
    if suffix == "_bucket":
        labels |= {"le"}
    return Expr(text=f"{function}({metric.name}{suffix}{braces}[{_window(window)}])", labels=labels)


def _window(text: str) -> str:
    if not is_window(text):
        raise InvalidExpression(f"{text!r} is not a duration like 5m")
    return text


def and_on(left: Expr, right: Expr, *on: str) -> Expr:
    """Keep the samples of `left` for which `right` has one with the same labels `on`."""
    for side in (left, right):
        missing = [label for label in on if label not in side.labels]
        if missing:
            raise InvalidExpression(f"{side} has no label {', '.join(missing)} to match on")
    # `or` binds less than `and`.
    sides = [wrapped(side) if _OR.search(side.text) else side for side in (left, right)]
    return Expr(
        text=f"{sides[0]}\nand on ({', '.join(on)})\n{sides[1]}", labels=left.labels, joined=True
    )


def or_zero(expr: Expr, like: Expr) -> Expr:
    """Return `expr`, or 0 for each label set of `like` that it lacks."""
    _same_labels(expr, like)
    return Expr(text=f"{expr} or 0 * {wrapped(like)}", labels=expr.labels, joined=True)
