"""What is monitored: data only."""

from alojamientos.monitoring.definitions.alerts_critical import CRITICAL_ALERTS
from alojamientos.monitoring.definitions.alerts_pipeline import PIPELINE_ALERTS

RULE_GROUPS = (CRITICAL_ALERTS, PIPELINE_ALERTS)
