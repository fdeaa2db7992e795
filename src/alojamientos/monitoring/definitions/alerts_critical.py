"""The specification's critical alerts in working form, and what stands beside them.

`up` of an exporter says nothing of the server behind it, and a target that discovery forgot has
no `up` at all: so every alert here asks several witnesses, and has an arm for there being none.
"""

from alojamientos.monitoring import conventions
from alojamientos.monitoring.definitions.causes import lately_down
from alojamientos.monitoring.definitions.exporters import (
    PG_EXPORTER_LAST_SCRAPE_ERROR,
    PG_UP,
    PROBE_SUCCESS,
    REDIS_EXPORTER_LAST_SCRAPE_ERROR,
    REDIS_UP,
    UP,
)
from alojamientos.monitoring.model import AlertRule, RuleGroup
from alojamientos.monitoring.promql import (
    Expr,
    absent,
    any_of,
    both,
    compare,
    equals,
    highest,
    series,
    total,
    unless,
)
from alojamientos.telemetry.catalogue import APP_DEPENDENCY_UP


def _all_down(job: str) -> Expr:
    # By job: down and missing are then one alert, whichever arm tells.
    return any_of(
        compare(total(series(UP, equals("job", job)), "job"), "==", "0"),
        absent(UP, equals("job", job)),
    )


def _some_down(job: str) -> Expr:
    return unless(
        compare(series(UP, equals("job", job)), "==", "0"),
        compare(total(series(UP, equals("job", job)), "job"), "==", "0"),
        "job",
    )


def _application_lost(dependency: str) -> Expr:
    # The highest: while one process reaches the server, the server is there.
    return compare(highest(series(APP_DEPENDENCY_UP, equals("dependency", dependency))), "==", "0")


SERVICE_DOWN = AlertRule(
    name="ServiceDown",
    expr=_all_down(conventions.BACKEND),
    hold="1m",
    severity="critical",
    service="backend",
    labels={"team": "backend"},
    summary="Backend service is DOWN",
    description="No backend process has answered Prometheus for 1 minute or more.",
    owner_es=(
        "El sistema de reservas no responde y por ahora nadie puede reservar. Lo que llegue no se"
        " pierde: WhatsApp y Mercado Pago lo vuelven a enviar."
    ),
)

SERVICE_INSTANCE_DOWN = AlertRule(
    name="ServiceInstanceDown",
    expr=_some_down(conventions.BACKEND),
    hold="5m",
    severity="warning",
    service="backend",
    depends_on=("backend",),
    summary="One of several backend processes is down",
    description=(
        "{{ $labels.job }} at {{ $labels.instance }} has not answered for 5 minutes or more;"
        " others of its kind do."
    ),
    owner_es="Una parte del sistema está caída, pero las demás siguen atendiendo reservas.",
)

SERVICE_NOT_READY = AlertRule(
    name="ServiceNotReady",
    expr=unless(
        compare(highest(series(PROBE_SUCCESS, equals("job", conventions.BLACKBOX))), "==", "0"),
        # The last probe stays bad until the next one.
        lately_down("ServiceDown", "DatabaseDown", window="1m"),
    ),
    hold="2m",
    severity="critical",
    service="backend",
    depends_on=("backend", "database"),
    summary="Backend does not answer that it is ready",
    description=(
        f"Asked from outside, {conventions.READYZ} has not answered 200 for 2 minutes or more."
    ),
    owner_es="El sistema está encendido, pero todavía no puede atender reservas.",
)

WORKER_DOWN = AlertRule(
    name="WorkerDown",
    expr=_all_down(conventions.WORKER),
    hold="1m",
    severity="critical",
    service="worker",
    summary="Worker is DOWN: nobody answers guests",
    description=(
        "No worker has answered Prometheus for 1 minute or more."
        " Messages and payments are stored and wait for it."
    ),
    owner_es=(
        "Nadie contesta los mensajes de los huéspedes. Quedan guardados y se contestan cuando"
        " el sistema vuelva."
    ),
)

WORKER_INSTANCE_DOWN = AlertRule(
    name="WorkerInstanceDown",
    expr=_some_down(conventions.WORKER),
    hold="5m",
    severity="warning",
    service="worker",
    depends_on=("worker",),
    summary="One of several workers is down",
    description=(
        "{{ $labels.job }} at {{ $labels.instance }} has not answered for 5 minutes or more;"
        " others of its kind do."
    ),
    owner_es="Uno de los procesos que contestan mensajes está caído; los demás siguen.",
)

DATABASE_DOWN = AlertRule(
    name="DatabaseDown",
    expr=any_of(
        _application_lost("postgres"),
        compare(highest(series(PG_UP)), "==", "0"),
        # pg_up is known to stay 1 after the server is lost; questions that fail tell the truth.
        compare(highest(series(PG_EXPORTER_LAST_SCRAPE_ERROR)), ">", "0"),
        both(absent(PG_UP), absent(APP_DEPENDENCY_UP, equals("dependency", "postgres"))),
    ),
    hold="1m",
    severity="critical",
    service="database",
    summary="PostgreSQL is DOWN",
    description=(
        "The database has been out of reach for 1 minute or more, by the word of the application"
        " or of its exporter, or neither is there to tell."
    ),
    owner_es=(
        "La base de datos no responde: no se pueden ver ni tomar reservas. Las que ya estaban"
        " siguen guardadas."
    ),
)

REDIS_DOWN = AlertRule(
    name="RedisDown",
    expr=any_of(
        _application_lost("redis"),
        compare(highest(series(REDIS_UP)), "==", "0"),
        compare(highest(series(REDIS_EXPORTER_LAST_SCRAPE_ERROR)), ">", "0"),
        both(absent(REDIS_UP), absent(APP_DEPENDENCY_UP, equals("dependency", "redis"))),
    ),
    hold="2m",
    severity="critical",
    service="redis",
    summary="Redis is DOWN",
    description=(
        "Redis has been out of reach for 2 minutes or more, by the word of the application or of"
        " its exporter, or neither is there to tell. Bookings go on; limits do not."
    ),
    owner_es=(
        "Un servicio auxiliar no responde. Las reservas siguen funcionando, un poco más"
        " lento; conviene arreglarlo pronto."
    ),
)

CRITICAL_ALERTS = RuleGroup(
    name="critical_alerts",
    file="critical.yml",
    interval="10s",
    alerts=(
        SERVICE_DOWN,
        SERVICE_INSTANCE_DOWN,
        SERVICE_NOT_READY,
        WORKER_DOWN,
        WORKER_INSTANCE_DOWN,
        DATABASE_DOWN,
        REDIS_DOWN,
    ),
)
