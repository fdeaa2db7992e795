"""The rows about payments and the calendars of other sellers."""

from alojamientos.monitoring.arithmetic import since
from alojamientos.monitoring.board import Panel, Query, Row, Scale
from alojamientos.monitoring.definitions import thresholds
from alojamientos.monitoring.promql import (
    any_of,
    compare,
    constant,
    highest,
    increase,
    lowest,
    number_of,
    series,
    total,
)
from alojamientos.telemetry import log_events
from alojamientos.telemetry.catalogue import (
    ICAL_EXPORT_LAST_FETCHED,
    ICAL_LAST_SYNC_AGE,
    ICAL_SYNC_ERRORS,
    OWNER_MONEY_TASKS,
    PAYMENT_LINKS_CREATED,
    PAYMENTS_APPLIED,
    PAYMENTS_RECONCILED,
    PAYMENTS_UNRECONCILED,
    PAYMENTS_UNRECONCILED_OLDEST,
    REFUNDS,
)

PAYMENTS = Row(
    title="Payments",
    panels=(
        Panel(
            title="Payments by outcome",
            description="Payment states taken in each day, by what came of them.",
            kind="bars",
            unit="count",
            queries=(
                Query(
                    expr=total(increase(PAYMENTS_APPLIED, window="1d"), "outcome"),
                    legend="{outcome}",
                ),
            ),
            step="1d",
            span="30d",
            stacked=True,
            logs=(log_events.PAYMENT_APPLIED,),
            width=4,
        ),
        Panel(
            title="Links, refunds, lost and found",
            description=(
                "Payment links made, refunds by outcome, and payments that reconciliation found"
                " without a notification, in the last 7 days. A failed refund wants a person."
            ),
            kind="ranking",
            unit="count",
            queries=(
                Query(
                    expr=total(increase(PAYMENT_LINKS_CREATED, window="7d")), legend="links made"
                ),
                Query(
                    expr=total(increase(REFUNDS, window="7d"), "status"), legend="refund {status}"
                ),
                Query(
                    expr=total(increase(PAYMENTS_RECONCILED, window="7d")),
                    legend="found by reconciliation",
                ),
            ),
            logs=(log_events.REFUND_FINISHED, log_events.PAYMENT_RECONCILED),
            width=2,
        ),
        Panel(
            title="Payments unreconciled",
            description="Approved payments that no reservation accounts for yet.",
            kind="value",
            unit="count",
            queries=(Query(expr=highest(series(PAYMENTS_UNRECONCILED)), legend="payments"),),
            scale=thresholds.SHOULD_BE_ZERO,
            logs=(log_events.PAYMENT_APPLIED,),
            width=2,
        ),
        Panel(
            title="Oldest unreconciled",
            description="How long ago the oldest of them was approved.",
            kind="value",
            unit="seconds",
            queries=(
                Query(expr=since(lowest(series(PAYMENTS_UNRECONCILED_OLDEST))), legend="oldest"),
            ),
            scale=Scale(steps=((thresholds.PAYMENT_UNRECONCILED_SECONDS, "critical"),)),
            may_be_empty="Every payment is accounted for",
            width=2,
        ),
        Panel(
            title="Waiting for the owner",
            description="Refunds by hand, disputes, payments of nobody: `payments list --todo`.",
            kind="value",
            unit="count",
            queries=(Query(expr=highest(series(OWNER_MONEY_TASKS)), legend="tasks"),),
            logs=(log_events.REFUND_FINISHED,),
            width=2,
        ),
    ),
)

CALENDARS = Row(
    title="Calendars of other sellers",
    panels=(
        Panel(
            title="Minutes since each feed was read",
            description=(
                "A feed that is not read can sell a night twice. A line that ends is not well:"
                " nobody was there to read its age."
            ),
            kind="lines",
            unit="minutes",
            queries=(
                Query(
                    expr=highest(series(ICAL_LAST_SYNC_AGE), "feed_url"),
                    legend="{feed_url}",
                ),
            ),
            scale=Scale(
                steps=(
                    (thresholds.ICAL_AGE_MINUTES[0], "info"),
                    (thresholds.ICAL_AGE_MINUTES[1], "warning"),
                    (thresholds.ICAL_AGE_MINUTES[2], "critical"),
                )
            ),
            may_be_empty="No calendar feed is configured",
            width=6,
        ),
        Panel(
            title="Stale feeds",
            description="Feeds that were not read for more than 30 minutes.",
            kind="value",
            unit="count",
            queries=(
                Query(
                    expr=any_of(
                        number_of(
                            compare(
                                highest(series(ICAL_LAST_SYNC_AGE), "feed_url"),
                                ">",
                                str(thresholds.ICAL_AGE_MINUTES[1]),
                            )
                        ),
                        constant("0"),
                    ),
                    legend="stale",
                ),
            ),
            scale=thresholds.SHOULD_BE_ZERO,
            width=2,
        ),
        Panel(
            title="Failed reads",
            description="Reads of a feed that failed each hour, by feed and kind of failure.",
            kind="bars",
            unit="count",
            queries=(
                Query(
                    expr=total(increase(ICAL_SYNC_ERRORS, window="1h"), "feed_url", "error_type"),
                    legend="{feed_url}: {error_type}",
                ),
            ),
            step="1h",
            span="2d",
            may_be_empty="No calendar feed is configured",
            width=4,
        ),
        Panel(
            title="Since each channel fetched our calendar",
            description=(
                "What a channel has not fetched it can sell again. They come every few hours;"
                " warned of after a day."
            ),
            kind="lines",
            unit="seconds",
            queries=(
                Query(
                    expr=since(highest(series(ICAL_EXPORT_LAST_FETCHED), "export")),
                    legend="{export}",
                ),
            ),
            scale=Scale(steps=((86_400, "warning"),)),
            may_be_empty="No channel has fetched a calendar of ours yet",
            width=12,
        ),
    ),
)
