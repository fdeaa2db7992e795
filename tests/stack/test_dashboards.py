"""Every query of every panel, asked of the Prometheus of a whole stack while guests write."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from subprocess import Popen
from typing import Any

import httpx2
import pytest
from tests.monitoring.tools.howto import howto_queries

from alojamientos.monitoring.board import OVER_TIME, Panel, text_of
from alojamientos.monitoring.definitions import targets
from alojamientos.monitoring.definitions.dashboards import DASHBOARDS, MARKS

pytestmark = [pytest.mark.stack, pytest.mark.timeout(600), pytest.mark.xdist_group("stack")]

STEP = 15
SCRAPE = max(int(job.interval.removesuffix("s")) for job in targets.SCRAPE_JOBS)
# A counter is known by its second scrape, what follows from one by the third.
_SECONDS_UNTIL_DRAWN = 240
# Under traffic and with nothing broken, only these have a reason to be empty.
EMPTY_WHEN_WELL = {
    *("overview/incident-timeline", "overview/oldest-reply-waiting"),
    *("reservations/oldest-unreconciled", "webhooks/oldest-in-the-queues"),
    # No feed is configured on a new stack, no calendar given out, and nobody sends a voice note.
    "reservations/since-each-channel-fetched-our-calendar",
    *("reservations/minutes-since-each-feed-was-read", "reservations/failed-reads"),
    *("webhooks/answer-to-audio-p95", "webhooks/audio-within-15-s"),
    # Nothing burns.
    "slo/time-until-the-budget-is-spent",
}


@pytest.fixture(scope="module")
def ask(stack) -> Iterator[Callable[..., Any]]:
    with httpx2.Client(base_url=stack.prometheus, timeout=20, trust_env=False) as client:

        def ask(path: str, **parameters: object) -> Any:
            response = client.get(
                f"/api/v1/{path}", params={k: str(v) for k, v in parameters.items()}
            )
            assert response.status_code == 200, f"{parameters}: {response.text}"
            return response.json()["data"]["result"]

        yield ask


@contextmanager
def traffic(stack) -> Iterator[None]:
    """Have guests write for as long as the test reads."""
    arguments = ("simulate", "traffic", "--rate", "2/s", "--minutes", "10")
    command = [sys.executable, "-m", "alojamientos", *arguments]
    with Popen(command, cwd=stack.folder, env=stack.env) as process:
        try:
            yield
        finally:
            process.terminate()


def drawn(ask: Callable[..., Any], panel: Panel) -> dict[str, list[dict[str, Any]]]:
    """Return the series of each query that have a number, as the panel would draw them."""
    now = time.time()
    found = {}
    for query in panel.queries:
        text = text_of(query.expr, step=STEP, scrape=SCRAPE)
        if panel.kind in OVER_TIME and not panel.step:
            result = ask("query_range", query=text, start=now - 300, end=now, step=STEP)
            found[query.legend] = [
                series for series in result if any(v != "NaN" for _, v in series["values"])
            ]
        else:
            result = ask("query", query=text)
            found[query.legend] = [series for series in result if series["value"][1] != "NaN"]
    return found


PANELS = {f"{board.name}/{panel.key}": panel for board in DASHBOARDS for panel in board.panels()}


def test_every_picture_has_data_under_traffic_or_says_why_not(stack, ask):
    empty = {name: ["not asked yet"] for name in PANELS}
    deadline = time.monotonic() + _SECONDS_UNTIL_DRAWN
    with traffic(stack):
        while (empty.keys() - EMPTY_WHEN_WELL) and time.monotonic() < deadline:
            time.sleep(5)
            empty = {
                name: missing
                for name in empty
                if (
                    missing := [
                        legend for legend, found in drawn(ask, PANELS[name]).items() if not found
                    ]
                )
            }

    assert {name: empty[name] for name in empty if name not in EMPTY_WHEN_WELL} == {}
    assert [name for name in empty if not PANELS[name].may_be_empty] == []


@pytest.mark.parametrize("name", PANELS)
def test_every_series_has_the_labels_that_its_legend_names(name, ask):
    panel = PANELS[name]

    found = drawn(ask, panel)

    for query in panel.queries:
        for series in found[query.legend]:
            assert set(query.legend_labels()) <= set(series["metric"]), query.legend


def test_queries_of_the_howto_have_answers(ask):
    # No calendar is late on a new stack, and there the page says so.
    empty = [query for query in howto_queries() if not ask("query", query=query)]

    assert empty == ["count(ical_last_sync_age_minutes > 30)"]


@pytest.mark.parametrize("mark", MARKS, ids=lambda mark: mark.name)
def test_marks_can_be_asked(mark, ask):
    now = time.time()

    ask("query_range", query=str(mark.expr), start=now - 300, end=now, step=STEP)


def test_the_first_start_is_marked_as_a_deploy(ask):
    now = time.time()
    deploys = next(mark for mark in MARKS if mark.name == "Deploys")

    found = ask("query_range", query=str(deploys.expr), start=now - 3600, end=now, step=STEP)

    assert {series["metric"]["job"] for series in found} == {"backend", "worker"}
