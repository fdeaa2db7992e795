"""SLO: what was promised, what is left of the error budget, how fast it goes."""

from alojamientos.monitoring.arithmetic import calculate, complement
from alojamientos.monitoring.board import Dashboard, Panel, Query, Row, Scale
from alojamientos.monitoring.definitions import thresholds
from alojamientos.monitoring.definitions.boards.overview import FIRING
from alojamientos.monitoring.definitions.recorded import (
    ALERTS,
    SLO_BAD_RATIO_30D,
    SLO_BUDGET_REMAINING,
    SLO_BURN_RATE,
    SLO_EXHAUSTION,
    SLO_OBJECTIVE,
)
from alojamientos.monitoring.promql import any_of, constant, number_of, series

_MINUTES_OF_30_DAYS = str(30 * 24 * 60)
# What is left says the same for every objective; the share of good events does not.
_BUDGET = Scale(floor="critical", steps=((0, "warning"), (thresholds.BUDGET_LOW, "ok")))
_SLOW, _TICKET, _PAGE, _FAST = thresholds.BURN_FACTORS
_BURN = Scale(steps=((_SLOW, "info"), (_TICKET, "warning"), (_PAGE, "critical")))

_COMPLIANCE = Row(
    title="30 days",
    panels=(
        Panel(
            title="SLO compliance",
            description=(
                "Share of the events of the last 30 days that were good, each event counting"
                " once, beside what was promised. Red: below the objective. Yellow: above it, with"
                " less than a fifth of the budget left."
            ),
            kind="table",
            unit="ratio",
            queries=(
                Query(expr=complement(series(SLO_BAD_RATIO_30D)), legend="good, 30 days"),
                Query(expr=series(SLO_OBJECTIVE), legend="objective"),
                Query(expr=series(SLO_BUDGET_REMAINING), legend="budget left", scale=_BUDGET),
                Query(
                    expr=calculate(
                        calculate(
                            series(SLO_BUDGET_REMAINING), "*", complement(series(SLO_OBJECTIVE))
                        ),
                        "*",
                        _MINUTES_OF_30_DAYS,
                    ),
                    legend="left, as a full outage",
                    unit="minutes",
                ),
            ),
            width=7,
        ),
        Panel(
            title="Error budget left",
            description="Share of the error budget of 30 days that is left; below 0 overspent.",
            kind="ranking",
            unit="ratio",
            queries=(Query(expr=series(SLO_BUDGET_REMAINING), legend="{slo}"),),
            scale=_BUDGET,
            width=5,
        ),
        Panel(
            title="Error budget over time",
            description=(
                "The budget of 30 days that is left at each moment. It rises again when an outage"
                " is more than 30 days ago."
            ),
            kind="lines",
            unit="ratio",
            queries=(Query(expr=series(SLO_BUDGET_REMAINING), legend="{slo}"),),
            scale=_BUDGET,
            span="30d",
            width=12,
        ),
    ),
)

_BURNING = Row(
    title="Now",
    panels=(
        Panel(
            title="Burn rate",
            description=(
                "How many times faster than 30 days can bear the budget goes, over the last hour."
                f" At 1 it lasts just 30 days. Tickets at {_SLOW:g} and {_TICKET:g}, pages at"
                f" {_PAGE:g} and {_FAST:g}, each over its own windows."
            ),
            kind="lines",
            unit="times",
            queries=(Query(expr=series(SLO_BURN_RATE), legend="{slo}"),),
            scale=_BURN,
            may_be_empty="No event in the last hour",
            width=8,
        ),
        Panel(
            title="Time until the budget is spent",
            description="If it goes on as in the last hour.",
            kind="ranking",
            unit="seconds",
            queries=(Query(expr=series(SLO_EXHAUSTION), legend="{slo}"),),
            scale=Scale(
                floor="critical",
                steps=((24 * 60 * 60, "warning"), (7 * 24 * 60 * 60, "ok")),
            ),
            may_be_empty="Nothing burns",
            width=4,
        ),
        Panel(
            title="Alerts firing now",
            description="How many alerts fire, the Watchdog left out; the overview names them.",
            kind="value",
            unit="count",
            queries=(
                Query(
                    expr=any_of(number_of(series(ALERTS, *FIRING)), constant("0")),
                    legend="firing",
                ),
            ),
            scale=thresholds.SHOULD_BE_ZERO,
            width=2,
        ),
    ),
)

SLO = Dashboard(
    name="slo",
    title="Objectives",
    description="What was promised, what is left of the error budget, and how fast it goes.",
    rows=(_COMPLIANCE, _BURNING),
    span="24h",
    refresh="1m",
)
