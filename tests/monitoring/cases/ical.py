"""Calendars of other sites."""

from tests.monitoring.cases.case import FIRES, QUIET, Case
from tests.monitoring.cases.shapes import above, waiting

_FEED = (
    'ical_last_success_timestamp_seconds{job="backend",instance="a"'
    ',feed="airbnb.com/1",source="airbnb"}'
)
_FEED_B = _FEED.replace('"a"', '"b"')
_OTHER = _FEED.replace("airbnb.com/1", "booking.com/2").replace(
    'source="airbnb"', 'source="booking"'
)
_AIRBNB = {"feed": "airbnb.com/1"}
_RUN = 'ical_sync_last_run_timestamp_seconds{job="backend",instance="a"}'
_FETCHED = (
    'ical_export_last_fetched_timestamp_seconds{job="backend",instance="a"'
    ',export="arrayan/airbnb/1",source="airbnb"}'
)
_AGE = 'ical_last_sync_age_minutes{job="backend",feed_url="airbnb.com/1"}'


def _age(alert: str, limit: int) -> list[Case]:
    # From 1, not 0: a feed at 0 has no age.
    def case(kind, name, series, expect):
        return Case(alert=alert, kind=kind, name=name, series=series, expect=expect, interval="1m")

    minutes = limit // 60
    return [
        case("firing", "a feed that is not read any more", {_FEED: "1x120"}, {"1h": (_AIRBNB,)}),
        case(
            "boundary",
            "5 minutes beyond the limit, and not a minute less",
            {_FEED: "1x120"},
            {f"{minutes + 5}m": QUIET, f"{minutes + 6}m": (_AIRBNB,)},
        ),
        case("quiet", "it is read every 10 minutes", {_FEED: "1+60x120"}, {"1h": QUIET}),
        case(
            "boundary",
            "always as old as is allowed",
            {_FEED: f"{-limit}+60x{minutes} 60+60x120"},
            {"2h": QUIET, "150m": QUIET},
        ),
        case(
            "boundary",
            "always a second older",
            {_FEED: f"_x{minutes + 1} 59+60x120"},
            {f"{minutes + 30}m": (_AIRBNB,)},
        ),
        case(
            "firing",
            "one of two feeds is not read; only that one is told of",
            {_FEED: "1x120", _OTHER: "1+60x120"},
            {"1h": (_AIRBNB,)},
        ),
        case(
            "firing",
            "both are not",
            {_FEED: "1x120", _OTHER: "1x120"},
            {"1h": ({"feed": "airbnb.com/1"}, {"feed": "booking.com/2"})},
        ),
        case(
            "quiet",
            "one web process was asked a moment later than the other",
            {_FEED: "1x120", _FEED_B: "1+60x120"},
            {"1h": QUIET},
        ),
        case(
            "boundary",
            "two processes tell the same",
            {_FEED: "600x120", _FEED_B: "600x120"},
            {f"{minutes + 15}m": QUIET, f"{minutes + 16}m": (_AIRBNB,)},
        ),
        case("quiet", "an instant of 0 is none", {_FEED: "0x120"}, {"1h": QUIET}),
        case("absent", "there is no feed", {}, {"1h": QUIET}),
        case(
            "absent",
            "a feed that was removed",
            {_FEED: "1x20 stale"},
            {"1h": QUIET},
        ),
        case(
            "restart",
            "the job has died and the gauge of minutes stands still, where the specification's"
            " rule said nothing",
            {_FEED: "1x600", _AGE: "5x600"},
            {"10h": (_AIRBNB,)},
        ),
    ]


CASES = [
    *_age("ICalSyncStale", 2400),
    *_age("ICalSyncDelayed", 1800),
    *waiting("ICalSyncNotRunning", _RUN, 900, 300),
    Case(
        alert="ICalSyncNotRunning",
        kind="absent",
        name="nobody has ever seen it run",
        series={},
        expect={"4m50s": QUIET, "5m": FIRES},
    ),
    Case(
        alert="ICalSyncNotRunning",
        kind="quiet",
        name="one web process was asked a moment later than the other",
        series={_RUN: "0x300", _RUN.replace('"a"', '"b"'): "0+10x300"},
        expect={"40m": QUIET},
    ),
    *waiting("ICalExportNotFetched", _FETCHED, 86_400, 1_800, extra={"export": "arrayan/airbnb/1"}),
    Case(
        alert="ICalExportNotFetched",
        kind="firing",
        name="one of two channels does not come any more",
        series={_FETCHED: "1x120", _FETCHED.replace("airbnb", "booking"): "1+1800x120"},
        expect={"30h": ({"export": "arrayan/airbnb/1"},)},
        interval="30m",
    ),
    Case(
        alert="ICalExportNotFetched",
        kind="quiet",
        name="one web process was asked a moment later than the other",
        series={_FETCHED: "1x120", _FETCHED.replace('"a"', '"b"'): "1+1800x120"},
        expect={"30h": QUIET},
        interval="30m",
    ),
    Case(
        alert="ICalExportNotFetched",
        kind="absent",
        name="nobody has ever fetched one, or it was taken back",
        series={_FETCHED: "1x4 stale"},
        expect={"30h": QUIET},
        interval="30m",
    ),
    *above("ICalConflict", 'ical_conflicts_open{job="backend"}', 0, 60),
    Case(
        alert="ICalConflict",
        kind="firing",
        name="one of two web processes knows already",
        series={
            'ical_conflicts_open{job="backend",instance="a"}': "1x60",
            'ical_conflicts_open{job="backend",instance="b"}': "0x60",
        },
        expect={"5m": FIRES},
    ),
]
