"""Is booking possible, asked by booking: what tells of an outage at night, when nobody writes."""

from alojamientos.monitoring.definitions.causes import lately_down
from alojamientos.monitoring.model import AlertRule, RuleGroup
from alojamientos.monitoring.promql import compare, equals, increase, total, unless
from alojamientos.telemetry.catalogue import JOURNEY_STEPS_DONE, JOURNEYS

_WINDOW = "3m"
_FAILURE = equals("outcome", "failure")
# The step in the label would let the alert begin anew whenever another step fails first.
_WORST_STEP = total(increase(JOURNEY_STEPS_DONE, _FAILURE, window=_WINDOW), "step")
# The journeys that failed meanwhile stay in the window for longer than the cause.
_EXPLAINED = lately_down("ServiceDown", "WorkerDown", "DatabaseDown", "RedisDown", window="4m")

JOURNEY_FAILING = AlertRule(
    name="JourneyFailing",
    # One a minute: two in a row, or two of three. One alone is a restart.
    expr=unless(
        compare(total(increase(JOURNEYS, _FAILURE, window=_WINDOW)), ">=", "2"), _EXPLAINED
    ),
    # Just so long that ServiceDown, which needs 85 s at most, comes first and holds it back.
    hold="30s",
    severity="critical",
    service="reservations",
    depends_on=("backend", "worker", "database", "redis"),
    summary="Booking does not work: rehearsed bookings fail",
    description=(
        f'{{{{ printf "%.0f" $value }}}} rehearsed bookings failed within {_WINDOW}'
        f"{{{{ range query `topk(1, {_WORST_STEP.text})` }}}}, most at the step"
        " {{ .Labels.step }}{{ end }}."
    ),
    owner_es=(
        "La reserva de prueba que se hace cada minuto no sale: es probable que nadie pueda"
        " reservar. Avisá ya mismo a quien mantiene el sistema y anotá los pedidos a mano."
    ),
    dashboard="overview",
)

JOURNEY_ALERTS = RuleGroup(
    name="journey_alerts", file="critical.yml", interval="10s", alerts=(JOURNEY_FAILING,)
)
