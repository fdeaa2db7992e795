"""Errors and latency as guests feel them: both columns of the specification's table (§6.1).

Ratios and quantiles are of all series together, and say nothing before enough has happened: of
four messages in a quiet hour, one slow one is a quarter, and nobody's night.
"""

from alojamientos.monitoring.arithmetic import and_on, divide, events, quantile, slower
from alojamientos.monitoring.conventions import MEASURE, Severity
from alojamientos.monitoring.definitions.traffic import NOT_SYNTHETIC
from alojamientos.monitoring.model import AlertRule, RuleGroup
from alojamientos.monitoring.promql import (
    Expr,
    Where,
    compare,
    equals,
    increase,
    one_of,
    rate,
    total,
)
from alojamientos.telemetry.catalogue import (
    HTTP_REQUEST_DURATION,
    HTTP_REQUESTS,
    WEBHOOK_PROCESSING,
    Metric,
)

_WINDOW = "15m"
_ERRORS_WINDOW = "10m"
_SERVER_ERROR = one_of("status", ("5..",))
# Below this much traffic a share means nothing.
_LEAST_EVENTS, _LEAST_ERRORS = "10", "5"
# Three slow ones; between the whole numbers, since a difference may come out as 2.9999.
_FEWER_ARE_CHANCE = "2.5"

PRERESERVATION = (equals("handler", "/api/v1/reservations"), equals("method", "POST"))
TEXT = (equals("event_type", "text"),)
AUDIO = (equals("event_type", "audio"),)


def _slow(metric: Metric, where: tuple[Where, ...], seconds: int) -> Expr:
    """Return the P95 when it is above `seconds` and enough events say so."""
    p95 = quantile("0.95", metric, *where, window=_WINDOW, by=())
    return and_on(
        and_on(
            compare(p95, ">", str(seconds)),
            compare(total(events(metric, *where, window=_WINDOW)), ">=", _LEAST_EVENTS),
        ),
        compare(slower(metric, *where, seconds=seconds, window=_WINDOW), ">", _FEWER_ARE_CHANCE),
    )


def _failing(share: str) -> Expr:
    failed = total(rate(HTTP_REQUESTS, NOT_SYNTHETIC, _SERVER_ERROR, window=_ERRORS_WINDOW))
    everything = total(rate(HTTP_REQUESTS, NOT_SYNTHETIC, window=_ERRORS_WINDOW))
    return and_on(
        compare(divide(failed, everything), ">", share),
        compare(
            total(increase(HTTP_REQUESTS, NOT_SYNTHETIC, _SERVER_ERROR, window=_ERRORS_WINDOW)),
            ">=",
            _LEAST_ERRORS,
        ),
    )


_ERRORS = {MEASURE: "errors"}
_BOOKING = {MEASURE: "prereservation_latency"}


def _replies(
    name: str, severity: Severity, where: tuple[Where, ...], seconds: int, what: str, owner_es: str
) -> AlertRule:
    return AlertRule(
        name=name,
        expr=_slow(WEBHOOK_PROCESSING, where, seconds),
        hold="3m" if severity == "critical" else "5m",
        severity=severity,
        service="channels",
        depends_on=("worker", "database"),
        labels={MEASURE: f"{where[0].value}_reply_latency"},
        summary=f"Replies to {what} are slow: P95 > {seconds} s",
        description=(
            f'95 of 100 replies to {what} took up to {{{{ printf "%.1f" $value }}}} s in'
            f" {_WINDOW}, from receipt to acceptance by WhatsApp; the limit is {seconds} s."
        ),
        owner_es=owner_es,
        dashboard="webhooks",
    )


HIGH_ERROR_RATE = AlertRule(
    name="HighErrorRate",
    expr=_failing("0.05"),
    labels=_ERRORS,
    hold="5m",
    severity="critical",
    service="backend",
    depends_on=("backend", "database"),
    summary="High error rate (> 5 %)",
    description=(
        "{{ $value | humanizePercentage }} of all requests failed with a 5xx in"
        f" {_ERRORS_WINDOW}, and at least {_LEAST_ERRORS} did."
    ),
    owner_es=(
        "Muchos pedidos al sistema están fallando y hay huéspedes que no pueden reservar. Llamá a"
        " quien mantiene el sistema; mientras tanto, anotá a mano las reservas que te pidan."
    ),
)

ELEVATED_ERROR_RATE = AlertRule(
    name="ElevatedErrorRate",
    expr=_failing("0.03"),
    labels=_ERRORS,
    hold="5m",
    severity="warning",
    service="backend",
    depends_on=("backend", "database"),
    summary="Elevated error rate (> 3 %)",
    description=(
        "{{ $value | humanizePercentage }} of all requests failed with a 5xx in"
        f" {_ERRORS_WINDOW}, and at least {_LEAST_ERRORS} did."
    ),
    owner_es=(
        "Algunos pedidos al sistema están fallando. Avisale hoy a quien lo mantiene; las reservas"
        " ya hechas no se pierden."
    ),
)

HIGH_LATENCY_P95 = AlertRule(
    name="HighLatencyP95",
    expr=_slow(HTTP_REQUEST_DURATION, PRERESERVATION, 6),
    labels=_BOOKING,
    hold="3m",
    severity="critical",
    service="backend",
    depends_on=("backend", "database"),
    summary="P95 latency > 6 s (SLO breach)",
    description=(
        '95 of 100 pre-reservations took up to {{ printf "%.1f" $value }} s in'
        f" {_WINDOW}; the limit is 6 s."
    ),
    owner_es=(
        "Reservar tarda demasiado y la gente se cansa de esperar. Llamá a quien mantiene el"
        " sistema."
    ),
    dashboard="reservations",
)

ELEVATED_LATENCY_P95 = AlertRule(
    name="ElevatedLatencyP95",
    expr=_slow(HTTP_REQUEST_DURATION, PRERESERVATION, 4),
    labels=_BOOKING,
    hold="5m",
    severity="warning",
    service="backend",
    depends_on=("backend", "database"),
    summary="P95 latency > 4 s",
    description=(
        '95 of 100 pre-reservations took up to {{ printf "%.1f" $value }} s in'
        f" {_WINDOW}; the limit is 4 s."
    ),
    owner_es=(
        "Reservar está tardando más de lo normal. Si sigue, avisale a quien mantiene el sistema."
    ),
    dashboard="reservations",
)

HIGH_TEXT_REPLY = _replies(
    "HighTextReplyLatencyP95",
    "critical",
    TEXT,
    6,
    "text messages",
    "Los huéspedes esperan demasiado la respuesta por WhatsApp. Llamá a quien mantiene el"
    " sistema; si podés, contestá vos desde el teléfono.",
)
ELEVATED_TEXT_REPLY = _replies(
    "ElevatedTextReplyLatencyP95",
    "warning",
    TEXT,
    4,
    "text messages",
    "Las respuestas por WhatsApp salen más lentas de lo normal. Si sigue, avisale a quien"
    " mantiene el sistema.",
)
HIGH_AUDIO_REPLY = _replies(
    "HighAudioReplyLatencyP95",
    "critical",
    AUDIO,
    30,
    "voice notes",
    "Los audios de los huéspedes se contestan con mucha demora. Llamá a quien mantiene el"
    " sistema; los mensajes escritos pueden andar bien.",
)
ELEVATED_AUDIO_REPLY = _replies(
    "ElevatedAudioReplyLatencyP95",
    "warning",
    AUDIO,
    20,
    "voice notes",
    "Los audios de los huéspedes se contestan más lento de lo normal. Si sigue, avisale a quien"
    " mantiene el sistema.",
)

LATENCY_ALERTS = RuleGroup(
    name="latency_alerts",
    file="critical.yml",
    interval="30s",
    alerts=(
        *(HIGH_ERROR_RATE, ELEVATED_ERROR_RATE),
        *(HIGH_LATENCY_P95, ELEVATED_LATENCY_P95),
        *(HIGH_TEXT_REPLY, ELEVATED_TEXT_REPLY),
        *(HIGH_AUDIO_REPLY, ELEVATED_AUDIO_REPLY),
    ),
)
