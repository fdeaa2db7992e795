"""The committed dashboards: what Grafana takes, what a reader needs, what Prometheus can answer."""

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
import yaml
from grafana_foundation_sdk.cog import plugins
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.dashboard import Dashboard as GrafanaDashboard
from tests.monitoring.board_lint import findings
from tests.monitoring.conftest import ROOT

from alojamientos.monitoring import conventions, definitions
from alojamientos.monitoring.board import Panel, Query
from alojamientos.monitoring.definitions import targets
from alojamientos.monitoring.definitions.dashboards import DASHBOARDS, MARKS
from alojamientos.monitoring.definitions.recorded import RECORDED_SLO
from alojamientos.monitoring.promql import Expr
from alojamientos.monitoring.related import alerts_of, metrics_of
from alojamientos.monitoring.render import grafana
from alojamientos.monitoring.render.grafana_panels import UNITS
from alojamientos.telemetry import log_events
from alojamientos.telemetry.catalogue import RESERVATIONS_ACTIVE

GRAFANA = ROOT / "monitoring/grafana"
PANELS = [
    pytest.param(panel, id=f"{board.name}/{panel.key}")
    for board in DASHBOARDS
    for panel in board.panels()
]
NAMES = [board.name for board in DASHBOARDS]


def committed(name: str) -> dict[str, Any]:
    content = json.loads((GRAFANA / f"dashboards/{name}.json").read_text(encoding="utf-8"))
    assert isinstance(content, dict)
    return content


def drawn(name: str) -> Iterator[dict[str, Any]]:
    for panel in committed(name)["panels"]:
        if panel["type"] != "row":
            yield panel


# --- What Grafana takes --------------------------------------------------------------------------


def test_the_specified_boards_and_objectives_are_committed():
    files = {path.name for path in (GRAFANA / "dashboards").iterdir()}

    assert files == {
        *("overview.json", "reservations.json", "webhooks.json", "infrastructure.json"),
        *("slo.json", "provider.yml"),
    }


@pytest.mark.parametrize("name", NAMES)
def test_a_board_survives_the_models_of_grafana(name):
    plugins.register_default_plugins()
    content = committed(name)

    through = GrafanaDashboard.from_json(content)

    again = json.loads(json.dumps(through, cls=JSONEncoder))
    for annotation in content["annotations"]["list"]:  # the models have no words for these
        del annotation["titleFormat"], annotation["textFormat"]
    assert again == content


@pytest.mark.parametrize("name", NAMES)
def test_a_board_is_found_where_alerts_and_menus_look(name):
    content = committed(name)

    assert content["uid"] == conventions.dashboard_uid(name)
    assert conventions.dashboard(name) == f"/d/alojamientos-{name}"
    assert content["editable"] is False
    assert content["links"][0]["tags"] == content["tags"] == ["alojamientos"]
    assert "id" not in content  # a number of one installation


@pytest.mark.parametrize("name", NAMES)
def test_ids_are_unique_and_places_do_not_overlap(name):
    panels = committed(name)["panels"]
    cells = [
        (panel["gridPos"]["x"] + column, panel["gridPos"]["y"] + line)
        for panel in panels
        for column in range(panel["gridPos"]["w"])
        for line in range(panel["gridPos"]["h"])
    ]

    assert len({panel["id"] for panel in panels}) == len(panels)
    assert len(set(cells)) == len(cells)
    assert max(column for column, _ in cells) < 24


@pytest.mark.parametrize("name", NAMES)
def test_every_picture_has_what_its_reader_needs(name):
    source = {"type": "prometheus", "uid": "${datasource}"}

    for panel in drawn(name):
        defaults = panel["fieldConfig"]["defaults"]
        steps = defaults["thresholds"]["steps"]
        values = [step["value"] for step in steps[1:]]
        assert panel["title"]
        assert panel["description"]
        assert defaults["unit"] in UNITS.values()
        assert defaults["noValue"]
        assert panel["datasource"] == source
        assert [target["datasource"] for target in panel["targets"]] == [source] * len(
            panel["targets"]
        )
        assert len({target["refId"] for target in panel["targets"]}) == len(panel["targets"])
        assert steps[0]["value"] is None
        assert values == sorted(set(values))


@pytest.mark.parametrize("name", NAMES)
def test_a_board_asks_the_source_that_the_reader_chooses(name):
    variables = {item["name"]: item for item in committed(name)["templating"]["list"]}

    assert variables["datasource"]["type"] == "datasource"
    assert variables["datasource"]["query"] == "prometheus"
    assert variables["datasource"]["current"]["value"] == conventions.PROMETHEUS_UID
    assert [item["name"] for item in committed(name)["annotations"]["list"]] == [
        "Alerts",
        "Deploys",
    ]


def test_the_source_and_the_provider_fit_the_boards():
    source = yaml.safe_load((GRAFANA / "datasources/prometheus.yml").read_text("utf-8"))
    provider = yaml.safe_load((GRAFANA / "dashboards/provider.yml").read_text("utf-8"))
    (prometheus,) = source["datasources"]
    (files,) = provider["providers"]

    assert (prometheus["uid"], prometheus["url"], prometheus["isDefault"]) == (
        conventions.PROMETHEUS_UID,
        "http://prometheus:9090",
        True,
    )
    # The window of a rate is four of these: no target may be slower.
    assert prometheus["jsonData"]["timeInterval"] == "30s"
    assert {job.interval for job in targets.SCRAPE_JOBS} <= {"10s", "15s", "30s"}
    assert files["options"]["path"] == "/etc/grafana/provisioning/dashboards"
    assert files["allowUiUpdates"] is False


# --- The specification ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("board", "titles"),
    [
        (
            "overview",
            (
                *("Request rate", "Error rate", "Latency P50, P95, P99"),
                *("Active reservations", "Health status"),
            ),
        ),
        (
            "reservations",
            (
                *("Reservations by channel", "Lock failures", "Date overlaps"),
                "Pre-reservation expirations",
            ),
        ),
        ("webhooks", ("Webhook processing time", "Invalid signatures", "Event types")),
        (
            "infrastructure",
            (
                *("CPU", "Memory", "Disk free", "Connections by state", "Locks"),
                *("Cache hit ratio", "Redis memory", "Redis clients", "Evicted keys"),
            ),
        ),
        ("slo", ("SLO compliance",)),
    ],
)
def test_the_specified_pictures_are_there(board, titles):
    assert {panel["title"] for panel in drawn(board)} >= set(titles)


def test_errors_turn_yellow_and_red_where_specified():
    (panel,) = (panel for panel in drawn("overview") if panel["title"] == "Error rate")

    assert panel["type"] == "stat"
    assert panel["fieldConfig"]["defaults"]["thresholds"]["steps"] == [
        {"color": "green", "value": None},
        {"color": "yellow", "value": 0.01},
        {"color": "red", "value": 0.05},
    ]


# --- What Prometheus can answer ------------------------------------------------------------------


@pytest.mark.parametrize("panel", PANELS)
def test_every_query_asks_for_what_exists_in_a_way_that_means_something(panel):
    assert list(findings(panel)) == []


GOOD = next(p for board in DASHBOARDS for p in board.panels() if p.title == "Request rate")


def asking(text: str, **change: Any) -> Panel:
    query = Query(expr=Expr(text=text, labels=frozenset()), legend="x")
    return replace(GOOD, queries=(query,), **change)


@pytest.mark.parametrize(
    ("panel", "finding"),
    [
        (asking("http_requests_total"), "only grows"),
        (asking("sum(http_request_duration_seconds_count)"), "only grows"),
        (asking("rate(reservations_active[$__rate_interval])"), "is no counter"),
        (asking("sum(rate(http_requests[$__rate_interval]))"), "is in no catalogue"),
        (asking("http_request_duration_seconds"), "is in no catalogue"),
        (asking('sum(rate(http_requests_total{code="500"}[$__rate_interval]))'), "no label code"),
        (asking("sum(irate(http_requests_total[$__rate_interval]))"), "irate shows"),
        (
            asking(
                "histogram_quantile(0.95, sum by (handler)"
                " (rate(http_request_duration_seconds_bucket[$__rate_interval])))"
            ),
            "wants the sum by le",
        ),
        (asking("sum(rate(http_requests_total[5m]))"), "a window of its own"),
        (
            asking("sum(rate(http_requests_total[$__rate_interval]))", kind="value"),
            "must not depend on how far",
        ),
        (
            asking("sum(increase(http_requests_total[1h]))", kind="bars", step="1d"),
            "the window is not the step",
        ),
    ],
)
def test_the_lint_catches(panel, finding):
    assert any(finding in found for found in findings(panel)), list(findings(panel))


@pytest.mark.parametrize(
    "panel",
    [
        asking("sum(rate(http_requests_total[$__rate_interval]))"),
        asking("sum(rate(http_requests_total[5m]))", fixed_window="few"),
        asking("sum(rate(http_requests_total[5m]))", kind="value"),
        asking("sum(increase(http_requests_total[1d]))", kind="bars", step="1d"),
        asking("reservations_active"),
        asking('count(node_cpu_seconds_total{mode="idle"})'),
    ],
)
def test_the_lint_passes(panel):
    assert list(findings(panel)) == []


@pytest.mark.parametrize("panel", PANELS)
def test_logs_to_look_up_are_events_that_are_written(panel):
    assert set(panel.logs) <= set(log_events.ALL)


def test_objectives_are_drawn_from_series_that_are_recorded():
    recorded = {rule.record for group in definitions.RULE_GROUPS for rule in group.recordings}

    assert {series.name for series in RECORDED_SLO} <= recorded


# --- Runbooks and logs ---------------------------------------------------------------------------


def test_a_picture_leads_to_the_runbooks_of_the_alerts_that_read_it():
    (health,) = (panel for panel in drawn("overview") if panel["title"] == "Health status")
    urls = {link["url"] for link in health["links"]}

    assert {"${runbooks}/ServiceDown.md", "${runbooks}/DatabaseDown.md"} <= urls
    for url in urls:
        if url.startswith("${runbooks}/"):
            assert (ROOT / conventions.RUNBOOKS / url.removeprefix("${runbooks}/")).is_file()


def test_a_picture_leads_to_its_log_lines_in_the_time_that_it_shows():
    (panel,) = (panel for panel in drawn("webhooks") if panel["title"] == "Invalid signatures")
    (url,) = (link["url"] for link in panel["links"] if link["url"].startswith("/explore"))

    assert conventions.LOKI_UID in url
    assert "webhook%5C%5C%5C%5C.signature_refused" in url
    assert '"${__from}"'.replace('"', "%22") in url


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ('up{job="backend"} == 0', {"up"}),
        ("sum by (error_type) (rate(nlu_seconds_bucket[5m]))", {"nlu_seconds"}),
        ("time() - max(slo:x:y)\nor\nabsent(pg_up)", {"slo:x:y", "pg_up"}),
        ('count(ALERTS{alertstate="firing"}) or vector(0)', {"ALERTS"}),
        ("predict_linear(node_filesystem_avail_bytes[6h], 5)", {"node_filesystem_avail_bytes"}),
    ],
)
def test_metrics_are_read_out_of_an_expression(text, names):
    assert metrics_of(text) == names


def test_an_alert_on_something_else_is_no_alert_of_a_picture():
    panel = asking(f"max({RESERVATIONS_ACTIVE.name})")

    assert alerts_of(panel, definitions.RULE_GROUPS) == ()


def test_rendering_is_the_same_bytes_every_time():
    for board in DASHBOARDS:
        first = grafana.board(board, MARKS, definitions.RULE_GROUPS)
        assert grafana.board(board, MARKS, definitions.RULE_GROUPS) == first
