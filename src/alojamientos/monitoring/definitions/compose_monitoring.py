"""docker-compose.monitoring.yml: what watches; none of it waits for what it watches."""

from alojamientos.monitoring.compose import Health, Mount, Service, Stack, secret
from alojamientos.monitoring.definitions import compose_shared as shared
from alojamientos.monitoring.definitions.targets import RETENTION_SIZE, RETENTION_TIME

_LOGS_PROFILE = "logs"
_LOOPBACK = "127.0.0.1"


def _page(port: int, path: str = "/") -> Health:
    """Ask with the wget of BusyBox."""
    return Health(test=("CMD", "wget", "-q", "-O", "/dev/null", f"http://{_LOOPBACK}:{port}{path}"))


_PROMETHEUS = Service(
    name="prometheus",
    image=shared.IMAGES["prometheus"],
    networks=(shared.MONITORING,),
    memory="1G",
    cpus="1.00",
    command=(
        "--config.file=/etc/prometheus/prometheus.yml",
        "--storage.tsdb.path=/prometheus",
        f"--storage.tsdb.retention.time={RETENTION_TIME}",
        f"--storage.tsdb.retention.size={RETENTION_SIZE}",
        "--log.format=json",
    ),
    secrets=("metrics_token",),
    mounts=(
        Mount(source="./monitoring/prometheus", target="/etc/prometheus"),
        Mount(source="prometheus_data", target="/prometheus", read_only=False),
    ),
    ports=(f"{_LOOPBACK}:{shared.PROMETHEUS_PORT}:9090",),
    depends_on={"alertmanager": "service_healthy"},
    # Its own program: the image without BusyBox has it too.
    health=Health(test=("CMD", "promtool", "check", "ready", "--url=http://127.0.0.1:9090")),
    stop_grace="60s",
)
_ALERTMANAGER_CONFIG = Service(
    name="alertmanager-config",
    image=shared.APPLICATION_IMAGE,
    ours=True,
    once=True,
    # Alertmanager expands no variables: its file is rendered from the settings at every start.
    command=("render", "--alertmanager", "/config"),
    networks=(shared.MONITORING,),
    memory="256M",
    cpus="0.50",
    environment={
        "ENVIRONMENT": "production",
        "SMTP_REQUIRE_TLS": "true",
        "SMTP_PASSWORD_FILE": secret("smtp_password"),
    },
    secrets=("smtp_password", "heartbeat_url", "alert_bridge_token"),
    mounts=(Mount(source="alertmanager_config", target="/config", read_only=False),),
    tmpfs=("/tmp",),  # noqa: S108 - the container's own
)
_ALERTMANAGER = Service(
    name="alertmanager",
    image=shared.IMAGES["alertmanager"],
    networks=(shared.MONITORING,),
    memory="128M",
    cpus="0.25",
    command=(
        "--config.file=/etc/alertmanager/alertmanager.yml",
        "--storage.path=/alertmanager",
        "--cluster.listen-address=",
        "--log.format=json",
    ),
    secrets=("smtp_password", "heartbeat_url", "alert_bridge_token"),
    mounts=(
        Mount(source="alertmanager_config", target="/etc/alertmanager"),
        Mount(source="alertmanager_data", target="/alertmanager", read_only=False),
    ),
    ports=(f"{_LOOPBACK}:{shared.ALERTMANAGER_PORT}:9093",),
    depends_on={"alertmanager-config": "service_completed_successfully"},
    health=Health(
        test=("CMD", "amtool", "--alertmanager.url=http://127.0.0.1:9093", "cluster", "show")
    ),
)
_GRAFANA = Service(
    name="grafana",
    image=shared.IMAGES["grafana"],
    networks=(shared.MONITORING,),
    memory="512M",
    cpus="1.00",
    environment={
        "GF_SECURITY_ADMIN_PASSWORD__FILE": secret("grafana_admin_password"),
        "GF_USERS_ALLOW_SIGN_UP": "false",
        "GF_AUTH_ANONYMOUS_ENABLED": "false",
        "GF_ANALYTICS_REPORTING_ENABLED": "false",
        "GF_ANALYTICS_CHECK_FOR_UPDATES": "false",
        "GF_ANALYTICS_CHECK_FOR_PLUGIN_UPDATES": "false",
        "GF_LOG_CONSOLE_FORMAT": "json",
    },
    secrets=("grafana_admin_password",),
    mounts=(
        Mount(source="grafana_data", target="/var/lib/grafana", read_only=False),
        Mount(
            source="./monitoring/grafana/datasources/prometheus.yml",
            target="/etc/grafana/provisioning/datasources/prometheus.yml",
        ),
        # logs.yml adds Loki; none.yml takes it away again when the profile is left out.
        Mount(
            source=f"./monitoring/grafana/logs/{shared.COMPOSE_PROFILES}.yml",
            target="/etc/grafana/provisioning/datasources/loki.yml",
        ),
        Mount(
            source="./monitoring/grafana/dashboards",
            target="/etc/grafana/provisioning/dashboards",
        ),
    ),
    tmpfs=("/tmp",),  # noqa: S108
    ports=(f"{_LOOPBACK}:{shared.GRAFANA_PORT}:3000",),
    depends_on={"prometheus": "service_healthy"},
    health=Health(
        test=("CMD", "curl", "-fsS", "-o", "/dev/null", "http://127.0.0.1:3000/api/health"),
        start_period="60s",
    ),
)
_NODE_EXPORTER = Service(
    name="node-exporter",
    image=shared.IMAGES["node-exporter"],
    networks=(shared.MONITORING,),
    memory="64M",
    cpus="0.25",
    command=(
        "--path.rootfs=/host",
        "--path.procfs=/host/proc",
        "--path.sysfs=/host/sys",
        "--collector.filesystem.mount-points-exclude=^/(dev|proc|sys|run|var/lib/docker/.+)($$|/)",
        "--no-collector.wifi",
        "--log.format=json",
    ),
    mounts=(Mount(source="/", target="/host", propagation="rslave"),),
    health=_page(9100),
)
_POSTGRES_EXPORTER = Service(
    name="postgres-exporter",
    image=shared.IMAGES["postgres-exporter"],
    networks=(shared.DATA, shared.MONITORING),
    memory="64M",
    cpus="0.25",
    command=("--log.format=json",),
    environment={
        "DATA_SOURCE_URI": "postgres:5432/alojamientos_db?sslmode=disable",
        "DATA_SOURCE_USER": "monitoring",
        "DATA_SOURCE_PASS_FILE": secret("monitoring_password"),
    },
    secrets=("monitoring_password",),
    health=_page(9187),
)
_REDIS_EXPORTER = Service(
    name="redis-exporter",
    image=shared.IMAGES["redis-exporter"],
    user="59000:59000",  # as the image without Alpine runs it
    networks=(shared.DATA, shared.MONITORING),
    memory="64M",
    cpus="0.25",
    environment={
        "REDIS_ADDR": "redis://redis:6379",
        "REDIS_PASSWORD_FILE": secret("redis_passwords_json"),
        "REDIS_EXPORTER_LOG_FORMAT": "json",
    },
    secrets=("redis_passwords_json",),
    health=_page(9121),
)
_BLACKBOX_EXPORTER = Service(
    name="blackbox-exporter",
    image=shared.IMAGES["blackbox-exporter"],
    networks=(shared.MONITORING,),
    memory="64M",
    cpus="0.25",
    command=("--config.file=/etc/blackbox/blackbox.yml", "--log.format=json"),
    mounts=(Mount(source="./monitoring/blackbox", target="/etc/blackbox"),),
    health=_page(9115),
)
_LOKI = Service(
    name="loki",
    image=shared.IMAGES["loki"],
    profile=_LOGS_PROFILE,
    networks=(shared.MONITORING,),
    memory="512M",
    cpus="0.50",
    command=("-config.file=/etc/loki/loki-config.yml",),
    mounts=(
        Mount(source="./monitoring/loki/loki-config.yml", target="/etc/loki/loki-config.yml"),
        Mount(source="loki_data", target="/loki", read_only=False),
    ),
    # The image has neither shell nor wget; the program asks itself.
    health=Health(test=("CMD", "/usr/bin/loki", "-health"), start_period="60s"),
    stop_grace="60s",
)
_ALLOY_ANSWERS = (  # the image has neither curl nor wget for certain, but Ubuntu's bash
    "exec 3<>/dev/tcp/127.0.0.1/12345 && printf 'GET /-/ready HTTP/1.0\\r\\n\\r\\n' >&3"
    " && grep -q ' 200 ' <&3"
)
_ALLOY = Service(
    name="alloy",
    image=shared.IMAGES["alloy"],
    profile=_LOGS_PROFILE,
    networks=(shared.MONITORING,),
    memory="256M",
    cpus="0.50",
    command=(
        "run",
        "/etc/alloy/config.alloy",
        "--storage.path=/var/lib/alloy/data",
        "--server.http.listen-addr=127.0.0.1:12345",
        "--disable-reporting",
    ),
    mounts=(
        Mount(source="./monitoring/alloy/config.alloy", target="/etc/alloy/config.alloy"),
        # The log files and not Docker's socket, which is as good as being root.
        Mount(source="/var/lib/docker/containers", target="/var/lib/docker/containers"),
        Mount(source="alloy_data", target="/var/lib/alloy/data", read_only=False),
    ),
    tmpfs=("/tmp",),  # noqa: S108
    user="0:0",  # the log files are root's; it has no capability beyond owning them
    depends_on={"loki": "service_healthy"},
    health=Health(test=("CMD", "bash", "-c", _ALLOY_ANSWERS)),
)

OBSERVABILITY = Stack(
    path="docker-compose.monitoring.yml",
    about=(
        "What watches the application; all of it on loopback. How to: docs/howto/docker.md",
        "Alone or together with docker-compose.yml. COMPOSE_PROFILES=logs adds Loki and Alloy.",
    ),
    services=(
        _PROMETHEUS,
        _ALERTMANAGER_CONFIG,
        _ALERTMANAGER,
        _GRAFANA,
        _NODE_EXPORTER,
        _POSTGRES_EXPORTER,
        _REDIS_EXPORTER,
        _BLACKBOX_EXPORTER,
        _LOKI,
        _ALLOY,
    ),
    networks=shared.NETWORKS,
)
