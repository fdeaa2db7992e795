"""The metrics of exporters and of the monitoring itself that rules may read.

The catalogue holds what we emit; this is the rest. Labels differ between the exporters' versions,
so only those that all have are named, and rules aggregate.
"""

from alojamientos.monitoring.promql import ExporterMetric

UP = ExporterMetric(
    name="up",
    kind="gauge",
    help="Whether Prometheus could scrape the target.",
)
PROBE_SUCCESS = ExporterMetric(
    name="probe_success",
    kind="gauge",
    help="Whether the blackbox exporter got the answer that it wanted.",
)
PG_UP = ExporterMetric(
    name="pg_up",
    kind="gauge",
    help="Whether the exporter reached PostgreSQL; known to stay 1 when the server is lost.",
)
PG_EXPORTER_LAST_SCRAPE_ERROR = ExporterMetric(
    name="pg_exporter_last_scrape_error",
    kind="gauge",
    help="Whether the exporter's last questions to PostgreSQL failed.",
)
REDIS_UP = ExporterMetric(
    name="redis_up",
    kind="gauge",
    help="Whether the exporter reached Redis or Valkey.",
)
REDIS_EXPORTER_LAST_SCRAPE_ERROR = ExporterMetric(
    name="redis_exporter_last_scrape_error",
    kind="gauge",
    help="Whether the exporter's last questions to Redis or Valkey failed.",
    labels=("err",),
)
PROMETHEUS_ALERTMANAGERS = ExporterMetric(
    name="prometheus_notifications_alertmanagers_discovered",
    kind="gauge",
    help="Alertmanagers that Prometheus knows.",
)
PROMETHEUS_NOTIFICATION_ERRORS = ExporterMetric(
    name="prometheus_notifications_errors_total",
    kind="counter",
    help="Alerts that Prometheus could not hand to an Alertmanager.",
    labels=("alertmanager",),
)
PROMETHEUS_RULE_FAILURES = ExporterMetric(
    name="prometheus_rule_evaluation_failures_total",
    kind="counter",
    help="Rule evaluations that failed.",
    labels=("rule_group",),
)
PROMETHEUS_RELOAD_OK = ExporterMetric(
    name="prometheus_config_last_reload_successful",
    kind="gauge",
    help="Whether Prometheus took its last configuration.",
)
ALERTMANAGER_NOTIFICATIONS_FAILED = ExporterMetric(
    name="alertmanager_notifications_failed_total",
    kind="counter",
    help="Messages that Alertmanager could not send.",
    labels=("integration",),
)
ALERTMANAGER_RELOAD_OK = ExporterMetric(
    name="alertmanager_config_last_reload_successful",
    kind="gauge",
    help="Whether Alertmanager took its last configuration.",
)

EXPORTER_METRICS = {
    value.name: value for value in tuple(globals().values()) if isinstance(value, ExporterMetric)
}
