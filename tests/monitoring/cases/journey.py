"""Rehearsed bookings: one a minute, of which two of three must not fail.

Steps are 10 s apart, as the worker is asked; a journey ends every sixth.
"""

from tests.monitoring.cases.case import FIRES, QUIET, Case, Kind, Labels
from tests.monitoring.cases.slo import case as slo_case
from tests.monitoring.cases.slo import counting, quiet_at, recorded

FAILED = 'journeys_total{job="worker",instance="worker:8001",outcome="failure"}'
DONE = 'journeys_total{job="worker",instance="worker:8001",outcome="success"}'
FAILED_2 = FAILED.replace("worker:8001", "worker:8003")
_STEP = 'journey_steps_total{{job="worker",step="{step}",outcome="failure"}}'


def minutes(outcomes: str, *, counted: str = "x") -> str:
    """Return a counter of the minutes that are `counted`, each at its end: `..xx` is two of them.

    A minute is six samples; the first sample is before all of them, at 0.
    """
    value, samples = 0, ["0"]
    for outcome in outcomes:
        samples += [str(value)] * 5
        value += outcome == counted
        samples.append(str(value))
    return " ".join(samples)


def journeys(outcomes: str) -> dict[str, str]:
    """Return both counters; `x` is a failure, `.` a success, a space a minute without any."""
    return {FAILED: minutes(outcomes), DONE: minutes(outcomes, counted=".")}


def fired(alert: str, samples: str, state: str = "firing") -> dict[str, str]:
    labels = f'alertname="{alert}",alertstate="{state}",severity="critical",env="test"'
    return {f"ALERTS{{{labels}}}": samples}


def _case(
    kind: Kind, name: str, series: dict[str, str], expect: dict[str, tuple[Labels, ...]]
) -> Case:
    return Case(alert="JourneyFailing", kind=kind, name=name, series=series, expect=expect)


_CAUSES = ("ServiceDown", "WorkerDown", "DatabaseDown", "RedisDown")

CASES = [
    _case(
        "firing",
        "nobody can book any more, and it stays so",
        journeys("....." + "x" * 20),
        {"6m": QUIET, "8m": FIRES, **{f"{minute}m": FIRES for minute in range(9, 26)}},
    ),
    _case(
        "boundary",
        "half a minute after the second failure, and not a second less",
        journeys("....." + "x" * 20),
        {"7m20s": QUIET, "7m30s": FIRES},
    ),
    _case(
        "boundary",
        "one failure alone is a restart",
        journeys(".....x....."),
        {f"{seconds}s": QUIET for seconds in range(300, 660, 10)},
    ),
    _case(
        "boundary",
        "two of three are not",
        journeys(".....x.x....."),
        {"8m20s": QUIET, "8m30s": FIRES},
    ),
    _case(
        "boundary",
        "two of four are: nobody was hindered for long",
        journeys(".....x..x....."),
        {f"{seconds}s": QUIET for seconds in range(300, 840, 10)},
    ),
    _case(
        "quiet",
        "over when no two of the last three minutes failed",
        journeys(".....xxxx" + "." * 10),
        {"9m": FIRES, "10m": FIRES, "11m20s": QUIET, "15m": QUIET},
    ),
    _case(
        "quiet",
        "every journey gets through",
        journeys("." * 30),
        {f"{minute}m": QUIET for minute in range(1, 30)},
    ),
    _case(
        "quiet",
        "no journey is made: another alert's matter",
        journeys("....." + " " * 20),
        {"6m": QUIET, "20m": QUIET},
    ),
    _case("absent", "there is no worker to tell", {}, {"1m": QUIET, "20m": QUIET}),
    _case(
        "restart",
        "the worker that failed starts anew at 0 and fails on",
        {FAILED: minutes("...xx") + " " + minutes("xxx"), DONE: minutes("...  ")},
        {"7m": FIRES, "8m": FIRES},
    ),
    _case(
        "firing",
        "two workers take turns",
        {FAILED: minutes(".....x x x x"), FAILED_2: minutes("..... x x x ")},
        {"7m30s": FIRES, "12m": FIRES},
    ),
    *(
        case
        for cause in _CAUSES
        for case in (
            _case(
                "quiet",
                f"held back by {cause}, and until what failed meanwhile is forgotten",
                {
                    **journeys("....." + "x" * 5 + "." * 10),
                    **fired(cause, "_x38 1x24 stale"),  # 6m30s to 10m30s
                },
                {f"{seconds}s": QUIET for seconds in range(390, 1200, 10)},
            ),
            _case(
                "boundary",
                f"{cause} is over for 4 minutes and booking still fails",
                {**journeys("....." + "x" * 20), **fired(cause, "_x38 1x24 stale")},
                # Prometheus 3 leaves the sample at the window's beginning out: 10 s earlier.
                {"14m40s": QUIET, "15m": FIRES},
            ),
        )
    ),
    _case(
        "quiet",
        "a cause that is only pending holds nothing back: the failures would wake",
        {
            **journeys("....." + "x" * 5),
            **{
                series.replace("firing", "pending"): samples
                for series, samples in fired("ServiceDown", "_x38 1x60").items()
            },
        },
        {"7m20s": QUIET, "7m30s": FIRES},
    ),
    _case(
        "firing",
        "something else that fires explains nothing",
        {**journeys("....." + "x" * 5), **fired("BackupStale", "1x60")},
        {"7m30s": FIRES},
    ),
]

TEXTS = [
    Case(
        alert="JourneyFailing",
        kind="firing",
        name="how many, and at which step most of them",
        series={
            **journeys("....." + "x" * 6),
            _STEP.format(step="hold"): minutes("....." + "x" * 6),
            _STEP.format(step="availability"): minutes("....." + "." * 6),
        },
        expect={"10m": FIRES},
        annotations={
            "summary": "Booking does not work: rehearsed bookings fail",
            "description": "3 rehearsed bookings failed within 3m, most at the step hold.",
            "owner_es": (
                "La reserva de prueba que se hace cada minuto no sale: es probable que nadie pueda"
                " reservar. Avisá ya mismo a quien mantiene el sistema y anotá los pedidos a mano."
            ),
            "runbook_url": "docs/runbooks/JourneyFailing.md",
            "dashboard_url": "/d/alojamientos-overview",
        },
    ),
]

# --- Its service level ---------------------------------------------------------------------------
JOURNEY: Labels = {
    "slo": "booking-journey",
    "service": "reservations",
    "depends_on": "backend,worker,database,redis",
}
_BAD, _GOOD = 'journeys_total{job="worker",outcome="failure"}', DONE


def _failing_after(good: int, bad: int, then: int = 0) -> dict[str, str]:
    return {
        _BAD: counting([0] * good + [1] * bad + [0] * then),
        _GOOD: counting([1] * good + [0] * bad + [1] * then),
    }


SLO_CASES = [
    *(
        slo_case(
            alert,
            "quiet",
            "an hour without a rehearsed booking: JourneyFailing wakes, and only that",
            _failing_after(120, 60),
            quiet_at(*range(120, 180, 5)),
        )
        for alert in ("SloOutage", "ErrorBudgetBurnFast", "ErrorBudgetBurnSlow")
    ),
    slo_case(
        "ErrorBudgetTicket",
        "quiet",
        "a system an hour old whose first ten journeys failed has not burnt a month",
        _failing_after(0, 10, 200),
        quiet_at(*range(5, 200, 5)),
    ),
    slo_case(
        "ErrorBudgetTicket",
        "quiet",
        "40 minutes in a day are not 3 %",
        _failing_after(120, 40, 120),
        quiet_at(*range(120, 280, 10)),
    ),
    slo_case(
        "ErrorBudgetTicket",
        "firing",
        "50 are",
        _failing_after(120, 50, 60),
        {"150m": QUIET, "180m": (JOURNEY,)},
    ),
    slo_case(
        "ErrorBudgetExhausted",
        "boundary",
        "432 failures spend a month's budget, 7 hours of a young system do not",
        _failing_after(0, 600),
        {"420m": QUIET, "600m": (JOURNEY,)},
    ),
    *(
        recorded(
            "ErrorBudgetTicket",
            f"{events} of the 43 failures that 3 % of a day are",
            fires,
            of=JOURNEY,
            bad_per_total__ratio_rate1d=0.05,
            bad_per_total__ratio_rate2h=0.05,
            bad_events__increase1d=events,
        )
        for events, fires in ((42, False), (43, True))
    ),
    *(
        recorded(
            "ErrorBudgetTicket",
            f"{events} of the 43 failures that 1 % of three days are",
            fires,
            of=JOURNEY,
            bad_per_total__ratio_rate3d=0.02,
            bad_per_total__ratio_rate6h=0.02,
            bad_events__increase3d=events,
        )
        for events, fires in ((42, False), (43, True))
    ),
    *(
        recorded(
            "ErrorBudgetExhausted",
            f"{events} of the 432 failures that 1 % of a month are",
            fires,
            of=JOURNEY,
            error_budget_remaining__ratio=0,
            bad_events__increase30d=events,
        )
        for events, fires in ((431, False), (432, True))
    ),
]
