"""Calendars of other sites: a feed that is not read can sell a cabin twice.

Ages are counted from an instant, never read from a gauge of minutes: such a gauge stands still
when the job that should renew it has died.
"""

from alojamientos.monitoring.arithmetic import since
from alojamientos.monitoring.conventions import MEASURE
from alojamientos.monitoring.model import AlertRule, RecordingRule, RuleGroup
from alojamientos.monitoring.promql import (
    Recorded,
    absent,
    any_of,
    compare,
    highest,
    series,
)
from alojamientos.telemetry.catalogue import (
    ICAL_CONFLICTS_OPEN,
    ICAL_EXPORT_LAST_FETCHED,
    ICAL_LAST_SUCCESS,
    ICAL_SYNC_LAST_RUN,
)

_AGE = {MEASURE: "ical_age"}
# The metrics come from web and read the database; the work is the worker's.
_DEPENDS_ON = ("backend", "worker", "database")

FEED_AGE = Recorded(
    name="feed:ical_sync_age:seconds",
    help="Time since a calendar feed was last read.",
    labels=("feed",),
)
FEED_AGE_RULE = RecordingRule(
    record=FEED_AGE.name,
    expr=since(highest(compare(series(ICAL_LAST_SUCCESS), ">", "0"), "feed")),
)

ICAL_SYNC_STALE = AlertRule(
    name="ICalSyncStale",
    expr=compare(series(FEED_AGE), ">", "2400"),
    labels=_AGE,
    hold="5m",
    severity="critical",
    service="ical",
    depends_on=_DEPENDS_ON,
    summary="iCal sync is stale (> 40 min)",
    description="Feed {{ $labels.feed }} has not been read for {{ $value | humanizeDuration }}.",
    owner_es=(
        "Hace más de 40 minutos que no se lee el calendario {{ $labels.feed }}: lo que se reserve"
        " ahí todavía no está bloqueado acá. Fijate en esa página si entró algo nuevo antes de"
        " confirmar a mano."
    ),
    dashboard="reservations",
)

ICAL_SYNC_DELAYED = AlertRule(
    name="ICalSyncDelayed",
    expr=compare(series(FEED_AGE), ">", "1800"),
    labels=_AGE,
    hold="5m",
    severity="warning",
    service="ical",
    depends_on=_DEPENDS_ON,
    summary="iCal sync is late (> 30 min)",
    description="Feed {{ $labels.feed }} has not been read for {{ $value | humanizeDuration }}.",
    owner_es=(
        "El calendario {{ $labels.feed }} se está leyendo con atraso. Si en diez minutos no se"
        " arregló solo, fijate si esa página anda."
    ),
    dashboard="reservations",
)

ICAL_SYNC_NOT_RUNNING = AlertRule(
    name="ICalSyncNotRunning",
    expr=any_of(
        compare(since(highest(series(ICAL_SYNC_LAST_RUN))), ">", "900"),
        absent(ICAL_SYNC_LAST_RUN),
    ),
    hold="5m",
    severity="critical",
    service="ical",
    depends_on=_DEPENDS_ON,
    summary="No calendar is being read: the import job is dead",
    description=(
        "The job that reads the calendar feeds has not run for 15 minutes or more, or there is no"
        " word of it at all."
    ),
    owner_es=(
        "Dejaron de leerse todos los calendarios de afuera (Airbnb, Booking y otros). Mirá esas"
        " páginas antes de confirmar a mano, y llamá a quien mantiene el sistema."
    ),
    dashboard="reservations",
)

ICAL_CONFLICT = AlertRule(
    name="ICalConflict",
    expr=compare(highest(series(ICAL_CONFLICTS_OPEN)), ">", "0"),
    hold="1m",
    severity="critical",
    service="ical",
    depends_on=("backend", "database"),
    summary="A night is sold on two sites",
    description=(
        '{{ printf "%.0f" $value }} stays share a night with another that a calendar feed'
        " brought in."
    ),
    owner_es=(
        "Una cabaña quedó reservada dos veces para la misma noche, en dos páginas. Decidí ya"
        " cuál se queda y avisale al otro huésped."
    ),
    dashboard="reservations",
)

ICAL_EXPORT_NOT_FETCHED = AlertRule(
    name="ICalExportNotFetched",
    expr=compare(since(highest(series(ICAL_EXPORT_LAST_FETCHED), "export")), ">", "86400"),
    hold="30m",
    severity="warning",
    service="ical",
    depends_on=("backend", "database"),
    summary="A channel has not fetched our calendar for a day",
    description=(
        "{{ $labels.export }} was last fetched {{ $value | humanizeDuration }} ago; these channels"
        " come every few hours."
    ),
    owner_es=(
        "Hace más de un día que {{ $labels.export }} no mira nuestro calendario: puede vender"
        " noches que acá ya están tomadas. Fijate en esa página si el calendario importado sigue"
        " conectado."
    ),
    dashboard="reservations",
)

ICAL_ALERTS = RuleGroup(
    name="ical_alerts",
    file="critical.yml",
    interval="30s",
    recordings=(FEED_AGE_RULE,),
    alerts=(
        ICAL_SYNC_STALE,
        ICAL_SYNC_DELAYED,
        ICAL_SYNC_NOT_RUNNING,
        ICAL_CONFLICT,
        ICAL_EXPORT_NOT_FETCHED,
    ),
)
