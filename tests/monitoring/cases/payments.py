"""Money."""

from tests.monitoring.cases.case import FIRES, QUIET, Case, counter
from tests.monitoring.cases.shapes import failing, waiting

_OLDEST = 'payments_unreconciled_oldest_timestamp_seconds{job="backend",instance="a"}'
_TASK = 'owner_money_tasks_oldest_timestamp_seconds{job="backend",instance="a"}'
_PAYMENT = (
    'webhook_processing_seconds_{}{{job="worker",source="mercadopago",event_type="payment"{}}}'
)
_OTHER = 'webhook_processing_seconds_{}{{job="worker",source="whatsapp",event_type="text"{}}}'


def late(series: str, late: str, in_time: str, every: str) -> dict[str, str]:
    """Return a histogram of events that took longer than a minute, or less."""
    assert late
    return {
        series.format("bucket", ',le="30.0"'): in_time,
        series.format("bucket", ',le="60.0"'): in_time,
        series.format("bucket", ',le="+Inf"'): every,
        series.format("count", ""): every,
    }


def _late(kind, name, series, expect):
    return Case(
        alert="PaymentsLate", kind=kind, name=name, series=series, expect=expect, interval="1m"
    )


def _of(slow: str, *, series: str = _PAYMENT, fast: str = "0x300") -> dict[str, str]:
    return late(series, slow, fast, slow)


def _on(instance: str) -> str:
    return _PAYMENT.replace('job="worker"', f'job="worker",instance="{instance}"')


CASES = [
    *waiting("PaymentsUnreconciled", _OLDEST, 1800, 60),
    Case(
        alert="PaymentsUnreconciled",
        kind="firing",
        name="the older of two tells",
        series={_OLDEST: "0x300", _OLDEST.replace('"a"', '"b"'): "0+10x300"},
        expect={"40m": FIRES},
    ),
    Case(
        alert="PaymentsUnreconciled",
        kind="absent",
        name="none is open",
        series={_OLDEST: "0x20 stale"},
        expect={"1h": QUIET},
    ),
    *waiting("MoneyWaitsForOwner", _TASK, 86_400, 1_800),
    Case(
        alert="MoneyWaitsForOwner",
        kind="firing",
        name="the older of two tells",
        series={_TASK: "1x120", _TASK.replace('"a"', '"b"'): "1+1800x120"},
        expect={"30h": FIRES},
        interval="30m",
    ),
    Case(
        alert="MoneyWaitsForOwner",
        kind="absent",
        name="nothing waits any more",
        series={_TASK: "1x4 stale"},
        expect={"30h": QUIET},
        interval="30m",
    ),
    _late("firing", "payment after payment is late", _of("0+1x300"), {"90m": FIRES}),
    _late(
        "boundary",
        "two in an hour",
        _of("0x60 2x120"),
        {"61m": QUIET, "62m": FIRES, "119m": FIRES, "122m": QUIET},
    ),
    _late(
        "low traffic",
        "one in an hour",
        _of("0x60 1x120"),
        {f"{minutes}m": QUIET for minutes in range(10, 180, 5)},
    ),
    _late(
        "quiet",
        "all are in time",
        _of("0+1x300", fast="0+1x300"),
        {"90m": QUIET},
    ),
    _late(
        "firing",
        "some of many are late",
        _of("0+2x300", fast="0+1x300"),
        {"90m": FIRES},
    ),
    _late(
        "quiet",
        "replies to guests are another matter",
        {**_of("0x300"), **_of("0+1x300", series=_OTHER)},
        {"90m": QUIET},
    ),
    _late(
        "firing",
        "late now, with many in time before",
        _of(counter((5, 60), (2, 1), (0, 120)), fast=counter((5, 60), (0, 121))),
        {"115m": FIRES},
    ),
    _late(
        "firing",
        "replies to guests that are in time do not make it better",
        {**_of("0+1x300"), **_of("0+9x300", series=_OTHER, fast="0+9x300")},
        {"90m": FIRES},
    ),
    _late(
        "quiet",
        "two workers, all in time",
        {
            **_of("0+1x300", series=_on("a"), fast="0+1x300"),
            **_of("0+1x300", series=_on("b"), fast="0+1x300"),
        },
        {"90m": QUIET},
    ),
    _late(
        "firing",
        "two workers with one each",
        {
            **_of(
                "0x60 1x120", series=_PAYMENT.replace('job="worker"', 'job="worker",instance="a"')
            ),
            **_of(
                "0x60 1x120", series=_PAYMENT.replace('job="worker"', 'job="worker",instance="b"')
            ),
        },
        {"70m": FIRES},
    ),
    _late(
        "quiet",
        "many in time long ago",
        _of(counter((5, 60), (0, 120)), fast=counter((5, 60), (0, 120))),
        {f"{minutes}m": QUIET for minutes in range(10, 180, 5)},
    ),
    _late(
        "quiet",
        "many in time since a while",
        _of(counter((0, 100), (5, 90)), fast=counter((0, 100), (5, 90))),
        {f"{minutes}m": QUIET for minutes in range(10, 190, 5)},
    ),
    _late(
        "restart", "a worker that starts again", _of("9x5 0x200", fast="5x5 0x200"), {"1h": QUIET}
    ),
    _late("absent", "nothing was paid", {}, {"1h": QUIET}),
    *failing(
        "PaymentNotificationsMissing",
        'payments_reconciled_total{job="worker"}',
        2,
        21600,
        60,
        interval=60,
    ),
    Case(
        alert="PaymentNotificationsMissing",
        kind="firing",
        name="one found by each of two processes",
        series={
            'payments_reconciled_total{job="worker"}': "0x60 1x120",
            'payments_reconciled_total{job="backend"}': "0x60 1x120",
        },
        expect={"70m": FIRES},
        interval="1m",
    ),
    *failing(
        "RefundsFailing", 'refunds_total{job="worker",status="failed"}', 1, 3600, 60, interval=60
    ),
    Case(
        alert="RefundsFailing",
        kind="firing",
        name="one process of two",
        series={
            'refunds_total{job="worker",status="failed"}': "0x60 1x60",
            'refunds_total{job="backend",status="failed"}': "0x120",
        },
        expect={"70m": FIRES},
        interval="1m",
    ),
    Case(
        alert="RefundsFailing",
        kind="quiet",
        name="refunds that were done",
        series={'refunds_total{job="worker",status="done"}': "0+1x120"},
        expect={"90m": QUIET},
        interval="1m",
    ),
]
