"""Nights, locks and the rules that must always hold."""

from alojamientos.monitoring.arithmetic import and_on, divide
from alojamientos.monitoring.model import AlertRule, RuleGroup
from alojamientos.monitoring.promql import (
    compare,
    equals,
    highest,
    increase,
    one_of,
    rate,
    series,
    total,
)
from alojamientos.telemetry.catalogue import (
    INVARIANT_VIOLATIONS,
    RESERVATION_HOLDS_DUE,
    RESERVATIONS_DATE_OVERLAP,
    RESERVATIONS_DOUBLE_BOOKED,
    RESERVATIONS_LOCK_ATTEMPTS,
)

_LOCK_FAILED = equals("result", "failed")

FREQUENT_DATE_OVERLAPS = AlertRule(
    name="FrequentDateOverlaps",
    # At least 4, not above 3: `increase` stretches three to a little more than three.
    expr=compare(total(increase(RESERVATIONS_DATE_OVERLAP, window="1h"), "channel"), ">=", "4"),
    hold="5m",
    severity="warning",
    service="reservations",
    depends_on=("backend",),
    summary="Frequent date overlap detections",
    description=(
        '{{ printf "%.0f" $value }} bookings by {{ $labels.channel }} were refused in 1 h because'
        " their dates were taken. No night was sold twice; somebody is shown dates that are gone."
    ),
    owner_es=(
        "Varias personas quisieron las mismas fechas y no pudieron. No se vendió nada dos veces;"
        " si te llaman, ofreceles otras fechas u otra cabaña."
    ),
    dashboard="reservations",
)

FREQUENT_LOCK_FAILURES = AlertRule(
    name="FrequentLockFailures",
    expr=and_on(
        compare(
            divide(
                total(rate(RESERVATIONS_LOCK_ATTEMPTS, _LOCK_FAILED, window="15m")),
                total(
                    rate(
                        RESERVATIONS_LOCK_ATTEMPTS,
                        one_of("result", ("acquired", "failed")),
                        window="15m",
                    )
                ),
            ),
            ">",
            "0.2",
        ),
        compare(total(increase(RESERVATIONS_LOCK_ATTEMPTS, _LOCK_FAILED, window="15m")), ">=", "5"),
    ),
    hold="3m",
    severity="warning",
    service="reservations",
    depends_on=("backend", "redis"),
    summary="Frequent Redis lock failures",
    description=(
        "{{ $value | humanizePercentage }} of the bookings of 15 minutes did not get the lock in"
        " front in time: Redis is slow, or many want the same cabin."
    ),
    owner_es=(
        "Algunas reservas se rechazan porque el sistema no llega a apartar la cabaña a tiempo."
        " Pediles que prueben de nuevo, y avisale a quien mantiene el sistema."
    ),
    dashboard="reservations",
)

DOUBLE_BOOKING = AlertRule(
    name="DoubleBooking",
    # The highest: each web process counts the same rows.
    expr=compare(highest(series(RESERVATIONS_DOUBLE_BOOKED)), ">", "0"),
    hold="1m",
    severity="critical",
    service="reservations",
    depends_on=("backend", "database"),
    summary="A cabin is booked twice for a night",
    description='{{ printf "%.0f" $value }} pairs of reservations share a night of one cabin.',
    owner_es=(
        "Hay dos reservas para la misma cabaña y la misma noche. No aceptes más reservas de esa"
        " cabaña, decidí cuál se queda y llamá a quien mantiene el sistema."
    ),
    dashboard="reservations",
)

INVARIANT_VIOLATED = AlertRule(
    name="InvariantViolated",
    expr=compare(highest(series(INVARIANT_VIOLATIONS), "invariant"), ">", "0"),
    hold="10m",
    severity="critical",
    service="reservations",
    depends_on=("backend", "database"),
    summary="Bookings or money contradict themselves",
    description=(
        'Invariant {{ $labels.invariant }} is violated {{ printf "%.0f" $value }} times, and was'
        " at the check before."
    ),
    owner_es=(
        "Los datos de reservas o de pagos no cierran ({{ $labels.invariant }}). No corrijas nada a"
        " mano: llamá a quien mantiene el sistema."
    ),
    dashboard="reservations",
)

HOLDS_NOT_EXPIRING = AlertRule(
    name="HoldsNotExpiring",
    expr=compare(highest(series(RESERVATION_HOLDS_DUE)), ">", "0"),
    hold="10m",
    severity="warning",
    service="reservations",
    depends_on=("backend", "worker", "database"),
    summary="Holds past their deadline are not ended",
    description=(
        '{{ printf "%.0f" $value }} holds are past their deadline and still open. Their nights can'
        " be booked all the same; their guests are not told."
    ),
    owner_es=(
        "Hay señas vencidas que el sistema no está cerrando. Las fechas igual se pueden reservar;"
        " avisale a quien mantiene el sistema."
    ),
    dashboard="reservations",
)

RESERVATION_ALERTS = RuleGroup(
    name="reservation_alerts",
    file="critical.yml",
    interval="30s",
    alerts=(
        FREQUENT_DATE_OVERLAPS,
        FREQUENT_LOCK_FAILURES,
        DOUBLE_BOOKING,
        INVARIANT_VIOLATED,
        HOLDS_NOT_EXPIRING,
    ),
)
