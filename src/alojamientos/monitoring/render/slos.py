"""The reference page of the service levels."""

from collections.abc import Iterable
from decimal import Decimal

from alojamientos.monitoring import conventions
from alojamientos.monitoring.slo import BASE, PERIOD, WINDOWS, Outage, Policy, Slo, minutes_until
from alojamientos.monitoring.slo_alerts import (
    EXHAUSTED_ALERT,
    EXHAUSTED_MIN_BAD,
    MISSING_ALERT,
    OUTAGE_ALERT,
)
from alojamientos.monitoring.slo_rules import RECORDED

_SHARES = ("1", "0.5", "0.2", "0.1", "0.05", "0.02", "0.01")
_HOUR = 60
_DAY = 24 * _HOUR
# From here on, days read better than hours.
_LONG = 2 * _DAY


def page(slos: Iterable[Slo], policies: Iterable[Policy], outage: Outage) -> str:
    """Return docs/reference/slos.md."""
    slos, policies = tuple(slos), tuple(policies)
    lines = [
        f"<!-- {conventions.HEADER} -->",
        "# Service levels",
        "",
        (
            "A level is the share of events of 30 days that were good. What the objective leaves"
            " is the error budget: the share that may be bad. A busy hour weighs what it weighs,"
            " an idle one nothing."
        ),
        "",
        "| level | what is good | objective | allowed to be bad | service |",
        "|---|---|---|---|---|",
        *(_row(slo) for slo in slos),
        "",
        (
            "What never ends is in no level of latency: messages that nobody answers are seen by"
            " the age of inbox and outbox. An error that comes fast counts as fast; it is bad in"
            " `http-availability`."
        ),
        *_alerts(policies, outage),
        *_detection(slos, policies, outage),
        *(line for slo in slos for line in _entry(slo)),
        "",
        "## Recorded series",
        "Each has the label `slo`.",
        "",
        "| series | what it is |",
        "|---|---|",
        *(f"| `{recorded.name}` | {recorded.help} |" for recorded in RECORDED),
    ]
    return "\n".join(lines) + "\n"


def _percent(share: Decimal) -> str:
    return f"{(100 * share).normalize():f} %"


def _row(slo: Slo) -> str:
    allowed = (slo.budget * slo.events_per_month).normalize()
    return (
        f"| [{slo.name}](#{slo.name}) | {slo.title} | {_percent(slo.objective)}"
        f" | {_percent(slo.budget)}: {allowed:f} of {slo.events_per_month:,} a month"
        f" | {slo.service} |"
    )


def _alerts(policies: tuple[Policy, ...], outage: Outage) -> list[str]:
    rows = [
        _alert(
            OUTAGE_ALERT,
            "page",
            f"more than {_percent(outage.share)} bad over {outage.window}",
            outage.min_bad,
        )
    ]
    for policy in policies:
        burns = "; or ".join(
            f"budget burns more than {burn.factor} times too fast over {burn.long} and {burn.short}"
            for burn in policy.burns
        )
        rows.append(
            _alert(policy.alert, "page" if policy.is_page else "ticket", burns, policy.min_bad)
        )
    rows += [
        _alert(EXHAUSTED_ALERT, "note", f"no budget of {PERIOD} left, for 1h", EXHAUSTED_MIN_BAD),
        f"| {_link(MISSING_ALERT)} | ticket | counters that exist from the start are gone | – |",
    ]
    return [
        "",
        "## Alerts",
        (
            "Burn 1 spends the budget in exactly 30 days. The shorter window lets an alert end"
            " soon after the trouble does. Every alert wants a few bad events in its longer"
            " window, since one of a quiet night's four requests is 25 %."
        ),
        "",
        "| alert | kind | fires when | bad events at least |",
        "|---|---|---|---|",
        *rows,
    ]


def _alert(name: str, kind: str, when: str, minimum: int) -> str:
    return f"| {_link(name)} | {kind} | {when} | {minimum} |"


def _link(alert: str) -> str:
    return f"[{alert}](../runbooks/{alert}.md)"


def _detection(slos: tuple[Slo, ...], policies: tuple[Policy, ...], outage: Outage) -> list[str]:
    objectives = sorted({slo.objective for slo in slos if slo.pages})
    heads = " | ".join(f"{_percent(Decimal(share))} bad" for share in _SHARES)
    rows = []
    for objective in objectives:
        like = next(slo for slo in slos if slo.objective == objective and slo.pages)
        cells = (_first(like, policies, outage, Decimal(share)) for share in _SHARES)
        rows.append(f"| {_percent(objective)} | {' | '.join(cells)} |")
    return [
        "",
        "### How soon",
        (
            "From the first bad event of a lasting trouble, in steady traffic that was good before;"
            " what is scraped and evaluated adds up to a minute."
        ),
        "",
        f"| objective | {heads} |",
        "|---" * (len(_SHARES) + 1) + "|",
        *rows,
    ]


def _first(slo: Slo, policies: tuple[Policy, ...], outage: Outage, share: Decimal) -> str:
    found: list[tuple[Decimal, str]] = []
    if share > outage.share:
        found.append((outage.share / share * WINDOWS[outage.window] / 60, "page"))
    for policy in policies:
        for burn in policy.burns:
            until = minutes_until(slo, burn, share)
            if until is not None:
                found.append((until, "page" if policy.is_page else "ticket"))
    if not found:
        return "never"
    minutes, kind = min(found)
    return f"{kind}, {_duration(minutes)}"


def _duration(minutes: Decimal) -> str:
    if minutes < _HOUR:
        return f"{minutes:.1f} min"
    if minutes < _LONG:
        return f"{minutes / _HOUR:.1f} h"
    return f"{minutes / _DAY:.1f} days"


def _entry(slo: Slo) -> list[str]:
    window = BASE
    lines = [
        "",
        f"## {slo.name}",
        f"{slo.title}. {slo.description}",
        "",
        f"> {slo.owner_es}",
        "",
        "```promql",
        f"# all events per second, {window}",
        str(slo.indicator.total_events(window)),
        f"# bad events per second, {window}",
        str(slo.indicator.bad_events(window)),
        "```",
        "",
        f"Not paged for while {' or '.join(slo.depends_on)} is known to be down.",
    ]
    if not slo.pages:
        lines += ["", "Never pages: another alert wakes somebody in time; tickets and notes only."]
    if slo.despite:
        lines += ["", f"The budget is finer than the traffic: {slo.despite}."]
    return lines
