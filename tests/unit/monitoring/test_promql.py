import promql_parser
import pytest

from alojamientos.monitoring.definitions.exporters import PG_UP, PROMETHEUS_NOTIFICATION_ERRORS, UP
from alojamientos.monitoring.promql import (
    InvalidExpression,
    absent,
    any_of,
    both,
    compare,
    constant,
    equals,
    highest,
    increase,
    is_duration,
    lowest,
    none_of,
    one_of,
    rate,
    series,
    total,
    unless,
)
from alojamientos.telemetry.catalogue import APP_DEPENDENCY_UP, HTTP_REQUESTS


@pytest.mark.parametrize(
    ("expr", "text"),
    [
        (series(UP), "up"),
        (series(UP, equals("job", "backend")), 'up{job="backend"}'),
        (series(UP, one_of("job", ("node", "redis"))), 'up{job=~"node|redis"}'),
        (series(UP, none_of("job", ("node",))), 'up{job!~"node"}'),
        (
            total(rate(HTTP_REQUESTS, window="5m"), "handler", "method"),
            "sum by (handler, method) (rate(http_requests_total[5m]))",
        ),
        (highest(series(PG_UP)), "max(pg_up)"),
        (lowest(series(UP), "job"), "min by (job) (up)"),
        (compare(series(UP), ">=", "-0.5"), "up >= -0.5"),
        (absent(UP, equals("job", "node")), 'absent(up{job="node"})'),
        (any_of(series(UP), series(PG_UP)), "up\nor\npg_up"),
        (
            any_of(series(UP), unless(series(UP), series(UP), "job")),
            "up\nor\n(up\nunless on (job)\nup)",
        ),
        (both(absent(UP), absent(PG_UP)), "absent(up) and on () absent(pg_up)"),
        (constant("1"), "vector(1)"),
    ],
)
def test_expressions_read_and_parse(expr, text):
    assert str(expr) == text
    promql_parser.parse(text)


def test_labels_follow_the_expression():
    assert series(UP).labels == {"job", "instance"}
    assert total(series(UP), "job").labels == {"job"}
    assert total(series(UP)).labels == set()
    assert absent(UP, equals("job", "node"), one_of("instance", ("a",))).labels == {"job"}
    assert any_of(series(UP), total(series(UP), "job")).labels == {"job"}
    assert unless(series(UP), total(series(UP), "job"), "job").labels == {"job", "instance"}


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: series(UP, equals("host", "a")), "up has no label 'host'; it has instance, job"),
        (lambda: series(UP, equals("job", "web")), "label 'job' is never web"),
        (
            lambda: series(APP_DEPENDENCY_UP, equals("dependency", "postgresql")),
            (
                "app_dependency_up: label 'dependency' is never postgresql;"
                " it is one of postgres, redis"
            ),
        ),
        (
            lambda: series(APP_DEPENDENCY_UP, one_of("dependency", ("redis", "moon"))),
            "is never moon",
        ),
        (lambda: rate(UP, window="5m"), "rate wants a counter; up is a gauge"),
        (
            lambda: increase(PROMETHEUS_NOTIFICATION_ERRORS, window="5"),
            "'5' is not a duration like 5m",
        ),
        (lambda: total(series(UP), "team"), "up has no label team to aggregate by"),
        (lambda: compare(series(UP), "==", "zero"), "'zero' is not a number"),
        (lambda: constant("one"), "'one' is not a number"),
        (lambda: unless(series(UP), total(series(UP)), "job"), r"sum\(up\) has no label job"),
    ],
)
def test_what_does_not_fit_the_metrics_is_refused(build, message):
    with pytest.raises(InvalidExpression, match=message):
        build()


def test_a_label_that_nobody_bounds_may_have_any_value():
    assert 'handler="/x"' in str(series(HTTP_REQUESTS, equals("handler", "/x")))


@pytest.mark.parametrize("text", ["10s", "1h30m", "500ms"])
def test_durations(text):
    assert is_duration(text)


@pytest.mark.parametrize("text", ["", "10", "s", "1 m", "-1m"])
def test_not_durations(text):
    assert not is_duration(text)
