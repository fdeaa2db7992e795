"""What every alert must do, as data: series in, firing or quiet out, at given times.

`FIRES` lists the labels that a firing alert has beside severity, service, env and depends_on.
The themes have modules of their own in `cases`; all meet in `CASES`.
"""

from tests.monitoring.cases import (
    channels,
    ical,
    jobs,
    journey,
    latency,
    machine,
    mail,
    payments,
    reservations,
    scrapes,
    slo,
)
from tests.monitoring.cases.case import FIRES, QUIET, Case, Kind, Labels

__all__ = ["CASES", "FIRES", "QUIET", "TEXTS", "Case", "Kind", "Labels"]

BACKEND = 'up{job="backend",instance="web:8000"}'
BACKEND_2 = 'up{job="backend",instance="web:8002"}'
WORKER = 'up{job="worker",instance="worker:8001"}'
WORKER_2 = 'up{job="worker",instance="worker:8003"}'
READY = 'probe_success{job="blackbox",instance="http://web/api/v1/readyz"}'

_LOST = 'prometheus_notifications_errors_total{job="prometheus",alertmanager="http://am"}'
_AM_DOWN = 'ALERTS{alertname="AlertmanagerDown",alertstate="firing"}'
_EXPORTERS = ("postgres", "redis", "node", "blackbox")
_ALL_EXPORTERS = {f'up{{job="{job}"}}': "1x120" for job in _EXPORTERS}


def _down(alert: str, job: str, one: str, two: str) -> list[Case]:
    """Return the cases of an alert about all processes of a job."""
    fires = ({"job": job},)
    return [
        Case(
            alert=alert,
            kind="firing",
            name="the only process is killed and stays down",
            series={one: "1x5 0x30"},
            expect={"50s": QUIET, "5m": fires},
        ),
        Case(
            alert=alert,
            kind="boundary",
            name="down for a minute, and not a second less",
            series={one: "1x5 0x30"},
            expect={"1m50s": QUIET, "2m": fires},
        ),
        Case(
            alert=alert,
            kind="boundary",
            name="quiet again at the first good scrape",
            series={one: "0x20 1x10"},
            expect={"3m20s": fires, "3m30s": QUIET},
        ),
        Case(
            alert=alert,
            kind="quiet",
            name="one of two processes is enough",
            series={one: "0x60", two: "1x60"},
            expect={"5m": QUIET, "10m": QUIET},
        ),
        Case(
            alert=alert,
            kind="restart",
            name="restarts that take 50 s are nobody's night",
            series={one: "1x5 0x4 1 0x4 1 0x4 1x30"},
            expect={f"{seconds}s": QUIET for seconds in range(60, 300, 10)},
        ),
        Case(
            alert=alert,
            kind="absent",
            name="the target has left the configuration, others have not",
            series={one: "1x5 stale", **_ALL_EXPORTERS},
            expect={"50s": QUIET, "1m50s": QUIET, "2m": fires},
        ),
        Case(
            alert=alert,
            kind="absent",
            name="the target never was in the configuration",
            series={},
            expect={"50s": QUIET, "1m": fires},
        ),
        Case(
            alert=alert,
            kind="quiet",
            name="others are down",
            series={one: "1x60", **dict.fromkeys(_ALL_EXPORTERS, "0x60")},
            expect={"5m": QUIET},
        ),
    ]


def _one_down(alert: str, job: str, one: str, two: str, instance: str) -> list[Case]:
    fires = ({"job": job, "instance": instance},)
    return [
        Case(
            alert=alert,
            kind="firing",
            name="one of two processes is down",
            series={one: "0x60", two: "1x60"},
            expect={"6m": fires},
        ),
        Case(
            alert=alert,
            kind="boundary",
            name="for 5 minutes, and not a second less",
            series={one: "0x60", two: "1x60"},
            expect={"4m50s": QUIET, "5m": fires},
        ),
        Case(
            alert=alert,
            kind="quiet",
            name="all are up",
            series={one: "1x60", two: "1x60"},
            expect={"6m": QUIET},
        ),
        Case(
            alert=alert,
            kind="quiet",
            name="all are down, which is a bigger alert's matter",
            series={one: "0x60", two: "0x60"},
            expect={"6m": QUIET},
        ),
        Case(
            alert=alert,
            kind="quiet",
            name="one of several exporters is down",
            series={
                one: "1x60",
                two: "1x60",
                'up{job="node",instance="a"}': "0x60",
                'up{job="node",instance="b"}': "1x60",
            },
            expect={"6m": QUIET},
        ),
    ]


def _dependency(alert: str, dependency: str, up: str, error: str, hold: int) -> list[Case]:
    web = f'app_dependency_up{{job="backend",dependency="{dependency}"}}'
    worker = f'app_dependency_up{{job="worker",dependency="{dependency}"}}'
    other = 'app_dependency_up{job="backend",dependency="another"}'
    well = {up: "1x60", error: "0x60", web: "1x60", worker: "1x60"}
    before, at = f"{hold + 50}s", f"{hold + 60}s"
    boundary = {before: QUIET, at: FIRES}
    return [
        Case(
            alert=alert,
            kind="quiet",
            name="every witness says that it is well",
            series=well,
            expect={"50s": QUIET, "10m": QUIET},
        ),
        Case(
            alert=alert,
            kind="firing",
            name="the server is lost for all",
            series={up: "1x5 0x60", error: "0x5 1x60", web: "1x5 0x60", worker: "1x5 0x60"},
            expect={"50s": QUIET, "8m": FIRES},
        ),
        Case(
            alert=alert,
            kind="boundary",
            name="only the exporter says so, for long enough",
            series={**well, up: "1x5 0x60"},
            expect=boundary,
        ),
        Case(
            alert=alert,
            kind="boundary",
            name="the exporter says 1 but its questions fail",
            series={**well, error: "0x5 1x60"},
            expect=boundary,
        ),
        Case(
            alert=alert,
            kind="boundary",
            name="no process of the application reaches it",
            series={**well, web: "1x5 0x60", worker: "1x5 0x60"},
            expect=boundary,
        ),
        Case(
            alert=alert,
            kind="quiet",
            name="one process of the application still reaches it",
            series={**well, web: "0x60"},
            expect={"9m": QUIET},
        ),
        Case(
            alert=alert,
            kind="absent",
            name="the exporter runs and its server does not, as seen by its own up",
            series={f'up{{job="{dependency}"}}': "1x60", up: "0x60", error: "1x60"},
            expect={"9m": FIRES},
        ),
        Case(
            alert=alert,
            kind="absent",
            name="the exporter is away, the application still tells",
            series={web: "1x60", worker: "1x60"},
            expect={"9m": QUIET},
        ),
        Case(
            alert=alert,
            kind="absent",
            name="the application is away, the exporter still tells",
            series={up: "1x60", error: "0x60"},
            expect={"9m": QUIET},
        ),
        Case(
            alert=alert,
            kind="firing",
            name="the application has lost it, and has another one",
            series={**well, web: "0x60", worker: "0x60", other: "1x60"},
            expect={"9m": FIRES},
        ),
        Case(
            alert=alert,
            kind="absent",
            name="nobody is left to tell, but of another one",
            series={other: "1x60"},
            expect={"9m": FIRES},
        ),
        Case(
            alert=alert,
            kind="quiet",
            name="one of two exporters has lost it",
            series={**well, f'{up}{{instance="b"}}': "0x60"},
            expect={"9m": QUIET},
        ),
        Case(
            alert=alert,
            kind="firing",
            name="the questions of one of two exporters fail",
            series={**well, f'{error}{{instance="b"}}': "1x60"},
            expect={"9m": FIRES},
        ),
        Case(
            alert=alert,
            kind="absent",
            name="nobody is left to tell",
            series={up: "1x5 stale", web: "1x5 stale"},
            expect=boundary,
        ),
        Case(
            alert=alert,
            kind="restart",
            name="a restart of the server within the minute",
            series={**well, up: "1x5 0x4 1x50", error: "0x5 1x4 0x50"},
            expect={f"{seconds}s": QUIET for seconds in range(60, 240, 10)},
        ),
    ]


def _gauge_at_zero(alert: str, series: str, labels: Labels, hold_minutes: int) -> list[Case]:
    """Return the cases of an alert on a gauge that is 1 when all is well."""
    at = hold_minutes * 60 + 60
    return [
        Case(
            alert=alert,
            kind="firing",
            name="it is 0 and stays 0",
            series={series: "1x5 0x90"},
            expect={"50s": QUIET, "15m": (labels,)},
        ),
        Case(
            alert=alert,
            kind="boundary",
            name="for long enough, and not a second less",
            series={series: "1x5 0x90"},
            expect={f"{at - 10}s": QUIET, f"{at}s": (labels,)},
        ),
        Case(
            alert=alert,
            kind="quiet",
            name="it is 1",
            series={series: "1x90"},
            expect={"15m": QUIET},
        ),
    ]


def _failures(alert: str, series: str, labels: Labels, window: int) -> list[Case]:
    """Return the cases of an alert on a counter that does not move when all is well."""
    return [
        Case(
            alert=alert,
            kind="firing",
            name="failures go on",
            series={series: "0x5 1+1x180"},
            expect={"50s": QUIET, "10m": (labels,), "25m": (labels,)},
        ),
        Case(
            alert=alert,
            kind="boundary",
            name="for 5 minutes, and not a second less",
            series={series: "0x5 1+1x180"},
            expect={"5m50s": QUIET, "6m": (labels,)},
        ),
        Case(
            alert=alert,
            kind="quiet",
            name="failures of long ago",
            series={series: "7x300"},
            expect={"5m": QUIET, "45m": QUIET},
        ),
        Case(
            alert=alert,
            kind="quiet",
            name="quiet once the window has passed",
            series={series: f"0+1x60 60x{window * 6 + 12}"},
            expect={"9m": (labels,), f"{10 + window + 1}m": QUIET},
        ),
        Case(
            alert=alert,
            kind="firing",
            name="one failure in most of the window, again and again, of one of two",
            series={
                series: " ".join(str(n // (window * 5)) for n in range(window * 18)),
                series.replace("{", '{instance="other",'): f"0x{window * 18}",
            },
            expect={f"{minutes}m": (labels,) for minutes in range(2 * window, 3 * window)},
        ),
        Case(
            alert=alert,
            kind="restart",
            name="a counter that starts again at 0 has not failed",
            series={series: "9x5 0x100"},
            expect={f"{seconds}s": QUIET for seconds in range(60, 1000, 30)},
        ),
    ]


_AM_UP = 'up{job="alertmanager",instance="am"}'
_AM_KNOWN = 'prometheus_notifications_alertmanagers_discovered{job="prometheus"}'
_FAILED = "alertmanager_notifications_failed_total"

CASES: list[Case] = [
    *_down("ServiceDown", "backend", BACKEND, BACKEND_2),
    *_down("WorkerDown", "worker", WORKER, WORKER_2),
    *_one_down("ServiceInstanceDown", "backend", BACKEND, BACKEND_2, "web:8000"),
    *_one_down("WorkerInstanceDown", "worker", WORKER, WORKER_2, "worker:8001"),
    *_dependency("DatabaseDown", "postgres", "pg_up", "pg_exporter_last_scrape_error", 60),
    *_dependency("RedisDown", "redis", "redis_up", "redis_exporter_last_scrape_error", 120),
    *_gauge_at_zero("ServiceNotReady", READY, {}, 2),
    Case(
        alert="ServiceNotReady",
        kind="firing",
        name="nobody else's probe says that it is ready",
        series={READY: "0x60", 'probe_success{job="others",instance="other"}': "1x60"},
        expect={"9m": FIRES},
    ),
    Case(
        alert="ServiceNotReady",
        kind="boundary",
        name="what may become a cause is none yet",
        series={READY: "1x5 0x90", **journey.fired("ServiceDown", "1x95", state="pending")},
        expect={"170s": QUIET, "180s": FIRES},
    ),
    *(
        case
        for cause in ("ServiceDown", "DatabaseDown")
        for case in (
            Case(
                alert="ServiceNotReady",
                kind="quiet",
                name=f"{cause} explains it, also until the next probe has found it mended",
                series={READY: "1x5 0x40 1x30", **journey.fired(cause, "_x13 1x28 stale")},
                expect={f"{seconds}s": QUIET for seconds in range(60, 760, 10)},
            ),
            Case(
                alert="ServiceNotReady",
                kind="boundary",
                name=f"{cause} is over for a minute, and 2 minutes on it is still not ready",
                series={READY: "1x5 0x90", **journey.fired(cause, "_x13 1x16 stale")},
                # The last sample of the cause is at 300 s; from Prometheus 3 on, a window does
                # not have the sample at its very beginning.
                expect={"460s": QUIET, "490s": FIRES},
            ),
        )
    ),
    Case(
        alert="ServiceNotReady",
        kind="quiet",
        name="one of two addresses is ready",
        series={READY: "0x60", 'probe_success{job="blackbox",instance="other"}': "1x60"},
        expect={"9m": QUIET},
    ),
    Case(
        alert="Watchdog",
        kind="firing",
        name="always, from the first evaluation",
        series={},
        expect={"0s": FIRES, "1h": FIRES},
    ),
    *(
        case
        for job in _EXPORTERS
        for case in (
            Case(
                alert="MonitoringTargetDown",
                kind="firing",
                name=f"the exporter of {job} is down",
                series={**_ALL_EXPORTERS, f'up{{job="{job}"}}': "1x5 0x120"},
                expect={"15m": ({"job": job},)},
            ),
            Case(
                alert="MonitoringTargetDown",
                kind="boundary",
                name=f"the exporter of {job} is down for 10 minutes, and not a second less",
                series={**_ALL_EXPORTERS, f'up{{job="{job}"}}': "1x5 0x120"},
                expect={"10m50s": QUIET, "11m": ({"job": job},)},
            ),
            Case(
                alert="MonitoringTargetDown",
                kind="absent",
                name=f"the exporter of {job} has left the configuration",
                series={**_ALL_EXPORTERS, f'up{{job="{job}"}}': "1x5 stale"},
                expect={"10m50s": QUIET, "11m": ({"job": job},)},
            ),
        )
    ),
    Case(
        alert="MonitoringTargetDown",
        kind="quiet",
        name="all exporters are up, the application is not",
        series={**_ALL_EXPORTERS, BACKEND: "0x120"},
        expect={"15m": QUIET},
    ),
    Case(
        alert="MonitoringTargetDown",
        kind="firing",
        name="one of two node exporters is down",
        series={**_ALL_EXPORTERS, 'up{job="node",instance="b"}': "0x120"},
        expect={"15m": ({"job": "node"},)},
    ),
    *(
        Case(
            alert=alert,
            kind="firing",
            name="one of two",
            series={
                f'{series}{{job="{job}",instance="a",collector="c"}}': "0x120",
                f'{series}{{job="{job}",instance="b",collector="c"}}': "1x120",
            },
            expect={"15m": (labels,)},
        )
        for alert, series, job, labels in (
            (
                "PrometheusConfigReloadFailed",
                "prometheus_config_last_reload_successful",
                "prometheus",
                {},
            ),
            (
                "AlertmanagerConfigReloadFailed",
                "alertmanager_config_last_reload_successful",
                "alertmanager",
                {},
            ),
            (
                "CollectorFailing",
                "collector_success",
                "backend",
                {"job": "backend", "collector": "c"},
            ),
        )
    ),
    Case(
        alert="AlertmanagerDown",
        kind="firing",
        name="it does not answer",
        series={_AM_UP: "0x60", _AM_KNOWN: "1x60"},
        expect={"8m": ({"job": "alertmanager"},)},
    ),
    Case(
        alert="AlertmanagerDown",
        kind="firing",
        name="Prometheus knows none to send to",
        series={_AM_UP: "1x60", _AM_KNOWN: "0x60"},
        expect={"8m": FIRES},
    ),
    Case(
        alert="AlertmanagerDown",
        kind="boundary",
        name="for 5 minutes, and not a second less",
        series={_AM_UP: "1x5 0x60", _AM_KNOWN: "1x60"},
        expect={"5m50s": QUIET, "6m": ({"job": "alertmanager"},)},
    ),
    Case(
        alert="AlertmanagerDown",
        kind="absent",
        name="nothing scrapes it",
        series={_AM_KNOWN: "1x60"},
        expect={"4m50s": QUIET, "5m": ({"job": "alertmanager"},)},
    ),
    Case(
        alert="AlertmanagerDown",
        kind="quiet",
        name="one of two is down, one of two Prometheus knows none, and a node exporter is down",
        series={
            _AM_UP: "0x60",
            _AM_UP.replace('"am"', '"am2"'): "1x60",
            _AM_KNOWN: "0x60",
            _AM_KNOWN.replace("{", '{instance="other",'): "1x60",
            'up{job="node"}': "0x60",
        },
        expect={"8m": QUIET},
    ),
    Case(
        alert="AlertmanagerDown",
        kind="quiet",
        name="it is there and known",
        series={_AM_UP: "1x60", _AM_KNOWN: "1x60"},
        expect={"8m": QUIET},
    ),
    *_failures(
        "PrometheusRuleFailures",
        'prometheus_rule_evaluation_failures_total{job="prometheus",rule_group="a;b"}',
        {"rule_group": "a;b"},
        5,
    ),
    *_failures(
        "PrometheusNotificationsFailing",
        _LOST,
        {},
        5,
    ),
    Case(
        alert="PrometheusNotificationsFailing",
        kind="low traffic",
        name="one alert lost while Alertmanager restarted",
        series={_LOST: "0x5 1x120"},
        expect={f"{seconds}s": QUIET for seconds in range(60, 900, 10)},
    ),
    Case(
        alert="PrometheusNotificationsFailing",
        kind="quiet",
        name="Alertmanager was down, and is back: what was lost meanwhile is old news",
        series={_LOST: "0x5 1+1x54 55x60", _AM_DOWN: "_x33 1x27 stale"},  # 5m30s to 10m
        expect={f"{seconds}s": QUIET for seconds in range(60, 1200, 10)},
    ),
    Case(
        alert="PrometheusNotificationsFailing",
        kind="boundary",
        name="Alertmanager is back, and alerts are lost as before: after 6 minutes and 5 more",
        series={_LOST: "0x5 1+1x240", _AM_DOWN: "_x33 1x27 stale"},
        # Until Prometheus 3 a window has the sample at its very beginning.
        expect={"20m50s": QUIET, "21m20s": ({},)},
    ),
    Case(
        alert="PrometheusNotificationsFailing",
        kind="firing",
        name="Alertmanager is not known to be down yet",
        series={_LOST: "0x5 1+1x180", _AM_DOWN.replace("firing", "pending"): "1x180"},
        expect={"5m50s": QUIET, "6m": ({},)},
    ),
    *_failures(
        "AlertmanagerNotificationsFailing",
        f'{_FAILED}{{job="alertmanager",integration="email"}}',
        {"integration": "email"},
        15,
    ),
    Case(
        alert="AlertmanagerNotificationsFailing",
        kind="low traffic",
        name="the only mail of the hour could not be sent",
        series={f'{_FAILED}{{job="alertmanager",integration="email"}}': "0x5 1x120"},
        expect={"5m50s": QUIET, "6m": ({"integration": "email"},)},
    ),
    *_gauge_at_zero(
        "PrometheusConfigReloadFailed",
        'prometheus_config_last_reload_successful{job="prometheus"}',
        {},
        5,
    ),
    *_gauge_at_zero(
        "AlertmanagerConfigReloadFailed",
        'alertmanager_config_last_reload_successful{job="alertmanager"}',
        {},
        5,
    ),
    *_gauge_at_zero(
        "CollectorFailing",
        'collector_success{job="backend",instance="web:8000",collector="reservations"}',
        {"job": "backend", "collector": "reservations"},
        5,
    ),
    Case(
        alert="CollectorFailing",
        kind="restart",
        name="one bad scrape in between",
        series={'collector_success{job="backend",collector="jobs"}': "1x20 0 1x20 0 1x20"},
        expect={f"{seconds}s": QUIET for seconds in range(0, 600, 10)},
    ),
]

for _theme in (
    *(latency, ical, reservations, payments, channels, mail, jobs, machine, scrapes, slo),
):
    CASES += _theme.CASES
CASES += [*journey.CASES, *journey.SLO_CASES]

# What the templates make of their labels and values, letter by letter.
TEXTS: list[Case] = [
    Case(
        alert="MonitoringTargetDown",
        kind="firing",
        name="names the job",
        series={**_ALL_EXPORTERS, 'up{job="node"}': "0x120"},
        expect={"15m": ({"job": "node"},)},
        annotations={
            "summary": "An exporter is down: part of the system is not watched",
            "description": (
                "The exporter of job node has not answered for 10 minutes or more;"
                " what it watches may be well or not."
            ),
            "owner_es": "Falta una parte de la vigilancia. Las reservas no están afectadas.",
            "runbook_url": "docs/runbooks/MonitoringTargetDown.md",
            "dashboard_url": "/d/alojamientos-overview",
        },
    ),
    Case(
        alert="AlertmanagerNotificationsFailing",
        kind="firing",
        name="counts without a tail of decimals",
        series={f'{_FAILED}{{job="alertmanager",integration="email"}}': "0+1x180"},
        expect={"25m": ({"integration": "email"},)},
        annotations={
            "summary": "Alertmanager cannot send",
            "description": "90 messages by email failed in 15 minutes.",
            "owner_es": "Los correos de alerta no se están pudiendo enviar.",
            "runbook_url": "docs/runbooks/AlertmanagerNotificationsFailing.md",
            "dashboard_url": "/d/alojamientos-overview",
        },
    ),
    Case(
        alert="ICalSyncStale",
        kind="firing",
        name="tells the age in words",
        series={'ical_last_success_timestamp_seconds{feed="airbnb.com/1"}': "1x120"},
        expect={"61m": ({"feed": "airbnb.com/1"},)},
        annotations={
            "summary": "iCal sync is stale (> 40 min)",
            "description": "Feed airbnb.com/1 has not been read for 1h 0m 59s.",
            "owner_es": (
                "Hace más de 40 minutos que no se lee el calendario airbnb.com/1: lo que se reserve"
                " ahí todavía no está bloqueado acá. Fijate en esa página si entró algo nuevo antes"
                " de confirmar a mano."
            ),
            "runbook_url": "docs/runbooks/ICalSyncStale.md",
            "dashboard_url": "/d/alojamientos-reservations",
        },
        interval="1m",
    ),
    Case(
        alert="ProviderFailing",
        kind="firing",
        name="tells the share in percent",
        series={
            channels.call("5xx"): "0+3x180",
            channels.call("2xx"): "0+1x180",
        },
        expect={"25m": ({"provider": "whatsapp"},)},
        annotations={
            "summary": "A provider is down or does not answer",
            "description": (
                "75% of the calls to whatsapp in 15 minutes failed, timed out or got no connection."
            ),
            "owner_es": (
                "whatsapp no está respondiendo. No depende de nosotros: lo pendiente queda guardado"
                " y sale cuando vuelva. Fijate en su página de estado."
            ),
            "runbook_url": "docs/runbooks/ProviderFailing.md",
            "dashboard_url": "/d/alojamientos-webhooks",
        },
    ),
    Case(
        alert="AlertmanagerNotificationsFailing",
        kind="firing",
        name="does not speak of mail when it is not mail that fails",
        series={f'{_FAILED}{{job="alertmanager",integration="webhook"}}': "0+1x180"},
        expect={"25m": ({"integration": "webhook"},)},
        annotations={
            "summary": "Alertmanager cannot send",
            "description": "90 messages by webhook failed in 15 minutes.",
            "owner_es": (
                "Los avisos que no van por correo (webhook) no están saliendo; mirá el correo."
            ),
            "runbook_url": "docs/runbooks/AlertmanagerNotificationsFailing.md",
            "dashboard_url": "/d/alojamientos-overview",
        },
    ),
]
TEXTS += [*slo.TEXTS, *journey.TEXTS]
