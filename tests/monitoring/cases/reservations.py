"""Nights, locks and the rules that must always hold."""

from tests.monitoring.cases.case import FIRES, QUIET, Case, counter
from tests.monitoring.cases.shapes import above, failing

_OVERLAP = 'reservations_date_overlap_total{job="backend",instance="a",channel="whatsapp"}'
_LOCK = 'reservations_lock_attempts_total{{job="{job}",channel="{channel}",result="{result}"}}'
_GOT = _LOCK.format(job="worker", channel="whatsapp", result="acquired")
_FAILED = _LOCK.format(job="worker", channel="whatsapp", result="failed")
_FAILED_API = _LOCK.format(job="backend", channel="api", result="failed")
_SKIPPED = _LOCK.format(job="worker", channel="whatsapp", result="skipped")
_LOCKS = "FrequentLockFailures"
_TWICE = 'reservations_double_booked{job="backend",instance="a"}'


def _locks(kind, name, series, expect):
    return Case(alert=_LOCKS, kind=kind, name=name, series=series, expect=expect)


def _one_of_two(alert: str, series: str, seconds: int) -> Case:
    """Two web processes tell the same rows: it is as bad as one says, not twice as bad."""
    return Case(
        alert=alert,
        kind="firing",
        name="one of two web processes knows already",
        series={series: "1x200", series.replace('"a"', '"b"'): "0x200"},
        expect={f"{seconds}s": FIRES},
    )


CASES = [
    *failing(
        "FrequentDateOverlaps", _OVERLAP, 4, 3600, 300, extra={"channel": "whatsapp"}, interval=60
    ),
    Case(
        alert="FrequentDateOverlaps",
        kind="boundary",
        name="exactly three an hour are business",
        series={_OVERLAP: counter((1, 1), (0, 19), (1, 1), (0, 19), (1, 1), (0, 200))},
        expect={f"{minutes}m": QUIET for minutes in range(5, 200, 5)},
        interval="1m",
    ),
    Case(
        alert="FrequentDateOverlaps",
        kind="firing",
        name="two processes with half of it each",
        series={
            _OVERLAP: "0x60 2x60",
            _OVERLAP.replace('"a"', '"b"'): "0x60 2x60",
        },
        expect={"70m": ({"channel": "whatsapp"},)},
        interval="1m",
    ),
    Case(
        alert="FrequentDateOverlaps",
        kind="quiet",
        name="two channels with half of it each",
        series={
            _OVERLAP: "0x60 2x60",
            _OVERLAP.replace("whatsapp", "api"): "0x60 2x60",
        },
        expect={"70m": QUIET},
        interval="1m",
    ),
    _locks(
        "firing",
        "half of all fail",
        {_GOT: "0+1x200", _FAILED: "0+1x200", _FAILED_API: "0x200"},
        {"30m": FIRES},
    ),
    _locks(
        "firing",
        "two channels with half of a bit too much each",
        {_GOT: "0+70x200", _FAILED: "0+15x200", _FAILED_API: "0+15x200"},
        {"30m": FIRES},
    ),
    _locks(
        "low traffic",
        "four of fourteen",
        {_GOT: "0x5 10x210", _FAILED: "0x5 1+1x3 4x200"},
        {f"{seconds}s": QUIET for seconds in range(60, 1800, 60)},
    ),
    _locks(
        "low traffic",
        "one every 4 minutes, and nobody else tries",
        {_GOT: "0x290", _FAILED: counter(*(((0, 23), (1, 1)) * 12))},
        {f"{seconds}s": QUIET for seconds in range(60, 2800, 120)},
    ),
    _locks(
        "boundary",
        "for long enough, and not a second less",
        {_GOT: "0x5 100+100x60", _FAILED: "0x5 100+100x60"},
        {"3m50s": QUIET, "4m": FIRES},
    ),
    _locks(
        "boundary",
        "exactly a fifth",
        {_GOT: "0+4x200", _FAILED: "0+1x200"},
        {"20m": QUIET, "30m": QUIET},
    ),
    _locks("boundary", "a little more", {_GOT: "0+39x200", _FAILED: "0+10x200"}, {"30m": FIRES}),
    _locks("quiet", "none fails", {_GOT: "0+4x200", _FAILED: "0x200"}, {"30m": QUIET}),
    _locks(
        "low traffic",
        "four of four",
        {_GOT: "0x210", _FAILED: "0x5 1+1x3 4x200"},
        {f"{seconds}s": QUIET for seconds in range(60, 1800, 30)},
    ),
    _locks(
        "low traffic",
        "five of five",
        {_GOT: "0x210", _FAILED: "0x5 1+1x4 5x200"},
        {"10m": FIRES, "18m": QUIET},
    ),
    _locks(
        "low traffic",
        "a failure every 170 s, so that it takes the whole window to count five",
        {_GOT: "0x220", _FAILED: counter(*(((0, 16), (1, 1)) * 13))},
        {"36m": FIRES},
    ),
    _locks(
        "firing",
        "two channels with a part each",
        {_GOT: "0x210", _FAILED: "0x5 1+1x2 3x200", _FAILED_API: "0x5 1+1x1 2x200"},
        {"10m": FIRES},
    ),
    _locks(
        "firing",
        "those that had no Redis to ask do not make it better",
        {_GOT: "0+1x200", _FAILED: "0+1x200", _SKIPPED: "0+100x200"},
        {"30m": FIRES},
    ),
    _locks(
        "quiet",
        "nor worse",
        {_GOT: "0+9x200", _FAILED: "0+1x200", _SKIPPED: "0+100x200"},
        {"30m": QUIET},
    ),
    _locks(
        "quiet",
        "well for a window, after a bad one",
        {_GOT: "0x90 10+10x120", _FAILED: "0+10x90 902+2x120"},
        {"14m": FIRES, "34m": QUIET},
    ),
    _locks(
        "firing",
        "well for half a window, after a bad one",
        {_GOT: "0x90 10+10x60", _FAILED: "0+10x90 900x60"},
        {"24m": FIRES},
    ),
    _locks(
        "quiet",
        "quiet hours before do not make a part bigger",
        {_GOT: "0x90 10+10x120", _FAILED: "0x90 2+2x120"},
        {"29m": QUIET},
    ),
    _locks("absent", "nobody has tried", {}, {"30m": QUIET}),
    _locks(
        "restart",
        "counters that start again",
        {_GOT: "90x5 0x200", _FAILED: "90x5 0x200"},
        {"10m": QUIET},
    ),
    *above("DoubleBooking", _TWICE, 0, 60),
    _one_of_two("DoubleBooking", _TWICE, 300),
    *above(
        "InvariantViolated",
        'invariant_violations{job="backend",invariant="paid_once"}',
        0,
        600,
        extra={"invariant": "paid_once"},
    ),
    Case(
        alert="InvariantViolated",
        kind="firing",
        name="one is violated, the others hold",
        series={
            'invariant_violations{job="backend",instance="a",invariant="paid_once"}': "2x200",
            'invariant_violations{job="backend",instance="b",invariant="paid_once"}': "0x200",
            'invariant_violations{job="backend",instance="a",invariant="no_overlap"}': "0x200",
        },
        expect={"20m": ({"invariant": "paid_once"},)},
    ),
    *above("HoldsNotExpiring", 'reservation_holds_due{job="backend",instance="a"}', 0, 600),
    _one_of_two("HoldsNotExpiring", 'reservation_holds_due{job="backend",instance="a"}', 1200),
]
