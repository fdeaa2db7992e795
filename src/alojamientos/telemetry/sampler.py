"""State that is read when Prometheus asks: each source with a deadline, and no invented zero."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass

from prometheus_client.core import GaugeMetricFamily

from alojamientos.kit.errors import AlojamientosError
from alojamientos.telemetry import catalogue
from alojamientos.telemetry.catalogue import Metric


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """One value of a collected gauge; `labels` in the order of the metric's.

    Raises AlojamientosError when there are more or fewer labels than the metric has.
    """

    metric: Metric
    value: float
    labels: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if len(self.labels) != len(self.metric.labels):
            raise AlojamientosError(
                f"{self.metric.name} has the labels {', '.join(self.metric.labels) or 'none'};"
                f" give {len(self.metric.labels)} values, not {len(self.labels)}"
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class Collector:
    """A source of state: all of its samples, or none of them when it cannot be read."""

    name: str
    read: Callable[[], Awaitable[Iterable[Sample]]]


class Sampler:
    """Read every collector at once, each within `deadline_s` seconds."""

    def __init__(
        self,
        collectors: Sequence[Collector],
        *,
        deadline_s: float = 2.0,
        on_failure: Callable[[str, Exception], None] | None = None,
    ) -> None:
        self._collectors = tuple(collectors)
        self._deadline_s = deadline_s
        self._on_failure = on_failure

    async def sample(self) -> list[GaugeMetricFamily]:
        """Return the families as they are now, and how reading each collector went."""
        results = await asyncio.gather(*(self._read(one) for one in self._collectors))
        families: dict[str, GaugeMetricFamily] = {}
        for collector, (samples, seconds) in zip(self._collectors, results, strict=True):
            name = (collector.name,)
            outcome = [
                Sample(
                    metric=catalogue.COLLECTOR_SUCCESS,
                    value=0.0 if samples is None else 1.0,
                    labels=name,
                ),
                Sample(metric=catalogue.COLLECTOR_DURATION, value=seconds, labels=name),
            ]
            for sample in (*(samples or ()), *outcome):
                _add(families, sample)
        return list(families.values())

    async def _read(self, collector: Collector) -> tuple[list[Sample] | None, float]:
        start = time.perf_counter()
        samples: list[Sample] | None = None
        try:
            async with asyncio.timeout(self._deadline_s):
                samples = list(await collector.read())
        except Exception as error:  # noqa: BLE001 - whatever it is, the scrape goes on and says so
            if self._on_failure is not None:
                self._on_failure(collector.name, error)
        return samples, time.perf_counter() - start


def _add(families: dict[str, GaugeMetricFamily], sample: Sample) -> None:
    metric = sample.metric
    family = families.get(metric.name)
    if family is None:
        family = GaugeMetricFamily(metric.name, metric.help, labels=tuple(metric.labels))
        families[metric.name] = family
    family.add_metric(sample.labels, sample.value)
