"""The row about what guests notice."""

from alojamientos.monitoring.arithmetic import (
    quantile,
    since,
)
from alojamientos.monitoring.board import Panel, Query, Row
from alojamientos.monitoring.definitions import thresholds
from alojamientos.monitoring.definitions.boards import FEW_EVENTS
from alojamientos.monitoring.promql import (
    RATE_INTERVAL,
    equals,
    highest,
    increase,
    lowest,
    number_of,
    one_of,
    rate,
    series,
    total,
)
from alojamientos.telemetry import log_events
from alojamientos.telemetry.catalogue import (
    APP_BUILD_INFO,
    INBOX_OPEN,
    JOURNEY_STEPS_DONE,
    JOURNEYS,
    LOG_EVENTS,
    OUTBOX_OLDEST,
    OUTBOX_OPEN,
    WEBHOOK_PROCESSING,
)

GUESTS = Row(
    title="What guests notice",
    panels=(
        Panel(
            title="Time to answer, P95",
            description=(
                "From the receipt of a message or a payment to the end of its work: the reply"
                " was accepted. Over 15 minutes, because a cabin gets few."
            ),
            kind="lines",
            unit="seconds",
            queries=(
                Query(
                    expr=quantile(
                        "0.95", WEBHOOK_PROCESSING, window="15m", by=("source", "event_type")
                    ),
                    legend="{source}, {event_type}",
                ),
            ),
            scale=thresholds.worse_above(*thresholds.TEXT_REPLY_SECONDS[1:]),
            fixed_window=FEW_EVENTS,
            may_be_empty="Nothing was answered in this time",
            logs=(log_events.MESSAGE_DELIVERED,),
            width=6,
        ),
        Panel(
            title="Waiting",
            description=(
                "Messages not yet handled, and replies that no provider has accepted yet. Rising"
                " lines mean that the worker or a provider is down."
            ),
            kind="lines",
            unit="count",
            queries=(
                Query(expr=highest(series(INBOX_OPEN)), legend="received, not handled"),
                Query(expr=highest(series(OUTBOX_OPEN)), legend="replies, not accepted"),
            ),
            logs=(log_events.MESSAGE_HANDLING_FAILED, log_events.MESSAGE_DELIVERY_RETRIED),
            width=4,
        ),
        Panel(
            title="Oldest reply waiting",
            description="How long the oldest reply that waits has been waiting.",
            kind="value",
            unit="seconds",
            queries=(Query(expr=since(lowest(series(OUTBOX_OLDEST))), legend="oldest"),),
            scale=thresholds.worse_above(*thresholds.REPLY_WAITING_SECONDS),
            may_be_empty="No reply waits",
            width=2,
        ),
        Panel(
            title="Rehearsed bookings",
            description=(
                "What became of the bookings that the worker rehearses once a minute, in 5 minutes:"
                " availability, hold, cancellation, webhook. 5 get through when all is well;"
                " a line that ends means that nobody rehearses."
            ),
            kind="lines",
            unit="count",
            queries=(
                Query(
                    expr=total(increase(JOURNEYS, equals("outcome", "success"), window="5m")),
                    legend="got through",
                ),
                Query(
                    expr=total(
                        increase(JOURNEY_STEPS_DONE, equals("outcome", "failure"), window="5m"),
                        "step",
                    ),
                    legend="failed at {step}",
                ),
            ),
            fixed_window="There is one a minute",
            logs=(log_events.JOURNEY_FAILED,),
            width=4,
        ),
        Panel(
            title="Log lines",
            description="Warnings and worse that each process has written.",
            kind="lines",
            unit="per_second",
            queries=(
                Query(
                    expr=total(
                        rate(
                            LOG_EVENTS,
                            one_of("level", ("warning", "error", "critical")),
                            window=RATE_INTERVAL,
                        ),
                        "job",
                        "level",
                    ),
                    legend="{job}, {level}",
                ),
            ),
            logs=(log_events.FOREIGN,),
            width=4,
        ),
        Panel(
            title="What is running",
            description="The version of each process; two rows of one process: a deploy half done.",
            kind="table",
            unit="count",
            queries=(
                Query(
                    expr=number_of(series(APP_BUILD_INFO), "job", "version", "commit"),
                    legend="processes",
                ),
            ),
            logs=(log_events.PROCESS_STARTED,),
            width=4,
        ),
    ),
)
