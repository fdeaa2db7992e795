"""Cases that many alerts share, by the shape of what they read."""

from collections.abc import Mapping

from tests.monitoring.cases.case import FIRES, QUIET, Case, Labels


def above(
    alert: str,
    series: str,
    limit: int,
    hold: int,
    *,
    extra: Labels | None = None,
    below: bool = False,
    beside: Mapping[str, str] | None = None,
) -> list[Case]:
    """Return the cases of a gauge that must not exceed `limit` (or, `below`, fall short of it).

    `hold` is in seconds; `beside` are series that must be there as well.
    """
    fires = FIRES if extra is None else (extra,)
    beside = beside or {}
    step = -1 if below else 1
    well, bad = limit - step, limit + step
    after = hold + 60

    def case(kind, name, values, expect):
        return Case(
            alert=alert, kind=kind, name=name, series={**beside, series: values}, expect=expect
        )

    return [
        case(
            "firing", "over the limit for long", f"{well}x5 {bad}x900", {"50s": QUIET, "2h": fires}
        ),
        case(
            "boundary",
            "for long enough, and not a second less",
            f"{well}x5 {bad}x900",
            {f"{after - 10}s": QUIET, f"{after}s": fires},
        ),
        case("boundary", "at the limit and no further", f"{limit}x900", {"1h": QUIET, "2h": QUIET}),
        case("quiet", "well", f"{well}x900", {"2h": QUIET}),
        case(
            "quiet",
            "well again",
            f"{bad}x{hold // 10 + 30} {well}x30",
            {f"{hold + 300}s": fires, f"{hold + 320}s": QUIET},
        ),
        case("absent", "there is no such series", "_x900", {"2h": QUIET}),
    ]


def waiting(
    alert: str, series: str, limit: int, hold: int, *, extra: Labels | None = None
) -> list[Case]:
    """Return the cases of an instant that must not be longer ago than `limit` seconds.

    The clock of promtool starts at 0, so what waits since 0 is as old as the test.
    """
    fires = FIRES if extra is None else (extra,)
    long = (limit + hold) // 10 + 60
    at = limit + 10 + hold

    def case(kind, name, values, expect):
        return Case(alert=alert, kind=kind, name=name, series={series: values}, expect=expect)

    return [
        case("firing", "it does not move", f"0x{long}", {f"{at + 300}s": fires}),
        case(
            "boundary",
            "for long enough, and not a second less",
            f"0x{long}",
            {f"{at - 10}s": QUIET, f"{at}s": fires},
        ),
        case("quiet", "it moves on", f"0+10x{long}", {f"{at + 300}s": QUIET}),
        case(
            "boundary",
            "always as long ago as is allowed",
            f"{-limit}+10x{long}",
            {f"{at + 300}s": QUIET},
        ),
        case(
            "boundary",
            "always a bit longer ago",
            f"{-limit - 1}+10x{long}",
            {f"{at}s": fires, f"{at + 300}s": fires},
        ),
        *_told_twice(alert, series, limit, hold, fires),
        case(
            "quiet",
            "over as soon as it moves",
            f"0x{at // 10 + 10} {at + 110}+10x20",
            {f"{at + 100}s": fires, f"{at + 110}s": QUIET},
        ),
    ]


def _told_twice(
    alert: str, series: str, limit: int, hold: int, fires: tuple[Labels, ...]
) -> list[Case]:
    """Return the case of two processes that tell the same instant, if `series` is of one."""
    if 'instance="a"' not in series:
        return []
    values = f"0+10x100 1000x{(limit + hold) // 10 + 20}"
    return [
        Case(
            alert=alert,
            kind="boundary",
            name="two processes tell the same",
            series={series: values, series.replace('"a"', '"b"'): values},
            expect={f"{1000 + limit + hold}s": QUIET, f"{1010 + limit + hold}s": fires},
        )
    ]


def failing(
    alert: str,
    series: str,
    least: int,
    window: int,
    hold: int,
    *,
    extra: Labels | None = None,
    interval: int = 10,
) -> list[Case]:
    """Return the cases of a counter that may not grow by `least` in `window` seconds.

    Its growth is told in one step, which `increase` stretches to the window's ends by less than
    one in `least`.
    """
    fires = FIRES if extra is None else (extra,)
    every, length = f"{interval}s", window // interval
    start = window + interval  # the first sample with which the window is full
    at = start + hold
    flat = f"0x{length}"

    def case(kind, name, values, expect):
        return Case(
            alert=alert,
            kind=kind,
            name=name,
            series={series: values},
            expect=expect,
            interval=every,
        )

    quietly = {
        f"{seconds}s": QUIET
        for seconds in range(start, 3 * window, max(interval, window // 20 // interval * interval))
    }
    enough = f"{flat} {least}x{2 * length + hold // interval}"
    cases = [
        case(
            "firing",
            "it goes on",
            f"{flat} {least}+{least}x{2 * length}",
            {f"{at + window // 2}s": fires},
        ),
        case("boundary", "just enough", enough, {f"{at}s": fires}),
        case("quiet", "long ago", f"{least * 9}x{3 * length}", quietly),
        case(
            "quiet",
            "over when the window has passed",
            enough,
            {f"{start + window - 2 * interval}s": fires, f"{start + window + interval}s": QUIET},
        ),
        case(
            "restart",
            "a counter that starts again at 0",
            f"{least * 9}x{length} 0x{2 * length}",
            quietly,
        ),
        case("absent", "nothing was ever counted", "_x900", {f"{start}s": QUIET}),
    ]
    if hold:
        cases.append(
            case(
                "boundary",
                "for long enough, and not a second less",
                enough,
                {f"{at - interval}s": QUIET, f"{at}s": fires},
            )
        )
    if least > 1:
        cases.append(
            case(
                "low traffic",
                "one less than enough",
                f"{flat} {least - 1}x{2 * length}",
                quietly,
            )
        )
    return cases
