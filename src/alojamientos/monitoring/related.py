"""Which alerts a picture explains: those that read what it shows."""

import re
from collections.abc import Iterable

from alojamientos.monitoring.board import Panel
from alojamientos.monitoring.model import AlertRule, RuleGroup

_QUOTED = re.compile(r'"[^"]*"')
_GROUPING = re.compile(r"\b(?:by|on|without|ignoring)\s*\([^)]*\)")
# A function's name is followed by its parenthesis, a metric's is not.
_METRIC = re.compile(r"\b(?:up|ALERTS|[A-Za-z]\w*[_:][\w:]*)(?=[{\[)\s]|$)")
_OF_HISTOGRAM = re.compile(r"_(?:bucket|count|sum)$")


def metrics_of(text: str) -> frozenset[str]:
    """Return the metrics that an expression reads, a histogram by its own name."""
    names = _METRIC.findall(_GROUPING.sub("", _QUOTED.sub("", text)))
    return frozenset(_OF_HISTOGRAM.sub("", name) for name in names)


def alerts_of(panel: Panel, groups: Iterable[RuleGroup]) -> tuple[AlertRule, ...]:
    """Return the alerts that read a metric which `panel` shows; that others fire is none."""
    shown = frozenset[str]().union(*(metrics_of(query.expr.text) for query in panel.queries))
    shown -= {"ALERTS"}
    return tuple(
        rule for group in groups for rule in group.alerts if shown & metrics_of(rule.expr.text)
    )
