"""The series that recording rules make of each objective, as dashboards read them."""

from alojamientos.monitoring import slo_rules
from alojamientos.monitoring.promql import Recorded
from alojamientos.monitoring.slo import PERIOD

SLO_BAD_RATIO_30D = slo_rules.RATIO[PERIOD]
SLO_OBJECTIVE = slo_rules.OBJECTIVE
SLO_BUDGET_REMAINING = slo_rules.REMAINING
SLO_BURN_RATE = slo_rules.BURN_RATE
SLO_EXHAUSTION = slo_rules.EXHAUSTION
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
