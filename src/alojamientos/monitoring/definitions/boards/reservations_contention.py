"""The row about what gets in the way of a booking."""

from alojamientos.monitoring.arithmetic import divide
from alojamientos.monitoring.board import Panel, Query, Row
from alojamientos.monitoring.definitions import thresholds
from alojamientos.monitoring.promql import (
    equals,
    highest,
    increase,
    series,
    total,
)
from alojamientos.telemetry import log_events
from alojamientos.telemetry.catalogue import (
    INVARIANT_VIOLATIONS,
    RESERVATIONS_DATE_OVERLAP,
    RESERVATIONS_DOUBLE_BOOKED,
    RESERVATIONS_LOCK_ATTEMPTS,
    RESERVATIONS_LOCK_FAILED,
)

CONTENTION = Row(
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
