from dataclasses import replace

import pytest

from alojamientos.monitoring.board import (
    UP_OR_DOWN,
    Dashboard,
    Mark,
    Panel,
    Query,
    Row,
    Scale,
    text_of,
)
from alojamientos.monitoring.promql import (
    RATE_INTERVAL,
    InvalidExpression,
    equals,
    increase,
    rate,
    series,
    total,
)
from alojamientos.telemetry.catalogue import HTTP_REQUESTS, JOB_RUNS, RESERVATIONS_ACTIVE

PANEL = Panel(
    title="Request rate",
    description="Requests per second.",
    kind="lines",
    unit="requests_per_second",
    queries=(
        Query(
            expr=total(rate(HTTP_REQUESTS, window=RATE_INTERVAL), "status"),
            legend="{status}",
        ),
    ),
)
BOARD = Dashboard(
    name="overview", title="Overview", description="All.", rows=(Row(title="One", panels=(PANEL,)),)
)


def test_a_whole_panel_has_no_problem():
    assert BOARD.validate() == []


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"description": " "}, "description is missing"),
        ({"queries": ()}, "it asks nothing"),
        ({"width": 13}, "width 13 is not within 12 columns"),
        ({"span": "a day"}, "span 'a day' is not a duration like 1d"),
        ({"step": "1d"}, "bars, and only bars, say how far they are apart"),
        ({"kind": "bars"}, "bars, and only bars, say how far they are apart"),
        ({"kind": "states"}, "states, and only states, say what their values mean"),
        ({"states": UP_OR_DOWN}, "states, and only states, say what their values mean"),
        (
            {"scale": Scale(steps=((5, "warning"), (3, "critical")))},
            "the steps of its scale do not ascend",
        ),
        (
            {"scale": Scale(steps=((5, "warning"), (5, "critical")))},
            "the steps of its scale do not ascend",
        ),
        ({"queries": (replace(PANEL.queries[0], legend=" "),)}, "legend is missing"),
        ({"queries": PANEL.queries * 2}, "two queries have one legend"),
        (
            {"queries": (replace(PANEL.queries[0], legend="{handler}"),)},
            "legend '{handler}' names 'handler', which its query does not keep",
        ),
    ],
)
def test_a_panel_says_what_it_lacks(change, problem):
    (found,) = replace(PANEL, **change).problems()

    assert found.endswith(problem)


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"name": "sales"}, "its name is none of"),
        ({"description": ""}, "description is missing"),
        ({"span": "long"}, "span 'long' is not a duration"),
        ({"rows": BOARD.rows * 2}, "panel 'Request rate': it is there twice"),
    ],
)
def test_a_board_says_what_it_lacks(change, problem):
    (found,) = replace(BOARD, **change).validate()

    assert problem in found


def test_a_mark_names_only_labels_that_its_query_keeps():
    mark = Mark(
        name="Busy",
        expr=total(series(RESERVATIONS_ACTIVE), "status"),
        title="{status}",
        text="{channel}",
        level="info",
    )

    assert mark.validate() == ["mark Busy: it names 'channel', which its query does not keep"]


@pytest.mark.parametrize(("step", "window"), [(15, "120s"), (300, "330s")])
def test_a_window_holds_four_scrapes_and_leaves_no_gap_between_points(step, window):
    text = text_of(PANEL.queries[0].expr, step=step, scrape=30)

    assert text == f"sum by (status) (rate(http_requests_total[{window}]))"


def test_a_label_that_the_target_has_too_is_asked_by_its_other_name():
    assert str(increase(JOB_RUNS, equals("exported_job", "jobs.sweep"), window="1h")) == (
        'increase(job_runs_total{exported_job="jobs.sweep"}[1h])'
    )
    assert total(increase(JOB_RUNS, window="1h"), "exported_job", "job").labels == {
        "exported_job",
        "job",
    }


def test_the_other_name_keeps_its_values():
    with pytest.raises(InvalidExpression, match="is never nobody"):
        increase(JOB_RUNS, equals("job", "nobody"), window="1h")
