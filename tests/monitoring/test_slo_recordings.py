"""What the recorded service levels and budgets are worth, computed by Prometheus' own engine."""

import subprocess

import promql_parser
import pytest
import yaml
from tests.monitoring.cases.slo import _AUDIO, _BAD, _OK, _PROBE, _REFUSED, _TEXT, counting, replies
from tests.monitoring.conftest import ROOT

from alojamientos.monitoring import conventions, definitions, slo_rules
from alojamientos.telemetry.catalogue import CATALOGUE

RULES = ROOT / "monitoring/prometheus/rules"
REMAINING = "slo:error_budget_remaining:ratio"
HTTP = '{slo="http-availability"}'
TEXT = '{slo="webhook-text-latency"}'
ICAL = '{slo="ical-freshness"}'
FEED = 'ical_last_sync_age_minutes{job="backend",feed_url="%s"}'


@pytest.fixture
def values(tool, tmp_path):
    """Check what recorded series are after some time: {series: value, or None for none}."""

    def run(series: dict[str, str], at: str, expect: dict[str, float | None], interval="1m") -> str:
        document = {
            "rule_files": [str(RULES / "*.yml")],
            "evaluation_interval": interval,
            "group_eval_order": [group.name for group in definitions.RULE_GROUPS],
            "tests": [
                {
                    "interval": interval,
                    "input_series": [{"series": s, "values": v} for s, v in series.items()],
                    "promql_expr_test": [
                        {
                            # Rounded, so that what is compared is the figure and not its last bit.
                            "expr": f"round({name}, 0.0001)",
                            "eval_time": at,
                            "exp_samples": (
                                []
                                if value is None
                                else [{"labels": "{" + name.split("{")[1], "value": value}]
                            ),
                        }
                        for name, value in expect.items()
                    ],
                }
            ],
        }
        path = tmp_path / "values.test.yml"
        path.write_text(yaml.safe_dump(document), encoding="utf-8")
        result = subprocess.run(
            [tool("promtool"), "test", "rules", str(path)],
            capture_output=True,
            text=True,
            check=False,
        )
        return "" if result.returncode == 0 else result.stdout + result.stderr

    return run


def test_a_service_that_never_failed_has_its_whole_budget(values):
    found = values(
        {_OK: "0+60x60"},
        "1h",
        {
            REMAINING + HTTP: 1,
            "slo:error_budget_consumed:percent" + HTTP: 0,
            "slo:current_burn_rate:ratio" + HTTP: 0,
            # It lasts for ever: no figure.
            "slo:error_budget_exhaustion:seconds" + HTTP: None,
        },
    )

    assert found == ""


def test_an_idle_gap_costs_nothing(values):
    series = {_OK: counting([60] * 60 + [0] * 60 + [60] * 60), _BAD: "0x180"}

    assert values(series, "2h", {REMAINING + HTTP: 1}) == ""
    assert values(series, "3h", {REMAINING + HTTP: 1}) == ""


def test_a_gap_without_any_sample_costs_nothing(values):
    series = {_OK: "0+60x60 stale _x60 3600+60x60", _BAD: "0x60 stale _x60 0x60"}

    assert values(series, "3h", {REMAINING + HTTP: 1}) == ""


def test_while_nobody_asks_the_level_of_the_hour_is_no_figure_and_the_budget_stays(values):
    series = {_OK: counting([60] * 60 + [0] * 90), _BAD: "0x150"}

    found = values(
        series,
        "2h30m",
        {
            "slo:bad_per_total:ratio_rate1h" + HTTP: None,
            "slo:total_events:rate1h" + HTTP: 0,
            REMAINING + HTTP: 1,
        },
    )
    assert found == ""


def test_an_outage_in_the_busy_hour_weighs_what_it_weighs(values):
    # 23 hours at 1 a minute, then one at 1,000 a minute of which a tenth fails
    series = {
        _OK: counting([1] * 1380 + [900] * 60),
        _BAD: counting([0] * 1380 + [100] * 60),
    }

    # 6,000 of 61,380 are 9.775 %, and of the last 6 hours' 60,300 they are 9.95 %; the average of
    # levels of 5 minutes would say 0.4 %.
    found = values(
        series,
        "24h",
        {
            "slo:bad_per_total:ratio_rate30d" + HTTP: 0.0977,
            "slo:bad_per_total:ratio_rate6h" + HTTP: 0.0995,
        },
    )
    assert found == ""


def test_a_budget_is_spent_to_the_percent(values):
    # 0.5 % of errors at an objective of 99 %: half of the budget
    found = values(
        {_OK: "0+995x120", _BAD: "0+5x120"},
        "2h",
        {
            "slo:bad_per_total:ratio_rate30d" + HTTP: 0.005,
            REMAINING + HTTP: 0.5,
            "slo:error_budget_consumed:percent" + HTTP: 50,
            "slo:current_burn_rate:ratio" + HTTP: 0.5,
            # Half of 30 days' budget, burning at half the pace that spends it in 30 days
            "slo:error_budget_exhaustion:seconds" + HTTP: 2592000,
        },
    )

    assert found == ""


def test_a_budget_just_spent_is_0_and_an_overspent_one_below(values):
    spent = {_OK: "0+99x60", _BAD: "0+1x60"}
    overspent = {_OK: "0+97x60", _BAD: "0+3x60"}

    assert values(spent, "1h", {REMAINING + HTTP: 0}) == ""
    assert values(overspent, "1h", {REMAINING + HTTP: -2}) == ""


@pytest.mark.parametrize("edge", ["3.0", "3"])
def test_replies_beyond_3_s_are_bad(values, edge):
    # 8 % slow at an objective of 95 %
    series = replies(_TEXT, edge, "0+100x60", "0+92x60")

    found = values(
        series,
        "1h",
        {"slo:bad_per_total:ratio_rate1h" + TEXT: 0.08, REMAINING + TEXT: -0.6},
    )
    assert found == ""


def test_text_and_voice_are_counted_apart(values):
    series = {
        **replies(_TEXT, "3.0", "0+100x60", "0+100x60"),
        **replies(_AUDIO, "15.0", "0+10x60", "0+5x60"),
    }

    found = values(
        series,
        "1h",
        {
            "slo:bad_per_total:ratio_rate1h" + TEXT: 0,
            'slo:bad_per_total:ratio_rate1h{slo="webhook-audio-latency"}': 0.5,
        },
    )
    assert found == ""


def test_only_our_errors_are_bad_and_probes_are_not_requests(values):
    series = {_OK: "0+50x60", _REFUSED: "0+49x60", _BAD: "0+1x60", _PROBE: "0+100x60"}

    assert values(series, "1h", {"slo:bad_per_total:ratio_rate1h" + HTTP: 0.01}) == ""


def test_minutes_of_feeds_are_counted_once_however_many_processes_tell(values):
    # Of two feeds, one is stale for the second half of the hour: 1 of 4.
    stale = "5x29 25x31"
    series = {
        FEED % "airbnb/1": stale,
        (FEED % "airbnb/1").replace("backend", "worker"): stale,
        FEED % "booking/2": "5x60",
    }

    assert values(series, "1h", {"slo:bad_per_total:ratio_rate5m" + ICAL: 0.5}) == ""


def test_without_feeds_there_is_no_level_of_them(values):
    assert values({_OK: "0+60x60"}, "1h", {REMAINING + ICAL: None}) == ""


@pytest.mark.parametrize("interval", ["30s", "1m"])
def test_bad_events_are_counted_and_not_extrapolated(values, interval):
    # Three errors in the two hours that are known of the day
    per_minute = {"30s": 2, "1m": 1}[interval]
    steps = [0] * 30 * per_minute + [1] + [0] * 20 * per_minute + [2] + [0] * 80 * per_minute
    series = {_OK: counting([5] * len(steps)), _BAD: counting(steps)}

    found = values(
        series,
        "2h",
        {"slo:bad_events:increase1d" + HTTP: 3, "slo:bad_events:increase3d" + HTTP: 3},
        interval,
    )
    assert found == ""


RECORDINGS = [
    rule
    for path in sorted(RULES.glob("*.yml"))
    for group in yaml.safe_load(path.read_text(encoding="utf-8"))["groups"]
    for rule in group["rules"]
]


def _selectors(node, found):
    for name in ("vector_selector", "lhs", "rhs", "expr"):
        child = getattr(node, name, None)
        if isinstance(child, promql_parser.VectorSelector):
            found.append(child)
        elif isinstance(child, promql_parser.Expr):
            _selectors(child, found)
    for child in getattr(node, "args", None) or []:
        if isinstance(child, promql_parser.VectorSelector):
            found.append(child)
        else:
            _selectors(child, found)
    return found


def test_what_is_recorded_reads_the_catalogue_or_what_is_recorded():
    known = {recorded.name: set(recorded.labels) for recorded in slo_rules.RECORDED}
    for metric in CATALOGUE.values():
        labels = {*metric.labels, *conventions.TARGET_LABELS}
        known[metric.name] = labels
        if metric.kind == "histogram":
            known |= {f"{metric.name}_count": labels, f"{metric.name}_bucket": {*labels, "le"}}

    read = set()
    for rule in RECORDINGS:
        for selector in _selectors(promql_parser.parse(rule["expr"]), []):
            read.add(selector.name)
            assert {m.name for m in selector.matchers.matchers} <= known[selector.name]
    assert {"http_requests_total", "ical_last_sync_age_minutes"} <= read


def test_everything_that_alerts_and_boards_may_read_is_recorded_and_nothing_else():
    assert {rule["record"] for rule in RECORDINGS} == {r.name for r in slo_rules.RECORDED}
