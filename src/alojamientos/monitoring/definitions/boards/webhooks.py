"""Webhooks: what comes in, how it is understood and answered, how providers behave."""

from alojamientos.monitoring.arithmetic import (
    divide,
    events,
    events_per_second,
    quantile,
    within,
)
from alojamientos.monitoring.board import Dashboard, Panel, Query, Row, Scale
from alojamientos.monitoring.definitions import thresholds
from alojamientos.monitoring.definitions.boards import FEW_EVENTS
from alojamientos.monitoring.definitions.boards.webhooks_flow import FLOW
from alojamientos.monitoring.definitions.boards.webhooks_mail import MAIL
from alojamientos.monitoring.definitions.boards.webhooks_understanding import (
    PROVIDERS,
    UNDERSTANDING,
)
from alojamientos.monitoring.promql import (
    RATE_INTERVAL,
    equals,
    increase,
    rate,
    total,
)
from alojamientos.telemetry import log_events
from alojamientos.telemetry.catalogue import (
    WEBHOOK_EVENTS,
    WEBHOOK_PROCESSING,
    WEBHOOK_SIGNATURE_CHECKS,
    WEBHOOK_SIGNATURE_INVALID,
)


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
            fixed_window=FEW_EVENTS,
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
            fixed_window=FEW_EVENTS,
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

WEBHOOKS = Dashboard(
    name="webhooks",
    title="Webhooks and messages",
    description="What comes in, how it is understood and answered, and how providers behave.",
    rows=(_SPEED, _DOOR, FLOW, MAIL, PROVIDERS, UNDERSTANDING),
)
