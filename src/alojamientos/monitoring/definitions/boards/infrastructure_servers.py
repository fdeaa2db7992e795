"""The rows about PostgreSQL and Redis."""

from alojamientos.monitoring.arithmetic import (
    calculate,
    divide,
)
from alojamientos.monitoring.board import (
    Panel,
    Query,
    Row,
)
from alojamientos.monitoring.definitions import exporters as of
from alojamientos.monitoring.definitions import thresholds
from alojamientos.monitoring.promql import (
    RATE_INTERVAL,
    highest,
    rate,
    series,
    total,
)
from alojamientos.telemetry import log_events
from alojamientos.telemetry.catalogue import (
    DB_POOL_CHECKED_OUT,
    DB_POOL_SIZE,
)

POSTGRES = Row(
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

REDIS = Row(
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
