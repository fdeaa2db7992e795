"""The metrics of exporters that only dashboards read, with the labels that every version has."""

from alojamientos.monitoring.promql import ExporterMetric

# --- Host ----------------------------------------------------------------------------------------
NODE_CPU = ExporterMetric(
    name="node_cpu_seconds_total",
    kind="counter",
    help="Seconds that each core spent in each mode.",
    labels=("cpu", "mode"),
)
NODE_LOAD = ExporterMetric(name="node_load1", kind="gauge", help="Load over one minute.")
NODE_MEMORY_AVAILABLE = ExporterMetric(
    name="node_memory_MemAvailable_bytes",
    kind="gauge",
    help="Memory that can be had without swapping.",
)
NODE_MEMORY_TOTAL = ExporterMetric(
    name="node_memory_MemTotal_bytes", kind="gauge", help="Memory of the machine."
)
NODE_DISK_FREE = ExporterMetric(
    name="node_filesystem_avail_bytes",
    kind="gauge",
    help="Bytes that may still be written to a file system.",
    labels=("device", "fstype", "mountpoint"),
)
NODE_DISK_SIZE = ExporterMetric(
    name="node_filesystem_size_bytes",
    kind="gauge",
    help="Size of a file system.",
    labels=("device", "fstype", "mountpoint"),
)

# --- PostgreSQL ----------------------------------------------------------------------------------
PG_CONNECTIONS = ExporterMetric(
    name="pg_stat_activity_count",
    kind="gauge",
    help="Connections by what they are doing.",
    labels=("datname", "state"),
)
PG_MAX_CONNECTIONS = ExporterMetric(
    name="pg_settings_max_connections", kind="gauge", help="Connections that may be open."
)
PG_RESERVED_CONNECTIONS = ExporterMetric(
    name="pg_settings_superuser_reserved_connections",
    kind="gauge",
    help="Connections of these that are kept for superusers.",
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

# --- Redis or Valkey -----------------------------------------------------------------------------
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

# --- Processes and Prometheus itself -------------------------------------------------------------
PROCESS_MEMORY = ExporterMetric(
    name="process_resident_memory_bytes", kind="gauge", help="Memory that a process holds."
)
SCRAPE_SAMPLES = ExporterMetric(
    name="scrape_samples_post_metric_relabeling",
    kind="gauge",
    help="Samples that a target gave at its last scrape.",
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

PANEL_METRICS = {
    value.name: value for value in tuple(globals().values()) if isinstance(value, ExporterMetric)
}
