"""Alerts about what Prometheus takes in: limits near, samples dropped, work not done in time."""

from alojamientos.monitoring import conventions
from alojamientos.monitoring.definitions import limits
from alojamientos.monitoring.definitions.exporters import (
    NODE_COLLECTOR_SUCCESS,
    PROMETHEUS_ITERATIONS_MISSED,
    SAMPLES_DUPLICATE,
    SAMPLES_OUT_OF_BOUNDS,
    SAMPLES_OUT_OF_ORDER,
    SCRAPE_SAMPLES,
    SCRAPES_OVER_BODY_LIMIT,
    SCRAPES_OVER_SAMPLE_LIMIT,
)
from alojamientos.monitoring.model import AlertRule, RuleGroup
from alojamientos.monitoring.promql import (
    any_of,
    compare,
    increase,
    one_of,
    series,
    total,
)

_OURS = one_of("job", (conventions.BACKEND, conventions.WORKER))
# Those that rules read; a machine without, say, NVMe has others that fail for ever.
_READ_BY_RULES = one_of("collector", ("cpu", "meminfo", "filesystem", "vmstat"))

SCRAPE_SAMPLE_LIMIT_NEAR = AlertRule(
    name="ScrapeSampleLimitNear",
    expr=compare(
        series(SCRAPE_SAMPLES, _OURS),
        ">",
        str(limits.SAMPLE_LIMIT * 8 // 10),
    ),
    hold="15m",
    severity="warning",
    service="monitoring",
    summary="A process tells nearly more series than Prometheus takes",
    description=(
        '{{ $labels.job }} at {{ $labels.instance }} told {{ printf "%.0f" $value }} samples; at'
        f" {limits.SAMPLE_LIMIT} its scrapes are thrown away and it counts as down."
    ),
    owner_es=(
        "La vigilancia está por quedarse sin lugar para los datos del sistema. Las reservas no"
        " están afectadas; avisale a quien lo mantiene."
    ),
    dashboard="infrastructure",
)

PROMETHEUS_DROPPING_SAMPLES = AlertRule(
    name="PrometheusDroppingSamples",
    expr=any_of(
        *(
            compare(total(increase(metric, window="10m")), ">", "0")
            for metric in (
                SCRAPES_OVER_SAMPLE_LIMIT,
                SCRAPES_OVER_BODY_LIMIT,
                SAMPLES_DUPLICATE,
                SAMPLES_OUT_OF_ORDER,
                SAMPLES_OUT_OF_BOUNDS,
            )
        )
    ),
    hold="5m",
    severity="warning",
    service="monitoring",
    summary="Prometheus throws samples away",
    description=(
        '{{ printf "%.0f" $value }} scrapes or samples were thrown away in 10 minutes; alerts and'
        " dashboards are blind to what they told."
    ),
    owner_es=(
        "Parte de la vigilancia se está perdiendo. Las reservas no están afectadas; avisale a quien"
        " mantiene el sistema."
    ),
    dashboard="infrastructure",
)

PROMETHEUS_EVALUATION_MISSED = AlertRule(
    name="PrometheusEvaluationMissed",
    expr=compare(
        total(increase(PROMETHEUS_ITERATIONS_MISSED, window="10m"), "rule_group"), ">", "0"
    ),
    hold="5m",
    severity="warning",
    service="monitoring",
    summary="Prometheus does not keep up with its rules",
    description=(
        '{{ printf "%.0f" $value }} evaluations of {{ $labels.rule_group }} were missed in 10'
        " minutes; its alerts come late."
    ),
    owner_es=(
        "Los avisos pueden llegar tarde porque el servidor no da abasto. Las reservas no están"
        " afectadas; avisale a quien mantiene el sistema."
    ),
    dashboard="infrastructure",
)

HOST_COLLECTOR_FAILING = AlertRule(
    name="HostCollectorFailing",
    expr=compare(series(NODE_COLLECTOR_SUCCESS, _READ_BY_RULES), "==", "0"),
    hold="15m",
    severity="warning",
    service="monitoring",
    summary="Part of the machine's state cannot be read",
    description=(
        "Collector {{ $labels.collector }} of the node exporter at {{ $labels.instance }} fails;"
        " the alerts that read it cannot fire."
    ),
    owner_es=(
        "Falta una parte de la vigilancia del servidor. Las reservas no están afectadas; avisale a"
        " quien mantiene el sistema."
    ),
    dashboard="infrastructure",
)

SCRAPE_ALERTS = RuleGroup(
    name="scrape_alerts",
    file="pipeline.yml",
    interval="15s",
    alerts=(
        SCRAPE_SAMPLE_LIMIT_NEAR,
        PROMETHEUS_DROPPING_SAMPLES,
        PROMETHEUS_EVALUATION_MISSED,
        HOST_COLLECTOR_FAILING,
    ),
)
