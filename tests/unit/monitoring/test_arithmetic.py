import promql_parser
import pytest

from alojamientos.monitoring.arithmetic import (
    and_on,
    calculate,
    divide,
    events,
    events_per_second,
    forecast,
    or_zero,
    over,
    quantile,
    since,
    within,
)
from alojamientos.monitoring.definitions.exporters import PG_UP, PROMETHEUS_RULE_FAILURES, UP
from alojamientos.monitoring.promql import (
    InvalidExpression,
    Recorded,
    any_of,
    compare,
    equals,
    highest,
    rate,
    series,
    total,
)
from alojamientos.telemetry.catalogue import (
    HTTP_REQUEST_DURATION,
    HTTP_REQUESTS,
    WEBHOOK_PROCESSING,
)

BAD = Recorded(
    name="slo:bad_events:rate1h", help="-", labels=("slo",), values={"slo": ("availability",)}
)
ALL = total(rate(HTTP_REQUESTS, window="5m"))
TEXT = equals("event_type", "text")


@pytest.mark.parametrize(
    ("expr", "text"),
    [
        (
            divide(total(rate(HTTP_REQUESTS, equals("status", "500"), window="5m")), ALL),
            (
                'sum(rate(http_requests_total{status="500"}[5m]))'
                " / (sum(rate(http_requests_total[5m])) > 0)"
            ),
        ),
        (
            calculate(divide(ALL, ALL), "*", "100"),
            "(sum(rate(http_requests_total[5m])) / (sum(rate(http_requests_total[5m])) > 0)) * 100",
        ),
        (calculate(series(BAD), "-", series(BAD)), f"{BAD.name} - {BAD.name}"),
        (since(highest(series(PG_UP))), "time() - max(pg_up)"),
        (over("max_over_time", UP, window="5m"), "max_over_time(up[5m])"),
        (
            over("avg_over_time", BAD, equals("slo", "availability"), window="30d"),
            'avg_over_time(slo:bad_events:rate1h{slo="availability"}[30d])',
        ),
        (
            forecast(UP, window="6h", seconds=86400),
            "predict_linear(up[6h], 86400)",
        ),
        (
            events(WEBHOOK_PROCESSING, TEXT, window="15m"),
            'increase(webhook_processing_seconds_count{event_type="text"}[15m])',
        ),
        (
            events_per_second(WEBHOOK_PROCESSING, window="15m"),
            "rate(webhook_processing_seconds_count[15m])",
        ),
        (
            within(WEBHOOK_PROCESSING, TEXT, seconds=3, window="5m"),
            'rate(webhook_processing_seconds_bucket{event_type="text",le=~"3(\\\\.0)?"}[5m])',
        ),
        (
            within(HTTP_REQUEST_DURATION, seconds=0.5, window="5m"),
            'rate(http_request_duration_seconds_bucket{le=~"0\\\\.5"}[5m])',
        ),
        (
            quantile("0.95", WEBHOOK_PROCESSING, TEXT, window="15m", by=("source",)),
            (
                "histogram_quantile(0.95, sum by (le, source)"
                ' (rate(webhook_processing_seconds_bucket{event_type="text"}[15m])))'
            ),
        ),
        (
            and_on(any_of(series(UP), series(UP)), series(UP), "job"),
            "(up\nor\nup)\nand on (job)\nup",
        ),
        (or_zero(ALL, total(series(PG_UP))), f"{ALL} or 0 * sum(pg_up)"),
    ],
)
def test_expressions_read_and_parse(expr, text):
    assert str(expr) == text
    promql_parser.parse(text)


@pytest.mark.parametrize(
    ("build", "problem"),
    [
        (lambda: divide(total(series(UP), "job"), total(series(UP))), "carry different labels"),
        (lambda: calculate(series(UP), "+", total(series(UP))), "carry different labels"),
        (lambda: or_zero(series(UP), total(series(UP))), "carry different labels"),
        (lambda: over("max_over_time", PROMETHEUS_RULE_FAILURES, window="5m"), "wants a gauge"),
        (lambda: events(HTTP_REQUESTS, window="5m"), "is a counter, not a histogram"),
        (lambda: events(WEBHOOK_PROCESSING, window="soon"), "is not a duration"),
        (lambda: within(WEBHOOK_PROCESSING, seconds=5, window="5m"), "no bucket that ends at 5"),
        (
            lambda: quantile("0.95", WEBHOOK_PROCESSING, window="5m", by=("handler",)),
            "has no label handler to keep",
        ),
        (lambda: and_on(series(UP), total(series(UP)), "job"), "has no label job to match on"),
        (lambda: series(BAD, equals("slo", "speed")), "label 'slo' is never speed"),
        (lambda: series(BAD, equals("job", "backend")), "has no label 'job'"),
    ],
)
def test_what_would_count_wrong_is_refused(build, problem):
    with pytest.raises(InvalidExpression, match=problem):
        build()


def test_what_has_been_joined_is_wrapped_before_it_is_joined_again():
    ratio = divide(ALL, ALL)

    assert str(divide(ratio, compare(ALL, ">", "0"))).startswith("(sum(")
    assert str(since(calculate(series(PG_UP), "*", "1"))) == "time() - (pg_up * 1)"


def test_a_recorded_series_has_only_its_own_labels():
    assert series(BAD).labels == {"slo"}
