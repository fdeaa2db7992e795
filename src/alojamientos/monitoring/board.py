"""What a dashboard is made of, as values that belong to no program that draws them.

Grafana's JSON is one drawing of it, the console's page another; a panel says what it shows and
what it means, never with which widget.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from alojamientos.monitoring import conventions
from alojamientos.monitoring.promql import RATE_INTERVAL, Expr, is_duration

Kind = Literal["lines", "bars", "value", "ranking", "states", "table"]
"""Lines and bars over time, one number per series, numbers side by side, what was when, a table."""
Unit = Literal[
    "count",
    "requests_per_second",
    "per_second",
    "ratio",
    "seconds",
    "minutes",
    "bytes",
    "times",
    "state",
]
Level = Literal["ok", "info", "warning", "critical"]

KINDS: tuple[Kind, ...] = ("lines", "bars", "value", "ranking", "states", "table")
OVER_TIME: tuple[Kind, ...] = ("lines", "bars", "states")
COLUMNS = 12

_LEGEND_LABEL = re.compile(r"\{([A-Za-z_][A-Za-z0-9_]*)\}")
_WORDS = re.compile(r"[^a-z0-9]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """From which value on a number is how bad: `floor` below the first step.

    Steps ascend whether more is worse or better; the levels say which.
    """

    floor: Level = "ok"
    steps: tuple[tuple[float, Level], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """What one value of a state panel means, in a word."""

    value: int
    text: str
    level: Level


UP_OR_DOWN = (
    State(value=0, text="DOWN", level="critical"),
    State(value=1, text="up", level="ok"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """What is asked; `legend` names each series, with its labels in braces: `{channel} held`.

    In a table it is the column's heading; a column may differ in `unit` and `scale`.
    """

    expr: Expr
    legend: str
    unit: Unit | None = None
    scale: Scale | None = None

    def legend_labels(self) -> list[str]:
        return _LEGEND_LABEL.findall(self.legend)


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """One picture and what to make of it.

    `may_be_empty` says why there may be no sample: it is shown in the picture's place. `step` is
    how far bars are apart, `span` how far back to look where that is not the board's choice.
    `fixed_window` says why a rate over time has a window of its own. `logs` are the events to
    look up when the picture looks bad. `width` is in twelfths.
    """

    title: str
    description: str
    kind: Kind
    unit: Unit
    queries: tuple[Query, ...]
    scale: Scale | None = None
    states: tuple[State, ...] = ()
    may_be_empty: str = ""
    step: str = ""
    span: str = ""
    fixed_window: str = ""
    stacked: bool = False
    logs: tuple[str, ...] = ()
    width: int = 6

    @property
    def key(self) -> str:
        """The title as it stands in an address, unique within the board."""
        return _WORDS.sub("-", self.title.lower()).strip("-")

    def problems(self) -> Iterator[str]:
        """Yield what is missing or wrong."""
        if not self.description.strip():
            yield "description is missing"
        if not self.queries:
            yield "it asks nothing"
        if not 0 < self.width <= COLUMNS:
            yield f"width {self.width} is not within {COLUMNS} columns"
        for name in ("step", "span"):
            if getattr(self, name) and not is_duration(getattr(self, name)):
                yield f"{name} {getattr(self, name)!r} is not a duration like 1d"
        if (self.kind == "bars") != bool(self.step):
            yield "bars, and only bars, say how far they are apart"
        if (self.kind == "states") != bool(self.states):
            yield "states, and only states, say what their values mean"
        for scale in (self.scale, *(query.scale for query in self.queries)):
            if scale is not None and not _ascends(scale):
                yield "the steps of its scale do not ascend"
        yield from self._legend_problems()

    def _legend_problems(self) -> Iterator[str]:
        for query in self.queries:
            if not query.legend.strip():
                yield f"{query.expr}: legend is missing"
            for label in query.legend_labels():
                if label not in query.expr.labels:
                    yield f"legend {query.legend!r} names {label!r}, which its query does not keep"
        legends = [query.legend for query in self.queries]
        if len(set(legends)) != len(legends):
            yield "two queries have one legend"


def _ascends(scale: Scale) -> bool:
    values = [value for value, _ in scale.steps]
    return bool(values) and values == sorted(set(values))


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """Panels under one heading, which flow from left to right."""

    title: str
    panels: tuple[Panel, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """Something that happened, drawn through every picture of a board while `expr` has samples."""

    name: str
    expr: Expr
    title: str
    text: str
    level: Level

    def validate(self) -> list[str]:
        """List what is missing or wrong."""
        return [
            f"mark {self.name}: it names {label!r}, which its query does not keep"
            for label in _LEGEND_LABEL.findall(self.title + self.text)
            if label not in self.expr.labels
        ]


@dataclass(frozen=True, slots=True, kw_only=True)
class Dashboard:
    """A board: `name` is one of conventions.DASHBOARDS, `span` how much it shows at first."""

    name: str
    title: str
    description: str
    rows: tuple[Row, ...]
    span: str = "6h"
    refresh: str = "30s"

    @property
    def uid(self) -> str:
        """Its fixed uid, which alerts link to."""
        return conventions.dashboard_uid(self.name)

    def panels(self) -> Iterator[Panel]:
        """Yield every panel, in order."""
        for row in self.rows:
            yield from row.panels

    def validate(self) -> list[str]:
        """List what is missing or wrong, also in its panels."""
        found = []
        if self.name not in conventions.DASHBOARDS:
            found.append(f"its name is none of {', '.join(conventions.DASHBOARDS)}")
        if not self.description.strip():
            found.append("description is missing")
        found += [
            f"{name} {getattr(self, name)!r} is not a duration like 6h"
            for name in ("span", "refresh")
            if not is_duration(getattr(self, name))
        ]
        keys: set[str] = set()
        for panel in self.panels():
            if panel.key in keys:
                found.append(f"panel {panel.title!r}: it is there twice")
            keys.add(panel.key)
            found += [f"panel {panel.title!r}: {problem}" for problem in panel.problems()]
        return [f"dashboard {self.name}: {problem}" for problem in found]


def text_of(expr: Expr, *, step: int, scrape: int) -> str:
    """Return an expression as Prometheus takes it, drawn every `step` seconds.

    Its windows are what Grafana makes them: the next point's samples are in this one's window,
    and there are at least four of the slowest target's, which is asked every `scrape` seconds.
    """
    return str(expr).replace(RATE_INTERVAL, f"{max(step + scrape, 4 * scrape)}s")
