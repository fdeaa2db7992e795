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
PROMETHEUS_ITERATIONS_MISSED = ExporterMetric(
    name="prometheus_rule_group_iterations_missed_total",
    kind="counter",
    help="Evaluations of a rule group that were due and did not take place.",
    labels=("rule_group",),
)
SCRAPES_OVER_SAMPLE_LIMIT = ExporterMetric(
    name="prometheus_target_scrapes_exceeded_sample_limit_total",
    kind="counter",
    help="Scrapes thrown away because they held too many samples.",
)
SCRAPES_OVER_BODY_LIMIT = ExporterMetric(
    name="prometheus_target_scrapes_exceeded_body_size_limit_total",
    kind="counter",
    help="Scrapes thrown away because they were too long.",
)
SAMPLES_DUPLICATE = ExporterMetric(
    name="prometheus_target_scrapes_sample_duplicate_timestamp_total",
    kind="counter",
    help="Samples dropped because the same series was told twice with different values.",
)
SAMPLES_OUT_OF_ORDER = ExporterMetric(
    name="prometheus_target_scrapes_sample_out_of_order_total",
    kind="counter",
    help="Samples dropped because they were older than what is there.",
)
SAMPLES_OUT_OF_BOUNDS = ExporterMetric(
    name="prometheus_target_scrapes_sample_out_of_bounds_total",
    kind="counter",
    help="Samples dropped because their time is too far from now.",
)
SCRAPE_SAMPLES = ExporterMetric(
    name="scrape_samples_post_metric_relabeling",
    kind="gauge",
    help="Samples that a target gave at its last scrape.",
)
PROBE_CERTIFICATE_EXPIRY = ExporterMetric(
    name="probe_ssl_earliest_cert_expiry",
    kind="gauge",
    help="When the first certificate of a probed TLS address ends, Unix time.",
)

# --- PostgreSQL ----------------------------------------------------------------------------------
PG_BACKENDS = ExporterMetric(
    name="pg_stat_database_numbackends",
    kind="gauge",
    help="Connections to a database.",
    labels=("datid", "datname"),
)
PG_MAX_CONNECTIONS = ExporterMetric(
    name="pg_settings_max_connections", kind="gauge", help="Connections that may be open."
)
PG_RESERVED_CONNECTIONS = ExporterMetric(
    name="pg_settings_superuser_reserved_connections",
    kind="gauge",
    help="Connections of these that are kept for superusers.",
)

# --- The machine ---------------------------------------------------------------------------------
NODE_CPU = ExporterMetric(
    name="node_cpu_seconds_total",
    kind="counter",
    help="Seconds that each core spent in each mode.",
    labels=("cpu", "mode"),
)
NODE_MEMORY_AVAILABLE = ExporterMetric(
    name="node_memory_MemAvailable_bytes",
    kind="gauge",
    help="Memory that can be had without swapping.",
)
NODE_MEMORY_TOTAL = ExporterMetric(
    name="node_memory_MemTotal_bytes", kind="gauge", help="Memory of the machine."
)
NODE_OOM_KILLS = ExporterMetric(
    name="node_vmstat_oom_kill",
    kind="counter",
    help="Processes that the kernel killed for want of memory.",
)
_FILE_SYSTEM = ("device", "fstype", "mountpoint")
NODE_DISK_FREE = ExporterMetric(
    name="node_filesystem_avail_bytes",
    kind="gauge",
    help="Bytes that may still be written to a file system.",
    labels=_FILE_SYSTEM,
)
NODE_DISK_SIZE = ExporterMetric(
    name="node_filesystem_size_bytes",
    kind="gauge",
    help="Size of a file system.",
    labels=_FILE_SYSTEM,
)
NODE_DISK_READONLY = ExporterMetric(
    name="node_filesystem_readonly",
    kind="gauge",
    help="Whether a file system cannot be written to.",
    labels=_FILE_SYSTEM,
)
NODE_CLOCK_OFFSET = ExporterMetric(
    name="node_timex_offset_seconds",
    kind="gauge",
    help="How far the machine's clock is from its time server's.",
)
NODE_COLLECTOR_SUCCESS = ExporterMetric(
    name="node_scrape_collector_success",
    kind="gauge",
    help="Whether a collector of the node exporter could read.",
    labels=("collector",),
)
BACKUP_LAST_SUCCESS = ExporterMetric(
    name="backup_last_success_timestamp_seconds",
    kind="gauge",
    help="When the last good backup ended, Unix time; the backup's script writes it for the node"
    " exporter's textfile collector.",
)
# --- What only dashboards read -------------------------------------------------------------------
NODE_LOAD = ExporterMetric(name="node_load1", kind="gauge", help="Load over one minute.")
PG_CONNECTIONS = ExporterMetric(
    name="pg_stat_activity_count",
    kind="gauge",
    help="Connections by what they are doing.",
    labels=("datname", "state"),
)
PG_LOCKS = ExporterMetric(
    name="pg_locks_count",
    kind="gauge",
    help="Locks held or awaited.",
    labels=("datname", "mode"),
)
PG_BLOCKS_HIT = ExporterMetric(
    name="pg_stat_database_blks_hit",
    kind="counter",
    help="Blocks found in PostgreSQL's memory.",
    labels=("datid", "datname"),
)
PG_BLOCKS_READ = ExporterMetric(
    name="pg_stat_database_blks_read",
    kind="counter",
    help="Blocks that had to be read.",
    labels=("datid", "datname"),
)
PG_COMMITS = ExporterMetric(
    name="pg_stat_database_xact_commit",
    kind="counter",
    help="Transactions committed.",
    labels=("datid", "datname"),
)
PG_ROLLBACKS = ExporterMetric(
    name="pg_stat_database_xact_rollback",
    kind="counter",
    help="Transactions rolled back.",
    labels=("datid", "datname"),
)
PG_DEADLOCKS = ExporterMetric(
    name="pg_stat_database_deadlocks",
    kind="counter",
    help="Deadlocks broken.",
    labels=("datid", "datname"),
)
PG_DATABASE_SIZE = ExporterMetric(
    name="pg_database_size_bytes",
    kind="gauge",
    help="Size of a database on disk.",
    labels=("datname",),
)
REDIS_MEMORY_USED = ExporterMetric(
    name="redis_memory_used_bytes", kind="gauge", help="Memory in use."
)
REDIS_MEMORY_MAX = ExporterMetric(
    name="redis_memory_max_bytes", kind="gauge", help="Memory that may be used; 0 for no limit."
)
REDIS_CLIENTS = ExporterMetric(
    name="redis_connected_clients", kind="gauge", help="Clients connected."
)
REDIS_EVICTED = ExporterMetric(
    name="redis_evicted_keys_total", kind="counter", help="Keys thrown out for want of memory."
)
REDIS_COMMANDS = ExporterMetric(
    name="redis_commands_processed_total", kind="counter", help="Commands carried out."
)
PROCESS_MEMORY = ExporterMetric(
    name="process_resident_memory_bytes", kind="gauge", help="Memory that a process holds."
)
PROMETHEUS_SERIES = ExporterMetric(
    name="prometheus_tsdb_head_series", kind="gauge", help="Series that Prometheus is keeping."
)
ALERTMANAGER_SENT = ExporterMetric(
    name="alertmanager_notifications_total",
    kind="counter",
    help="Messages that Alertmanager tried to send.",
    labels=("integration",),
)

EXPORTER_METRICS = {
    value.name: value for value in tuple(globals().values()) if isinstance(value, ExporterMetric)
}
