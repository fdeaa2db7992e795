"""Service levels as values: what counts, how much of it may be bad, and when to say so.

A percentile target is a share: "P95 below 3 s" is "95 % within 3 s". Every indicator counts events,
good and bad, so that a busy hour weighs what it weighs, an idle night costs nothing, and a service
that never failed has a level of 1 rather than none.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import ROUND_FLOOR, Decimal
from typing import ClassVar

from alojamientos.monitoring import conventions
from alojamientos.monitoring.arithmetic import calculate, events_per_second, or_zero, within
from alojamientos.monitoring.conventions import Severity
from alojamientos.monitoring.promql import (
    Expr,
    Where,
    lowest,
    rate,
    series,
    total,
)
from alojamientos.monitoring.vectors import Sampled, not_below, sampled, whether
from alojamientos.telemetry.catalogue import Metric

# Seconds of each window. Those of RAW are read from the counters; rates over longer ones are the
# average of the recorded 5 minutes, and what is counted over them is added up in STEPS.
WINDOWS = {
    "5m": 300,
    "10m": 600,
    "30m": 1_800,
    "1h": 3_600,
    "2h": 7_200,
    "6h": 21_600,
    "1d": 86_400,
    "3d": 259_200,
    "30d": 2_592_000,
}
RAW = ("5m", "10m", "30m", "1h", "2h", "6h")
BASE = "5m"
STEPS = {"1d": "10m", "3d": "30m", "30d": "1h"}
PERIOD = "30d"
MIN_ALLOWED_BAD = 10  # a month; with fewer, one bad event is a tenth of the budget
_MINUTE = "1m"
_NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Failing:
    """Count the events of a counter; those that `bad` matches too are bad."""

    windows: ClassVar = RAW
    metric: Metric
    where: tuple[Where, ...]
    bad: tuple[Where, ...]

    def total_events(self, window: str) -> Expr:
        return total(rate(self.metric, *self.where, window=window))

    def bad_events(self, window: str) -> Expr:
        # A status that was never answered has no series: that is 0 bad events, not no data.
        bad = total(rate(self.metric, *self.where, *self.bad, window=window))
        return or_zero(bad, self.total_events(window))


@dataclass(frozen=True, slots=True, kw_only=True)
class Slow:
    """Count what a histogram observed; what took longer than `seconds` is bad."""

    windows: ClassVar = RAW
    metric: Metric
    where: tuple[Where, ...]
    seconds: float

    def total_events(self, window: str) -> Expr:
        return total(events_per_second(self.metric, *self.where, window=window))

    def bad_events(self, window: str) -> Expr:
        good = total(within(self.metric, *self.where, seconds=self.seconds, window=window))
        return not_below(calculate(self.total_events(window), "-", good), "0")


@dataclass(frozen=True, slots=True, kw_only=True)
class Stale:
    """Count the minutes of each `by`; those in which the gauge is not below `limit` are bad."""

    windows: ClassVar = (BASE,)  # looking at every minute of 6 hours again and again is dear
    metric: Metric
    by: str
    limit: str

    def each(self) -> Expr:
        # Several processes may tell the age of one thing.
        return lowest(series(self.metric), self.by)

    def total_events(self, window: str) -> Expr:
        return self._minutes("count_over_time", self.each(), window)

    def bad_events(self, window: str) -> Expr:
        return self._minutes("sum_over_time", whether(self.each(), ">=", self.limit), window)

    @staticmethod
    def _minutes(function: Sampled, each: Expr, window: str) -> Expr:
        minutes = sampled(function, each, window=window, step=_MINUTE)
        return calculate(total(minutes), "/", str(WINDOWS[window]))


Indicator = Failing | Slow | Stale


@dataclass(frozen=True, slots=True, kw_only=True)
class Burn:
    """Fire when the budget burns `factor` times too fast over both windows."""

    factor: Decimal
    long: str
    short: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """One alert on every service level: any of its `burns`, from `min_bad` bad events on."""

    alert: str
    burn: str
    severity: Severity
    burns: tuple[Burn, ...]
    min_bad: int = 3

    @property
    def is_page(self) -> bool:
        return self.severity == "critical"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outage:
    """Fire when more than `share` of the events in `window` are bad, whatever the objective."""

    share: Decimal
    window: str
    min_bad: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Slo:
    """A service level: `objective` of the events of 30 days shall be good.

    `events_per_month` is what a lodging may expect, at the low end. `pages` is false where another
    alert already wakes somebody in time. `despite` says why a budget finer than the traffic stands.
    `steady` events come evenly: an alert wants as many bad ones as its window holds at that factor,
    so that a few bad minutes of a system an hour old are not taken for those of a month.
    """

    name: str
    title: str
    description: str
    owner_es: str
    service: str
    depends_on: tuple[str, ...]
    indicator: Indicator
    objective: Decimal
    events_per_month: int
    pages: bool = True
    steady: bool = False
    despite: str = ""

    @property
    def budget(self) -> Decimal:
        """The share of events that may be bad."""
        return 1 - self.objective

    def bad_events_at(self, factor: Decimal, window: str) -> int:
        """Return how many events are bad when the budget burns so fast for all of `window`."""
        events = Decimal(self.events_per_month * WINDOWS[window]) / WINDOWS[PERIOD]
        return int((factor * self.budget * events).to_integral_value(ROUND_FLOOR))

    @property
    def is_always_there(self) -> bool:
        """Whether its total exists before the first event, so that absence means trouble."""
        return bool(self.indicator.metric.known_label_sets())

    def validate(self, policies: Iterable[Policy], outage: Outage) -> list[str]:
        """List what is missing or wrong, and which alerts could never fire."""
        return [f"slo {self.name}: {text}" for text in self._problems(tuple(policies), outage)]

    def _problems(self, policies: tuple[Policy, ...], outage: Outage) -> Iterator[str]:
        if _NAME.fullmatch(self.name) is None:
            yield "its name is not words-with-dashes"
        for field in ("title", "description", "owner_es"):
            if not getattr(self, field).strip():
                yield f"{field} is missing"
        for service in (self.service, *self.depends_on):
            if service not in conventions.SERVICES:
                yield f"service {service!r} is none of {', '.join(conventions.SERVICES)}"
        if not 0 < self.objective < 1:
            yield f"objective {self.objective} is not between 0 and 1"
            return
        yield from self._unreachable(policies)
        if self.pages and outage.share <= self.budget:
            yield f"{self.budget} may be bad for good, which is already an outage"
        yield from self._traffic_problems()

    def _unreachable(self, policies: tuple[Policy, ...]) -> Iterator[str]:
        for policy in policies:
            if policy.is_page and not self.pages:
                continue
            for burn in policy.burns:
                if burn.factor * self.budget >= 1:
                    yield (
                        f"{policy.alert} at {burn.factor} times can never fire: that would be"
                        f" {100 * burn.factor * self.budget:.0f} % bad events; the objective must"
                        f" be above {100 * (1 - 1 / burn.factor):.1f} %"
                    )

    def _traffic_problems(self) -> Iterator[str]:
        allowed = self.budget * self.events_per_month
        if allowed < MIN_ALLOWED_BAD and not self.despite:
            yield (
                f"{self.events_per_month} events a month allow {allowed.normalize():f} bad ones,"
                f" fewer than {MIN_ALLOWED_BAD}: lower the objective, count something more"
                " frequent, or say in `despite` why it stands"
            )
        if allowed >= MIN_ALLOWED_BAD and self.despite:
            yield "`despite` excuses a budget that needs no excuse"


def minutes_until(slo: Slo, burn: Burn, share: Decimal) -> Decimal | None:
    """Return after how many minutes of `share` bad events, after none, `burn` is exceeded.

    None when it never is.
    """
    threshold = burn.factor * slo.budget
    return None if share <= threshold else threshold / share * WINDOWS[burn.long] / 60
