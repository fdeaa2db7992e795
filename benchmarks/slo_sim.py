"""Play years of a lodging's traffic against the alerts on service levels: false pages, recall.

    python -m benchmarks.slo_sim [--quick] [--objective 0.99] [--seed N]

The factors, windows, minimums and the outage alert are those of the definitions. "Textbook" is the
same without minimums and without the outage alert: what SLO generators write. "Levels" are ours
alone; "ours" are those and JourneyFailing, which a booking rehearsed every minute feeds. Traffic is
Poisson with a daily rhythm, in steps of a minute; an event in progress and the delays of scraping
are left out. Ends with 1 when ours page for nothing more than once in 10 years of some traffic, or
miss an outage.
"""

import argparse
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from decimal import Decimal

import numpy as np
from numpy.typing import NDArray

from alojamientos.monitoring.definitions.slos import OUTAGE, POLICIES, SLOS
from alojamientos.monitoring.slo import WINDOWS, Outage, Policy, Slo

Counts = NDArray[np.int64]
Flags = NDArray[np.bool_]

DAY = 1_440
RATES = (2, 5, 10, 30, 60, 300)  # events an hour
LENGTHS = (15, 30, 60, 180)  # minutes that an outage lasts
HEALTHY = 0.002  # share of bad events when all is well
# A restart hits a rehearsed booking now and then; an assumption, --rehearsals says another.
FAILED_REHEARSALS = 1.0  # a week, when all is well
REHEARSALS, FAILED = 3, 2  # JourneyFailing: so many of the last so many
YEARS_PER_FALSE_PAGE = 10  # less often than that is never, to whoever is paged
PEAK, NIGHT = 20, 4  # hours of the day at which outages begin
PAGES = tuple(policy for policy in POLICIES if policy.is_page)
TEXTBOOK = tuple(replace(policy, min_bad=0) for policy in PAGES)


@dataclass(frozen=True, kw_only=True)
class Rules:
    name: str
    policies: tuple[Policy, ...]
    outage: Outage | None
    rehearses: bool = False


LEVELS = Rules(name="levels", policies=PAGES, outage=OUTAGE)
OURS = replace(LEVELS, name="ours", rehearses=True)
RULES = (Rules(name="textbook", policies=TEXTBOOK, outage=None), LEVELS, OURS)


@dataclass(frozen=True, kw_only=True)
class Played:
    """What happened in each minute: bad and all events, and whether the rehearsal failed."""

    bad: Counts
    total: Counts
    failed: Counts


def level(objective: Decimal | None) -> Slo:
    """Return the level to simulate: that of the requests, or one like it."""
    slo = next(slo for slo in SLOS if slo.name == "http-availability")
    return slo if objective is None else replace(slo, objective=objective)


def rhythm(minutes: int) -> NDArray[np.float64]:
    """Return the traffic of each minute as a multiple of the day's mean: night 0.1, evening 2."""
    hour = (np.arange(minutes) / 60) % 24
    wave = 1 + np.cos((hour - PEAK) / 24 * 2 * np.pi)
    shape = np.maximum(wave, 0.1)
    return np.asarray(shape / shape[:DAY].mean(), dtype=np.float64)


def last(counts: Counts, window: str) -> Counts:
    """Return for each minute how many there were in the `window` that ends with it."""
    minutes = WINDOWS[window] // 60
    sums = np.concatenate(([0], np.cumsum(counts)))
    start = np.maximum(np.arange(1, len(counts) + 1) - minutes, 0)
    return np.asarray(sums[1:] - sums[start])


def firing(rules: Rules, slo: Slo, played: Played) -> Flags:
    """Return for each minute whether a page fires."""
    bad, total = played.bad, played.total
    fires: Flags = np.zeros(len(bad), dtype=np.bool_)
    for policy in rules.policies:
        for burn in policy.burns:
            threshold = float(burn.factor * slo.budget)
            fires |= (
                _above(bad, total, burn.long, threshold)
                & _above(bad, total, burn.short, threshold)
                & (last(bad, burn.long) >= policy.min_bad)
            )
    if rules.outage is not None:
        window = rules.outage.window
        fires |= _above(bad, total, window, float(rules.outage.share)) & (
            last(bad, window) >= rules.outage.min_bad
        )
    if rules.rehearses:
        sums = np.convolve(played.failed, np.ones(REHEARSALS, dtype=np.int64))
        fires |= sums[: len(bad)] >= FAILED
    return fires


def _above(bad: Counts, total: Counts, window: str, threshold: float) -> Flags:
    # bad > threshold * total is false where there was nothing at all: no level, no alert.
    return np.asarray(last(bad, window) > threshold * last(total, window) + 1e-9)


def traffic(
    rng: np.random.Generator, rate: float, days: int, broken: Flags | None, weekly: float
) -> Played:
    """Return what happens; while `broken` all is bad, else `weekly` rehearsals fail in a week."""
    total = rng.poisson(rate / 60 * rhythm(days * DAY))
    bad = rng.binomial(total, HEALTHY)
    failed = rng.binomial(1, weekly / (7 * DAY), size=days * DAY)
    if broken is not None:
        bad = np.where(broken, total, bad)
        failed = np.where(broken, 1, failed)
    return Played(bad=bad, total=total, failed=failed)


def false_pages(
    rng: np.random.Generator, rules: Rules, slo: Slo, rate: float, years: int, weekly: float
) -> int:
    """Return how often a page began in so many healthy years."""
    found = 0
    for _ in range(years):
        fires = firing(rules, slo, traffic(rng, rate, 365, None, weekly))
        found += int(np.count_nonzero(fires[1:] & ~fires[:-1]) + fires[0])
    return found


def recall(
    rng: np.random.Generator, rules: Rules, slo: Slo, rate: float, hour: int, length: int, days: int
) -> tuple[float, float]:
    """Return the share of outages paged while they last, and the median minutes until then."""
    # One every second day: the next one begins with clean windows.
    starts = np.arange(1, days - 1, 2) * DAY + hour * 60
    broken: Flags = np.zeros(days * DAY, dtype=np.bool_)
    for start in starts:
        broken[start : start + length] = True
    fires = firing(rules, slo, traffic(rng, rate, days, broken, 0))
    delays = [
        int(np.argmax(during)) + 1
        for start in starts
        if (during := fires[start : start + length]).any()
    ]
    return len(delays) / len(starts), float(np.median(delays)) if delays else float("nan")


def _table(heads: list[str], rows: list[list[str]]) -> None:
    widths = [max(map(len, column)) for column in zip(heads, *rows, strict=True)]
    for row in (heads, ["-" * width for width in widths], *rows):
        print("| " + " | ".join(cell.rjust(w) for cell, w in zip(row, widths, strict=True)) + " |")


def _cell(share: float, median: float) -> str:
    return f"{100 * share:.0f} %" + ("" if np.isnan(median) else f" / {median:.0f}")


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """The worst of our rules at any traffic."""

    false_pages: int
    recall: float


def report(
    slo: Slo, years: int, days: int, seed: int, weekly: float, out: Callable[[str], None] = print
) -> Verdict:
    """Print all tables; return how our rules did where they did worst."""
    out(
        f"objective {slo.objective}, when healthy {100 * HEALTHY:g} % bad and {weekly:g} rehearsals"
        f" a week failed, seed {seed};"
        f" {', '.join(f'{p.alert} >= {p.min_bad} bad' for p in PAGES)},"
        f" outage > {OUTAGE.share} over {OUTAGE.window} and >= {OUTAGE.min_bad} bad,"
        f" JourneyFailing {FAILED} of {REHEARSALS}"
    )
    out(f"\nFalse pages in {years} healthy years, by events an hour")
    worst, rows = 0, []
    for rate in RATES:
        counts = {
            rules.name: false_pages(
                np.random.default_rng(seed + rate), rules, slo, rate, years, weekly
            )
            for rules in RULES
        }
        worst = max(worst, counts[OURS.name])
        rows.append([str(rate), *map(str, counts.values())])
    _table(["events/h", *(rules.name for rules in RULES)], rows)
    least = 1.0
    for name, hour in (("peak", PEAK), ("night", NIGHT)):
        out(
            f"\nTotal outages that begin at {hour}:00 ({name}), {len(range(1, days - 1, 2))} each:"
            " paged while they last / median minutes"
        )
        rows = []
        for rate in RATES:
            for rules in RULES:
                found = [
                    recall(np.random.default_rng(seed + rate), rules, slo, rate, hour, length, days)
                    for length in LENGTHS
                ]
                if rules is OURS:
                    least = min(least, *(share for share, _ in found))
                rows.append([str(rate), rules.name, *(_cell(*each) for each in found)])
        _table(["events/h", "rules", *(f"{length} min" for length in LENGTHS)], rows)
    return Verdict(false_pages=worst, recall=least)


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="one year, fewer outages")
    parser.add_argument("--objective", type=Decimal, help="instead of that of the requests")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--rehearsals",
        type=float,
        default=FAILED_REHEARSALS,
        metavar="N",
        help="rehearsed bookings that fail in a week when all is well",
    )
    arguments = parser.parse_args()
    start = time.monotonic()
    years, days = (1, 122) if arguments.quick else (10, 365)
    verdict = report(level(arguments.objective), years, days, arguments.seed, arguments.rehearsals)
    allowed = years // YEARS_PER_FALSE_PAGE
    print(
        f"\nAt any traffic, ours had at most {verdict.false_pages} false pages in {years} years,"
        f" {allowed} tolerated, and paged {100 * verdict.recall:.0f} % of the outages or more."
        f" Took {time.monotonic() - start:.0f} s"
    )
    return 1 if verdict.false_pages > allowed or verdict.recall < 1 else 0


if __name__ == "__main__":
    sys.exit(main())
