"""What the specification's own expressions get wrong, and that ours do not.

Each series is shown to both: if a test of the specification's rule failed, the mistake would not
be one, and ours would need no other form.
"""

from dataclasses import dataclass

import pytest
from tests.monitoring.cases.case import FIRES, QUIET, Case, Labels, counter
from tests.monitoring.tools.promtool import run_cases
from tests.monitoring.tools.rules import Rule, committed

from alojamientos.monitoring import conventions
from alojamientos.telemetry.catalogue import LATENCY_BUCKETS

HALF_A_MINUTE = 30
SPECIFIED = {
    "HighErrorRate": (
        'rate(http_requests_total{status=~"5.."}[5m]) / rate(http_requests_total[5m]) > 0.05'
    ),
    "HighLatencyP95": (
        "histogram_quantile(0.95, rate(http_request_duration_seconds_bucket"
        '{handler="/api/v1/reservations"}[5m])) > 6'
    ),
    "DatabaseDown": 'up{job="postgres"} == 0',
    "RedisDown": 'up{job="redis"} == 0',
    "ICalSyncStale": "ical_last_sync_age_minutes > 40",
    "ServiceDown": 'up{job="backend"} == 0',
    "FrequentDateOverlaps": "rate(reservations_date_overlap_total[10m]) > 0.1",
}
HOLDS = {
    "HighErrorRate": "5m",
    "HighLatencyP95": "3m",
    "ICalSyncStale": "5m",
    "ServiceDown": "1m",
    "DatabaseDown": "1m",
    "RedisDown": "2m",
    "FrequentDateOverlaps": "5m",
}
_OVERLAPS = 'reservations_date_overlap_total{job="backend",channel="whatsapp"}'
_FAILED = {"job": "backend", "handler": "/api", "method": "POST", "status": "500"}


@dataclass(frozen=True, kw_only=True)
class Mistake:
    """What happens, who should say so or be quiet, and who does."""

    alert: str
    what: str
    series: dict[str, str]
    at: str
    specified: tuple[Labels, ...]
    ours: tuple[Labels, ...]


def _requests(status: str, values: str) -> dict[str, str]:
    labels = ",".join(f'{k}="{v}"' for k, v in {**_FAILED, "status": status}.items())
    return {f"http_requests_total{{{labels}}}": values}


def _half_minute_bookings() -> dict[str, str]:
    labels = {"job": "backend", "handler": "/api/v1/reservations", "method": "POST"}
    text = ",".join(f'{k}="{v}"' for k, v in labels.items())
    # Of the library's default buckets the last one is a second: as much as a quantile can say.
    values = {"0.1": "0x200", "0.5": "0x200", "1.0": "0x200", "+Inf": "0+5x200"}
    return {
        f'http_request_duration_seconds_bucket{{{text},le="{le}"}}': value
        for le, value in values.items()
    }


MISTAKES = [
    Mistake(
        alert="HighErrorRate",
        what="one request in a thousand fails",
        series={**_requests("200", "0+999x200"), **_requests("500", "0+1x200")},
        at="20m",
        specified=(_FAILED,),
        ours=QUIET,
    ),
    Mistake(
        alert="DatabaseDown",
        what="a dead database behind a live exporter",
        series={
            'up{job="postgres"}': "1x90",
            "pg_up": "0x90",
            'app_dependency_up{dependency="postgres"}': "0x90",
        },
        at="10m",
        specified=QUIET,
        ours=FIRES,
    ),
    Mistake(
        alert="RedisDown",
        what="a dead Redis behind a live exporter",
        series={'up{job="redis"}': "1x90", "redis_up": "0x90"},
        at="10m",
        specified=QUIET,
        ours=FIRES,
    ),
    Mistake(
        alert="ICalSyncStale",
        what="a sync job that has died leaves its gauge of minutes standing",
        series={
            'ical_last_sync_age_minutes{feed_url="a"}': "5x900",
            'ical_last_success_timestamp_seconds{feed="a",source="airbnb"}': "1x900",
        },
        at="2h",
        specified=QUIET,
        ours=({"feed": "a"},),
    ),
    Mistake(
        alert="ServiceDown",
        what="a target that discovery has lost",
        series={'up{job="backend"}': "1x5 stale", 'up{job="worker"}': "1x90"},
        at="10m",
        specified=QUIET,
        ours=({"job": "backend"},),
    ),
    Mistake(
        alert="FrequentDateOverlaps",
        what="twelve refused bookings in an hour, which is a lot for a few cabins",
        series={_OVERLAPS: counter(*(((0, 29), (1, 1)) * 13))},
        at="1h",
        specified=QUIET,
        ours=({"channel": "whatsapp"},),
    ),
]


def _specified(alert: str) -> Rule:
    labels = {"severity": "critical", "env": conventions.ENV_TEMPLATE}
    rule = {"alert": alert, "expr": SPECIFIED[alert], "for": HOLDS[alert], "labels": labels}
    return Rule(alert=rule, recordings=())


@pytest.mark.parametrize("whose", ["specified", "ours"])
@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda mistake: mistake.what)
def test_the_specified_rule_is_wrong_where_ours_is_right(mistake, whose, tool, tmp_path):
    rule = _specified(mistake.alert) if whose == "specified" else committed()[mistake.alert]
    case = Case(
        alert=mistake.alert,
        kind="firing",
        name=mistake.what,
        series=mistake.series,
        expect={mistake.at: getattr(mistake, whose)},
    )

    assert run_cases(tool("promtool"), [case], tmp_path, {mistake.alert: rule}) == ""


def test_the_specified_quantile_never_leaves_its_last_bucket(tool, tmp_path):
    alert = "HighLatencyP95"
    case = Case(
        alert=alert,
        kind="quiet",
        name="every booking takes half a minute",
        series=_half_minute_bookings(),
        expect={"30m": QUIET},
    )

    assert run_cases(tool("promtool"), [case], tmp_path, {alert: _specified(alert)}) == ""


@pytest.mark.parametrize(
    ("alert", "metric", "labels"),
    [
        (
            "HighLatencyP95",
            "http_request_duration_seconds",
            'handler="/api/v1/reservations",method="POST"',
        ),
        ("HighTextReplyLatencyP95", "webhook_processing_seconds", 'event_type="text"'),
        # Half a minute is what voice notes are allowed; what takes longer pages as well.
        ("HighAudioReplyLatencyP95", "webhook_processing_seconds", 'event_type="audio"'),
    ],
)
def test_what_takes_more_than_half_a_minute_pages(alert, metric, labels, tool, tmp_path):
    edges = {f"{edge}": "0x200" for edge in LATENCY_BUCKETS if edge <= HALF_A_MINUTE}
    buckets = {**edges, "60.0": "0+1x200", "+Inf": "0+1x200"}
    case = Case(
        alert=alert,
        kind="firing",
        name="each takes between half a minute and a whole one",
        series={
            **{f'{metric}_bucket{{{labels},le="{le}"}}': text for le, text in buckets.items()},
            f"{metric}_count{{{labels}}}": "0+1x200",
        },
        expect={"30m": FIRES},
    )

    assert run_cases(tool("promtool"), [case], tmp_path, committed()) == ""
