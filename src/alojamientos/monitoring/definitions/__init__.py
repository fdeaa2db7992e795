"""What is monitored: data only."""

from alojamientos.monitoring.definitions.alerts_channels import CHANNEL_ALERTS
from alojamientos.monitoring.definitions.alerts_critical import CRITICAL_ALERTS
from alojamientos.monitoring.definitions.alerts_ical import ICAL_ALERTS
from alojamientos.monitoring.definitions.alerts_jobs import JOB_ALERTS
from alojamientos.monitoring.definitions.alerts_journey import JOURNEY_ALERTS
from alojamientos.monitoring.definitions.alerts_latency import LATENCY_ALERTS
from alojamientos.monitoring.definitions.alerts_mail import MAIL_ALERTS
from alojamientos.monitoring.definitions.alerts_payments import PAYMENT_ALERTS
from alojamientos.monitoring.definitions.alerts_performance import PERFORMANCE_ALERTS
from alojamientos.monitoring.definitions.alerts_pipeline import PIPELINE_ALERTS
from alojamientos.monitoring.definitions.alerts_reservations import RESERVATION_ALERTS
from alojamientos.monitoring.definitions.alerts_scrapes import SCRAPE_ALERTS
from alojamientos.monitoring.definitions.slos import OUTAGE, POLICIES, SLOS
from alojamientos.monitoring.slo_alerts import alert_group
from alojamientos.monitoring.slo_rules import recording_groups

RULE_GROUPS = (
    *(CRITICAL_ALERTS, JOURNEY_ALERTS, LATENCY_ALERTS, ICAL_ALERTS, RESERVATION_ALERTS),
    *(PAYMENT_ALERTS, CHANNEL_ALERTS, MAIL_ALERTS, JOB_ALERTS),
    PERFORMANCE_ALERTS,
    *(PIPELINE_ALERTS, SCRAPE_ALERTS),
    *recording_groups(SLOS),
    alert_group(SLOS, POLICIES, OUTAGE),
)
