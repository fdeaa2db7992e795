"""The specification's table of service levels as shares of events, and what else is promised.

Its columns "warning" and "critical" are alerts of their own; here stand the targets. What never
ends is in no histogram: a message that nobody answers is seen by the age of inbox and outbox.
"""

from decimal import Decimal

from alojamientos.monitoring.promql import Where, equals
from alojamientos.monitoring.slo import Burn, Failing, Outage, Policy, Slo, Slow, Stale
from alojamientos.telemetry.catalogue import (
    HTTP_REQUEST_DURATION,
    HTTP_REQUESTS,
    ICAL_LAST_SYNC_AGE,
    JOURNEYS,
    SYNTHETIC_HANDLER,
    WEBHOOK_PROCESSING,
)

# By three unrelated failures a lodging of 5 to 30 requests an hour would be woken once in 5 to 10
# years; by four, once in some 60 (`make slo-sim`, seeds 1 to 5).
PAGES_FROM = 4

POLICIES = (
    Policy(
        alert="ErrorBudgetBurnFast",
        burn="fast",
        severity="critical",
        burns=(Burn(factor=Decimal("14.4"), long="1h", short="5m"),),
        min_bad=PAGES_FROM,
    ),
    Policy(
        alert="ErrorBudgetBurnSlow",
        burn="slow",
        severity="critical",
        burns=(Burn(factor=Decimal(6), long="6h", short="30m"),),
        min_bad=PAGES_FROM,
    ),
    Policy(
        alert="ErrorBudgetTicket",
        burn="ticket",
        severity="warning",
        burns=(
            Burn(factor=Decimal(3), long="1d", short="2h"),
            Burn(factor=Decimal(1), long="3d", short="6h"),
        ),
    ),
)
OUTAGE = Outage(share=Decimal("0.5"), window="10m", min_bad=5)

SLOS = (
    Slo(
        name="webhook-text-latency",
        title="Text messages answered within 3 s",
        description="From the receipt of a text message to the provider's acceptance of the reply.",
        owner_es="Los mensajes de texto se están contestando tarde.",
        service="channels",
        depends_on=("backend", "worker", "database"),
        indicator=Slow(
            metric=WEBHOOK_PROCESSING, where=(equals("event_type", "text"),), seconds=3.0
        ),
        objective=Decimal("0.95"),
        events_per_month=1_440,
    ),
    Slo(
        name="webhook-audio-latency",
        title="Voice notes answered within 15 s",
        description="From the receipt of a voice note to the provider's acceptance of the reply.",
        owner_es="Los audios se están contestando tarde.",
        service="channels",
        depends_on=("backend", "worker", "database"),
        indicator=Slow(
            metric=WEBHOOK_PROCESSING, where=(equals("event_type", "audio"),), seconds=15.0
        ),
        objective=Decimal("0.95"),
        events_per_month=220,
    ),
    Slo(
        name="prereservation-latency",
        title="Pre-reservations through the API answered within 3 s",
        description="From a request to hold dates to the start of its answer, whatever it says.",
        owner_es="Reservar por la web o por la API está tardando demasiado.",
        service="backend",
        depends_on=("backend", "database"),
        indicator=Slow(
            metric=HTTP_REQUEST_DURATION,
            where=(equals("handler", "/api/v1/reservations"), equals("method", "POST")),
            seconds=3.0,
        ),
        objective=Decimal("0.95"),
        events_per_month=300,
    ),
    Slo(
        name="ical-freshness",
        title="Calendar feeds read less than 20 minutes ago",
        description="Minutes of each calendar feed in which its last good read is not older.",
        owner_es="Algún calendario externo no se está actualizando.",
        service="ical",
        depends_on=("backend", "worker", "database"),
        indicator=Stale(metric=ICAL_LAST_SYNC_AGE, by="feed_url", limit="20"),
        objective=Decimal("0.99"),
        events_per_month=43_200,
        # One feed would page after 29 minutes: before the age itself is a warning, at 30.
        pages=False,
    ),
    Slo(
        name="http-availability",
        title="Requests answered without an error of ours",
        description=(
            "Every request but health checks, metrics and our own rehearsals; bad are the answers"
            " 5xx."
        ),
        owner_es="El sistema está respondiendo con errores.",
        service="backend",
        depends_on=("backend", "database"),
        indicator=Failing(
            metric=HTTP_REQUESTS,
            where=(
                equals("job", "backend"),
                Where(
                    label="handler",
                    operator="!~",
                    value=f".*(/metrics|/healthz|/readyz)|{SYNTHETIC_HANDLER}",
                ),
            ),
            bad=(Where(label="status", operator="=~", value="5.."),),
        ),
        objective=Decimal("0.99"),
        events_per_month=7_200,
    ),
    Slo(
        name="payment-notifications",
        title="Payment notifications applied within 60 s",
        description="From Mercado Pago's notification to the payment's effect on the booking.",
        owner_es="Los pagos de Mercado Pago se están registrando tarde.",
        service="payments",
        depends_on=("backend", "worker", "database"),
        indicator=Slow(
            metric=WEBHOOK_PROCESSING,
            where=(equals("source", "mercadopago"), equals("event_type", "payment")),
            seconds=60.0,
        ),
        objective=Decimal("0.995"),
        events_per_month=200,
        despite=(
            "a payment applied late can cost a guest the dates; three late ones are needed for an"
            " alert, and the age of unapplied payments is watched besides"
        ),
    ),
    Slo(
        name="booking-journey",
        title="Rehearsed bookings that get through",
        description=(
            "Once a minute the worker looks for free nights, holds them, cancels, and hands over a"
            " signed webhook; bad are those that fail at any step. None is rehearsed while the"
            " queue is out of reach: that is DatabaseDown's and WorkerDown's to tell."
        ),
        owner_es="La reserva de prueba que se hace cada minuto está fallando.",
        service="reservations",
        depends_on=("backend", "worker", "database", "redis"),
        indicator=Failing(metric=JOURNEYS, where=(), bad=(equals("outcome", "failure"),)),
        objective=Decimal("0.99"),
        events_per_month=43_200,
        # JourneyFailing wakes at two in a row, and is over when booking works again.
        pages=False,
        steady=True,
    ),
)
