"""Infrastructure: the machine, the servers, the processes, and the monitoring itself."""

from alojamientos.monitoring import conventions
from alojamientos.monitoring.arithmetic import (
    calculate,
    complement,
    divide,
    forecast,
    quantile,
    since,
)
from alojamientos.monitoring.board import (
    UP_OR_DOWN,
    Dashboard,
    Panel,
    Query,
    Row,
    Scale,
    State,
)
from alojamientos.monitoring.definitions import exporters_panels as of
from alojamientos.monitoring.definitions import thresholds
from alojamientos.monitoring.definitions.exporters import (
    ALERTMANAGER_NOTIFICATIONS_FAILED,
    PG_UP,
    PROMETHEUS_RULE_FAILURES,
    REDIS_UP,
    UP,
)
from alojamientos.monitoring.promql import (
    RATE_INTERVAL,
    equals,
    highest,
    increase,
    lowest,
    mean,
    none_of,
    number_of,
    one_of,
    rate,
    series,
    total,
)
from alojamientos.telemetry import log_events
from alojamientos.telemetry.catalogue import (
    COLLECTOR_SUCCESS,
    DB_POOL_CHECKED_OUT,
    DB_POOL_SIZE,
    EVENT_LOOP_LAG,
    JOB_DURATION,
    JOB_LAST_SUCCESS,
    JOB_RUNS,
    JOBS_QUEUED,
    JOBS_STALLED,
)

_NOT_DISKS = none_of("fstype", ("tmpfs", "overlay", "squashfs", "ramfs"))
_OURS = one_of("job", (conventions.BACKEND, conventions.WORKER))
_DAY = 24 * 60 * 60
_DISK_LOW, _DISK_FULL = thresholds.DISK_FREE_SHARE

_HOST = Row(
    title="Machine",
    panels=(
        Panel(
            title="CPU",
            description="Share of all cores that is busy; waiting for the disk is not work.",
            kind="lines",
            unit="ratio",
            queries=(
                Query(
                    expr=complement(
                        total(
                            mean(
                                rate(
                                    of.NODE_CPU,
                                    one_of("mode", ("idle", "iowait")),
                                    window=RATE_INTERVAL,
                                ),
                                "instance",
                                "mode",
                            ),
                            "instance",
                        )
                    ),
                    legend="{instance}",
                ),
            ),
            scale=thresholds.warns_above(thresholds.CPU_SHARE),
            width=3,
        ),
        Panel(
            title="Load per core",
            description="Processes that run or want to, per core. Above 1 somebody waits.",
            kind="lines",
            unit="times",
            queries=(
                Query(
                    expr=divide(
                        highest(series(of.NODE_LOAD), "instance"),
                        number_of(series(of.NODE_CPU, equals("mode", "idle")), "instance"),
                    ),
                    legend="{instance}",
                ),
            ),
            scale=thresholds.warns_above(thresholds.LOAD_PER_CORE),
            width=3,
        ),
        Panel(
            title="Memory",
            description="Share of the memory that cannot be had without swapping.",
            kind="lines",
            unit="ratio",
            queries=(
                Query(
                    expr=complement(
                        divide(
                            highest(series(of.NODE_MEMORY_AVAILABLE), "instance"),
                            highest(series(of.NODE_MEMORY_TOTAL), "instance"),
                        )
                    ),
                    legend="{instance}",
                ),
            ),
            scale=thresholds.warns_above(thresholds.MEMORY_SHARE),
            width=3,
        ),
        Panel(
            title="Disk free",
            description="Share of each file system that is free. The database stops when it is 0.",
            kind="lines",
            unit="ratio",
            queries=(
                Query(
                    expr=divide(
                        lowest(series(of.NODE_DISK_FREE, _NOT_DISKS), "instance", "mountpoint"),
                        lowest(series(of.NODE_DISK_SIZE, _NOT_DISKS), "instance", "mountpoint"),
                    ),
                    legend="{mountpoint}",
                ),
            ),
            scale=Scale(floor="critical", steps=((_DISK_FULL, "warning"), (_DISK_LOW, "ok"))),
            width=3,
        ),
        Panel(
            title="Disk free tomorrow",
            description="Bytes free in 24 hours if it goes on as in the last 6; below 0 it fills.",
            kind="ranking",
            unit="bytes",
            queries=(
                Query(
                    expr=lowest(
                        forecast(of.NODE_DISK_FREE, _NOT_DISKS, window="6h", seconds=_DAY),
                        "instance",
                        "mountpoint",
                    ),
                    legend="{mountpoint}",
                ),
            ),
            scale=Scale(floor="critical", steps=((0, "ok"),)),
            width=4,
        ),
        Panel(
            title="Memory of the processes",
            description="Memory that each process holds. A line that only rises is a leak.",
            kind="lines",
            unit="bytes",
            queries=(
                Query(
                    expr=highest(series(of.PROCESS_MEMORY), "job", "instance"),
                    legend="{job}",
                ),
            ),
            width=8,
        ),
    ),
)

_POSTGRES = Row(
    title="PostgreSQL",
    panels=(
        Panel(
            title="Connections used",
            description="Share of the connections that may be open and are not kept in reserve.",
            kind="value",
            unit="ratio",
            queries=(
                Query(
                    expr=divide(
                        total(series(of.PG_CONNECTIONS)),
                        calculate(
                            highest(series(of.PG_MAX_CONNECTIONS)),
                            "-",
                            highest(series(of.PG_RESERVED_CONNECTIONS)),
                        ),
                    ),
                    legend="used",
                ),
            ),
            scale=thresholds.warns_above(thresholds.CONNECTIONS_SHARE),
            width=2,
        ),
        Panel(
            title="Connections by state",
            description=(
                "What the open connections are doing. `idle in transaction` that stays holds"
                " locks and hinders everybody."
            ),
            kind="lines",
            unit="count",
            queries=(Query(expr=total(series(of.PG_CONNECTIONS), "state"), legend="{state}"),),
            stacked=True,
            logs=(log_events.DEPENDENCY_LOST,),
            width=5,
        ),
        Panel(
            title="Locks",
            description="Locks held or awaited, by mode.",
            kind="lines",
            unit="count",
            queries=(Query(expr=total(series(of.PG_LOCKS), "mode"), legend="{mode}"),),
            stacked=True,
            width=5,
        ),
        Panel(
            title="Cache hit ratio",
            description=(
                "Share of the blocks that PostgreSQL found in its own memory. Below 99 % for"
                " long: its memory is too small for the data."
            ),
            kind="lines",
            unit="ratio",
            queries=(
                Query(
                    expr=divide(
                        total(rate(of.PG_BLOCKS_HIT, window=RATE_INTERVAL)),
                        calculate(
                            total(rate(of.PG_BLOCKS_HIT, window=RATE_INTERVAL)),
                            "+",
                            total(rate(of.PG_BLOCKS_READ, window=RATE_INTERVAL)),
                        ),
                    ),
                    legend="hit",
                ),
            ),
            width=3,
        ),
        Panel(
            title="Transactions",
            description="Transactions per second; and deadlocks, which PostgreSQL broke.",
            kind="lines",
            unit="per_second",
            queries=(
                Query(expr=total(rate(of.PG_COMMITS, window=RATE_INTERVAL)), legend="committed"),
                Query(
                    expr=total(rate(of.PG_ROLLBACKS, window=RATE_INTERVAL)), legend="rolled back"
                ),
                Query(expr=total(rate(of.PG_DEADLOCKS, window=RATE_INTERVAL)), legend="deadlocks"),
            ),
            width=3,
        ),
        Panel(
            title="Size",
            description="Size of each database on disk.",
            kind="lines",
            unit="bytes",
            queries=(
                Query(expr=highest(series(of.PG_DATABASE_SIZE), "datname"), legend="{datname}"),
            ),
            width=3,
        ),
        Panel(
            title="Connection pools",
            description=(
                "Share of the connections of each process that is in use. At 1 requests wait for"
                " one."
            ),
            kind="lines",
            unit="ratio",
            queries=(
                Query(
                    expr=divide(
                        highest(series(DB_POOL_CHECKED_OUT), "job", "instance"),
                        highest(series(DB_POOL_SIZE), "job", "instance"),
                    ),
                    legend="{job}",
                ),
            ),
            scale=thresholds.warns_above(thresholds.POOL_SHARE),
            width=3,
        ),
    ),
)

_REDIS = Row(
    title="Redis",
    panels=(
        Panel(
            title="Redis memory",
            description=(
                "Memory in use and the limit, 0 for none; at the limit keys are thrown out."
            ),
            kind="lines",
            unit="bytes",
            queries=(
                Query(expr=highest(series(of.REDIS_MEMORY_USED)), legend="used"),
                Query(expr=highest(series(of.REDIS_MEMORY_MAX)), legend="limit"),
            ),
            width=4,
        ),
        Panel(
            title="Redis clients",
            description="Clients connected; the exporter is one of them.",
            kind="lines",
            unit="count",
            queries=(Query(expr=highest(series(of.REDIS_CLIENTS)), legend="clients"),),
            width=3,
        ),
        Panel(
            title="Evicted keys",
            description=(
                "Keys thrown out per second for want of memory. They are locks and limits: one"
                " that is lost lets too much through, no booking is lost."
            ),
            kind="lines",
            unit="per_second",
            queries=(
                Query(expr=total(rate(of.REDIS_EVICTED, window=RATE_INTERVAL)), legend="evicted"),
            ),
            width=3,
        ),
        Panel(
            title="Redis commands",
            description="Commands carried out per second.",
            kind="lines",
            unit="per_second",
            queries=(
                Query(expr=total(rate(of.REDIS_COMMANDS, window=RATE_INTERVAL)), legend="commands"),
            ),
            width=2,
        ),
    ),
)

_PROCESSES = Row(
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

_MONITORING = Row(
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

INFRASTRUCTURE = Dashboard(
    name="infrastructure",
    title="Infrastructure",
    description="The machine, the servers, the processes, and the monitoring itself.",
    rows=(_HOST, _POSTGRES, _REDIS, _PROCESSES, _MONITORING),
)
