"""Reservations: what is booked, what gets in the way, what was paid, what calendars say."""

from alojamientos.monitoring.arithmetic import divide, since
from alojamientos.monitoring.board import Dashboard, Panel, Query, Row, Scale
from alojamientos.monitoring.definitions import thresholds
from alojamientos.monitoring.promql import (
    any_of,
    compare,
    constant,
    equals,
    highest,
    increase,
    lowest,
    number_of,
    series,
    total,
)
from alojamientos.telemetry import log_events
from alojamientos.telemetry.catalogue import (
    ICAL_LAST_SYNC_AGE,
    ICAL_SYNC_ERRORS,
    INVARIANT_VIOLATIONS,
    PAYMENT_LINKS_CREATED,
    PAYMENTS_APPLIED,
    PAYMENTS_RECONCILED,
    PAYMENTS_UNRECONCILED,
    PAYMENTS_UNRECONCILED_OLDEST,
    REFUNDS,
    RESERVATION_HOLDS_DUE,
    RESERVATIONS_ACTIVE,
    RESERVATIONS_ATTEMPTS,
    RESERVATIONS_CREATED,
    RESERVATIONS_DATE_OVERLAP,
    RESERVATIONS_DOUBLE_BOOKED,
    RESERVATIONS_LOCK_ATTEMPTS,
    RESERVATIONS_LOCK_FAILED,
    RESERVATIONS_STATUS_CHANGES,
)

_HELD = equals("status", "pre_reserved")
_CONFIRMED = equals("status", "confirmed")

_BOOKINGS = Row(
    title="Bookings",
    panels=(
        Panel(
            title="Reservations by channel",
            description=(
                "Reservations held each day, by the channel that they came through. Days, because"
                " a rate of a few a day says nothing."
            ),
            kind="bars",
            unit="count",
            queries=(
                Query(
                    expr=total(increase(RESERVATIONS_CREATED, _HELD, window="1d"), "channel"),
                    legend="{channel}",
                ),
            ),
            step="1d",
            span="30d",
            stacked=True,
            logs=(log_events.RESERVATION_CHANGED,),
            width=5,
        ),
        Panel(
            title="Confirmed by channel",
            description="Reservations confirmed each day: a deposit was paid, or staff confirmed.",
            kind="bars",
            unit="count",
            queries=(
                Query(
                    expr=total(increase(RESERVATIONS_CREATED, _CONFIRMED, window="1d"), "channel"),
                    legend="{channel}",
                ),
            ),
            step="1d",
            span="30d",
            stacked=True,
            logs=(log_events.RESERVATION_CHANGED,),
            width=5,
        ),
        Panel(
            title="Holds that were confirmed",
            description=(
                "Confirmed per held in the last 7 days. Those held before and confirmed within"
                " count too, so a quiet week can exceed 100 %."
            ),
            kind="value",
            unit="ratio",
            queries=(
                Query(
                    expr=divide(
                        total(increase(RESERVATIONS_CREATED, _CONFIRMED, window="7d")),
                        total(increase(RESERVATIONS_CREATED, _HELD, window="7d")),
                    ),
                    legend="confirmed",
                ),
            ),
            may_be_empty="Nothing was held in 7 days",
            width=2,
        ),
        Panel(
            title="Active by status",
            description="Reservations whose stay has not ended, read from the database.",
            kind="lines",
            unit="count",
            queries=(
                Query(expr=highest(series(RESERVATIONS_ACTIVE), "status"), legend="{status}"),
            ),
            stacked=True,
            width=4,
        ),
        Panel(
            title="Asked for",
            description="Bookings asked for each hour, whatever came of them.",
            kind="bars",
            unit="count",
            queries=(
                Query(
                    expr=total(increase(RESERVATIONS_ATTEMPTS, window="1h"), "channel"),
                    legend="{channel}",
                ),
            ),
            step="1h",
            span="2d",
            stacked=True,
            width=4,
        ),
        Panel(
            title="Status changes",
            description="Reservations that came to each status each day, also their first.",
            kind="bars",
            unit="count",
            queries=(
                Query(
                    expr=total(increase(RESERVATIONS_STATUS_CHANGES, window="1d"), "status"),
                    legend="{status}",
                ),
            ),
            step="1d",
            span="30d",
            stacked=True,
            logs=(log_events.RESERVATION_CHANGED,),
            width=4,
        ),
    ),
)

_CONTENTION = Row(
    title="Correctness and contention",
    panels=(
        Panel(
            title="Double bookings",
            description="Pairs of reservations that share a night. Anything but 0 is an emergency.",
            kind="value",
            unit="count",
            queries=(Query(expr=highest(series(RESERVATIONS_DOUBLE_BOOKED)), legend="pairs"),),
            scale=thresholds.MUST_BE_ZERO,
            width=2,
        ),
        Panel(
            title="Invariants violated",
            description="What must always hold and does not, by the last hourly check.",
            kind="ranking",
            unit="count",
            queries=(
                Query(
                    expr=highest(series(INVARIANT_VIOLATIONS), "invariant"), legend="{invariant}"
                ),
            ),
            scale=thresholds.MUST_BE_ZERO,
            may_be_empty="No check has run yet",
            logs=(log_events.INVARIANT_VIOLATED,),
            width=4,
        ),
        Panel(
            title="Date overlaps",
            description=(
                "Bookings refused each hour because their dates were taken. Prevented is business"
                " as usual; many of one channel mean that it offers what is not free."
            ),
            kind="bars",
            unit="count",
            queries=(
                Query(
                    expr=total(increase(RESERVATIONS_DATE_OVERLAP, window="1h"), "channel"),
                    legend="{channel}",
                ),
            ),
            scale=thresholds.warns_above(thresholds.OVERLAPS_PER_HOUR),
            step="1h",
            span="2d",
            logs=(log_events.RESERVATION_REFUSED,),
            width=6,
        ),
        Panel(
            title="Lock failures",
            description="Bookings refused each hour because the lock in front was not had in time.",
            kind="bars",
            unit="count",
            queries=(
                Query(
                    expr=total(increase(RESERVATIONS_LOCK_FAILED, window="1h"), "channel"),
                    legend="{channel}",
                ),
            ),
            step="1h",
            span="2d",
            logs=(log_events.RESERVATION_REFUSED,),
            width=6,
        ),
        Panel(
            title="Lock attempts that failed",
            description=(
                "Share of the attempts at the lock in the last hour that failed. Skipped ones,"
                " with Redis away, are attempts too."
            ),
            kind="value",
            unit="ratio",
            queries=(
                Query(
                    expr=divide(
                        total(
                            increase(
                                RESERVATIONS_LOCK_ATTEMPTS, equals("result", "failed"), window="1h"
                            )
                        ),
                        total(increase(RESERVATIONS_LOCK_ATTEMPTS, window="1h")),
                    ),
                    legend="failed",
                ),
            ),
            scale=thresholds.warns_above(thresholds.LOCK_FAILED_SHARE),
            may_be_empty="No booking was attempted in the last hour",
            width=3,
        ),
        Panel(
            title="Lock attempts by result",
            description="Attempts at the lock in the last day; skipped means that Redis was away.",
            kind="ranking",
            unit="count",
            queries=(
                Query(
                    expr=total(increase(RESERVATIONS_LOCK_ATTEMPTS, window="1d"), "result"),
                    legend="{result}",
                ),
            ),
            logs=(log_events.LOCK_SKIPPED,),
            width=3,
        ),
    ),
)

_HOLDS = Row(
    title="Holds",
    panels=(
        Panel(
            title="Pre-reservation expirations",
            description="Holds that ran out unpaid each day, by channel.",
            kind="bars",
            unit="count",
            queries=(
                Query(
                    expr=total(
                        increase(
                            RESERVATIONS_STATUS_CHANGES, equals("status", "expired"), window="1d"
                        ),
                        "channel",
                    ),
                    legend="{channel}",
                ),
            ),
            step="1d",
            span="30d",
            stacked=True,
            logs=(log_events.HOLDS_EXPIRED,),
            width=8,
        ),
        Panel(
            title="Holds overdue",
            description=(
                "Holds past their deadline that the sweep has not ended yet; it runs every minute."
                " Their nights can be sold already; the numbers lag."
            ),
            kind="lines",
            unit="count",
            queries=(Query(expr=highest(series(RESERVATION_HOLDS_DUE)), legend="overdue"),),
            logs=(log_events.HOLDS_EXPIRED,),
            width=4,
        ),
    ),
)

_PAYMENTS = Row(
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
            width=5,
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
            width=3,
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
    ),
)

_CALENDARS = Row(
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
    ),
)

RESERVATIONS = Dashboard(
    name="reservations",
    title="Reservations",
    description="What is booked, what gets in the way, what was paid, what other calendars say.",
    rows=(_BOOKINGS, _CONTENTION, _HOLDS, _PAYMENTS, _CALENDARS),
    span="24h",
    refresh="1m",
)
