"""Read every message of the corpus: how well, per slice, and how long one takes.

    make nlu [ARGS=--quick]

right  dates, people, intents and slots as labelled by hand
asked  not all, but nothing would be done that was not meant: the guest is asked, or told less
wrong  something would be acted on that was not meant

The frozen part is never tuned on. dateparser's figures are of the dates alone, on the same rows.
Exit status 1 below a bar.
"""

import argparse
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable

from benchmarks import _dateparser
from benchmarks._servers import percentile
from rich import box
from rich.console import Console
from rich.progress import track
from rich.table import Table
from tests.corpus import scoring
from tests.corpus.scoring import Row, Verdict

BAR_S = 0.002
BAR_F1 = 0.9
BAR_WRONG = 0.01
BARS_RIGHT = {"frozen": 0.95, "tuned": 0.98}
ROUNDS, QUICK_ROUNDS = 20, 3
KINDS = ("right", "asked", "wrong")
CONSOLE = Console(width=110)


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--quick",
        action="store_true",
        help=f"{QUICK_ROUNDS} rounds of timing instead of {ROUNDS}, and no dateparser",
    )
    quick = parser.parse_args().quick
    missed = [miss for part in BARS_RIGHT for miss in accuracy(part, against=not quick)]
    missed += speed(QUICK_ROUNDS if quick else ROUNDS)
    CONSOLE.print(f"[red]Missed: {'; '.join(missed)}[/]" if missed else "Every bar is met.")
    return 1 if missed else 0


def accuracy(part: str, *, against: bool) -> list[str]:
    """Print how `part` is read, slice by slice, and return the bars that are missed."""
    verdicts = [scoring.judge(row) for row in scoring.rows(part)]
    theirs: list[str] = []
    if against:
        judged = (_dateparser.judge(one.row) for one in verdicts)
        theirs = list(
            track(judged, f"dateparser, {part}", len(verdicts), console=Console(stderr=True))
        )
    by_slice: dict[str, list[int]] = defaultdict(list)
    for place, one in enumerate(verdicts):
        by_slice[one.row.label["slice"]].append(place)
    shown = Table(title=f"{part}: {len(verdicts)} messages", title_justify="left", box=box.SIMPLE)
    shown.add_column("slice", no_wrap=True)
    for heading in ("rows", *KINDS, "dates right", "dates wrong", *_THEIRS[: 2 * against]):
        shown.add_column(heading, justify="right")
    everything = {**dict(sorted(by_slice.items())), "all": list(range(len(verdicts)))}
    for name, places in everything.items():
        chosen = [verdicts[place] for place in places]
        their = Counter(theirs[place] for place in places) if against else None
        shown.add_row(name, *_figures(chosen, their), end_section=name == list(everything)[-2])
    CONSOLE.print(shown)
    f1 = scoring.macro_f1(verdicts)
    CONSOLE.print(f"intent macro F1 {f1:.3f} (bar {BAR_F1})\n")
    counts = Counter(one.verdict for one in verdicts)
    bars = {
        f"{part} right": counts["right"] / len(verdicts) >= BARS_RIGHT[part],
        f"{part} wrong": counts["wrong"] / len(verdicts) <= BAR_WRONG,
        f"{part} F1": f1 >= BAR_F1,
    }
    return [name for name, met in bars.items() if not met]


_THEIRS = ("dateparser right", "dateparser wrong")


def _figures(verdicts: list[Verdict], theirs: Counter[str] | None) -> Iterable[str]:
    total = len(verdicts)
    counts = Counter(one.verdict for one in verdicts)
    dates = Counter(_of_dates(one) for one in verdicts)
    yield str(total)
    yield from (f"{counts[kind] / total:.1%}" for kind in KINDS)
    yield f"{dates['right'] / total:.1%}"
    yield f"{dates['wrong'] / total:.1%}"
    if theirs is not None:
        yield from (f"{theirs[kind] / total:.1%}" for kind in ("right", "wrong"))


def _of_dates(one: Verdict) -> str:
    return next(
        (why.removeprefix("dates:") for why in one.why if why.startswith("dates:")), "right"
    )


def speed(rounds: int) -> list[str]:
    """Print how long one message takes, and return the bars that are missed."""
    rows = [row for part in BARS_RIGHT for row in scoring.rows(part)]
    for row in rows:
        scoring.read(row)  # a round that fills every table
    worked = _timed(rows, rounds, time.thread_time)
    passed = _timed(rows, rounds, time.perf_counter)
    middle, slow = percentile(worked, 0.5), percentile(worked, 0.95)
    CONSOLE.print(
        f"{len(rows)} messages, {rounds} times: median {middle * 1e3:.2f} ms,"
        f" p95 {slow * 1e3:.2f} ms of the processor (bar {BAR_S * 1e3:.0f} ms);\n"
        f"by the clock, with what else runs here: median {percentile(passed, 0.5) * 1e3:.2f} ms,"
        f" p95 {percentile(passed, 0.95) * 1e3:.2f} ms"
    )
    return [] if slow <= BAR_S else ["p95 of a message"]


def _timed(rows: list[Row], rounds: int, clock: Callable[[], float]) -> list[float]:
    seconds = []
    for _ in range(rounds):
        for row in rows:
            start = clock()
            scoring.read(row)
            seconds.append(clock() - start)
    return seconds


if __name__ == "__main__":
    sys.exit(main())
