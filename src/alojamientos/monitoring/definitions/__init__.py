"""What is monitored: data only."""

from alojamientos.monitoring.definitions.alerts_critical import CRITICAL_ALERTS
from alojamientos.monitoring.definitions.alerts_pipeline import PIPELINE_ALERTS
from alojamientos.monitoring.definitions.slos import OUTAGE, POLICIES, SLOS
from alojamientos.monitoring.slo_alerts import alert_group
from alojamientos.monitoring.slo_rules import recording_groups

RULE_GROUPS = (
    CRITICAL_ALERTS,
    PIPELINE_ALERTS,
    *recording_groups(SLOS),
    alert_group(SLOS, POLICIES, OUTAGE),
)
