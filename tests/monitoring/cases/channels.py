"""Messages in and out, and the providers that carry them."""

from tests.monitoring.cases.case import FIRES, QUIET, Case, counter
from tests.monitoring.cases.shapes import failing, waiting

_INBOX = 'inbox_oldest_timestamp_seconds{job="backend",instance="a"}'
_OUTBOX = 'outbox_oldest_timestamp_seconds{job="backend",instance="a"}'
_WHATSAPP, _MERCADOPAGO = {"provider": "whatsapp"}, {"provider": "mercadopago"}


def call(outcome: str, *, provider="whatsapp", operation="send_message", job="worker") -> str:
    return (
        f'outbound_requests_total{{job="{job}",provider="{provider}",operation="{operation}"'
        f',outcome="{outcome}"}}'
    )


def _doors(alert: str, series: str, hold: int) -> list[Case]:
    return [
        *waiting(alert, series, 300, hold),
        Case(
            alert=alert,
            kind="absent",
            name="nothing waits",
            series={series: "0x20 stale"},
            expect={"20m": QUIET, "1h": QUIET},
        ),
        Case(
            alert=alert,
            kind="firing",
            name="the older of two tells",
            series={series: "0x300", series.replace('"a"', '"b"'): "0+10x300"},
            expect={"40m": FIRES},
        ),
    ]


def _provider(
    alert: str, bad: tuple[str, ...], others: tuple[str, ...], least: int, window: int
) -> list[Case]:
    """Return the cases of an alert on the share of calls that end badly; `window` in minutes."""
    good, first = call("2xx"), call(bad[0])
    samples = window * 6
    quietly = {f"{minutes}m": QUIET for minutes in range(1, 3 * window)}

    def case(kind, name, series, expect):
        return Case(alert=alert, kind=kind, name=name, series=series, expect=expect)

    return [
        *(
            case(
                "firing",
                f"every call ends in {outcome}",
                {good: f"0x{samples * 2}", call(outcome): f"0+1x{samples * 2}"},
                {f"{window + 5}m": (_WHATSAPP,)},
            )
            for outcome in bad
        ),
        *(
            case(
                "quiet",
                f"every call ends in {outcome}, which is another matter",
                {good: f"0x{samples * 2}", call(outcome): f"0+1x{samples * 2}"},
                {f"{window + 5}m": QUIET},
            )
            for outcome in others
        ),
        case(
            "boundary",
            "for 2 minutes, and not a second less",
            {good: "0x60", first: "0x5 100+100x60"},
            {"2m50s": QUIET, "3m": (_WHATSAPP,)},
        ),
        case(
            "boundary",
            "exactly a half",
            {good: f"0+1x{samples * 2}", first: f"0+1x{samples * 2}"},
            {f"{window}m": QUIET, f"{window + 5}m": QUIET},
        ),
        case(
            "boundary",
            "a little more than a half",
            {good: f"0+99x{samples * 2}", first: f"0+101x{samples * 2}"},
            {f"{window + 5}m": (_WHATSAPP,)},
        ),
        case(
            "low traffic",
            "one less than enough",
            {good: f"0x{samples * 3}", first: f"0x5 1+1x{least - 2} {least - 1}x{samples * 3}"},
            quietly,
        ),
        case(
            "low traffic",
            "just enough",
            {good: f"0x{samples * 3}", first: f"0x5 1+1x{least - 1} {least}x{samples * 3}"},
            {f"{window - 1}m": (_WHATSAPP,), f"{window + 3}m": QUIET},
        ),
        case(
            "low traffic",
            "so seldom that it takes the whole window to count enough",
            {
                good: f"0x{samples * 3}",
                first: counter(*(((0, samples // least - 2), (1, 1)) * 3 * least)),
            },
            {f"{2 * window}m": (_WHATSAPP,)},
        ),
        case(
            "low traffic",
            "so seldom that a window never has enough",
            {
                good: f"0x{samples * 4}",
                first: counter(*(((0, samples // (least - 1) + 1), (1, 1)) * 2 * least)),
            },
            {f"{minutes}m": QUIET for minutes in range(1, 3 * window, 2)},
        ),
        case(
            "low traffic",
            "more than half of a few",
            {good: f"0x5 {least - 2}x{samples * 3}", first: f"0x5 {least - 1}x{samples * 3}"},
            quietly,
        ),
        case(
            "firing",
            "two operations with half of a bit too much each",
            {
                good: f"0+40x{samples * 2}",
                first: f"0+30x{samples * 2}",
                call(bad[0], operation="mark_read"): f"0+30x{samples * 2}",
            },
            {f"{window + 5}m": (_WHATSAPP,)},
        ),
        case(
            "firing",
            "different operations and processes with a part each",
            {
                good: f"0x{samples}",
                call(bad[0], operation="mark_read"): f"0x5 1x{samples}",
                call(bad[0], job="backend"): f"0x5 {least - 1}x{samples}",
            },
            {"8m": (_WHATSAPP,)},
        ),
        case(
            "firing",
            "one of two providers",
            {
                call("2xx", provider="mercadopago", operation="get_payment"): f"0x{samples * 2}",
                call(bad[0], provider="mercadopago", operation="get_payment"): f"0+1x{samples * 2}",
                good: f"0+9x{samples * 2}",
                first: f"0x{samples * 2}",
            },
            {f"{window + 5}m": (_MERCADOPAGO,)},
        ),
        case(
            "quiet",
            "well for a window, after a bad one",
            {
                good: f"0x{samples} 9+9x{samples * 2}",
                first: f"0+9x{samples} {samples * 9 + 4}+4x{samples * 2}",
            },
            {f"{2 * window + 4}m": QUIET},
        ),
        case(
            "firing",
            "well for a third of a window, after a bad one",
            {
                good: f"0x{samples} 9+9x{samples // 3}",
                first: f"0+9x{samples} {samples * 9}x{samples // 3}",
            },
            {f"{window + window // 3 - 1}m": (_WHATSAPP,)},
        ),
        case(
            "quiet",
            "idle before does not make a part bigger",
            {good: f"0x{samples} 6+6x{samples}", first: f"0x{samples} 4+4x{samples}"},
            {f"{window + window // 2}m": QUIET, f"{2 * window - 1}m": QUIET},
        ),
        case("absent", "nobody was called", {}, {f"{window}m": QUIET}),
        case(
            "restart", "counters that start again", {good: "50x5 0x60", first: "90x5 0x60"}, quietly
        ),
    ]


_INVALID = 'webhook_signature_invalid_total{job="backend",source="whatsapp"}'
_GIVEN_UP = 'outbox_messages_total{job="worker",channel="whatsapp",outcome="failed"}'
_SENT = _GIVEN_UP.replace("failed", "sent")

CASES = [
    *_doors("InboxStuck", _INBOX, 60),
    *_doors("OutboxStuck", _OUTBOX, 300),
    *_provider("ProviderFailing", ("5xx", "timeout", "unreachable"), ("4xx", "3xx"), 5, 15),
    *_provider("ProviderRefusing", ("4xx",), ("5xx", "timeout", "unreachable", "3xx"), 3, 30),
    *failing("WebhookSignatureSpike", _INVALID, 11, 900, 60, extra={"source": "whatsapp"}),
    Case(
        alert="WebhookSignatureSpike",
        kind="firing",
        name="two processes with half of it each, and none of another source",
        series={
            _INVALID.replace("{", '{instance="a",'): "0x60 6x60",
            _INVALID.replace("{", '{instance="b",'): "0x60 6x60",
            _INVALID.replace("whatsapp", "mercadopago"): "0x120",
        },
        expect={"15m": ({"source": "whatsapp"},)},
    ),
    *failing(
        "MessagesUndeliverable", _GIVEN_UP, 3, 3600, 60, extra={"channel": "whatsapp"}, interval=60
    ),
    Case(
        alert="MessagesUndeliverable",
        kind="quiet",
        name="messages that were sent",
        series={_SENT: "0+9x120"},
        expect={"90m": QUIET},
        interval="1m",
    ),
    Case(
        alert="MessagesUndeliverable",
        kind="firing",
        name="two workers with a part each",
        series={
            _GIVEN_UP.replace("{", '{instance="a",'): "0x60 1x60",
            _GIVEN_UP.replace("{", '{instance="b",'): "0x60 2x60",
        },
        expect={"70m": ({"channel": "whatsapp"},)},
        interval="1m",
    ),
]
