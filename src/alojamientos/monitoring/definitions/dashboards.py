"""Every dashboard, in the order of the menu, and what is marked on all of them."""

from alojamientos.monitoring.arithmetic import over
from alojamientos.monitoring.board import Mark
from alojamientos.monitoring.definitions.boards.infrastructure import INFRASTRUCTURE
from alojamientos.monitoring.definitions.boards.overview import FIRING, OVERVIEW
from alojamientos.monitoring.definitions.boards.reservations import RESERVATIONS
from alojamientos.monitoring.definitions.boards.slo import SLO
from alojamientos.monitoring.definitions.boards.webhooks import WEBHOOKS
from alojamientos.monitoring.definitions.recorded import ALERTS
from alojamientos.monitoring.promql import highest, series, unless
from alojamientos.telemetry.catalogue import APP_BUILD_INFO

DASHBOARDS = (OVERVIEW, RESERVATIONS, WEBHOOKS, INFRASTRUCTURE, SLO)

MARKS = (
    Mark(
        name="Alerts",
        expr=highest(series(ALERTS, *FIRING), "alertname", "severity", "service"),
        title="{alertname}",
        text="{severity}, {service}: docs/runbooks/{alertname}.md",
        level="critical",
    ),
    Mark(
        name="Deploys",
        # `changes(app_build_info)` sees nothing: the value is always 1, a new version is a new
        # series. New is what runs now and did not 2 to 32 minutes ago; a restart is not new, a
        # roll-back after half an hour is.
        expr=unless(
            highest(series(APP_BUILD_INFO), "job", "version", "commit"),
            highest(
                over("max_over_time", APP_BUILD_INFO, window="30m", before="2m"),
                "job",
                "version",
                "commit",
            ),
            "job",
            "version",
            "commit",
        ),
        title="{job} {version}",
        text="commit {commit}",
        level="info",
    ),
)
