"""The rows about our processes, their jobs, and the monitoring itself."""

from alojamientos.monitoring import conventions
from alojamientos.monitoring.arithmetic import (
    quantile,
    since,
)
from alojamientos.monitoring.board import (
    UP_OR_DOWN,
    Panel,
    Query,
    Row,
    State,
)
from alojamientos.monitoring.definitions import exporters as of
from alojamientos.monitoring.definitions import thresholds
from alojamientos.monitoring.definitions.exporters import (
    ALERTMANAGER_NOTIFICATIONS_FAILED,
    PG_UP,
    PROMETHEUS_RULE_FAILURES,
    REDIS_UP,
    UP,
)
from alojamientos.monitoring.promql import (
    equals,
    highest,
    increase,
    lowest,
    one_of,
    series,
    total,
)
from alojamientos.telemetry import log_events
from alojamientos.telemetry.catalogue import (
    COLLECTOR_SUCCESS,
    EVENT_LOOP_LAG,
    JOB_DURATION,
    JOB_LAST_SUCCESS,
    JOB_RUNS,
    JOBS_QUEUED,
    JOBS_STALLED,
)

_OURS = one_of("job", (conventions.BACKEND, conventions.WORKER))

PROCESSES = Row(
    title="Processes and jobs",
    panels=(
        Panel(
            title="Event loop lag",
            description=(
                "How late the event loop wakes. Above 0.1 s something blocks it, and every"
                " request waits."
            ),
            kind="lines",
            unit="seconds",
            queries=(
                Query(
                    expr=highest(series(EVENT_LOOP_LAG), "job", "instance"),
                    legend="{job}",
                ),
            ),
            scale=thresholds.warns_above(0.1),
            width=4,
        ),
        Panel(
            title="Jobs waiting",
            description=(
                "Jobs that are due and not started, and jobs whose worker is gone: the latter are"
                " put back by the sweep."
            ),
            kind="lines",
            unit="count",
            queries=(
                Query(expr=highest(series(JOBS_QUEUED)), legend="due"),
                Query(expr=highest(series(JOBS_STALLED)), legend="left behind"),
            ),
            logs=(log_events.JOBS_SWEPT,),
            width=4,
        ),
        Panel(
            title="Job runs",
            description="Runs of background jobs each hour, by outcome.",
            kind="bars",
            unit="count",
            queries=(
                Query(expr=total(increase(JOB_RUNS, window="1h"), "outcome"), legend="{outcome}"),
            ),
            step="1h",
            span="2d",
            stacked=True,
            logs=(log_events.JOB_FAILED, log_events.JOB_RETRIED),
            width=4,
        ),
        Panel(
            title="Time of a job, P95",
            description="P95 of the time that a run took, by job, over 15 minutes.",
            kind="lines",
            unit="seconds",
            queries=(
                Query(
                    expr=quantile("0.95", JOB_DURATION, window="15m", by=("exported_job",)),
                    legend="{exported_job}",
                ),
            ),
            fixed_window="most jobs run once in minutes",
            may_be_empty="No job ran in this time",
            logs=(log_events.JOB_FINISHED,),
            width=6,
        ),
        Panel(
            title="Since each job last ended well",
            description=(
                "Time since the last success of each job. Those that run by the clock start again"
                " and again; those that wait for guests rest when nobody writes."
            ),
            kind="ranking",
            unit="seconds",
            queries=(
                Query(
                    expr=since(highest(series(JOB_LAST_SUCCESS), "exported_job")),
                    legend="{exported_job}",
                ),
            ),
            logs=(log_events.JOB_FAILED,),
            width=6,
        ),
    ),
)

MONITORING = Row(
    title="The monitoring itself",
    panels=(
        Panel(
            title="Targets",
            description="Whether Prometheus can ask each target. A gap: it was not asked.",
            kind="states",
            unit="state",
            queries=(
                Query(expr=lowest(series(UP), "job"), legend="{job}"),
                Query(expr=highest(series(PG_UP)), legend="PostgreSQL, by its exporter"),
                Query(expr=highest(series(REDIS_UP)), legend="Redis, by its exporter"),
            ),
            states=UP_OR_DOWN,
            width=6,
        ),
        Panel(
            title="Collectors",
            description=(
                "Whether the state behind the numbers could be read at each scrape; while not,"
                " those numbers are missing, not 0."
            ),
            kind="states",
            unit="state",
            queries=(
                Query(
                    expr=lowest(series(COLLECTOR_SUCCESS), "job", "collector"),
                    legend="{job}, {collector}",
                ),
            ),
            states=(
                State(value=0, text="FAILED", level="warning"),
                State(value=1, text="read", level="ok"),
            ),
            logs=(log_events.COLLECTOR_FAILED,),
            width=6,
        ),
        Panel(
            title="Samples per scrape",
            description=(
                "Samples that each target gives. Ours are refused above 5,000, so that a label"
                " that runs wild fails its scrape and does not fill the disk."
            ),
            kind="lines",
            unit="count",
            queries=(
                Query(
                    expr=highest(series(of.SCRAPE_SAMPLES, _OURS), "job", "instance"),
                    legend="{job}",
                ),
            ),
            scale=thresholds.worse_above(4000, 5000),
            width=4,
        ),
        Panel(
            title="Series",
            description="Series that Prometheus is keeping in memory.",
            kind="lines",
            unit="count",
            queries=(Query(expr=highest(series(of.PROMETHEUS_SERIES)), legend="series"),),
            width=3,
        ),
        Panel(
            title="Alert mails",
            description=(
                "Messages that Alertmanager tried to send in the last day, those that failed, and"
                " evaluations of rules that failed."
            ),
            kind="ranking",
            unit="count",
            queries=(
                Query(
                    expr=total(
                        increase(of.ALERTMANAGER_SENT, equals("integration", "email"), window="1d")
                    ),
                    legend="mails tried",
                ),
                Query(
                    expr=total(increase(ALERTMANAGER_NOTIFICATIONS_FAILED, window="1d")),
                    legend="messages failed",
                    scale=thresholds.MUST_BE_ZERO,
                ),
                Query(
                    expr=total(increase(PROMETHEUS_RULE_FAILURES, window="1d")),
                    legend="rules failed",
                    scale=thresholds.MUST_BE_ZERO,
                ),
            ),
            width=5,
        ),
    ),
)
