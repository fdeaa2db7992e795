"""What each recorded series is worth, worked out by hand from what happened.

A reading wants one recording rule only: what that reads is given, be it raw or recorded.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from tests.monitoring.cases.slo import counting

_MINUTES = 420
_WINDOWS = {"5m": 5, "10m": 10, "30m": 30, "1h": 60, "2h": 120, "6h": 360}
_HOURS = {"1d": 24, "3d": 72, "30d": 720}
# The level that stands for all where a rule reads what is recorded of whichever there is.
_ANY = "http-availability"

# Requests a minute, never the same for long, so that no other window has the same average.
_LOUD = [(minute * minute) % 37 + 3 for minute in range(_MINUTES)]
_QUIET = [(minute * 5) % 11 + 2 for minute in range(_MINUTES)]
_FAILED = [(minute * 3) % 7 + 1 for minute in range(_MINUTES)]
_FAILED_TOO = [(minute * 2) % 5 for minute in range(_MINUTES)]
_NOISE = [101 + minute % 13 for minute in range(_MINUTES)]


@dataclass(frozen=True, kw_only=True)
class Reading:
    """`record` of the level `slo` is `value` at `at`, or nothing when None."""

    record: str
    slo: str
    name: str
    series: Mapping[str, str]
    at: str
    value: float | None
    interval: str = "1m"


def _per_second(steps: Sequence[int], minutes: int) -> float:
    """Return the average of the last `minutes`, each of which had `steps` events."""
    return sum(steps[-minutes:]) / (minutes * 60)


def _together(*steps: Sequence[int]) -> list[int]:
    return [sum(each) for each in zip(*steps, strict=True)]


def _histogram(name: str, labels: str, edge: str, every: str, within: str) -> dict[str, str]:
    """Return a histogram with `within` up to `edge`, fewer below and more above it."""
    return {
        f"{name}_count{{{labels}}}": every,
        f'{name}_bucket{{{labels},le="0.5"}}': "0x500",
        f'{name}_bucket{{{labels},le="{edge}"}}': within,
        f'{name}_bucket{{{labels},le="120.0"}}': every,
        f'{name}_bucket{{{labels},le="+Inf"}}': every,
    }


# Level: histogram, labels that count, its edge, labels that do not count.
_SLOW: dict[str, tuple[str, str, str, tuple[str, ...]]] = {
    "webhook-text-latency": (
        "webhook_processing_seconds",
        'source="whatsapp",event_type="text"',
        "3",
        ('source="whatsapp",event_type="audio"', 'source="mercadopago",event_type="payment"'),
    ),
    "webhook-audio-latency": (
        "webhook_processing_seconds",
        'source="whatsapp",event_type="audio"',
        "15",
        ('source="whatsapp",event_type="text"', 'source="whatsapp",event_type="status"'),
    ),
    "prereservation-latency": (
        "http_request_duration_seconds",
        'handler="/api/v1/reservations",method="POST"',
        "3",
        (
            'handler="/api/v1/reservations",method="GET"',
            'handler="/api/v1/availability",method="POST"',
        ),
    ),
    "payment-notifications": (
        "webhook_processing_seconds",
        'source="mercadopago",event_type="payment"',
        "60",
        (
            'source="mercadopago",event_type="chargeback"',
            'source="whatsapp",event_type="payment"',
        ),
    ),
}


def _of_slow(slo: str) -> Iterator[Reading]:
    metric, counts, edge, others = _SLOW[slo]
    late = [1 + minute % 3 for minute in range(_MINUTES)]
    late_too = [minute % 2 for minute in range(_MINUTES)]
    good = [step - bad for step, bad in zip(_LOUD, late, strict=True)]
    good_too = [step - bad for step, bad in zip(_QUIET, late_too, strict=True)]
    series: dict[str, str] = {}
    # Two processes tell the same things, one of them in the older way of writing a bucket.
    for instance, way, every, within in (
        ("one", f"{edge}.0", _LOUD, good),
        ("two", edge, _QUIET, good_too),
    ):
        labels = f'instance="{instance}",{counts}'
        series |= _histogram(metric, labels, way, counting(every), counting(within))
    for other in others:
        labels = f'instance="one",{other}'
        series |= _histogram(metric, labels, f"{edge}.0", counting(_NOISE), counting(_QUIET))
    for window, minutes in _WINDOWS.items():
        name = "two processes tell, and other events do not count"
        total = _per_second(_together(_LOUD, _QUIET), minutes)
        bad = _per_second(_together(late, late_too), minutes)
        yield _raw("total", window, slo, name, series, total)
        yield _raw("bad", window, slo, name, series, bad)
        ahead = _histogram(
            metric, f'instance="one",{counts}', edge, counting([6] * 420), counting([7] * 420)
        )
        yield _raw("bad", window, slo, "a bucket is ahead of its count", ahead, 0)


def _raw(
    what: str, window: str, slo: str, name: str, series: Mapping[str, str], value: float | None
) -> Reading:
    return Reading(
        record=f"slo:{what}_events:rate{window}",
        slo=slo,
        name=name,
        series=series,
        at=f"{_MINUTES}m",
        value=value,
    )


def _request(job: str, handler: str, status: str, instance: str = "one") -> str:
    return (
        f'http_requests_total{{job="{job}",instance="{instance}",handler="{handler}",'
        f'method="GET",status="{status}"}}'
    )


def _of_http() -> Iterator[Reading]:
    slo, api = "http-availability", "/api/v1/availability"
    asked = {
        _request("backend", api, "200"): counting(_LOUD),
        _request("backend", api, "422", "two"): counting(_QUIET),
    }
    others = {
        **{
            _request("backend", handler, status): counting(_NOISE)
            for handler in ("/metrics", "/api/v1/healthz", "/api/v1/readyz", "synthetic")
            for status in ("200", "503")
        },
        _request("worker", api, "500"): counting(_NOISE),
    }
    good = {**asked, **others}
    idle = {_request("backend", api, "200"): "5x500", **others}
    bad = {
        _request("backend", api, "500"): counting(_FAILED),
        _request("backend", api, "503", "two"): counting(_FAILED_TOO),
    }
    for window, minutes in _WINDOWS.items():
        everything = _together(_LOUD, _QUIET, _FAILED, _FAILED_TOO)
        failed = _together(_FAILED, _FAILED_TOO)
        name = "of the backend's requests but its checks, those that end in 5xx"
        total, wrong = _per_second(everything, minutes), _per_second(failed, minutes)
        yield _raw("total", window, slo, name, {**good, **bad}, total)
        yield _raw("bad", window, slo, name, {**good, **bad}, wrong)
        yield _raw("bad", window, slo, "nothing ever failed", good, 0)
        yield _raw("bad", window, slo, "nobody asks", idle, 0)
        for noise, samples in others.items():
            name = "nobody ever asked: there is nothing to judge"
            yield _raw("bad", window, slo, name, {noise: samples}, None)


def _of_journeys() -> Iterator[Reading]:
    slo, metric = "booking-journey", 'journeys_total{job="worker",instance="%s",outcome="%s"}'
    good = {metric % ("one", "success"): counting(_LOUD)}
    bad = {
        metric % ("one", "failure"): counting(_FAILED),
        metric % ("two", "failure"): counting(_FAILED_TOO),
    }
    for window, minutes in _WINDOWS.items():
        everything = _together(_LOUD, _FAILED, _FAILED_TOO)
        failed = _together(_FAILED, _FAILED_TOO)
        name = "two workers rehearse"
        total, wrong = _per_second(everything, minutes), _per_second(failed, minutes)
        yield _raw("total", window, slo, name, {**good, **bad}, total)
        yield _raw("bad", window, slo, name, {**good, **bad}, wrong)
        yield _raw("bad", window, slo, "nothing ever failed", good, 0)
        idle = {metric % ("one", "success"): "5x500"}
        yield _raw("bad", window, slo, "nothing is rehearsed", idle, 0)


def _of_ical() -> Iterator[Reading]:
    slo, metric = "ical-freshness", "ical_last_sync_age_minutes"
    # Exactly 20 minutes is late. The two processes disagree: the better one has read it.
    ages = [20 if (minute * minute) % 7 < 3 else 19.9 for minute in range(_MINUTES + 1)]
    late = [int(age >= 20) for age in ages]
    other = [25 if minute % 11 < 4 else 3 for minute in range(_MINUTES + 1)]
    late_other = [int(age >= 20) for age in other]
    series = {
        f'{metric}{{job="backend",instance="one",feed_url="airbnb/1"}}': _gauge(ages),
        f'{metric}{{job="backend",instance="two",feed_url="airbnb/1"}}': "90x500",
        f'{metric}{{job="backend",instance="one",feed_url="booking/2"}}': _gauge(other),
    }
    # A look a minute, at both ends of the 5 minutes.
    bad = sum(late[-6:]) + sum(late_other[-6:])
    name = "two feeds, of which two processes tell"
    yield _raw("total", "5m", slo, name, series, 12 / 300)
    yield _raw("bad", "5m", slo, name, series, bad / 300)
    for window, minutes in list(_WINDOWS.items())[1:]:
        for what in ("total", "bad"):
            recorded = {
                f'slo:{what}_events:rate5m{{slo="{slo}"}}': _gauge(_LOUD),
                f'slo:{what}_events:rate5m{{slo="{_ANY}"}}': "1000x500",
            }
            average = sum(_LOUD[-minutes - 1 :]) / (minutes + 1)
            name = "the average of what was recorded every minute"
            reading = _raw(what, window, slo, name, recorded, average)
            yield replace(reading, at=f"{_MINUTES - 1}m")


def _gauge(values: Iterable[float]) -> str:
    return " ".join(f"{value:g}" for value in values)


# What the specification promises (its §6.1), and ours for payments.
_OBJECTIVES = {
    "webhook-text-latency": 0.95,
    "webhook-audio-latency": 0.95,
    "prereservation-latency": 0.95,
    "ical-freshness": 0.99,
    "http-availability": 0.99,
    "payment-notifications": 0.995,
    "booking-journey": 0.99,
}


def _of_definitions() -> Iterator[Reading]:
    for slo, objective in _OBJECTIVES.items():
        for record, value in (
            ("slo:objective:ratio", objective),
            ("slo:error_budget:ratio", 1 - objective),
            ("slo:definition:info", 1),
        ):
            yield Reading(
                record=record, slo=slo, name="as promised", series={}, at="5m", value=value
            )


def _derived(record: str, name: str, at: str, value: float | None, **series: str) -> Reading:
    """Return a reading of what is recorded from what is recorded, given as `a__b=samples`."""
    given = {f'slo:{key.replace("__", ":")}{{slo="{_ANY}"}}': text for key, text in series.items()}
    return Reading(record=record, slo=_ANY, name=name, series=given, at=at, value=value)


def _of_ratios() -> Iterator[Reading]:
    for window in (*_WINDOWS, *_HOURS):
        record = f"slo:bad_per_total:ratio_rate{window}"
        for name, bad, total, value in (
            ("3 of 12", "3x9", "12x9", 0.25),
            ("1 of 2 in 4 seconds", "0.25x9", "0.5x9", 0.5),
            ("nothing happened", "0x9", "0x9", None),
        ):
            yield _derived(
                record,
                name,
                "5m",
                value,
                **{f"bad_events__rate{window}": bad, f"total_events__rate{window}": total},
            )


def _of_days() -> Iterator[Reading]:
    for window, hours in _HOURS.items():
        samples = [(hour * hour) % 23 for hour in range(2 * hours + 1)]
        # Prometheus counts the sample at the window's very beginning as well.
        known = samples[-hours - 1 :]
        for what in ("total", "bad"):
            yield Reading(
                record=f"slo:{what}_events:rate{window}",
                slo=_ANY,
                name="the average of what was recorded every hour",
                series={f'slo:{what}_events:rate5m{{slo="{_ANY}"}}': _gauge(samples)},
                interval="1h",
                at=f"{2 * hours}h",
                value=sum(known) / len(known),
            )
    for window, short, minutes in (("1d", "10m", 10), ("3d", "30m", 30), ("30d", "1h", 60)):
        pieces = _HOURS[window] * 60 // minutes
        samples = [(piece * piece) % 19 for piece in range(2 * pieces + 1)]
        yield Reading(
            record=f"slo:bad_events:increase{window}",
            slo=_ANY,
            name="each piece counted once",
            series={f'slo:bad_events:rate{short}{{slo="{_ANY}"}}': _gauge(samples)},
            interval=f"{minutes}m",
            at=f"{2 * pieces * minutes}m",
            value=sum(samples[-pieces - 1 :]) * minutes * 60,
        )


def _of_feeds() -> Iterator[Reading]:
    metric = "ical_last_success_timestamp_seconds"
    one = f'{metric}{{job="backend",instance="one",feed="airbnb/1",source="airbnb"}}'
    two = one.replace("one", "two")
    record = "feed:ical_sync_age:seconds"
    read = {one: "1x20", two: "120x20"}
    yield Reading(
        record=record, slo="", name="the latest counts", series=read, at="10m", value=600 - 120
    )
    other = {two: "120x20", one.replace("airbnb/1", "booking/2"): "300x20"}
    yield Reading(record=record, slo="", name="each", series=other, at="10m", value=480 + 300)
    yield Reading(record=record, slo="", name="never", series={one: "0x20"}, at="10m", value=None)


def _of_budget() -> Iterator[Reading]:
    spent = {"bad_per_total__ratio_rate30d": "0.003x9", "error_budget__ratio": "0.01x9"}
    yield _derived("slo:error_budget_remaining:ratio", "3 of 10 spent", "5m", 0.7, **spent)
    yield _derived("slo:error_budget_consumed:percent", "3 of 10 spent", "5m", 30, **spent)
    yield _derived(
        "slo:current_burn_rate:ratio",
        "5 % where 2 % may be",
        "5m",
        2.5,
        bad_per_total__ratio_rate1h="0.05x9",
        error_budget__ratio="0.02x9",
    )
    for name, left, burn, value in (
        ("half of it at half the pace lasts 30 days", "0.5x9", "0.5x9", 30 * 86400),
        ("a quarter at three times the pace lasts 2.5 days", "0.25x9", "3x9", 2.5 * 86400),
        ("what does not burn lasts for ever", "0.5x9", "0x9", None),
    ):
        yield _derived(
            "slo:error_budget_exhaustion:seconds",
            name,
            "5m",
            value,
            error_budget_remaining__ratio=left,
            current_burn_rate__ratio=burn,
        )


READINGS: tuple[Reading, ...] = (
    *(reading for slo in _SLOW for reading in _of_slow(slo)),
    *_of_http(),
    *_of_journeys(),
    *_of_ical(),
    *_of_definitions(),
    *_of_ratios(),
    *_of_days(),
    *_of_feeds(),
    *_of_budget(),
)
