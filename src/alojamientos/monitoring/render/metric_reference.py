"""The reference page of all metrics, rendered from the catalogue."""

from alojamientos.monitoring.conventions import HEADER
from alojamientos.telemetry.catalogue import CATALOGUE, Metric

_HEAD = f"""<!-- {HEADER} -->
# Metrics

`process` says who exports a metric. Every label set of a closed set exists from the start, at 0.
State marked *read at scrape* is read from its source when Prometheus asks:
when that fails there is no sample, and `collector_success` is 0.
With several processes of a kind, aggregate state with `max`, never `sum`.

| metric | kind | labels | process | what it is |
|---|---|---|---|---|
"""


def page() -> str:
    """Return docs/reference/metrics.md."""
    return _HEAD + "".join(_row(CATALOGUE[name]) for name in sorted(CATALOGUE))


def _row(metric: Metric) -> str:
    labels = "<br>".join(
        f"`{name}`: {', '.join(values) if values is not None else 'bounded by configuration'}"
        for name, values in metric.labels.items()
    )
    notes = metric.help
    if metric.collected:
        notes += " *Read at scrape.*"
    if metric.buckets:
        notes += f" Buckets: {', '.join(f'{bucket:g}' for bucket in metric.buckets)}."
    return f"| `{metric.name}` | {metric.kind} | {labels} | {metric.process} | {notes} |\n"
