"""What the less plain queries of the boards answer, asked of Prometheus' own evaluator."""

import subprocess

import pytest
import yaml

from alojamientos.monitoring.board import text_of
from alojamientos.monitoring.definitions.dashboards import DASHBOARDS, MARKS


def query(board: str, title: str, legend: str) -> str:
    (expr,) = (
        query.expr
        for item in DASHBOARDS
        if item.name == board
        for panel in item.panels()
        if panel.title == title
        for query in panel.queries
        if query.legend == legend
    )
    return text_of(expr, step=15, scrape=30)


ERRORS = query("overview", "Error rate", "5xx")
STALE = query("reservations", "Stale feeds", "stale")
FIRING = query("overview", "Alerts firing", "firing")
WITHIN = query("webhooks", "Text within 3 s", "within 3 s")
OUTAGE_LEFT = query("slo", "SLO compliance", "left, as a full outage")
GOOD_30D = query("slo", "SLO compliance", "good, 30 days")
CPU = query("infrastructure", "CPU", "{instance}")
CONNECTIONS = query("infrastructure", "Connections used", "used")
CALLS_FAILED = query("webhooks", "Calls that failed", "{provider}")
DEPLOYS = str(next(mark for mark in MARKS if mark.name == "Deploys").expr)
REQUESTS = 'http_requests_total{job="backend",instance="a",handler="/",method="GET",status='
BUILD = 'app_build_info{job="backend",instance="a",version='
BUCKET = 'webhook_processing_seconds_bucket{job="worker",source="whatsapp",event_type="text",le='
COUNT = 'webhook_processing_seconds_count{job="worker",source="whatsapp",event_type="text"}'
OUTBOUND = 'outbound_requests_total{job="worker",provider="whatsapp",operation="other",outcome='
NEW = '{commit="2", job="backend", version="0.2"}'

# What is asked, of which series (a sample a minute), when, and what is answered.
CASES: dict[str, tuple[str, dict[str, str], str, dict[str, float]]] = {
    "errors are 0 while no 5xx was ever seen": (
        ERRORS,
        {REQUESTS + '"200"}': "0+60x60"},
        "30m",
        {"{}": 0},
    ),
    "errors are their share": (
        ERRORS,
        {REQUESTS + '"200"}': "0+90x60", REQUESTS + '"503"}': "0+10x60"},
        "30m",
        {"{}": 0.1},
    ),
    "an idle night has no share of errors": (
        ERRORS,
        {REQUESTS + '"200"}': "60x60"},
        "30m",
        {},
    ),
    "without a stale feed there are 0": (
        STALE,
        {'ical_last_sync_age_minutes{job="backend",feed_url="a"}': "30x60"},
        "30m",
        {"{}": 0},
    ),
    "stale feeds are counted once, however many processes tell": (
        STALE,
        {
            'ical_last_sync_age_minutes{job="backend",instance="1",feed_url="a"}': "31x60",
            'ical_last_sync_age_minutes{job="backend",instance="2",feed_url="a"}': "31x60",
            'ical_last_sync_age_minutes{job="backend",instance="1",feed_url="b"}': "90x60",
        },
        "30m",
        {"{}": 2},
    ),
    "the watchdog is no alert": (
        FIRING,
        {
            'ALERTS{alertname="Watchdog",alertstate="firing",severity="none"}': "1x60",
            'ALERTS{alertname="ServiceDown",alertstate="pending",severity="critical"}': "1x60",
        },
        "30m",
        {"{}": 0},
    ),
    "alerts that fire are counted": (
        FIRING,
        {'ALERTS{alertname="ServiceDown",alertstate="firing",severity="critical"}': "1x60"},
        "30m",
        {"{}": 1},
    ),
    "replies within the target count, as Prometheus 2 writes the bucket": (
        WITHIN,
        {BUCKET + '"3.0"}': "0+3x60", COUNT: "0+4x60"},
        "30m",
        {"{}": 0.75},
    ),
    "replies within the target count, as Prometheus 3 writes it": (
        WITHIN,
        {BUCKET + '"3"}': "0+3x60", COUNT: "0+4x60"},
        "30m",
        {"{}": 0.75},
    ),
    "what is left of 1 % is minutes of a full outage": (
        OUTAGE_LEFT,
        {
            'slo:error_budget_remaining:ratio{slo="a"}': "0.5x60",
            'slo:objective:ratio{slo="a"}': "0.99x60",
        },
        "30m",
        {'{slo="a"}': 216},
    ),
    "what was not bad was good": (
        GOOD_30D,
        {'slo:bad_per_total:ratio_rate30d{slo="a"}': "0.25x60"},
        "30m",
        {'{slo="a"}': 0.75},
    ),
    "a core that waits for the disk is not busy": (
        CPU,
        {
            'node_cpu_seconds_total{instance="n",cpu="0",mode="idle"}': "0+30x60",
            'node_cpu_seconds_total{instance="n",cpu="0",mode="iowait"}': "0+15x60",
            'node_cpu_seconds_total{instance="n",cpu="0",mode="user"}': "0+15x60",
            'node_cpu_seconds_total{instance="n",cpu="1",mode="idle"}': "0+60x60",
            'node_cpu_seconds_total{instance="n",cpu="1",mode="iowait"}': "0x60",
            'node_cpu_seconds_total{instance="n",cpu="1",mode="user"}': "0x60",
        },
        "30m",
        {'{instance="n"}': 0.125},
    ),
    "connections in reserve cannot be had": (
        CONNECTIONS,
        {
            'pg_stat_activity_count{datname="a",state="idle"}': "40x60",
            'pg_stat_activity_count{datname="a",state="active"}': "9x60",
            'pg_settings_max_connections{server="s"}': "101x60",
            'pg_settings_superuser_reserved_connections{server="s"}': "3x60",
        },
        "30m",
        {"{}": 0.5},
    ),
    "a redirect is no failure of a provider": (
        CALLS_FAILED,
        {
            OUTBOUND + '"2xx"}': "0+3x60",
            OUTBOUND + '"3xx"}': "0+6x60",
            OUTBOUND + '"timeout"}': "0+3x60",
        },
        "30m",
        {'{provider="whatsapp"}': 0.25},
    ),
    "a deploy is marked while it is new": (
        DEPLOYS,
        {BUILD + '"0.1",commit="1"}': "1x29 _x31", BUILD + '"0.2",commit="2"}': "_x30 1x30"},
        "31m",
        {NEW: 1},
    ),
    "a deploy is no news for ever": (
        DEPLOYS,
        {BUILD + '"0.1",commit="1"}': "1x29 _x31", BUILD + '"0.2",commit="2"}': "_x30 1x30"},
        "40m",
        {},
    ),
    "a restart is no deploy": (
        DEPLOYS,
        {BUILD + '"0.2",commit="2"}': "1x20 _x10 1x30"},
        "32m",
        {},
    ),
    "a roll-back after an hour is a deploy": (
        DEPLOYS,
        {
            BUILD + '"0.2",commit="2"}': "1x20 _x60 1x30",
            BUILD + '"0.3",commit="3"}': "_x21 1x59 _x30",
        },
        "82m",
        {NEW: 1},
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_a_query_answers(case, tool, tmp_path):
    expr, series, at, expected = CASES[case]
    document = {
        "rule_files": [],
        "evaluation_interval": "1m",
        "tests": [
            {
                "interval": "1m",
                "input_series": [{"series": s, "values": v} for s, v in series.items()],
                "promql_expr_test": [
                    {
                        "expr": f"round({expr}, 0.000001)",
                        "eval_time": at,
                        "exp_samples": [
                            {"labels": labels, "value": value} for labels, value in expected.items()
                        ],
                    }
                ],
            }
        ],
    }
    path = tmp_path / "query.test.yml"
    path.write_text(yaml.safe_dump(document), encoding="utf-8")

    result = subprocess.run(
        [tool("promtool"), "test", "rules", str(path)], capture_output=True, text=True, check=False
    )

    assert result.returncode == 0, result.stdout + result.stderr
