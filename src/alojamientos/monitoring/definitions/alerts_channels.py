"""Messages in and out, and the providers that carry them."""

from alojamientos.monitoring.arithmetic import and_on, divide, since
from alojamientos.monitoring.model import AlertRule, RuleGroup
from alojamientos.monitoring.promql import (
    Expr,
    Where,
    compare,
    equals,
    increase,
    lowest,
    one_of,
    rate,
    series,
    total,
)
from alojamientos.telemetry.catalogue import (
    INBOX_OLDEST,
    OUTBOUND_REQUESTS,
    OUTBOX_MESSAGES,
    OUTBOX_OLDEST,
    WEBHOOK_SIGNATURE_INVALID,
)

_BROKEN = one_of("outcome", ("5xx", "timeout", "unreachable"))
_REFUSED = equals("outcome", "4xx")


def _mostly(outcome: Where, window: str, least: str) -> Expr:
    """Return the share of a provider's calls that ended in `outcome`, when it is above a half."""
    return and_on(
        compare(
            divide(
                total(rate(OUTBOUND_REQUESTS, outcome, window=window), "provider"),
                total(rate(OUTBOUND_REQUESTS, window=window), "provider"),
            ),
            ">",
            "0.5",
        ),
        compare(
            total(increase(OUTBOUND_REQUESTS, outcome, window=window), "provider"), ">=", least
        ),
        "provider",
    )


INBOX_STUCK = AlertRule(
    name="InboxStuck",
    expr=compare(since(lowest(series(INBOX_OLDEST))), ">", "300"),
    hold="1m",
    severity="critical",
    service="channels",
    depends_on=("backend", "worker", "database"),
    summary="What came in is not being handled",
    description=(
        "The oldest event that waits to be handled came in {{ $value | humanizeDuration }} ago."
    ),
    owner_es=(
        "Hay mensajes o pagos que entraron y nadie está procesando. Si te escriben por WhatsApp,"
        " contestá vos desde el teléfono, y llamá a quien mantiene el sistema."
    ),
    dashboard="webhooks",
)

OUTBOX_STUCK = AlertRule(
    name="OutboxStuck",
    expr=compare(since(lowest(series(OUTBOX_OLDEST))), ">", "300"),
    hold="5m",
    severity="critical",
    service="channels",
    depends_on=("backend", "worker", "database"),
    summary="Replies are not getting out",
    description=(
        "The oldest message that waits to be sent was written {{ $value | humanizeDuration }} ago."
    ),
    owner_es=(
        "Las respuestas están escritas pero no salen. Contestá vos desde el teléfono a quien esté"
        " apurado; las demás salen solas cuando vuelva el servicio."
    ),
    dashboard="webhooks",
)

PROVIDER_FAILING = AlertRule(
    name="ProviderFailing",
    expr=_mostly(_BROKEN, "15m", "5"),
    hold="2m",
    severity="critical",
    service="channels",
    summary="A provider is down or does not answer",
    description=(
        "{{ $value | humanizePercentage }} of the calls to {{ $labels.provider }} in 15 minutes"
        " failed, timed out or got no connection."
    ),
    owner_es=(
        "{{ $labels.provider }} no está respondiendo. No depende de nosotros: lo pendiente queda"
        " guardado y sale cuando vuelva. Fijate en su página de estado."
    ),
    dashboard="webhooks",
)

PROVIDER_REFUSING = AlertRule(
    name="ProviderRefusing",
    expr=_mostly(_REFUSED, "30m", "3"),
    hold="2m",
    severity="critical",
    service="channels",
    summary="A provider refuses our calls: has the credential expired?",
    description=(
        "{{ $value | humanizePercentage }} of the calls to {{ $labels.provider }} in 30 minutes"
        " were answered with a 4xx."
    ),
    owner_es=(
        "{{ $labels.provider }} rechaza lo que le pedimos; lo más probable es que se haya vencido"
        " la clave de acceso. Llamá a quien mantiene el sistema para renovarla."
    ),
    dashboard="webhooks",
)

WEBHOOK_SIGNATURE_SPIKE = AlertRule(
    name="WebhookSignatureSpike",
    expr=compare(total(increase(WEBHOOK_SIGNATURE_INVALID, window="15m"), "source"), ">=", "11"),
    hold="1m",
    severity="warning",
    service="channels",
    depends_on=("backend",),
    summary="Many webhooks with a wrong signature",
    description=(
        '{{ printf "%.0f" $value }} webhooks that claim to be of {{ $labels.source }} were refused'
        " in 15 minutes: somebody tries, or the secret was changed on one side."
    ),
    owner_es=(
        "Llegan avisos falsos en nombre de {{ $labels.source }} y los rechazamos. Si además no"
        " entran mensajes o pagos de verdad, llamá a quien mantiene el sistema."
    ),
    dashboard="webhooks",
)

MESSAGES_UNDELIVERABLE = AlertRule(
    name="MessagesUndeliverable",
    expr=compare(
        total(increase(OUTBOX_MESSAGES, equals("outcome", "failed"), window="1h"), "channel"),
        ">=",
        "3",
    ),
    hold="1m",
    severity="warning",
    service="channels",
    summary="Messages to guests were given up",
    description=(
        '{{ printf "%.0f" $value }} messages by {{ $labels.channel }} were given up in 1 h; their'
        " guests have not got them."
    ),
    owner_es=(
        "Algunos mensajes a huéspedes no se pudieron entregar. Fijate en las conversaciones de hoy"
        " quién quedó sin respuesta y escribile."
    ),
    dashboard="webhooks",
)

CHANNEL_ALERTS = RuleGroup(
    name="channel_alerts",
    file="domain.yml",
    interval="30s",
    alerts=(
        INBOX_STUCK,
        OUTBOX_STUCK,
        PROVIDER_FAILING,
        PROVIDER_REFUSING,
        WEBHOOK_SIGNATURE_SPIKE,
        MESSAGES_UNDELIVERABLE,
    ),
)
