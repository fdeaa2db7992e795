"""PromQL that service levels need: samples at even steps, labels carried over, floors."""

from typing import Literal

from alojamientos.monitoring.arithmetic import wrapped
from alojamientos.monitoring.promql import Comparison, Expr, InvalidExpression, is_duration

Sampled = Literal["sum_over_time", "count_over_time"]


def sampled(function: Sampled, expr: Expr, *, window: str, step: str) -> Expr:
    """Return what `function` makes of `expr`, looked at every `step` of `window`.

    The steps are the clock's, not the rules': the result does not change with how often
    Prometheus evaluates, and a gap counts as nothing rather than as the average of the rest.
    """
    for duration in (window, step):
        if not is_duration(duration):
            raise InvalidExpression(f"{duration!r} is not a duration like 5m")
    return Expr(text=f"{function}({wrapped(expr)}[{window}:{step}])", labels=expr.labels)


def whether(expr: Expr, operator: Comparison, number: str) -> Expr:
    """Return 1 for each sample that compares true with `number`, and 0 for each other."""
    return Expr(text=f"{wrapped(expr)} {operator} bool {number}", labels=expr.labels, joined=True)


def not_below(expr: Expr, number: str) -> Expr:
    """Return `expr`, raised to `number` where it is less: the rounding of a difference."""
    return Expr(text=f"clamp_min({expr}, {number})", labels=expr.labels)


def carrying(expr: Expr, info: Expr, *, on: str, labels: tuple[str, ...]) -> Expr:
    """Return `expr` with the `labels` that `info`, which is always 1, has for the same `on`.

    Raises InvalidExpression when a side lacks what is matched on or carried over.
    """
    for side, wanted in ((expr, (on,)), (info, (on, *labels))):
        missing = [label for label in wanted if label not in side.labels]
        if missing:
            raise InvalidExpression(f"{side} has no label {', '.join(missing)}")
    return Expr(
        text=f"{wrapped(expr)} * on ({on}) group_left ({', '.join(labels)}) {info}",
        labels=expr.labels | set(labels),
        joined=True,
    )
