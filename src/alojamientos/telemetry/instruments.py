"""Prometheus objects built from the catalogue, every known label set present from the start."""

from collections.abc import Iterable, Mapping
from itertools import product
from typing import Any, Literal

import prometheus_client
from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    Summary,
)

from alojamientos.kit.errors import AlojamientosError
from alojamientos.telemetry import catalogue
from alojamientos.telemetry.catalogue import OTHER, Metric

# `_created` series would be a tenth of all series, and nothing here reads them.
prometheus_client.disable_created_metrics()  # type: ignore[no-untyped-call]  # untyped there

Process = Literal["web", "worker", "all"]
Child = Counter | Gauge | Histogram | Summary


class Instruments:
    """The counters, gauges and histograms of one process, on a registry of its own.

    State read at scrape time (`Metric.collected`) belongs to `telemetry.sampler`. The process's
    own CPU, memory, files and start are here, as every Prometheus client tells them.
    """

    def __init__(self, *, process: Process, registry: CollectorRegistry | None = None) -> None:
        self.registry = registry or CollectorRegistry(auto_describe=True)
        ProcessCollector(registry=self.registry)
        self._families: dict[str, Child] = {}
        self._children: dict[tuple[str, tuple[str, ...]], Child] = {}
        for metric in catalogue.of_process(process):
            if not metric.collected:
                self._build(metric)

    def child(self, metric: Metric, **labels: str) -> Any:
        """Return one series for a caller that keeps it; raises AlojamientosError without one."""
        child = self._child(metric, labels)
        if child is None:
            raise AlojamientosError(f"This process has no {metric.name} with these labels")
        return child

    def prepare(self, metric: Metric, **known: Iterable[str]) -> None:
        """Make the series of an open label exist at 0, for the values that are `known`."""
        sets = [
            tuple(known.get(name, ())) or values or () for name, values in metric.labels.items()
        ]
        for values in product(*sets):
            self._child(metric, dict(zip(metric.labels, values, strict=True)))

    def count(self, metric: Metric, **labels: str) -> None:
        """Add one to a counter; a metric that this process does not have is ignored."""
        child = self._child(metric, labels)
        if isinstance(child, Counter):
            child.inc()

    def set(self, metric: Metric, value: float, **labels: str) -> None:
        """Set a gauge."""
        child = self._child(metric, labels)
        if isinstance(child, Gauge):
            child.set(value)

    def observe(
        self, metric: Metric, seconds: float, *, trace_id: str | None = None, **labels: str
    ) -> None:
        """Observe a duration in seconds, with the trace as its exemplar where there are buckets."""
        child = self._child(metric, labels)
        if isinstance(child, Histogram):
            child.observe(seconds, {"trace_id": trace_id} if trace_id else None)
        elif isinstance(child, Summary):
            child.observe(seconds)

    def _build(self, metric: Metric) -> None:
        names = tuple(metric.labels)
        family: Child
        match metric.kind:
            case "counter":
                family = Counter(metric.name, metric.help, names, registry=self.registry)
            case "gauge":
                family = Gauge(metric.name, metric.help, names, registry=self.registry)
            case "summary":
                family = Summary(metric.name, metric.help, names, registry=self.registry)
            case "histogram":
                family = Histogram(
                    metric.name, metric.help, names, registry=self.registry, buckets=metric.buckets
                )
        self._families[metric.name] = family
        for values in metric.known_label_sets():
            self._make(metric.name, values)

    def _child(self, metric: Metric, labels: Mapping[str, str]) -> Child | None:
        # Nearly every call gives known values in the order of the catalogue: one look-up.
        if tuple(labels) == tuple(metric.labels):
            child = self._children.get((metric.name, tuple(labels.values())))
            if child is not None:
                return child
        values = tuple(_bounded(metric, name, str(labels[name])) for name in metric.labels)
        child = self._children.get((metric.name, values))
        if child is not None or (metric.is_closed and metric.labels):
            # An unknown combination of a closed set is dropped: a label is never a client's.
            return child
        return self._make(metric.name, values)

    def _make(self, name: str, values: tuple[str, ...]) -> Child | None:
        family = self._families.get(name)
        if family is None:
            return None
        child = family.labels(*values) if values else family
        self._children[name, values] = child
        return child


def _bounded(metric: Metric, label: str, value: str) -> str:
    """Return `value`, or "other" where the label's closed set has that and not the value."""
    allowed = metric.labels[label]
    if allowed is None or value in allowed or OTHER not in allowed:
        return value
    return OTHER
