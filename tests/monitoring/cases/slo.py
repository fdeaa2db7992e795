"""What the alerts on service levels must do; samples are a minute apart.

Detection times are compared with theory: an alert of factor f over a window w is due after
f * budget / share * w of so large a share of bad events.
"""

from collections.abc import Iterable

from tests.monitoring.cases.case import QUIET, Case, Labels

_OK = 'http_requests_total{job="backend",handler="/api/v1/availability",method="GET",status="200"}'
_BAD = 'http_requests_total{job="backend",handler="/api/v1/availability",method="GET",status="503"}'
_REFUSED = (
    'http_requests_total{job="backend",handler="/api/v1/reservations",method="POST",status="422"}'
)
_PROBE = 'http_requests_total{job="backend",handler="/api/v1/healthz",method="GET",status="500"}'

_TEXT = 'job="worker",source="whatsapp",event_type="text"'
_AUDIO = 'job="worker",source="whatsapp",event_type="audio"'
_PAYMENT = 'job="worker",source="mercadopago",event_type="payment"'
_API = 'job="backend",handler="/api/v1/reservations",method="POST"'

HTTP: Labels = {"slo": "http-availability", "service": "backend", "depends_on": "backend,database"}
TEXT: Labels = {
    "slo": "webhook-text-latency",
    "service": "channels",
    "depends_on": "backend,worker,database",
}
AUDIO: Labels = {**TEXT, "slo": "webhook-audio-latency"}
PAYMENT: Labels = {**TEXT, "slo": "payment-notifications", "service": "payments"}
API: Labels = {**HTTP, "slo": "prereservation-latency"}
ICAL: Labels = {**TEXT, "slo": "ical-freshness", "service": "ical"}


def counting(steps: Iterable[int]) -> str:
    """Return a counter's samples, each `steps` more than the one before; the first is 0."""
    value, parts = 0, ["0"]
    for step in steps:
        value += step
        parts.append(str(value))
    return " ".join(parts)


def quiet_at(*minutes: int) -> dict[str, tuple[Labels, ...]]:
    return {f"{minute}m": QUIET for minute in minutes}


def replies(
    labels: str, edge: str, every: str, good: str, histogram: str = "webhook_processing_seconds"
) -> dict[str, str]:
    """Return a histogram of which `good` were within `edge`, and all within a minute."""
    return {
        f"{histogram}_count{{{labels}}}": every,
        f'{histogram}_bucket{{{labels},le="{edge}"}}': good,
        f'{histogram}_bucket{{{labels},le="+Inf"}}': every,
    }


def errors_after(minutes: int, good: int, bad: int, then: int, rate: int = 60) -> dict[str, str]:
    """Return `rate` good requests a minute, and then `good` and `bad` ones."""
    return {
        _OK: counting([rate] * minutes + [good] * then),
        _BAD: counting([0] * minutes + [bad] * then),
    }


def recorded_errors_after(steps: int, *, share: float, then: int, busy: int = 0) -> dict[str, str]:
    """Return so many good steps of 5 minutes, and `then` with a `share` of errors.

    The first `busy` steps have ten times the traffic.

    A rate over 5 minutes wants more samples than that: it is given as it would be recorded.
    """
    good, bad = round(300 * (1 - share)), round(300 * share)
    labels = '{slo="http-availability"}'
    return {
        _OK: counting([3000] * busy + [300] * steps + [good] * then),
        _BAD: counting([0] * (busy + steps) + [bad] * then),
        f"slo:total_events:rate5m{labels}": f"10x{busy} 1x{steps + then - 1}",
        f"slo:bad_events:rate5m{labels}": f"0x{busy + steps} {share}x{then - 1}",
    }


def case(
    alert: str,
    kind: str,
    name: str,
    series: dict[str, str],
    expect: dict[str, tuple[Labels, ...]],
    interval: str = "1m",
) -> Case:
    return Case(
        alert=alert,
        kind=kind,  # type: ignore[arg-type]
        name=name,
        series=series,
        expect=expect,
        interval=interval,
    )


# One request in 15 minutes, answered well, for 6 hours: a quiet night.
_NIGHT = ([0] * 14 + [1]) * 24
# The same with up to four answers gone wrong, one after the other, from the second hour on.
_GOOD_STEPS = {
    bad: [
        0 if 90 <= minute < 90 + 15 * bad and step else step for minute, step in enumerate(_NIGHT)
    ]
    for bad in range(5)
}
_BAD_STEPS = {
    bad: [all_ - good for all_, good in zip(_NIGHT, _GOOD_STEPS[bad], strict=True)]
    for bad in range(5)
}


def _night(bad: int) -> dict[str, str]:
    return {_OK: counting(_GOOD_STEPS[bad]), _BAD: counting(_BAD_STEPS[bad])}


_FAST = [
    *(
        case(
            "ErrorBudgetBurnFast",
            "boundary",
            f"{share} % errors, within a minute of theory",
            errors_after(120, 60 - bad, bad, 60),
            {"120m": QUIET, f"{120 + before}m": QUIET, f"{120 + after}m": (HTTP,)},
        )
        # 8.64, 17.28 and 43.2 minutes at an objective of 99 %
        for share, bad, before, after in ((100, 60, 7, 9), (50, 30, 16, 18), (20, 12, 42, 44))
    ),
    case(
        "ErrorBudgetBurnFast",
        "firing",
        "half of the requests fail, and go on failing",
        errors_after(120, 30, 30, 120),
        {"119m": QUIET, "180m": (HTTP,), "240m": (HTTP,)},
    ),
    case(
        "ErrorBudgetBurnFast",
        "boundary",
        "quiet again when the last 5 minutes are good",
        {
            _OK: counting([60] * 120 + [0] * 15 + [60] * 30),
            _BAD: counting([0] * 120 + [60] * 15 + [0] * 30),
        },
        # At 138m, 2 of the last 5 minutes were bad; at 140m none.
        {"135m": (HTTP,), "138m": (HTTP,), "140m": QUIET},
    ),
    case(
        "ErrorBudgetBurnFast",
        "quiet",
        "one request in a thousand fails",
        {_OK: counting([999] * 120), _BAD: counting([1] * 120)},
        quiet_at(*range(5, 120, 5)),
    ),
    case(
        "ErrorBudgetBurnFast",
        "quiet",
        "what guests got wrong is not our error, and probes are nobody's requests",
        {_OK: counting([6] * 180), _REFUSED: counting([6] * 180), _PROBE: counting([6] * 180)},
        quiet_at(*range(10, 180, 10)),
    ),
    *(
        case(
            "ErrorBudgetBurnFast",
            "low traffic",
            f"{bad} of the 4 requests an hour fail at night",
            _night(bad),
            quiet_at(*range(90, 200, 2)),
        )
        for bad in (1, 2, 3)
    ),
    case(
        "ErrorBudgetBurnFast",
        "low traffic",
        "the fourth failure of the night pages, and not the third",
        _night(4),
        {"105m": QUIET, "135m": QUIET, "149m": QUIET, "151m": (HTTP,), "156m": QUIET},
    ),
    case(
        "ErrorBudgetBurnFast",
        "low traffic",
        "an idle night after a busy day",
        {_OK: counting([60] * 60 + [0] * 180), _BAD: counting([0] * 240)},
        quiet_at(*range(10, 240, 5)),
    ),
    case(
        "ErrorBudgetBurnFast",
        "absent",
        "nothing has ever been asked",
        {},
        quiet_at(10, 60, 120),
    ),
    case(
        "ErrorBudgetBurnFast",
        "restart",
        "every counter starts again at 0 with a new version",
        {
            _OK: counting([60] * 60) + " " + counting([60] * 90),
            _BAD: counting([1, *[0] * 59]) + " " + counting([0] * 90),
        },
        quiet_at(*range(5, 150, 5)),
    ),
    *(
        case(
            "ErrorBudgetBurnFast",
            "boundary",
            f"{name}, all too slow: 43.2 minutes at an objective of 95 %",
            replies(labels, edge, counting([1] * 180), counting([1] * 60 + [0] * 120), histogram),
            {"60m": QUIET, "102m": QUIET, "104m": (fires,)},
        )
        for name, labels, edge, fires, histogram in (
            ("replies to text after 30 s", _TEXT, "3.0", TEXT, "webhook_processing_seconds"),
            ("the same as Prometheus 3 writes it", _TEXT, "3", TEXT, "webhook_processing_seconds"),
            ("replies to voice", _AUDIO, "15.0", AUDIO, "webhook_processing_seconds"),
            ("pre-reservations", _API, "3.0", API, "http_request_duration_seconds"),
        )
    ),
    case(
        "ErrorBudgetBurnFast",
        "boundary",
        "payments all applied late: 4.3 minutes at an objective of 99.5 %",
        replies(_PAYMENT, "60.0", counting([60] * 150), counting([60] * 90 + [0] * 60)),
        {"90m": QUIET, "94m": QUIET, "95m": (PAYMENT,)},
    ),
    case(
        "ErrorBudgetBurnFast",
        "quiet",
        "a stale calendar is not a page of this kind",
        {'ical_last_sync_age_minutes{job="backend",feed_url="airbnb/1"}': "60+1x120"},
        quiet_at(*range(10, 120, 10)),
    ),
]

_SLOW = [
    case(
        "ErrorBudgetBurnSlow",
        "boundary",
        "10 % errors, within a minute of theory",
        errors_after(400, 54, 6, 240),
        # 216 minutes, when it is exactly 6 times the budget and not more
        {"400m": QUIET, "615m": QUIET, "617m": (HTTP,)},
    ),
    case(
        "ErrorBudgetBurnSlow",
        "firing",
        "a tenth of the requests fail from the first on",
        {_OK: counting([54] * 120), _BAD: counting([6] * 120)},
        {"120m": (HTTP,)},
    ),
    case(
        "ErrorBudgetBurnSlow",
        "boundary",
        "5.9 times is not 6 times",
        {_OK: counting([941] * 120), _BAD: counting([59] * 120)},
        quiet_at(30, 60, 120),
    ),
    case(
        "ErrorBudgetBurnSlow",
        "boundary",
        "6.1 times is",
        {_OK: counting([939] * 120), _BAD: counting([61] * 120)},
        {"30m": (HTTP,), "120m": (HTTP,)},
    ),
    case(
        "ErrorBudgetBurnSlow",
        "boundary",
        "quiet again when the last 30 minutes are good",
        {
            _OK: counting([0] * 60 + [60] * 60),
            _BAD: counting([60] * 60 + [0] * 60),
        },
        {"60m": (HTTP,), "86m": (HTTP,), "90m": QUIET},
    ),
    case(
        "ErrorBudgetBurnSlow",
        "quiet",
        "one request in a thousand fails",
        {_OK: counting([999] * 120), _BAD: counting([1] * 120)},
        quiet_at(*range(10, 120, 10)),
    ),
    *(
        case(
            "ErrorBudgetBurnSlow",
            "low traffic",
            f"{bad} of the 4 requests an hour fail at night",
            _night(bad),
            quiet_at(*range(90, 260, 2)),
        )
        for bad in (1, 2, 3)
    ),
    case(
        "ErrorBudgetBurnSlow",
        "low traffic",
        "the fourth failure of the night pages, and not the third",
        _night(4),
        # From Prometheus 3 on a window leaves out the sample at its very beginning: the failure
        # is out of the last 30 minutes a scrape earlier.
        {"135m": QUIET, "149m": QUIET, "151m": (HTTP,), "178m": (HTTP,), "181m": QUIET},
    ),
]

_TICKET = [
    case(
        "ErrorBudgetTicket",
        "boundary",
        "5 % errors after a good day: 14.4 hours",
        # Two busy days before weigh so much that the other arm, over three days, keeps quiet.
        recorded_errors_after(288, share=0.05, then=180, busy=576),
        {"72h": QUIET, "86h20m": QUIET, "86h30m": (HTTP,)},
        interval="5m",
    ),
    case(
        "ErrorBudgetTicket",
        "boundary",
        "2 % errors after three good days: 36 hours",
        recorded_errors_after(864, share=0.02, then=440),
        {"72h": QUIET, "107h55m": QUIET, "108h10m": (HTTP,)},
        interval="5m",
    ),
    case(
        "ErrorBudgetTicket",
        "firing",
        "one request in fifty fails",
        {_OK: counting([49] * 120), _BAD: counting([1] * 120)},
        {"120m": (HTTP,)},
    ),
    case(
        "ErrorBudgetTicket",
        "quiet",
        "one request in two hundred fails",
        {_OK: counting([199] * 200), _BAD: counting([1] * 200)},
        quiet_at(*range(20, 200, 20)),
    ),
    case(
        "ErrorBudgetTicket",
        "boundary",
        "quiet when little of the last 6 hours was bad, though the day was",
        {
            _OK: counting([60] * 400),
            _BAD: counting([6] * 60 + [0] * 340),
        },
        # The arm of 6 hours remembers longer: until 1 % of them is left.
        {"60m": (HTTP,), "380m": (HTTP,), "388m": QUIET},
    ),
    *(
        case(
            "ErrorBudgetTicket",
            "low traffic",
            f"{bad} of the 4 requests an hour fail at night",
            _night(bad),
            quiet_at(*range(90, 260, 2)),
        )
        for bad in (1, 2)
    ),
    case(
        "ErrorBudgetTicket",
        "low traffic",
        "three of them do",
        _night(3),
        {"134m": QUIET, "151m": (HTTP,), "254m": (HTTP,)},
    ),
    case(
        "ErrorBudgetTicket",
        "firing",
        "one of two calendar feeds has not been read for an hour",
        {
            'ical_last_sync_age_minutes{job="backend",feed_url="airbnb/1"}': "0+1x60",
            'ical_last_sync_age_minutes{job="backend",feed_url="booking/2"}': "5x60",
        },
        {"19m": QUIET, "60m": (ICAL,)},
    ),
    case(
        "ErrorBudgetTicket",
        "boundary",
        "feeds read 19 minutes ago are fresh; 20 is stale",
        {
            'ical_last_sync_age_minutes{job="backend",feed_url="airbnb/1"}': "19.9x60 20x10",
            'ical_last_sync_age_minutes{job="worker",feed_url="airbnb/1"}': "19.9x60 20x10",
        },
        {"60m": QUIET, "70m": (ICAL,)},
    ),
]

_EXHAUSTED = [
    case(
        "ErrorBudgetExhausted",
        "firing",
        "three times as many errors as may be",
        {_OK: counting([97] * 200), _BAD: counting([3] * 200)},
        {"30m": QUIET, "150m": (HTTP,)},
    ),
    case(
        "ErrorBudgetExhausted",
        "boundary",
        "spent for an hour, and not a minute less",
        # Bad from the start on, but bad events of 30 days are counted by the hour.
        {_OK: counting([97] * 200), _BAD: counting([3] * 200)},
        {"119m": QUIET, "120m": (HTTP,)},
    ),
    case(
        "ErrorBudgetExhausted",
        "boundary",
        "a little less than all is not all",
        {_OK: counting([991] * 200), _BAD: counting([9] * 200)},
        quiet_at(70, 130, 200),
    ),
    case(
        "ErrorBudgetExhausted",
        "boundary",
        "a little more than all is",
        {_OK: counting([989] * 150), _BAD: counting([11] * 150)},
        {"121m": (HTTP,), "150m": (HTTP,)},
    ),
    case(
        "ErrorBudgetExhausted",
        "quiet",
        "no error at all, ever",
        {_OK: counting([60] * 200)},
        quiet_at(70, 200),
    ),
    case(
        "ErrorBudgetExhausted",
        "low traffic",
        "two errors on the first day do not spend a month",
        _night(2),
        quiet_at(250, 300, 360),
    ),
    case(
        "ErrorBudgetExhausted",
        "low traffic",
        "three do",
        _night(3),
        {"239m": QUIET, "240m": (HTTP,), "300m": (HTTP,)},
    ),
]

_OUTAGE = [
    case(
        "SloOutage",
        "boundary",
        "nothing works: after 5 minutes",
        errors_after(30, 0, 60, 30),
        # At 35m it is exactly half of 10 minutes, which is not more than half.
        {"30m": QUIET, "34m": QUIET, "36m": (HTTP,), "60m": (HTTP,)},
    ),
    case(
        "SloOutage",
        "boundary",
        "quiet again when half of the last 10 minutes was good",
        {
            _OK: counting([60] * 30 + [0] * 15 + [60] * 30),
            _BAD: counting([0] * 30 + [60] * 15 + [0] * 30),
        },
        {"45m": (HTTP,), "49m": (HTTP,), "51m": QUIET},
    ),
    case(
        "SloOutage",
        "quiet",
        "a little less than half fails",
        {_OK: counting([51] * 60), _BAD: counting([49] * 60)},
        quiet_at(*range(5, 60)),
    ),
    case(
        "SloOutage",
        "firing",
        "a little more than half fails",
        {_OK: counting([49] * 60), _BAD: counting([51] * 60)},
        {"15m": (HTTP,), "60m": (HTTP,)},
    ),
    case(
        "SloOutage",
        "low traffic",
        "four failures are too few",
        {_OK: counting([0] * 60), _BAD: counting([0] * 20 + [1] * 4 + [0] * 36)},
        quiet_at(*range(1, 60)),
    ),
    case(
        "SloOutage",
        "low traffic",
        "the fifth is enough",
        {_OK: counting([0] * 60), _BAD: counting([0] * 20 + [1] * 5 + [0] * 35)},
        {"24m": QUIET, "26m": (HTTP,)},
    ),
    case(
        "SloOutage",
        "firing",
        "every reply to a text takes 30 s",
        replies(_TEXT, "3.0", counting([1] * 60), counting([1] * 30 + [0] * 30)),
        {"30m": QUIET, "37m": (TEXT,), "60m": (TEXT,)},
    ),
    case(
        "SloOutage",
        "quiet",
        "a stale calendar is not an outage",
        {'ical_last_sync_age_minutes{job="backend",feed_url="airbnb/1"}': "60+1x60"},
        quiet_at(10, 30, 60),
    ),
    case(
        "SloOutage",
        "absent",
        "the process that counted is gone",
        {_OK: "0+60x30 stale", _BAD: "0x30 stale"},
        quiet_at(*range(28, 60, 2)),
    ),
]

_THERE = {
    f"webhook_processing_seconds_{part}": "0x60"
    for labels in (_TEXT, _AUDIO, _PAYMENT)
    for part in (f"count{{{labels}}}",)
} | {'journeys_total{job="worker",outcome="failure"}': "0x60"}
_REPLIES = ("webhook-text-latency", "webhook-audio-latency", "payment-notifications")
_NAMES = (*_REPLIES, "booking-journey")
_MISSING = [
    case(
        "SloSignalMissing",
        "quiet",
        "nobody wrote, but all is there at 0",
        _THERE,
        quiet_at(*range(5, 60, 5)),
    ),
    case(
        "SloSignalMissing",
        "absent",
        "there never was any of them",
        {},
        {"9m": QUIET, "10m": tuple({"slo": name} for name in _NAMES)},
    ),
    *(
        case(
            "SloSignalMissing",
            kind,
            f"{name} is not counted any more{when}",
            {**_THERE, f"webhook_processing_seconds_count{{{labels}}}": "0x10 stale"},
            expect,
        )
        for name, labels in zip(_REPLIES, (_TEXT, _AUDIO, _PAYMENT), strict=True)
        for kind, when, expect in (
            ("firing", "", {"5m": QUIET, "40m": ({"slo": name},)}),
            # The last two samples are at 9m and 10m: by 15m, 5 minutes hold only one of them.
            (
                "boundary",
                ", for 10 minutes and not one less",
                {"23m": QUIET, "25m": ({"slo": name},)},
            ),
        )
    ),
    case(
        "SloSignalMissing",
        "restart",
        "a worker that takes 3 minutes to come back",
        dict.fromkeys(_THERE, "0x10 stale _x2 0x30"),
        quiet_at(*range(5, 40)),
    ),
]


def recorded(alert: str, name: str, fires: bool, *, of: Labels = HTTP, **values: float) -> Case:
    """Return a boundary case of what was recorded of the level `of`, given as `a__b=value`."""
    given = {
        f'slo:{key.replace("__", ":")}{{slo="{of["slo"]}"}}': f"{value:g}x70"
        for key, value in values.items()
    }
    return case(alert, "boundary", name, given, {"70m": (of,) if fires else QUIET})


# The longer window burns; the shorter must burn as fast now.
_ARMS = [
    *(
        recorded(
            "ErrorBudgetBurnFast",
            f"{now} times as fast in the last 5 minutes",
            fires,
            bad_per_total__ratio_rate1h=0.3,
            bad_per_total__ratio_rate5m=now / 100,
            bad_events__rate1h=1,
        )
        for now, fires in ((14.3, False), (14.5, True))
    ),
    *(
        recorded(
            "ErrorBudgetBurnSlow",
            f"{now} times as fast in the last 30 minutes",
            fires,
            bad_per_total__ratio_rate6h=0.1,
            bad_per_total__ratio_rate30m=now / 100,
            bad_events__rate6h=1,
        )
        for now, fires in ((5.9, False), (6.1, True))
    ),
    *(
        recorded(
            "ErrorBudgetTicket",
            f"{day} times as fast in a day and {now} times in 2 hours, {events} events",
            fires,
            bad_per_total__ratio_rate1d=day / 100,
            bad_per_total__ratio_rate2h=now / 100,
            bad_events__increase1d=events,
        )
        for day, now, events, fires in (
            *((5, 2.9, 9, False), (5, 3.1, 9, True), (2.9, 5, 9, False), (3.1, 5, 9, True)),
            *((5, 5, 3, True), (5, 5, 2, False)),
        )
    ),
    *(
        recorded(
            "ErrorBudgetTicket",
            f"{days} times as fast in 3 days and {now} times in 6 hours, {events} events",
            fires,
            bad_per_total__ratio_rate3d=days / 100,
            bad_per_total__ratio_rate6h=now / 100,
            bad_events__increase3d=events,
        )
        for days, now, events, fires in (
            *((2, 0.9, 9, False), (2, 1.1, 9, True), (0.9, 2, 9, False), (1.1, 2, 9, True)),
            *((2, 2, 3, True), (2, 2, 2, False)),
        )
    ),
    recorded(
        "SloOutage",
        "half is not most",
        False,
        bad_per_total__ratio_rate10m=0.5,
        bad_events__rate10m=1,
    ),
    recorded(
        "ErrorBudgetExhausted",
        "exactly spent is spent",
        True,
        error_budget_remaining__ratio=0,
        bad_events__increase30d=3,
    ),
    case(
        "ErrorBudgetBurnSlow",
        "quiet",
        "a stale calendar is not a page of this kind",
        {'ical_last_sync_age_minutes{job="backend",feed_url="airbnb/1"}': "60+1x420"},
        quiet_at(*range(30, 420, 30)),
    ),
]

CASES: list[Case] = [*_FAST, *_SLOW, *_TICKET, *_EXHAUSTED, *_OUTAGE, *_MISSING, *_ARMS]

TEXTS: list[Case] = [
    Case(
        alert="ErrorBudgetBurnFast",
        kind="firing",
        name="which level, how fast, and what it means to the owner",
        series=errors_after(60, 0, 60, 60),
        expect={"120m": (HTTP,)},
        annotations={
            "summary": "A service level is being missed badly, right now",
            "description": (
                "http-availability burns its error budget 100.0 times as fast as it may, over 1h"
                " and 5m; at 1 it would last 30 days."
            ),
            "owner_es": (
                "El sistema está respondiendo con errores. Es grave y está pasando ahora: avisá ya"
                " mismo a quien mantiene el sistema, y mirá si hay mensajes que contestar a mano."
            ),
            "runbook_url": "docs/runbooks/ErrorBudgetBurnFast.md",
            "dashboard_url": "/d/alojamientos-slo",
        },
        interval="1m",
    ),
    Case(
        alert="SloOutage",
        kind="firing",
        name="the first level of the owner's list, and a share as a percentage",
        series=replies(_TEXT, "3.0", counting([1] * 60), counting([0] * 60)),
        expect={"60m": (TEXT,)},
        annotations={
            "summary": "Most of what a service does fails",
            "description": ("100% of the events of webhook-text-latency were bad in the last 10m."),
            "owner_es": (
                "Los mensajes de texto se están contestando tarde. Falla la mayoría: avisá ya"
                " mismo a quien mantiene el sistema."
            ),
            "runbook_url": "docs/runbooks/SloOutage.md",
            "dashboard_url": "/d/alojamientos-slo",
        },
        interval="1m",
    ),
]
