"""Background work."""

from tests.monitoring.cases.case import FIRES, QUIET, Case
from tests.monitoring.cases.shapes import above, failing

from alojamientos.monitoring.definitions import alerts_jobs

_HOLDS = "reservations.expire_holds"
_CADENCES = (
    (alerts_jobs.EVERY_MINUTE, 600),
    (alerts_jobs.EVERY_FIVE_MINUTES, 1800),
    (alerts_jobs.EVERY_HOUR, 10800),
)


def beat(job: str, instance: str = "a") -> str:
    # Prometheus renames the label `job` of the metric, since it has one of its own.
    return (
        f'job_last_success_timestamp_seconds{{job="backend",instance="{instance}"'
        f',exported_job="{job}"}}'
    )


_WELL = {beat(_HOLDS): "0+60x600"}


def _silent(job: str, seconds: int) -> list[Case]:
    minutes = seconds // 60
    fires = ({"exported_job": job},)

    def case(kind, name, series, expect):
        return Case(
            alert="JobNotSucceeding",
            kind=kind,
            name=f"{job}: {name}",
            series={**_WELL, **series},
            expect=expect,
            interval="1m",
        )

    return [
        case(
            "boundary",
            "silent for long enough, and not a minute less",
            {beat(job): f"0x{minutes + 60}"},
            {f"{minutes + 5}m": QUIET, f"{minutes + 6}m": fires, f"{minutes + 40}m": fires},
        ),
        case(
            "boundary",
            "always as late as is allowed",
            {beat(job): f"{-seconds}+60x400"},
            {f"{minutes + 60}m": QUIET},
        ),
        case(
            "quiet",
            "well again",
            {beat(job): f"0x{minutes + 20} {seconds + 1260}+60x60"},
            {f"{minutes + 20}m": fires, f"{minutes + 22}m": QUIET},
        ),
        case(
            "boundary",
            "two processes tell the same",
            {beat(job): f"600x{minutes + 60}", beat(job, "b"): f"600x{minutes + 60}"},
            {f"{minutes + 15}m": QUIET, f"{minutes + 16}m": fires},
        ),
        case(
            "quiet",
            "the web process that was asked last knows better",
            {beat(job): "0x400", beat(job, "b"): "0+60x400"},
            {f"{minutes + 60}m": QUIET},
        ),
    ]


_RUNS = 'job_runs_total{job="worker",exported_job="payments.apply",outcome="failed"}'

CASES = [
    *(case for jobs, seconds in _CADENCES for job in jobs for case in _silent(job, seconds)),
    Case(
        alert="JobNotSucceeding",
        kind="firing",
        name="one of them is dead; only that one is told of",
        series={
            **{beat(job): "0+60x600" for jobs, _ in _CADENCES for job in jobs},
            beat("payments.reconcile"): "0x600",
        },
        expect={"2h": ({"exported_job": "payments.reconcile"},)},
        interval="1m",
    ),
    Case(
        alert="JobNotSucceeding",
        kind="quiet",
        name="work that comes when there is some may rest",
        series={**_WELL, beat("messages.handle"): "0x600", beat("ical.sync"): "0x600"},
        expect={"2h": QUIET, "9h": QUIET},
        interval="1m",
    ),
    Case(
        alert="JobNotSucceeding",
        kind="absent",
        name="holds were never ended",
        series={beat("payments.reconcile"): "0+60x600"},
        expect={"4m": QUIET, "5m": ({"exported_job": _HOLDS},)},
        interval="1m",
    ),
    *failing(
        "JobsFailing", _RUNS, 3, 3600, 60, extra={"exported_job": "payments.apply"}, interval=60
    ),
    *(
        Case(
            alert="JobsFailing",
            kind="quiet",
            name=f"runs that ended {outcome}",
            series={_RUNS.replace("failed", outcome): "0+9x120"},
            expect={"90m": QUIET},
            interval="1m",
        )
        for outcome in ("ok", "retried")
    ),
    Case(
        alert="JobsFailing",
        kind="firing",
        name="two workers with a part each",
        series={
            _RUNS.replace("{", '{instance="a",'): "0x60 1x60",
            _RUNS.replace("{", '{instance="b",'): "0x60 2x60",
        },
        expect={"70m": ({"exported_job": "payments.apply"},)},
        interval="1m",
    ),
    *above("JobsStalled", 'jobs_stalled{job="backend",instance="a"}', 0, 300),
    Case(
        alert="JobsStalled",
        kind="firing",
        name="one of two web processes knows already",
        series={
            'jobs_stalled{job="backend",instance="a"}': "1x120",
            'jobs_stalled{job="backend",instance="b"}': "0x120",
        },
        expect={"15m": FIRES},
    ),
    *failing(
        "FactSubscribersFailing",
        'fact_subscriber_errors_total{job="worker"}',
        1,
        3600,
        60,
        interval=60,
    ),
    Case(
        alert="FactSubscribersFailing",
        kind="firing",
        name="one process of two",
        series={
            'fact_subscriber_errors_total{job="worker"}': "0x60 1x60",
            'fact_subscriber_errors_total{job="backend"}': "0x120",
        },
        expect={"70m": FIRES},
        interval="1m",
    ),
]
