"""Reservations: what is booked, what gets in the way, what was paid, what calendars say."""

from alojamientos.monitoring.arithmetic import divide
from alojamientos.monitoring.board import Dashboard, Panel, Query, Row
from alojamientos.monitoring.definitions.boards.reservations_contention import CONTENTION
from alojamientos.monitoring.definitions.boards.reservations_outside import CALENDARS, PAYMENTS
from alojamientos.monitoring.promql import (
    equals,
    highest,
    increase,
    series,
    total,
)
from alojamientos.telemetry import log_events
from alojamientos.telemetry.catalogue import (
    RESERVATION_HOLDS_DUE,
    RESERVATIONS_ACTIVE,
    RESERVATIONS_ATTEMPTS,
    RESERVATIONS_CREATED,
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

RESERVATIONS = Dashboard(
    name="reservations",
    title="Reservations",
    description="What is booked, what gets in the way, what was paid, what other calendars say.",
    rows=(_BOOKINGS, CONTENTION, _HOLDS, PAYMENTS, CALENDARS),
    span="24h",
    refresh="1m",
)
