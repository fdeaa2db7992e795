"""The series that recording rules make of each objective, as dashboards read them."""

from alojamientos.monitoring.promql import Recorded

SLO_BAD_RATIO_30D = Recorded(
    name="slo:bad_per_total:ratio_rate30d",
    help="Share of the events of 30 days that were bad, each event counting once.",
    labels=("slo",),
)
SLO_OBJECTIVE = Recorded(
    name="slo:objective:ratio",
    help="Share of the events that shall be good.",
    labels=("slo",),
)
SLO_BUDGET_REMAINING = Recorded(
    name="slo:error_budget_remaining:ratio",
    help="Share of the error budget that is left: 1 untouched, 0 spent, below 0 overspent.",
    labels=("slo",),
)
SLO_BURN_RATE = Recorded(
    name="slo:current_burn_rate:ratio",
    help="How many times faster than 30 days can bear the budget was spent in the last hour.",
    labels=("slo",),
)
SLO_EXHAUSTION = Recorded(
    name="slo:error_budget_exhaustion:seconds",
    help="Time until the budget is spent at the present burn rate; none while nothing burns.",
    labels=("slo",),
)
# Prometheus makes it of the alerting rules; it carries the labels of each alert as well.
ALERTS = Recorded(
    name="ALERTS",
    help="1 for each alert that is pending or firing.",
    labels=("alertname", "alertstate", "severity", "service", "env"),
    values={"alertstate": ("pending", "firing")},
)

RECORDED_SLO = (
    *(SLO_BAD_RATIO_30D, SLO_OBJECTIVE, SLO_BUDGET_REMAINING),
    *(SLO_BURN_RATE, SLO_EXHAUSTION),
)
