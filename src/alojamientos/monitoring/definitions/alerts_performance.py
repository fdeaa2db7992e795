"""The machine and the database's connections: the specification's four, and what they miss."""

from alojamientos.monitoring.arithmetic import and_on, calculate, divide, forecast, over, since
from alojamientos.monitoring.conventions import MEASURE
from alojamientos.monitoring.definitions import thresholds
from alojamientos.monitoring.definitions.exporters import (
    BACKUP_LAST_SUCCESS,
    NODE_CLOCK_OFFSET,
    NODE_CPU,
    NODE_DISK_FREE,
    NODE_DISK_READONLY,
    NODE_DISK_SIZE,
    NODE_MEMORY_AVAILABLE,
    NODE_MEMORY_TOTAL,
    NODE_OOM_KILLS,
    PG_BACKENDS,
    PG_MAX_CONNECTIONS,
    PG_RESERVED_CONNECTIONS,
    PROBE_CERTIFICATE_EXPIRY,
)
from alojamientos.monitoring.model import AlertRule, RuleGroup
from alojamientos.monitoring.promql import (
    Expr,
    any_of,
    compare,
    highest,
    increase,
    lowest,
    mean,
    none_of,
    rate,
    series,
    total,
)
from alojamientos.telemetry.catalogue import DB_POOL_CHECKED_OUT, DB_POOL_SIZE

# A file system that is memory, or that only shows another one, fills for other reasons.
_REAL = none_of("fstype", ("tmpfs", "ramfs", "overlay", "squashfs", "erofs", "iso9660"))
_DISK = ("instance", "device", "mountpoint")

HIGH_CPU = AlertRule(
    name="HighCPUUsage",
    # By `rate`, not `irate`: that looks at the last two samples only, and flaps.
    expr=compare(
        calculate(
            total(
                mean(
                    rate(NODE_CPU, none_of("mode", ("idle", "iowait")), window="5m"),
                    *("instance", "mode"),
                ),
                "instance",
            ),
            "*",
            "100",
        ),
        ">",
        thresholds.percent(thresholds.CPU_SHARE),
    ),
    hold="5m",
    severity="warning",
    service="node",
    summary="High CPU usage (> 80 %)",
    description='The processors of {{ $labels.instance }} are {{ printf "%.0f" $value }} % busy.',
    owner_es=(
        "El servidor está trabajando al límite y puede responder lento. Si sigue media hora,"
        " avisale a quien mantiene el sistema."
    ),
    dashboard="infrastructure",
)

HIGH_MEMORY = AlertRule(
    name="HighMemoryUsage",
    expr=compare(
        calculate(
            divide(
                calculate(series(NODE_MEMORY_TOTAL), "-", series(NODE_MEMORY_AVAILABLE)),
                series(NODE_MEMORY_TOTAL),
            ),
            "*",
            "100",
        ),
        ">",
        thresholds.percent(thresholds.MEMORY_SHARE),
    ),
    hold="5m",
    severity="warning",
    service="node",
    summary="High memory usage (> 85 %)",
    description='{{ printf "%.0f" $value }} % of the memory of {{ $labels.instance }} is in use.',
    owner_es=(
        "Al servidor le queda poca memoria; si se acaba, el sistema puede reiniciarse solo. Avisale"
        " hoy a quien lo mantiene."
    ),
    dashboard="infrastructure",
)

OUT_OF_MEMORY_KILLS = AlertRule(
    name="OutOfMemoryKill",
    expr=compare(increase(NODE_OOM_KILLS, window="10m"), ">", "0"),
    hold="",
    severity="critical",
    service="node",
    summary="The kernel killed a process for want of memory",
    description=(
        '{{ printf "%.0f" $value }} processes of {{ $labels.instance }} were killed in 10 minutes.'
    ),
    owner_es=(
        "El servidor se quedó sin memoria y cerró un programa a la fuerza. Fijate si el sistema"
        " contesta, y llamá a quien lo mantiene."
    ),
    dashboard="infrastructure",
)


def _free_percent() -> Expr:
    """Return how much of each file system that can be written to is free."""
    return calculate(divide(series(NODE_DISK_FREE, _REAL), series(NODE_DISK_SIZE)), "*", "100")


def _writable(expr: Expr) -> Expr:
    return and_on(expr, compare(series(NODE_DISK_READONLY), "==", "0"), *_DISK)


_LOW, _CRITICAL = thresholds.DISK_FREE_SHARE
_DISK_SPACE = {MEASURE: "disk_space"}
_DISK_DESCRIPTION = (
    'Only {{ printf "%.1f" $value }} % of {{ $labels.mountpoint }} on {{ $labels.instance }} is'
    " free."
)

DISK_SPACE_LOW = AlertRule(
    name="DiskSpaceLow",
    expr=_writable(compare(_free_percent(), "<", thresholds.percent(_LOW))),
    hold="5m",
    severity="warning",
    labels=_DISK_SPACE,
    service="node",
    summary="Disk space low (< 15 %)",
    description=_DISK_DESCRIPTION,
    owner_es=(
        "Al servidor le queda poco disco. Todavía anda todo; avisale a quien lo mantiene para que"
        " haga lugar esta semana."
    ),
    dashboard="infrastructure",
)

DISK_SPACE_CRITICAL = AlertRule(
    name="DiskSpaceCritical",
    expr=_writable(compare(_free_percent(), "<", thresholds.percent(_CRITICAL))),
    hold="5m",
    severity="critical",
    labels=_DISK_SPACE,
    service="node",
    summary="Disk nearly full (< 5 %)",
    description=_DISK_DESCRIPTION,
    owner_es=(
        "El disco del servidor está casi lleno: cuando se llene, no se va a poder reservar. Llamá"
        " ahora a quien lo mantiene."
    ),
    dashboard="infrastructure",
)

DISK_FILLING_UP = AlertRule(
    name="DiskFillingUp",
    # Half full is no news on a big disk; half full and full by tomorrow is.
    expr=_writable(
        and_on(
            and_on(
                compare(_free_percent(), "<", "40"),
                compare(forecast(NODE_DISK_FREE, window="6h", seconds=24 * 3600), "<", "0"),
                *_DISK,
            ),
            # What an installation writes in its first hours is no pace to reckon with.
            over("last_over_time", NODE_DISK_FREE, window="5m", before="6h"),
            *_DISK,
        )
    ),
    hold="1h",
    severity="warning",
    labels=_DISK_SPACE,
    service="node",
    summary="Disk full within a day at this pace",
    description=(
        '{{ printf "%.0f" $value }} % of {{ $labels.mountpoint }} on {{ $labels.instance }} is'
        " free; as it went in the last 6 h, it will be full within 24 h."
    ),
    owner_es=(
        "El disco del servidor se está llenando rápido y mañana puede no quedar lugar. Avisale hoy"
        " a quien lo mantiene."
    ),
    dashboard="infrastructure",
)

HOST_CLOCK_SKEW = AlertRule(
    name="HostClockSkew",
    expr=any_of(
        compare(series(NODE_CLOCK_OFFSET), ">", "1"),
        compare(series(NODE_CLOCK_OFFSET), "<", "-1"),
    ),
    hold="10m",
    severity="warning",
    service="node",
    summary="The machine's clock is wrong",
    description=(
        'The clock of {{ $labels.instance }} is {{ printf "%.1f" $value }} s away from its time'
        " server: signatures, deadlines and ages are judged by it."
    ),
    owner_es=(
        "El reloj del servidor está corrido y los vencimientos se calculan mal. Avisale a quien lo"
        " mantiene."
    ),
    dashboard="infrastructure",
)

HIGH_DATABASE_CONNECTIONS = AlertRule(
    name="HighDatabaseConnections",
    # All databases together: they share the server's limit, which need not be 100.
    expr=compare(
        calculate(
            divide(
                total(series(PG_BACKENDS), "instance"),
                calculate(
                    total(series(PG_MAX_CONNECTIONS), "instance"),
                    "-",
                    total(series(PG_RESERVED_CONNECTIONS), "instance"),
                ),
            ),
            "*",
            "100",
        ),
        ">",
        thresholds.percent(thresholds.CONNECTIONS_SHARE),
    ),
    hold="5m",
    severity="warning",
    service="database",
    depends_on=("database",),
    summary="High DB connections (> 80 % of the limit)",
    description='{{ printf "%.0f" $value }} % of the connections that the server allows are open.',
    owner_es=(
        "La base de datos está cerca de su límite de conexiones. Avisale hoy a quien mantiene el"
        " sistema; si se llega al límite, no se puede reservar."
    ),
    dashboard="infrastructure",
)

DATABASE_POOL_SATURATED = AlertRule(
    name="DatabasePoolSaturated",
    expr=compare(
        divide(series(DB_POOL_CHECKED_OUT), series(DB_POOL_SIZE)),
        ">",
        f"{thresholds.POOL_SHARE}",
    ),
    hold="5m",
    severity="warning",
    service="database",
    depends_on=("database",),
    summary="A process has no database connection left to give",
    description=(
        "{{ $labels.job }} at {{ $labels.instance }} uses {{ $value | humanizePercentage }} of its"
        " connections; what comes next waits."
    ),
    owner_es=(
        "El sistema está esperando a la base de datos y puede responder lento. Si sigue, avisale a"
        " quien lo mantiene."
    ),
    dashboard="infrastructure",
)

TLS_CERTIFICATE_EXPIRING = AlertRule(
    name="TLSCertificateExpiring",
    expr=compare(
        calculate(lowest(series(PROBE_CERTIFICATE_EXPIRY), "instance"), "-", "time()"),
        "<",
        "1209600",
    ),
    hold="1h",
    severity="warning",
    service="backend",
    summary="The TLS certificate ends within 14 days",
    description=(
        "The certificate of {{ $labels.instance }} ends in {{ $value | humanizeDuration }}; it"
        " should have been renewed by itself."
    ),
    owner_es=(
        "El certificado del sitio está por vencer y no se renovó solo. Avisale esta semana a quien"
        " lo mantiene: si vence, WhatsApp y Mercado Pago dejan de avisarnos."
    ),
    dashboard="infrastructure",
)

BACKUP_STALE = AlertRule(
    name="BackupStale",
    expr=compare(since(highest(series(BACKUP_LAST_SUCCESS))), ">", "93600"),
    hold="10m",
    severity="warning",
    service="database",
    summary="No good backup for more than a day",
    description="The last good backup ended {{ $value | humanizeDuration }} ago.",
    owner_es=(
        "Hace más de un día que no se hace la copia de seguridad. Avisale hoy a quien mantiene el"
        " sistema."
    ),
    dashboard="infrastructure",
)

PERFORMANCE_ALERTS = RuleGroup(
    name="performance_alerts",
    file="performance.yml",
    interval="1m",
    alerts=(
        *(HIGH_CPU, HIGH_MEMORY, OUT_OF_MEMORY_KILLS),
        *(DISK_SPACE_LOW, DISK_SPACE_CRITICAL, DISK_FILLING_UP, HOST_CLOCK_SKEW),
        *(HIGH_DATABASE_CONNECTIONS, DATABASE_POOL_SATURATED),
        *(TLS_CERTIFICATE_EXPIRING, BACKUP_STALE),
    ),
)
