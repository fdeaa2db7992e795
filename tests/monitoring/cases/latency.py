"""Errors and latency: both columns of the specification's table."""

from collections.abc import Mapping
from dataclasses import dataclass

from tests.monitoring.cases.case import FIRES, QUIET, Case, counter, summed

from alojamientos.telemetry.catalogue import LATENCY_BUCKETS

Steps = tuple[tuple[int, int], ...]


@dataclass(frozen=True, kw_only=True)
class Limit:
    """One cell of the table: an alert, what it reads, its seconds and its `for` in seconds."""

    alert: str
    metric: str
    labels: Mapping[str, str]
    others: tuple[Mapping[str, str], ...]
    seconds: int
    hold: int


_PRE = {"job": "backend", "handler": "/api/v1/reservations", "method": "POST"}
_READ = {**_PRE, "method": "GET"}
_PAID = {**_PRE, "handler": "/webhooks/mercadopago"}
_TEXT = {"job": "worker", "source": "whatsapp", "event_type": "text"}
_AUDIO = {**_TEXT, "event_type": "audio"}
_HTTP, _REPLY = "http_request_duration_seconds", "webhook_processing_seconds"
LIMITS = (
    *(
        Limit(
            alert=alert,
            metric=_HTTP,
            labels=_PRE,
            others=(_READ, _PAID),
            seconds=seconds,
            hold=hold,
        )
        for alert, seconds, hold in (("HighLatencyP95", 6, 180), ("ElevatedLatencyP95", 4, 300))
    ),
    *(
        Limit(
            alert=alert, metric=_REPLY, labels=_TEXT, others=(_AUDIO,), seconds=seconds, hold=hold
        )
        for alert, seconds, hold in (
            ("HighTextReplyLatencyP95", 6, 180),
            ("ElevatedTextReplyLatencyP95", 4, 300),
        )
    ),
    *(
        Limit(
            alert=alert, metric=_REPLY, labels=_AUDIO, others=(_TEXT,), seconds=seconds, hold=hold
        )
        for alert, seconds, hold in (
            ("HighAudioReplyLatencyP95", 30, 180),
            ("ElevatedAudioReplyLatencyP95", 20, 300),
        )
    ),
)


def histogram(
    metric: str, labels: Mapping[str, str], edge: int, fast: Steps, slow: Steps, *, le: str = "{}.0"
) -> dict[str, str]:
    """Return a histogram of `fast` events, just within `edge` s, and `slow` ones, just not."""
    at = LATENCY_BUCKETS.index(edge)
    names = {
        le.format(int(LATENCY_BUCKETS[at - 1])): counter(*((0, times) for _, times in fast)),
        le.format(edge): counter(*fast),
        le.format(int(LATENCY_BUCKETS[at + 1])): summed(fast, slow),
        "+Inf": summed(fast, slow),
    }
    text = ",".join(f'{name}="{value}"' for name, value in labels.items())
    return {
        **{f'{metric}_bucket{{{text},le="{name}"}}': value for name, value in names.items()},
        f"{metric}_count{{{text}}}": summed(fast, slow),
    }


def _of(limit: Limit) -> list[Case]:
    def case(kind, name, series, expect):
        return Case(alert=limit.alert, kind=kind, name=name, series=series, expect=expect)

    def told(
        fast: Steps, slow: Steps, *, labels: Mapping[str, str] = limit.labels, le: str = "{}.0"
    ) -> dict[str, str]:
        return histogram(limit.metric, labels, limit.seconds, fast, slow, le=le)

    def on(instance: str, fast: Steps, slow: Steps) -> dict[str, str]:
        return told(fast, slow, labels={**limit.labels, "instance": instance})

    def others(fast: Steps, slow: Steps) -> dict[str, str]:
        return {k: v for one in limit.others for k, v in told(fast, slow, labels=one).items()}

    idle, after = ((0, 5),), limit.hold + 60
    boundary = {f"{after - 10}s": QUIET, f"{after}s": FIRES}
    always = {f"{seconds}s": QUIET for seconds in range(180, 1500, 120)}
    return [
        case(
            "firing",
            "all are slower than the limit",
            told((*idle, (0, 200)), (*idle, (1, 200))),
            {"50s": QUIET, "30m": FIRES},
        ),
        case(
            "firing",
            "buckets as Prometheus 3 may name them",
            told((*idle, (0, 200)), (*idle, (1, 200)), le="{}"),
            {"30m": FIRES},
        ),
        case(
            "boundary",
            "for long enough, and not a second less",
            told((*idle, (0, 90)), (*idle, (100, 90))),
            boundary,
        ),
        case(
            "quiet",
            "all are just within the limit",
            told((*idle, (9, 200)), (*idle, (0, 200))),
            {"30m": QUIET},
        ),
        case(
            "boundary",
            "exactly 5 of 100 are slower, which is a P95 of the limit and no more",
            told((*idle, (95, 200)), (*idle, (5, 200))),
            {"10m": QUIET, "30m": QUIET},
        ),
        case(
            "boundary",
            "51 of 1000 are slower",
            told((*idle, (949, 200)), (*idle, (51, 200))),
            {"30m": FIRES},
        ),
        case(
            "low traffic",
            "nine slow ones are too few to say",
            told((*idle, (0, 209)), (*idle, (1, 9), (0, 200))),
            always,
        ),
        case(
            "low traffic",
            "ten slow ones are enough",
            told((*idle, (0, 210)), (*idle, (1, 10), (0, 200))),
            {"14m": FIRES, "18m": QUIET},
        ),
        case(
            "low traffic",
            "two slow ones of twenty are chance",
            told((*idle, (1, 18), (0, 202)), (*idle, (0, 18), (1, 2), (0, 200))),
            always,
        ),
        case(
            "low traffic",
            "three of twenty are not",
            told((*idle, (1, 17), (0, 203)), (*idle, (0, 17), (1, 3), (0, 200))),
            {"14m": FIRES},
        ),
        case(
            "low traffic",
            "a slow one every 80 s, so that it takes the whole window to count ten",
            told((*idle, (0, 192)), (*idle, *(((0, 7), (1, 1)) * 24))),
            {"30m": FIRES},
        ),
        case(
            "quiet",
            "well again for a window, with a bad one before it",
            told((*idle, (0, 90), (20, 120)), (*idle, (20, 90), (0, 120))),
            {"15m": FIRES, "34m": QUIET},
        ),
        case(
            "quiet",
            "one in forty is slow now, all were before",
            told((*idle, (0, 90), (39, 120)), (*idle, (20, 90), (1, 120))),
            {"34m": QUIET},
        ),
        case(
            "firing",
            "well for half a window, after a bad one",
            told((*idle, (0, 90), (1, 60)), (*idle, (5, 90), (0, 60))),
            {"24m": FIRES},
        ),
        case(
            "low traffic",
            "a slow one every 2 minutes never makes ten in the window",
            told((*idle, (0, 288)), (*idle, *(((0, 11), (1, 1)) * 24))),
            {f"{seconds}s": QUIET for seconds in range(180, 2900, 240)},
        ),
        case(
            "low traffic",
            "two slow ones of twenty, with much that was fast long before",
            told(
                (*idle, (10, 90), (0, 30), (1, 18), (0, 102)),
                (*idle, (0, 138), (1, 2), (0, 100)),
            ),
            {f"{seconds}s": QUIET for seconds in range(1800, 2400, 30)},
        ),
        case(
            "firing",
            "two processes with half of it each",
            {
                **on("a", (*idle, (0, 205)), (*idle, (1, 5), (0, 200))),
                **on("b", (*idle, (0, 205)), (*idle, (1, 5), (0, 200))),
            },
            {"14m": FIRES},
        ),
        case(
            "firing",
            "one process is slow, the other is fast",
            {
                **on("a", (*idle, (0, 200)), (*idle, (10, 200))),
                **on("b", (*idle, (10, 200)), (*idle, (0, 200))),
            },
            {"30m": FIRES},
        ),
        case(
            "quiet",
            "one process does much and fast, the other little and slow",
            {
                **on("a", (*idle, (100, 200)), (*idle, (0, 200))),
                **on("b", (*idle, (0, 200)), (*idle, (1, 200))),
            },
            {"30m": QUIET},
        ),
        case(
            "low traffic",
            "one slow one of ten by each of two processes",
            {
                **on("a", (*idle, (1, 9), (0, 200)), (*idle, (0, 8), (1, 1), (0, 200))),
                **on("b", (*idle, (1, 9), (0, 200)), (*idle, (0, 8), (1, 1), (0, 200))),
            },
            always,
        ),
        case(
            "quiet",
            "others are slow",
            {
                **told((*idle, (9, 200)), (*idle, (0, 200))),
                **others((*idle, (0, 200)), (*idle, (9, 200))),
            },
            {"30m": QUIET},
        ),
        case(
            "firing",
            "others are fast",
            {
                **told((*idle, (0, 200)), (*idle, (1, 200))),
                **others((*idle, (100, 200)), (*idle, (0, 200))),
            },
            {"30m": FIRES},
        ),
        case(
            "low traffic",
            "nine slow ones do not become ten by what others do",
            {
                **told((*idle, (0, 209)), (*idle, (1, 9), (0, 200))),
                **others((*idle, (1, 209)), (*idle, (0, 209))),
            },
            always,
        ),
        case(
            "low traffic",
            "two slow ones do not become three by what others do",
            {
                **told((*idle, (1, 18), (0, 202)), (*idle, (0, 18), (1, 2), (0, 200))),
                **others((*idle, (0, 220)), (*idle, (1, 220))),
            },
            always,
        ),
        case("absent", "nobody came", {}, {"30m": QUIET}),
        case(
            "restart",
            "a process that starts again at 0",
            dict.fromkeys(told(idle, idle), "500x5 0x200"),
            always,
        ),
    ]


_OK = 'http_requests_total{job="backend",handler="/api/v1/reservations",method="POST",status="201"}'
_BAD = (
    'http_requests_total{job="backend",handler="/api/v1/reservations",method="POST",status="500"}'
)
_BAD_2 = 'http_requests_total{job="backend",handler="/api/v1/cabins",method="GET",status="503"}'
_REFUSED = 'http_requests_total{job="backend",handler="/webhooks/mp",method="POST",status="401"}'


def _synthetic(status: str) -> str:
    return (
        f'http_requests_total{{job="backend",handler="synthetic",method="GET",status="{status}"}}'
    )


def _errors(alert: str, percent: int, hold: int) -> list[Case]:
    def case(kind, name, series, expect):
        return Case(alert=alert, kind=kind, name=name, series=series, expect=expect)

    after = hold + 60
    always = {f"{seconds}s": QUIET for seconds in range(60, 1800, 60)}
    return [
        case(
            "firing",
            "half of all fail",
            {_OK: "0+1x200", _BAD: "0+1x200", _BAD_2: "0x200"},
            {"20m": FIRES},
        ),
        case(
            "firing",
            "two routes with half of a bit too much each",
            {_OK: "0+94x200", _BAD: "0+3x200", _BAD_2: "0+3x200"},
            {"20m": FIRES},
        ),
        case(
            "firing",
            "a tenth fails now, with much that went well long before",
            {_OK: counter((5000, 60), (90, 120)), _BAD: counter((0, 60), (10, 120))},
            {"26m": FIRES},
        ),
        case(
            "boundary",
            "for long enough, and not a second less",
            {_OK: "0x5 100+100x90", _BAD: "0x5 100+100x90"},
            {f"{after - 10}s": QUIET, f"{after}s": FIRES},
        ),
        case(
            "boundary",
            "exactly as much as is allowed",
            {_OK: f"0+{100 - percent}x200", _BAD: f"0+{percent}x200"},
            {"20m": QUIET, "30m": QUIET},
        ),
        case(
            "boundary",
            "one in a thousand more",
            {_OK: f"0+{1000 - 10 * percent - 1}x200", _BAD: f"0+{10 * percent + 1}x200"},
            {"20m": FIRES},
        ),
        case(
            "quiet",
            "one in a thousand fails, where the specification's rule said 100 %",
            {_OK: "0+999x200", _BAD: "0+1x200"},
            {"20m": QUIET, "30m": QUIET},
        ),
        case(
            "quiet",
            "what the client did wrong is not our error",
            {_OK: "0+1x200", _REFUSED: "0+9x200"},
            {"20m": QUIET},
        ),
        case(
            "low traffic",
            "four of four fail in a night",
            {_BAD: "0x5 1+1x3 4x200", _OK: "0x210"},
            always,
        ),
        case(
            "low traffic",
            "one every 4 minutes, and nothing else is asked",
            {_BAD: counter(*(((0, 23), (1, 1)) * 9)), _OK: "0x220"},
            {f"{seconds}s": QUIET for seconds in range(60, 2100, 120)},
        ),
        case(
            "low traffic",
            "two of twenty",
            {_BAD: "0x5 1 2x200", _OK: "0x5 18x200"},
            always,
        ),
        case(
            "low traffic",
            "five of five",
            {_BAD: "0x5 1+1x4 5x200", _OK: "0x210"},
            {"10m": FIRES, "12m": QUIET},
        ),
        case(
            "low traffic",
            "a failure every 110 s, so that it takes the whole window to count five",
            {_BAD: counter(*(((0, 10), (1, 1)) * 18)), _OK: "0x200"},
            {"30m": FIRES},
        ),
        case(
            "firing",
            "different routes and statuses with a part each",
            {_OK: "0x210", _BAD: "0x5 1+1x2 3x200", _BAD_2: "0x5 1+1x1 2x200"},
            {"10m": FIRES},
        ),
        case(
            "quiet",
            "well again for a window, with a bad one before it",
            {_OK: "0+10x60 610+30x80", _BAD: "0+30x60 1800x80"},
            {"9m": FIRES, "21m": QUIET},
        ),
        case(
            "quiet",
            "just enough good since, all bad before",
            {_OK: "0x60 98+98x80", _BAD: "0+200x60 12002+2x80"},
            {"21m": QUIET},
        ),
        case(
            "firing",
            "well for half a window, after a bad one",
            {_OK: "0x60 10+10x40", _BAD: "0+10x60 610x40"},
            {"14m": FIRES},
        ),
        case(
            "quiet",
            "much good traffic long ago does not make a small part big",
            {_OK: "0x60 100+100x90", _BAD: "0x60 1+1x90"},
            {"24m": QUIET},
        ),
        case(
            "quiet",
            "what we ask ourselves is nobody's request",
            {_OK: "0+5x200", _synthetic("503"): "0+5x200"},
            {"20m": QUIET},
        ),
        case(
            "quiet",
            "what we ask ourselves does not make it more",
            {_OK: "0+98x200", _BAD: "0+2x200", _synthetic("503"): "0+9x200"},
            {"20m": QUIET},
        ),
        case(
            "firing",
            "what we ask ourselves does not hide it",
            {_OK: "0+9x200", _BAD: "0+1x200", _synthetic("200"): "0+900x200"},
            {"20m": FIRES},
        ),
        case(
            "boundary",
            "four failed, and more of what we ask ourselves",
            {_BAD: "0x5 1+1x3 4x200", _OK: "0x210", _synthetic("503"): "0x5 1+1x200"},
            always,
        ),
        case("absent", "nothing is asked", {}, {"20m": QUIET}),
        case("absent", "nothing ever failed", {_OK: "0+5x200"}, {"20m": QUIET}),
        case(
            "restart",
            "counters that start again at 0",
            {_OK: "9000x5 0+5x100", _BAD: "500x5 0x100"},
            {f"{seconds}s": QUIET for seconds in range(60, 1000, 30)},
        ),
    ]


CASES = [
    *(case for limit in LIMITS for case in _of(limit)),
    *_errors("HighErrorRate", 5, 300),
    *_errors("ElevatedErrorRate", 3, 300),
]
