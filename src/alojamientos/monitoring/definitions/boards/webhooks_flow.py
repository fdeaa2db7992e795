"""The row about the way from a message to its reply."""

from alojamientos.monitoring.arithmetic import (
    since,
)
from alojamientos.monitoring.board import Panel, Query, Row
from alojamientos.monitoring.definitions import thresholds
from alojamientos.monitoring.promql import (
    highest,
    increase,
    lowest,
    series,
    total,
)
from alojamientos.telemetry import log_events
from alojamientos.telemetry.catalogue import (
    INBOX_OLDEST,
    INBOX_OPEN,
    MESSAGE_STATUS,
    MESSAGES_HANDLED,
    OUTBOX_MESSAGES,
    OUTBOX_OLDEST,
    OUTBOX_OPEN,
)

FLOW = Row(
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
