"""Read every message of the corpus over and over: how long one takes, and how well it is read.

    python -m benchmarks.nlu [--quick]

Bars: p95 ≤ 2 ms of the processor; at most 1 % of the dates acted on that were not meant.
"""

import argparse
import sys
import time
from collections import Counter

from benchmarks._booking import percentile, table
from tests.corpus import scoring

BAR_S = 0.002
BAR_WRONG = 0.01
ROUNDS = 50
PARTS = ("frozen", "tuned")
KINDS = ("right", "asked", "wrong")


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help=f"5 rounds instead of {ROUNDS}")
    rounds = 5 if parser.parse_args().quick else ROUNDS
    worked, passed = timings(rounds)
    slow = percentile(worked, 0.95)
    print(f"{len(worked)} readings of a message")
    table(
        [
            ("processor, median", f"{percentile(worked, 0.5) * 1e3:.2f} ms", ""),
            ("processor, p95", f"{slow * 1e3:.2f} ms", f"≤ {BAR_S * 1e3:.0f} ms"),
            ("clock, median", f"{percentile(passed, 0.5) * 1e3:.2f} ms", ""),
            ("clock, p95", f"{percentile(passed, 0.95) * 1e3:.2f} ms", "with what else runs here"),
        ]
    )
    wrong = [accuracy(part) for part in PARTS]
    return 0 if slow <= BAR_S and max(wrong) <= BAR_WRONG else 1


def timings(rounds: int) -> tuple[list[float], list[float]]:
    """Return processor and clock seconds of each reading, after a round that fills every table."""
    rows = [row for part in PARTS for row in scoring.rows(part)]
    worked: list[float] = []
    passed: list[float] = []
    for count in range(rounds + 1):
        for row in rows:
            clock, processor = time.perf_counter(), time.thread_time()
            scoring.read(row)
            if count:
                worked.append(time.thread_time() - processor)
                passed.append(time.perf_counter() - clock)
    return worked, passed


def accuracy(part: str) -> float:
    """Print how `part` is read, and return the share of dates acted on that were not meant."""
    verdicts = [scoring.judge(row) for row in scoring.rows(part)]
    counts = {"all": Counter(one.verdict for one in verdicts)}
    for what in ("dates", "party", "intents", "slots"):
        failures = Counter(
            reason.partition(":")[2]
            for one in verdicts
            for reason in one.why
            if reason.startswith(f"{what}:")
        )
        failures["right"] = len(verdicts) - failures.total()
        counts[what] = failures
    print(f"\n{part}: {len(verdicts)} messages, intent F1 {scoring.macro_f1(verdicts):.3f}")
    for what, found in counts.items():
        shares = (f"{found[kind]:4} {kind} ({found[kind] / len(verdicts):.1%})" for kind in KINDS)
        print(f"  {what:8}", *shares)
    return counts["dates"]["wrong"] / len(verdicts)


if __name__ == "__main__":
    sys.exit(main())
