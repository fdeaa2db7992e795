"""Background work: a job that has died is silent, so its silence is what is measured."""

from alojamientos.monitoring.arithmetic import since
from alojamientos.monitoring.model import AlertRule, RuleGroup
from alojamientos.monitoring.promql import (
    Expr,
    absent,
    any_of,
    compare,
    equals,
    highest,
    increase,
    one_of,
    series,
    total,
)
from alojamientos.telemetry.catalogue import (
    FACT_SUBSCRIBER_ERRORS,
    JOB_LAST_SUCCESS,
    JOB_RUNS,
    JOBS_STALLED,
)

# After scraping, the label `job` is Prometheus' own; the metric's is called so.
JOB = "exported_job"
EVERY_MINUTE = (
    *("jobs.sweep", "reservations.expire_holds", "reservations.remind_holds"),
    "journey.run",
)
EVERY_FIVE_MINUTES = ("reservations.check_invariants", "payments.reconcile")
EVERY_HOUR = ("reservations.complete_stays", "reservations.forget_answers")
# The calendars' job has an alert of its own, ICalSyncNotRunning: it is asked whether it ran, since
# whether a feed could be read is that feed's matter.
WATCHED_ELSEWHERE = ("ical.sync",)


def _silent(jobs: tuple[str, ...], seconds: str) -> Expr:
    beats = highest(series(JOB_LAST_SUCCESS, one_of(JOB, jobs)), JOB)
    return compare(since(beats), ">", seconds)


JOB_NOT_SUCCEEDING = AlertRule(
    name="JobNotSucceeding",
    expr=any_of(
        _silent(EVERY_MINUTE, "600"),
        _silent(EVERY_FIVE_MINUTES, "1800"),
        _silent(EVERY_HOUR, "10800"),
        # One that never ended well has no series. Holds must end whatever else is configured.
        absent(JOB_LAST_SUCCESS, equals(JOB, "reservations.expire_holds")),
    ),
    hold="5m",
    severity="warning",
    service="worker",
    depends_on=("backend", "worker", "database"),
    summary="A background job is dead or fails every time",
    description=(
        "{{ $labels.exported_job }} has not ended well for several of its turns, or never has."
    ),
    owner_es=(
        "Una tarea automática dejó de funcionar ({{ $labels.exported_job }}). Las reservas se"
        " siguen tomando; avisale a quien mantiene el sistema."
    ),
    dashboard="infrastructure",
)

JOBS_FAILING = AlertRule(
    name="JobsFailing",
    expr=compare(
        total(increase(JOB_RUNS, equals("outcome", "failed"), window="1h"), JOB), ">=", "3"
    ),
    hold="1m",
    severity="warning",
    service="worker",
    depends_on=("database",),
    summary="A background job fails again and again",
    description=(
        '{{ $labels.exported_job }} failed for good {{ printf "%.0f" $value }} times in 1 h.'
    ),
    owner_es=(
        "Una tarea automática está fallando ({{ $labels.exported_job }}). Avisale hoy a quien"
        " mantiene el sistema."
    ),
    dashboard="infrastructure",
)

JOBS_STALLED_ALERT = AlertRule(
    name="JobsStalled",
    expr=compare(highest(series(JOBS_STALLED)), ">", "0"),
    hold="5m",
    severity="warning",
    service="worker",
    depends_on=("backend", "worker", "database"),
    summary="Jobs hang: they say they run and nobody runs them",
    description='{{ printf "%.0f" $value }} jobs belong to a worker that is gone or silent.',
    owner_es=(
        "Quedaron tareas a medio hacer y nadie las retoma. Avisale a quien mantiene el sistema"
        " para que reinicie el proceso."
    ),
    dashboard="infrastructure",
)

FACT_SUBSCRIBERS_FAILING = AlertRule(
    name="FactSubscribersFailing",
    expr=compare(total(increase(FACT_SUBSCRIBER_ERRORS, window="1h")), ">", "0"),
    hold="1m",
    severity="warning",
    service="monitoring",
    summary="Things happen that metrics and logs are not told of",
    description=(
        '{{ printf "%.0f" $value }} facts of the last hour were not counted or logged. What they'
        " tell of did happen."
    ),
    owner_es=(
        "Algunos números del tablero pueden estar incompletos. Las reservas y los pagos están"
        " bien; no tenés que tocar nada."
    ),
)

JOB_ALERTS = RuleGroup(
    name="job_alerts",
    file="domain.yml",
    interval="30s",
    alerts=(JOB_NOT_SUCCEEDING, JOBS_FAILING, JOBS_STALLED_ALERT, FACT_SUBSCRIBERS_FAILING),
)
