"""From service levels to recording rules: events per window, levels, error budgets.

Events are recorded as rates, so that a level over any window is bad events per event, never the
average of smaller levels: the mean of a rate is events by time, whatever the traffic was.
"""

from collections.abc import Iterable

from alojamientos.monitoring import conventions
from alojamientos.monitoring.arithmetic import calculate, divide, over
from alojamientos.monitoring.model import RecordingRule, RuleGroup
from alojamientos.monitoring.promql import Expr, Recorded, compare, constant, equals, series
from alojamientos.monitoring.slo import BASE, PERIOD, RAW, STEPS, WINDOWS, Slo
from alojamientos.monitoring.vectors import sampled

FILE = "slo.yml"
_QUICK = ("5m", "10m", "30m", "1h")
_SLO = ("slo",)


def _recorded(name: str, help_text: str, *labels: str) -> Recorded:
    return Recorded(name=name, help=help_text, labels=(*_SLO, *labels))


BAD = {w: _recorded(f"slo:bad_events:rate{w}", "Bad events per second.") for w in WINDOWS}
TOTAL = {w: _recorded(f"slo:total_events:rate{w}", "Events per second.") for w in WINDOWS}
COUNTED = {
    w: _recorded(f"slo:bad_events:increase{w}", "Bad events; a time without data has none.")
    for w in STEPS
}
RATIO = {
    w: _recorded(f"slo:bad_per_total:ratio_rate{w}", "Share of events that were bad.")
    for w in WINDOWS
}
INFO = _recorded("slo:definition:info", "Always 1; what a level is about.", "service", "depends_on")
OBJECTIVE = _recorded("slo:objective:ratio", "Share of events that shall be good.")
BUDGET = _recorded("slo:error_budget:ratio", "Share of events that may be bad.")
REMAINING = _recorded(
    "slo:error_budget_remaining:ratio", "Budget left of 30 days: 1 whole, 0 spent, below 0 broken."
)
CONSUMED = _recorded("slo:error_budget_consumed:percent", "Budget of 30 days spent, in percent.")
BURN_RATE = _recorded(
    "slo:current_burn_rate:ratio", "Budget spent in the last hour; 1 lasts 30 days."
)
EXHAUSTION = _recorded(
    "slo:error_budget_exhaustion:seconds", "Time until the budget is spent, burning as now."
)
RECORDED = (
    *BAD.values(),
    *TOTAL.values(),
    *COUNTED.values(),
    *RATIO.values(),
    *(INFO, OBJECTIVE, BUDGET, REMAINING, CONSUMED, BURN_RATE, EXHAUSTION),
)


def recording_groups(slos: Iterable[Slo]) -> tuple[RuleGroup, ...]:
    """Return the recording rules of `slos`; what an alert reads most is recorded most often."""
    slos = tuple(slos)
    slow_raw = tuple(window for window in RAW if window not in _QUICK)
    averaged = tuple(window for window in WINDOWS if window not in (*RAW, PERIOD))
    return (
        RuleGroup(
            name="slo_quick",
            file=FILE,
            interval="30s",
            recordings=(
                *(rule for slo in slos for rule in _definition(slo)),
                *_levels(slos, _QUICK),
            ),
        ),
        RuleGroup(
            name="slo_slow",
            file=FILE,
            interval="1m",
            recordings=(*_levels(slos, slow_raw), *_averages(averaged)),
        ),
        RuleGroup(
            name="slo_budget",
            file=FILE,
            interval="1m",
            recordings=(*_averages((PERIOD,)), *_budgets()),
        ),
    )


def _definition(slo: Slo) -> tuple[RecordingRule, ...]:
    labels = {"slo": slo.name}
    about = {
        **labels,
        "service": slo.service,
        "depends_on": conventions.depends_on(slo.depends_on),
    }
    return (
        RecordingRule(record=INFO.name, expr=constant("1"), labels=about),
        RecordingRule(record=OBJECTIVE.name, expr=constant(f"{slo.objective}"), labels=labels),
        RecordingRule(record=BUDGET.name, expr=constant(f"{slo.budget}"), labels=labels),
    )


def _levels(slos: tuple[Slo, ...], windows: tuple[str, ...]) -> tuple[RecordingRule, ...]:
    return (
        *(rule for slo in slos for window in windows for rule in _events(slo, window)),
        *(_ratio(window) for window in windows),
    )


def _events(slo: Slo, window: str) -> tuple[RecordingRule, RecordingRule]:
    if window in slo.indicator.windows:
        all_of_them, bad = slo.indicator.total_events(window), slo.indicator.bad_events(window)
    else:
        which = equals("slo", slo.name)
        all_of_them = over("avg_over_time", TOTAL[BASE], which, window=window)
        bad = over("avg_over_time", BAD[BASE], which, window=window)
    labels = {"slo": slo.name}
    return (
        RecordingRule(record=TOTAL[window].name, expr=all_of_them, labels=labels),
        RecordingRule(record=BAD[window].name, expr=bad, labels=labels),
    )


def _averages(windows: tuple[str, ...]) -> tuple[RecordingRule, ...]:
    return (
        *(
            rule
            for window in windows
            for rule in (
                RecordingRule(
                    record=TOTAL[window].name,
                    expr=over("avg_over_time", TOTAL[BASE], window=window),
                ),
                RecordingRule(
                    record=BAD[window].name, expr=over("avg_over_time", BAD[BASE], window=window)
                ),
                _counted(window),
            )
        ),
        *(_ratio(window) for window in windows),
    )


def _counted(window: str) -> RecordingRule:
    # An average over what little is known of a day, times a day, would make many of one.
    step = STEPS[window]
    rates = sampled("sum_over_time", series(BAD[step]), window=window, step=step)
    return RecordingRule(
        record=COUNTED[window].name, expr=calculate(rates, "*", str(WINDOWS[step]))
    )


def _ratio(window: str) -> RecordingRule:
    return RecordingRule(
        record=RATIO[window].name, expr=divide(series(BAD[window]), series(TOTAL[window]))
    )


def _budgets() -> tuple[RecordingRule, ...]:
    spent = calculate(series(RATIO[PERIOD]), "/", series(BUDGET))
    burning = series(BURN_RATE)
    return (
        RecordingRule(
            record=REMAINING.name,
            expr=Expr(text=f"1 - {spent}", labels=spent.labels, joined=True),
        ),
        RecordingRule(
            record=CONSUMED.name,
            expr=Expr(text=f"100 * {spent}", labels=spent.labels, joined=True),
        ),
        RecordingRule(
            record=BURN_RATE.name, expr=calculate(series(RATIO["1h"]), "/", series(BUDGET))
        ),
        # Nothing burns: it lasts for ever, which is no sample.
        RecordingRule(
            record=EXHAUSTION.name,
            expr=calculate(
                calculate(series(REMAINING), "*", str(WINDOWS[PERIOD])),
                "/",
                compare(burning, ">", "0"),
            ),
        ),
    )
