"""Alerts about the monitoring itself: who watches the watchmen, and says so."""

from alojamientos.monitoring import conventions
from alojamientos.monitoring.definitions.causes import lately_down
from alojamientos.monitoring.definitions.exporters import (
    ALERTMANAGER_NOTIFICATIONS_FAILED,
    ALERTMANAGER_RELOAD_OK,
    PROMETHEUS_ALERTMANAGERS,
    PROMETHEUS_NOTIFICATION_ERRORS,
    PROMETHEUS_RELOAD_OK,
    PROMETHEUS_RULE_FAILURES,
    UP,
)
from alojamientos.monitoring.model import AlertRule, RuleGroup
from alojamientos.monitoring.promql import (
    absent,
    any_of,
    compare,
    constant,
    equals,
    increase,
    lowest,
    one_of,
    series,
    total,
    unless,
)
from alojamientos.telemetry.catalogue import COLLECTOR_SUCCESS

_EXPORTERS = (
    conventions.POSTGRES,
    conventions.REDIS,
    conventions.NODE,
    conventions.BLACKBOX,
)

WATCHDOG = AlertRule(
    name="Watchdog",
    expr=constant("1"),
    hold="",
    severity="none",
    service="monitoring",
    summary="Alerting works from end to end",
    description="Always fires. When the heartbeat stops hearing it, alerting itself is broken.",
    owner_es="Señal de vida del sistema de avisos; no hay nada que hacer.",
)

MONITORING_TARGET_DOWN = AlertRule(
    name="MonitoringTargetDown",
    expr=any_of(
        compare(lowest(series(UP, one_of("job", _EXPORTERS)), "job"), "==", "0"),
        *(absent(UP, equals("job", job)) for job in _EXPORTERS),
    ),
    hold="10m",
    severity="warning",
    service="monitoring",
    summary="An exporter is down: part of the system is not watched",
    description=(
        "The exporter of job {{ $labels.job }} has not answered for 10 minutes or more;"
        " what it watches may be well or not."
    ),
    owner_es="Falta una parte de la vigilancia. Las reservas no están afectadas.",
)

ALERTMANAGER_DOWN = AlertRule(
    name="AlertmanagerDown",
    expr=any_of(
        compare(total(series(UP, equals("job", conventions.ALERTMANAGER)), "job"), "==", "0"),
        absent(UP, equals("job", conventions.ALERTMANAGER)),
        compare(total(series(PROMETHEUS_ALERTMANAGERS)), "==", "0"),
    ),
    hold="5m",
    severity="critical",
    service="monitoring",
    summary="Alertmanager is DOWN: no alert can be sent",
    description=(
        "No Alertmanager has been within reach for 5 minutes or more. This alert shows in"
        " Prometheus and the console only; from outside, the silent heartbeat tells."
    ),
    owner_es="El sistema de avisos está caído: no va a llegar ningún correo de alerta.",
)

PROMETHEUS_RULE_FAILURES_ALERT = AlertRule(
    name="PrometheusRuleFailures",
    expr=compare(total(increase(PROMETHEUS_RULE_FAILURES, window="5m"), "rule_group"), ">", "0"),
    hold="5m",
    severity="critical",
    service="monitoring",
    summary="Prometheus cannot evaluate its rules",
    description=(
        '{{ printf "%.0f" $value }} evaluations of {{ $labels.rule_group }} failed in 5 minutes;'
        " its alerts cannot fire."
    ),
    owner_es="Una parte de los avisos no se está calculando. Las reservas no están afectadas.",
)

PROMETHEUS_NOTIFICATIONS_FAILING = AlertRule(
    name="PrometheusNotificationsFailing",
    expr=unless(
        compare(total(increase(PROMETHEUS_NOTIFICATION_ERRORS, window="5m")), ">", "0"),
        # What was lost meanwhile stays in the window, and would be the first mail of an
        # Alertmanager that is back.
        lately_down("AlertmanagerDown", window="6m"),
    ),
    hold="5m",
    severity="warning",
    service="monitoring",
    summary="Prometheus loses alerts on the way to Alertmanager",
    description=(
        '{{ printf "%.0f" $value }} alerts did not reach an Alertmanager in the last 5 minutes.'
    ),
    owner_es="Algunos avisos no están llegando a quien los envía.",
)

PROMETHEUS_CONFIG_RELOAD_FAILED = AlertRule(
    name="PrometheusConfigReloadFailed",
    expr=compare(lowest(series(PROMETHEUS_RELOAD_OK)), "==", "0"),
    hold="5m",
    severity="warning",
    service="monitoring",
    summary="Prometheus refused its new configuration",
    description="The last reload failed; Prometheus goes on with the configuration before.",
    owner_es="Un cambio en la vigilancia no se aplicó; sigue funcionando la versión anterior.",
)

ALERTMANAGER_NOTIFICATIONS_FAILING = AlertRule(
    name="AlertmanagerNotificationsFailing",
    expr=compare(
        total(increase(ALERTMANAGER_NOTIFICATIONS_FAILED, window="15m"), "integration"), ">", "0"
    ),
    hold="5m",
    severity="critical",
    service="monitoring",
    summary="Alertmanager cannot send",
    description=(
        '{{ printf "%.0f" $value }} messages by {{ $labels.integration }} failed in 15 minutes.'
    ),
    # By mail, or by what else there is: when WhatsApp is down, its own alert arrives by mail only.
    owner_es=(
        '{{ if eq $labels.integration "email" }}Los correos de alerta no se están pudiendo enviar.'
        "{{ else }}Los avisos que no van por correo ({{ $labels.integration }}) no están saliendo;"
        " mirá el correo.{{ end }}"
    ),
)

ALERTMANAGER_CONFIG_RELOAD_FAILED = AlertRule(
    name="AlertmanagerConfigReloadFailed",
    expr=compare(lowest(series(ALERTMANAGER_RELOAD_OK)), "==", "0"),
    hold="5m",
    severity="warning",
    service="monitoring",
    summary="Alertmanager refused its new configuration",
    description="The last reload failed; Alertmanager goes on with the configuration before.",
    owner_es="Un cambio en los avisos no se aplicó; sigue funcionando la versión anterior.",
)

COLLECTOR_FAILING = AlertRule(
    name="CollectorFailing",
    expr=compare(lowest(series(COLLECTOR_SUCCESS), "job", "collector"), "==", "0"),
    hold="5m",
    severity="warning",
    service="monitoring",
    depends_on=("backend", "database", "redis"),
    summary="Part of the state cannot be read for the metrics",
    description=(
        "Collector {{ $labels.collector }} of {{ $labels.job }} has failed at every scrape for 5"
        " minutes or more; its metrics are missing, not zero."
    ),
    owner_es="Algunos números del tablero no están disponibles. Las reservas siguen.",
)

PIPELINE_ALERTS = RuleGroup(
    name="pipeline_alerts",
    file="pipeline.yml",
    interval="15s",
    alerts=(
        WATCHDOG,
        MONITORING_TARGET_DOWN,
        ALERTMANAGER_DOWN,
        PROMETHEUS_RULE_FAILURES_ALERT,
        PROMETHEUS_NOTIFICATIONS_FAILING,
        PROMETHEUS_CONFIG_RELOAD_FAILED,
        ALERTMANAGER_NOTIFICATIONS_FAILING,
        ALERTMANAGER_CONFIG_RELOAD_FAILED,
        COLLECTOR_FAILING,
    ),
)
