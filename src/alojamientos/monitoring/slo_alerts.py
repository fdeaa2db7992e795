"""From service levels to alerts: one rule per kind, which reads every level there is.

Textbook burn-rate rules wake people over one bad event of a quiet night; these want several.
"""

from collections.abc import Iterable, Mapping
from decimal import Decimal

from alojamientos.monitoring import conventions
from alojamientos.monitoring.arithmetic import and_on, calculate
from alojamientos.monitoring.model import AlertRule, RuleGroup
from alojamientos.monitoring.promql import (
    Expr,
    Where,
    absent,
    any_of,
    compare,
    equals,
    none_of,
    series,
)
from alojamientos.monitoring.slo import BASE, PERIOD, WINDOWS, Burn, Outage, Policy, Slo
from alojamientos.monitoring.slo_rules import (
    BAD,
    BUDGET,
    COUNTED,
    FILE,
    INFO,
    RATIO,
    REMAINING,
    TOTAL,
)
from alojamientos.monitoring.vectors import carrying

OUTAGE_ALERT = "SloOutage"
EXHAUSTED_ALERT = "ErrorBudgetExhausted"
MISSING_ALERT = "SloSignalMissing"
EXHAUSTED_MIN_BAD = 3


def alert_group(slos: Iterable[Slo], policies: Iterable[Policy], outage: Outage) -> RuleGroup:
    """Return the alerts on `slos`."""
    slos = tuple(slos)
    return RuleGroup(
        name="slo_alerts",
        file=FILE,
        interval="30s",
        alerts=(
            _outage(slos, outage),
            *(_burning(slos, policy) for policy in policies),
            _exhausted(slos),
            *_missing(slos),
        ),
    )


def _about(expr: Expr) -> Expr:
    """Let the alert say which service it is about, and what that depends on."""
    return carrying(expr, series(INFO), on="slo", labels=("service", "depends_on"))


def _which(slos: tuple[Slo, ...], *, page: bool) -> tuple[Where, ...]:
    left_out = [slo.name for slo in slos if page and not slo.pages]
    return (none_of("slo", left_out),) if left_out else ()


def _enough(window: str, minimum: int) -> Expr:
    return compare(_bad_events(window), ">=", str(minimum))


def _enough_of_each(slos: Iterable[Slo], window: str, minimum: int, factor: Decimal) -> Expr:
    """Want `minimum` bad events, of steady ones as many as `factor` makes in a full window."""
    steady = [slo for slo in slos if slo.steady]
    if not steady:
        return _enough(window, minimum)
    others = none_of("slo", [slo.name for slo in steady])
    return any_of(
        compare(_bad_events(window, others), ">=", str(minimum)),
        *(
            compare(
                _bad_events(window, equals("slo", slo.name)),
                ">=",
                str(max(minimum, slo.bad_events_at(factor, window))),
            )
            for slo in steady
        ),
    )


def _bad_events(window: str, *which: Where) -> Expr:
    if window in COUNTED:
        return series(COUNTED[window], *which)
    return calculate(series(BAD[window], *which), "*", str(WINDOWS[window]))


def _arm(slos: tuple[Slo, ...], burn: Burn, minimum: int, which: tuple[Where, ...]) -> Expr:
    long = calculate(series(RATIO[burn.long], *which), "/", series(BUDGET))
    short = calculate(series(RATIO[burn.short]), "/", series(BUDGET))
    return and_on(
        and_on(
            compare(_about(long), ">", f"{burn.factor}"),
            compare(short, ">", f"{burn.factor}"),
            "slo",
        ),
        _enough_of_each(slos, burn.long, minimum, burn.factor),
        "slo",
    )


def _owner(slos: tuple[Slo, ...], advice: str) -> str:
    """Return what each level means to the owner, chosen by the alert's label, and the advice."""
    branches = "".join(
        f'{{{{ {"if" if index == 0 else "else if"} eq $labels.slo "{slo.name}" }}}}{slo.owner_es}'
        for index, slo in enumerate(slos)
    )
    return f"{branches}{{{{ end }}}} {advice}"


_ADVICE: Mapping[str, str] = {
    "fast": (
        "Es grave y está pasando ahora: avisá ya mismo a quien mantiene el sistema, y mirá si"
        " hay mensajes que contestar a mano."
    ),
    "slow": ("Viene pasando desde hace horas: avisá hoy a quien mantiene el sistema."),
    "ticket": ("No es urgente: contáselo en estos días a quien mantiene el sistema."),
}
_SUMMARIES: Mapping[str, str] = {
    "fast": "A service level is being missed badly, right now",
    "slow": "A service level has been missed for hours",
    "ticket": "A service level is being missed little by little",
}


def _burning(slos: tuple[Slo, ...], policy: Policy) -> AlertRule:
    chosen = tuple(slo for slo in slos if slo.pages or not policy.is_page)
    which = _which(slos, page=policy.is_page)
    arms = [_arm(chosen, burn, policy.min_bad, which) for burn in policy.burns]
    windows = " or ".join(f"{burn.long} and {burn.short}" for burn in policy.burns)
    return AlertRule(
        name=policy.alert,
        expr=arms[0] if len(arms) == 1 else any_of(*arms),
        hold="",
        severity=policy.severity,
        service=conventions.SERVICE_OF_SERIES,
        labels={conventions.BURN: policy.burn},
        dashboard="slo",
        summary=_SUMMARIES[policy.burn],
        description=(
            '{{ $labels.slo }} burns its error budget {{ printf "%.1f" $value }} times as fast as'
            f" it may, over {windows}; at 1 it would last 30 days."
        ),
        owner_es=_owner(chosen, _ADVICE[policy.burn]),
    )


def _outage(slos: tuple[Slo, ...], outage: Outage) -> AlertRule:
    chosen = tuple(slo for slo in slos if slo.pages)
    return AlertRule(
        name=OUTAGE_ALERT,
        expr=and_on(
            compare(
                _about(series(RATIO[outage.window], *_which(slos, page=True))),
                ">",
                f"{outage.share}",
            ),
            _enough(outage.window, outage.min_bad),
            "slo",
        ),
        hold="",
        severity="critical",
        service=conventions.SERVICE_OF_SERIES,
        labels={conventions.BURN: "outage"},
        dashboard="slo",
        summary="Most of what a service does fails",
        description=(
            "{{ $value | humanizePercentage }} of the events of {{ $labels.slo }} were bad in the"
            f" last {outage.window}."
        ),
        owner_es=_owner(chosen, "Falla la mayoría: avisá ya mismo a quien mantiene el sistema."),
    )


def _exhausted(slos: tuple[Slo, ...]) -> AlertRule:
    return AlertRule(
        name=EXHAUSTED_ALERT,
        expr=and_on(
            compare(_about(series(REMAINING)), "<=", "0"),
            _enough_of_each(slos, PERIOD, EXHAUSTED_MIN_BAD, Decimal(1)),
            "slo",
        ),
        hold="1h",
        severity="info",
        service=conventions.SERVICE_OF_SERIES,
        labels={conventions.BURN: "exhausted"},
        dashboard="slo",
        summary="The error budget of 30 days is spent",
        description=(
            "{{ $labels.slo }} has {{ $value | humanizePercentage }} of its error budget left;"
            " changes that can wait should wait."
        ),
        owner_es=_owner(
            slos,
            "En los últimos 30 días falló más de lo prometido: pedí que se arregle antes de"
            " sumar novedades.",
        ),
    )


def _missing(slos: tuple[Slo, ...]) -> tuple[AlertRule, ...]:
    # Only totals that exist before the first event: the others are absent until it comes.
    known = [slo for slo in slos if slo.is_always_there]
    if not known:
        return ()
    rule = AlertRule(
        name=MISSING_ALERT,
        expr=any_of(*(absent(TOTAL[BASE], equals("slo", slo.name)) for slo in known)),
        hold="10m",
        severity="warning",
        service="monitoring",
        depends_on=("worker",),
        labels={conventions.BURN: "none"},
        dashboard="slo",
        summary="A service level is not measured any more",
        description=(
            "{{ $labels.slo }} has had no events to count, not even 0, for 10 minutes or more."
        ),
        owner_es=(
            "No se está midiendo si las respuestas salen a tiempo. Las reservas siguen; avisá a"
            " quien mantiene el sistema."
        ),
    )
    return (rule,)
