"""Overview: is it working, for whom not, since when. Where every alert leads first."""

from alojamientos.monitoring import conventions
from alojamientos.monitoring.arithmetic import (
    divide,
    events_per_second,
    or_zero,
    quantile,
    within,
)
from alojamientos.monitoring.board import UP_OR_DOWN, Dashboard, Panel, Query, Row, Scale, State
from alojamientos.monitoring.definitions import thresholds
from alojamientos.monitoring.definitions.boards.overview_guests import GUESTS
from alojamientos.monitoring.definitions.exporters import PROBE_SUCCESS, UP
from alojamientos.monitoring.definitions.recorded import ALERTS
from alojamientos.monitoring.definitions.traffic import NOT_SYNTHETIC
from alojamientos.monitoring.promql import (
    RATE_INTERVAL,
    Expr,
    Where,
    any_of,
    constant,
    equals,
    highest,
    lowest,
    number_of,
    one_of,
    rate,
    series,
    total,
)
from alojamientos.telemetry import log_events
from alojamientos.telemetry.catalogue import (
    APP_DEPENDENCY_UP,
    HTTP_REQUEST_DURATION_HIGHR,
    HTTP_REQUESTS,
    RESERVATIONS_ACTIVE,
)

# The Watchdog always fires; its severity is none.
FIRING = (equals("alertstate", "firing"), Where(label="severity", operator="!=", value="none"))
_FAILED = Where(label="status", operator="=~", value="5..")
_REFUSED = Where(label="status", operator="=~", value="4..")


def _share_of_requests(bad: Where, window: str) -> Expr:
    everything = total(rate(HTTP_REQUESTS, NOT_SYNTHETIC, window=window))
    some = total(rate(HTTP_REQUESTS, NOT_SYNTHETIC, bad, window=window))
    return divide(or_zero(some, everything), everything)


_WORKING = Row(
    title="Is it working?",
    panels=(
        Panel(
            title="Health status",
            description=(
                "The processes as Prometheus reaches them, the servers that they need as they"
                " reach them, and readiness asked from outside. A gap is not up: nobody was"
                " there to say."
            ),
            kind="states",
            unit="state",
            queries=(
                Query(
                    expr=highest(
                        series(UP, one_of("job", (conventions.BACKEND, conventions.WORKER))), "job"
                    ),
                    legend="{job}",
                ),
                Query(expr=highest(series(APP_DEPENDENCY_UP), "dependency"), legend="{dependency}"),
                Query(expr=lowest(series(PROBE_SUCCESS)), legend="ready, from outside"),
            ),
            states=UP_OR_DOWN,
            logs=(log_events.DEPENDENCY_LOST, log_events.DEPENDENCY_BACK),
            width=8,
        ),
        Panel(
            title="Alerts firing",
            description="How many alerts fire now, the Watchdog left out.",
            kind="value",
            unit="count",
            queries=(
                Query(
                    expr=any_of(number_of(series(ALERTS, *FIRING)), constant("0")),
                    legend="firing",
                ),
            ),
            scale=thresholds.SHOULD_BE_ZERO,
            width=2,
        ),
        Panel(
            title="Active reservations",
            description=(
                "Reservations whose stay has not ended, read from the database; a counter of"
                " those created only grows."
            ),
            kind="value",
            unit="count",
            queries=(
                Query(expr=highest(series(RESERVATIONS_ACTIVE), "status"), legend="{status}"),
            ),
            width=2,
        ),
        Panel(
            title="Incident timeline",
            description=(
                "Which alert fired when; the runbook of each is docs/runbooks/<alert>.md."
                " Deploys are drawn through all pictures."
            ),
            kind="states",
            unit="state",
            queries=(
                Query(
                    expr=highest(series(ALERTS, *FIRING), "alertname", "severity"),
                    legend="{alertname} ({severity})",
                ),
            ),
            states=(State(value=1, text="firing", level="critical"),),
            may_be_empty="No alert fired in this time",
            width=12,
        ),
    ),
)

_TRAFFIC = Row(
    title="Requests: traffic, errors, latency",
    panels=(
        Panel(
            title="Request rate",
            description=(
                "Requests answered per second, by status code. Probes, scrapes and our own"
                " rehearsals are not counted; an idle night shows 0, a dead process shows nothing."
            ),
            kind="lines",
            unit="requests_per_second",
            queries=(
                Query(
                    expr=total(rate(HTTP_REQUESTS, NOT_SYNTHETIC, window=RATE_INTERVAL), "status"),
                    legend="{status}",
                ),
            ),
            stacked=True,
            logs=(log_events.HTTP_REQUEST,),
            width=6,
        ),
        Panel(
            title="Error rate",
            description=(
                "Share of requests of the last 5 minutes that failed on our side (5xx)."
                " Without a request there is no share: empty is not 0 %."
            ),
            kind="value",
            unit="ratio",
            queries=(Query(expr=_share_of_requests(_FAILED, "5m"), legend="5xx"),),
            scale=thresholds.worse_above(*thresholds.ERROR_SHARE),
            may_be_empty="No request in 5 minutes",
            logs=(log_events.HTTP_CRASHED,),
            width=2,
        ),
        Panel(
            title="Errors over time",
            description=(
                "Share of requests that failed on our side (5xx), and that we refused (4xx):"
                " the latter rise when a client or a signature is wrong."
            ),
            kind="lines",
            unit="ratio",
            queries=(
                Query(expr=_share_of_requests(_FAILED, RATE_INTERVAL), legend="failed (5xx)"),
                Query(expr=_share_of_requests(_REFUSED, RATE_INTERVAL), legend="refused (4xx)"),
            ),
            scale=thresholds.worse_above(*thresholds.ERROR_SHARE),
            may_be_empty="No request in this time",
            logs=(log_events.HTTP_CRASHED,),
            width=4,
        ),
        Panel(
            title="Latency P50, P95, P99",
            description=(
                "Time to the start of the response, all routes together. A quantile moves within"
                " its bucket and never beyond the last one, 60 s."
            ),
            kind="lines",
            unit="seconds",
            queries=tuple(
                Query(
                    expr=quantile(share, HTTP_REQUEST_DURATION_HIGHR, window=RATE_INTERVAL, by=()),
                    legend=name,
                )
                for name, share in (("P50", "0.5"), ("P95", "0.95"), ("P99", "0.99"))
            ),
            scale=thresholds.worse_above(*thresholds.PRERESERVATION_SECONDS[1:]),
            may_be_empty="No request in this time",
            width=8,
        ),
        Panel(
            title="Answered within 3 s",
            description=(
                "Share of the requests of the last hour whose response began within 3 seconds."
                " The target of the specification, P95 below 3 s, is 95 % here."
            ),
            kind="value",
            unit="ratio",
            queries=(
                Query(
                    expr=divide(
                        total(
                            within(
                                HTTP_REQUEST_DURATION_HIGHR,
                                seconds=thresholds.PRERESERVATION_SECONDS[0],
                                window="1h",
                            )
                        ),
                        total(events_per_second(HTTP_REQUEST_DURATION_HIGHR, window="1h")),
                    ),
                    legend="within 3 s",
                ),
            ),
            scale=Scale(floor="critical", steps=((thresholds.WITHIN_TARGET_SHARE, "ok"),)),
            may_be_empty="No request in the last hour",
            width=4,
        ),
    ),
)

OVERVIEW = Dashboard(
    name="overview",
    title="Overview",
    description="Is it working, for whom not, and since when? Alerts lead here.",
    rows=(_WORKING, _TRAFFIC, GUESTS),
)
