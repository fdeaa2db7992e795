"""Infrastructure: the machine, the servers, the processes, and the monitoring itself."""

from alojamientos.monitoring.arithmetic import (
    complement,
    divide,
    forecast,
)
from alojamientos.monitoring.board import (
    Dashboard,
    Panel,
    Query,
    Row,
    Scale,
)
from alojamientos.monitoring.definitions import exporters as of
from alojamientos.monitoring.definitions import thresholds
from alojamientos.monitoring.definitions.boards.infrastructure_processes import (
    MONITORING,
    PROCESSES,
)
from alojamientos.monitoring.definitions.boards.infrastructure_servers import POSTGRES, REDIS
from alojamientos.monitoring.promql import (
    RATE_INTERVAL,
    equals,
    highest,
    lowest,
    mean,
    none_of,
    number_of,
    one_of,
    rate,
    series,
    total,
)

_NOT_DISKS = none_of("fstype", ("tmpfs", "overlay", "squashfs", "ramfs"))
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

INFRASTRUCTURE = Dashboard(
    name="infrastructure",
    title="Infrastructure",
    description="The machine, the servers, the processes, and the monitoring itself.",
    rows=(_HOST, POSTGRES, REDIS, PROCESSES, MONITORING),
)
