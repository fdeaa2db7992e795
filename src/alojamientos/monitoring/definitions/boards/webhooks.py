"""Webhooks: what comes in, how it is understood and answered, how providers behave."""

from alojamientos.monitoring.arithmetic import (
    divide,
    events,
    events_per_second,
    or_zero,
    quantile,
    since,
    within,
)
from alojamientos.monitoring.board import Dashboard, Panel, Query, Row, Scale
from alojamientos.monitoring.definitions import thresholds
from alojamientos.monitoring.promql import (
    RATE_INTERVAL,
    Expr,
    equals,
    highest,
    increase,
    lowest,
    none_of,
    rate,
    series,
    total,
)
from alojamientos.telemetry import log_events
from alojamientos.telemetry.catalogue import (
    INBOX_OLDEST,
    INBOX_OPEN,
    MESSAGE_STATUS,
    MESSAGES_HANDLED,
    NLU_DATES,
    NLU_INTENT_DETECTED,
    NLU_PROCESSING,
    OUTBOUND_REQUESTS,
    OUTBOUND_SECONDS,
    OUTBOX_MESSAGES,
    OUTBOX_OLDEST,
    OUTBOX_OPEN,
    WEBHOOK_EVENTS,
    WEBHOOK_PROCESSING,
    WEBHOOK_SIGNATURE_CHECKS,
    WEBHOOK_SIGNATURE_INVALID,
)

_FEW = "at a cabin's traffic a narrower window holds no event"


def _reply_time(event_type: str, seconds: tuple[int, int, int]) -> tuple[Panel, Panel]:
    """Return the P95 against its limits, and the share within the target that it stands for."""
    of_type = equals("event_type", event_type)
    target, warning, critical = seconds
    share = divide(
        total(within(WEBHOOK_PROCESSING, of_type, seconds=target, window="1d")),
        total(events_per_second(WEBHOOK_PROCESSING, of_type, window="1d")),
    )
    empty = f"No {event_type} message was answered in this time"
    return (
        Panel(
            title=f"Answer to {event_type}, P95",
            description=(
                f"Specified: below {target} s; warned of above {warning} s, critical above"
                f" {critical} s. From receipt to the reply being accepted."
            ),
            kind="lines",
            unit="seconds",
            queries=(
                Query(
                    expr=quantile("0.95", WEBHOOK_PROCESSING, of_type, window="15m", by=()),
                    legend="P95",
                ),
            ),
            scale=thresholds.worse_above(warning, critical),
            fixed_window=_FEW,
            may_be_empty=empty,
            logs=(log_events.MESSAGE_DELIVERED,),
            width=4,
        ),
        Panel(
            title=f"{event_type.capitalize()} within {target} s",
            description=(
                f"Share of the {event_type} messages of the last day that were answered within"
                f" {target} seconds; 95 % is the target."
            ),
            kind="value",
            unit="ratio",
            queries=(Query(expr=share, legend=f"within {target} s"),),
            scale=Scale(floor="critical", steps=((thresholds.WITHIN_TARGET_SHARE, "ok"),)),
            may_be_empty=empty,
            width=2,
        ),
    )


_SPEED = Row(
    title="How long it takes",
    panels=(
        Panel(
            title="Webhook processing time",
            description=(
                "P95 from receipt to the end of the work, by source: replies accepted by"
                " WhatsApp, payments taken in. Over 15 minutes, because a cabin gets few."
            ),
            kind="lines",
            unit="seconds",
            queries=(
                Query(
                    expr=quantile("0.95", WEBHOOK_PROCESSING, window="15m", by=("source",)),
                    legend="{source}",
                ),
            ),
            scale=thresholds.worse_above(*thresholds.TEXT_REPLY_SECONDS[1:]),
            fixed_window=_FEW,
            may_be_empty="No webhook was worked on in this time",
            logs=(log_events.MESSAGE_HANDLED, log_events.PAYMENT_APPLIED),
            width=8,
        ),
        Panel(
            title="Event types",
            description="What was worked on in the last day, by type.",
            kind="ranking",
            unit="count",
            queries=(
                Query(
                    expr=total(events(WEBHOOK_PROCESSING, window="1d"), "event_type"),
                    legend="{event_type}",
                ),
            ),
            width=4,
        ),
        *_reply_time("text", thresholds.TEXT_REPLY_SECONDS),
        *_reply_time("audio", thresholds.AUDIO_REPLY_SECONDS),
    ),
)

_DOOR = Row(
    title="At the door",
    panels=(
        Panel(
            title="Invalid signatures",
            description=(
                "Webhooks refused each hour because their signature was missing or wrong: an"
                " attack, or a secret that was changed on one side only."
            ),
            kind="bars",
            unit="count",
            queries=(
                Query(
                    expr=total(increase(WEBHOOK_SIGNATURE_INVALID, window="1h"), "source"),
                    legend="{source}",
                ),
            ),
            scale=thresholds.warns_above(thresholds.SIGNATURES_INVALID),
            step="1h",
            span="2d",
            logs=(log_events.WEBHOOK_REFUSED,),
            width=5,
        ),
        Panel(
            title="Signatures that were invalid",
            description="Share of the webhooks of the last hour that were refused, by source.",
            kind="value",
            unit="ratio",
            queries=(
                Query(
                    expr=divide(
                        total(increase(WEBHOOK_SIGNATURE_INVALID, window="1h"), "source"),
                        total(increase(WEBHOOK_SIGNATURE_CHECKS, window="1h"), "source"),
                    ),
                    legend="{source}",
                ),
            ),
            scale=Scale(steps=((0.05, "warning"), (0.5, "critical"))),
            may_be_empty="No webhook came in the last hour",
            logs=(log_events.WEBHOOK_REFUSED,),
            width=2,
        ),
        Panel(
            title="Events by outcome",
            description=(
                "What became of what authentic webhooks carried, per second. Duplicates are the"
                " provider repeating itself; malformed ones we could not read."
            ),
            kind="lines",
            unit="per_second",
            queries=(
                Query(
                    expr=total(rate(WEBHOOK_EVENTS, window=RATE_INTERVAL), "source", "outcome"),
                    legend="{source}, {outcome}",
                ),
            ),
            stacked=True,
            logs=(log_events.WEBHOOK_RECEIVED, log_events.WEBHOOK_MALFORMED),
            width=5,
        ),
    ),
)

_FLOW = Row(
    title="From message to reply",
    panels=(
        Panel(
            title="Handled",
            description="Messages that the conversation dealt with each hour, by outcome.",
            kind="bars",
            unit="count",
            queries=(
                Query(
                    expr=total(increase(MESSAGES_HANDLED, window="1h"), "channel", "outcome"),
                    legend="{channel}, {outcome}",
                ),
            ),
            step="1h",
            span="2d",
            stacked=True,
            logs=(log_events.MESSAGE_HANDLED, log_events.MESSAGE_HANDLING_FAILED),
            width=4,
        ),
        Panel(
            title="Deliveries",
            description=(
                "Attempts each hour to hand a reply to its provider. Ambiguous ones may have"
                " arrived and are looked up before they are sent again."
            ),
            kind="bars",
            unit="count",
            queries=(
                Query(
                    expr=total(increase(OUTBOX_MESSAGES, window="1h"), "channel", "outcome"),
                    legend="{channel}, {outcome}",
                ),
            ),
            step="1h",
            span="2d",
            stacked=True,
            logs=(log_events.MESSAGE_DELIVERY_RETRIED, log_events.MESSAGE_DELIVERY_FAILED),
            width=4,
        ),
        Panel(
            title="What providers reported",
            description="How far our messages have got, as reported in the last day.",
            kind="ranking",
            unit="count",
            queries=(
                Query(
                    expr=total(increase(MESSAGE_STATUS, window="1d"), "status"), legend="{status}"
                ),
            ),
            logs=(log_events.MESSAGE_STATUS,),
            width=4,
        ),
        Panel(
            title="Queues",
            description="Events not yet handled and replies not yet accepted.",
            kind="lines",
            unit="count",
            queries=(
                Query(expr=highest(series(INBOX_OPEN)), legend="inbox"),
                Query(expr=highest(series(OUTBOX_OPEN)), legend="outbox"),
            ),
            width=6,
        ),
        Panel(
            title="Oldest in the queues",
            description="How long the oldest of each has been waiting; a gap: nothing waits.",
            kind="lines",
            unit="seconds",
            queries=(
                Query(expr=since(lowest(series(INBOX_OLDEST))), legend="inbox"),
                Query(expr=since(lowest(series(OUTBOX_OLDEST))), legend="outbox"),
            ),
            scale=thresholds.worse_above(*thresholds.REPLY_WAITING_SECONDS),
            may_be_empty="Nothing waits",
            width=6,
        ),
    ),
)


def _share_that_failed(window: str) -> Expr:
    everything = total(rate(OUTBOUND_REQUESTS, window=window), "provider")
    bad = none_of("outcome", ("2xx", "3xx"))
    return divide(
        or_zero(total(rate(OUTBOUND_REQUESTS, bad, window=window), "provider"), everything),
        everything,
    )


_PROVIDERS = Row(
    title="Providers",
    panels=(
        Panel(
            title="Calls to providers",
            description="Calls per second, by provider and outcome.",
            kind="lines",
            unit="requests_per_second",
            queries=(
                Query(
                    expr=total(
                        rate(OUTBOUND_REQUESTS, window=RATE_INTERVAL), "provider", "outcome"
                    ),
                    legend="{provider}, {outcome}",
                ),
            ),
            stacked=True,
            logs=(log_events.OUTBOUND_FAILED,),
            width=4,
        ),
        Panel(
            title="Calls that failed",
            description=(
                "Share of the calls that a provider refused (4xx), failed (5xx), or left"
                " unanswered. Only 4xx: the token has expired or the request is wrong."
            ),
            kind="lines",
            unit="ratio",
            queries=(Query(expr=_share_that_failed(RATE_INTERVAL), legend="{provider}"),),
            may_be_empty="No call was made in this time",
            logs=(log_events.OUTBOUND_FAILED,),
            width=4,
        ),
        Panel(
            title="Time of a call, P95",
            description="P95 of the time that a call took, by provider, over 15 minutes.",
            kind="lines",
            unit="seconds",
            queries=(
                Query(
                    expr=quantile("0.95", OUTBOUND_SECONDS, window="15m", by=("provider",)),
                    legend="{provider}",
                ),
            ),
            fixed_window=_FEW,
            may_be_empty="No call was made in this time",
            logs=(log_events.OUTBOUND_FAILED,),
            width=4,
        ),
    ),
)

_UNDERSTANDING = Row(
    title="Understanding",
    panels=(
        Panel(
            title="Intents",
            description=(
                "What guests wanted in the last day; a message may hold several. Many `other`"
                " mean that something common is not understood."
            ),
            kind="ranking",
            unit="count",
            queries=(
                Query(
                    expr=total(increase(NLU_INTENT_DETECTED, window="1d"), "intent"),
                    legend="{intent}",
                ),
            ),
            logs=(log_events.MESSAGE_HANDLED,),
            width=4,
        ),
        Panel(
            title="Dates",
            description="What came of the dates in messages in the last day.",
            kind="ranking",
            unit="count",
            queries=(
                Query(expr=total(increase(NLU_DATES, window="1d"), "result"), legend="{result}"),
            ),
            width=4,
        ),
        Panel(
            title="Time to read a message",
            description="P50 and P95 of the time that reading one message takes, over 15 minutes.",
            kind="lines",
            unit="seconds",
            queries=tuple(
                Query(expr=quantile(share, NLU_PROCESSING, window="15m", by=()), legend=name)
                for name, share in (("P50", "0.5"), ("P95", "0.95"))
            ),
            fixed_window=_FEW,
            may_be_empty="No message was read in this time",
            width=4,
        ),
    ),
)

WEBHOOKS = Dashboard(
    name="webhooks",
    title="Webhooks and messages",
    description="What comes in, how it is understood and answered, and how providers behave.",
    rows=(_SPEED, _DOOR, _FLOW, _PROVIDERS, _UNDERSTANDING),
)
