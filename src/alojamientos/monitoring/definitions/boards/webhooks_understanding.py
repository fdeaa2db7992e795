"""The rows about providers and about understanding."""

from alojamientos.monitoring.arithmetic import (
    divide,
    or_zero,
    quantile,
)
from alojamientos.monitoring.board import Panel, Query, Row
from alojamientos.monitoring.definitions.boards import FEW_EVENTS
from alojamientos.monitoring.promql import (
    RATE_INTERVAL,
    Expr,
    increase,
    none_of,
    rate,
    total,
)
from alojamientos.telemetry import log_events
from alojamientos.telemetry.catalogue import (
    NLU_DATES,
    NLU_INTENT_DETECTED,
    NLU_PROCESSING,
    OUTBOUND_REQUESTS,
    OUTBOUND_SECONDS,
)


def _share_that_failed(window: str) -> Expr:
    everything = total(rate(OUTBOUND_REQUESTS, window=window), "provider")
    bad = none_of("outcome", ("2xx", "3xx"))
    return divide(
        or_zero(total(rate(OUTBOUND_REQUESTS, bad, window=window), "provider"), everything),
        everything,
    )


PROVIDERS = Row(
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
            fixed_window=FEW_EVENTS,
            may_be_empty="No call was made in this time",
            logs=(log_events.OUTBOUND_FAILED,),
            width=4,
        ),
    ),
)

UNDERSTANDING = Row(
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
            fixed_window=FEW_EVENTS,
            may_be_empty="No message was read in this time",
            width=4,
        ),
    ),
)
