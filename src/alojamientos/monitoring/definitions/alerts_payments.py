"""Money: what was paid and is not accounted for, late, or on no way back."""

from alojamientos.monitoring.arithmetic import since, slower
from alojamientos.monitoring.model import AlertRule, RuleGroup
from alojamientos.monitoring.promql import compare, equals, increase, lowest, series, total
from alojamientos.telemetry.catalogue import (
    OWNER_MONEY_TASKS_OLDEST,
    PAYMENTS_RECONCILED,
    PAYMENTS_UNRECONCILED_OLDEST,
    REFUNDS,
    WEBHOOK_PROCESSING,
)

PAYMENTS_UNRECONCILED_ALERT = AlertRule(
    name="PaymentsUnreconciled",
    expr=compare(since(lowest(series(PAYMENTS_UNRECONCILED_OLDEST))), ">", "1800"),
    hold="1m",
    severity="critical",
    service="payments",
    depends_on=("backend", "worker", "database"),
    summary="A guest has paid and has no booking for it",
    description=(
        "The oldest approved payment that no reservation accounts for was made"
        " {{ $value | humanizeDuration }} ago."
    ),
    owner_es=(
        "Un huésped pagó hace más de media hora y su reserva no quedó confirmada. Buscá el pago en"
        " Mercado Pago y hablale antes de que se preocupe."
    ),
    dashboard="reservations",
)

PAYMENTS_LATE = AlertRule(
    name="PaymentsLate",
    expr=compare(
        slower(WEBHOOK_PROCESSING, equals("event_type", "payment"), seconds=60, window="1h"),
        ">",
        "1.5",  # two; a difference may come out as 1.9999
    ),
    hold="1m",
    severity="warning",
    service="payments",
    depends_on=("worker", "database"),
    summary="Payments are applied late",
    description=(
        '{{ printf "%.0f" $value }} payment notifications of the last hour took more than 60 s'
        " to be applied."
    ),
    owner_es=(
        "Los pagos se están confirmando con demora. Si un huésped pregunta, mirá el pago en"
        " Mercado Pago: la confirmación le va a llegar sola."
    ),
    dashboard="webhooks",
)

PAYMENT_NOTIFICATIONS_MISSING = AlertRule(
    name="PaymentNotificationsMissing",
    expr=compare(total(increase(PAYMENTS_RECONCILED, window="6h")), ">=", "2"),
    hold="1m",
    severity="warning",
    service="payments",
    depends_on=("backend",),
    summary="Mercado Pago's notifications do not arrive",
    description=(
        '{{ printf "%.0f" $value }} payments of 6 h were found by asking, without a notification'
        " having told of them."
    ),
    owner_es=(
        "Mercado Pago no nos está avisando de los pagos; igual los encontramos, pero unos minutos"
        " más tarde. Avisale a quien mantiene el sistema."
    ),
    dashboard="webhooks",
)

REFUNDS_FAILING = AlertRule(
    name="RefundsFailing",
    expr=compare(total(increase(REFUNDS, equals("status", "failed"), window="1h")), ">", "0"),
    hold="1m",
    severity="warning",
    service="payments",
    summary="A refund was refused for good",
    description=(
        '{{ printf "%.0f" $value }} refunds of the last hour were finally refused by Mercado Pago.'
    ),
    owner_es=(
        "Mercado Pago rechazó una devolución. Fijate si hay saldo en la cuenta y devolvé la plata"
        " a mano desde Mercado Pago."
    ),
    dashboard="reservations",
)

MONEY_WAITS_FOR_OWNER = AlertRule(
    name="MoneyWaitsForOwner",
    expr=compare(since(lowest(series(OWNER_MONEY_TASKS_OLDEST))), ">", "86400"),
    hold="30m",
    severity="warning",
    service="payments",
    depends_on=("backend", "database"),
    summary="Money has waited for the owner for more than a day",
    description=(
        "The oldest thing that only the owner can do about money has waited for"
        " {{ $value | humanizeDuration }}."
    ),
    owner_es=(
        "Hace más de un día que hay plata esperando por vos: una devolución a mano, un pago sin"
        " reserva o un reclamo. Mirá `alojamientos payments list --todo` y resolvelo hoy."
    ),
    dashboard="reservations",
)

PAYMENT_ALERTS = RuleGroup(
    name="payment_alerts",
    file="domain.yml",
    interval="30s",
    alerts=(
        PAYMENTS_UNRECONCILED_ALERT,
        PAYMENTS_LATE,
        PAYMENT_NOTIFICATIONS_MISSING,
        REFUNDS_FAILING,
        MONEY_WAITS_FOR_OWNER,
    ),
)
