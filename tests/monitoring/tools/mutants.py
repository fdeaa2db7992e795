"""Break every rule in small ways, one at a time, and see whether its cases notice.

A case that no broken rule fails protects nothing. Prints the share of the mutants that were
caught, and every survivor with its reason from survivors.toml or that it has none; exits with 1
when fewer than nine of ten were caught.
"""

import argparse
import os
import sys
import tempfile
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from tests.monitoring.cases.case import Case
from tests.monitoring.rule_cases import CASES
from tests.monitoring.tools import mutations
from tests.monitoring.tools.promtool import run, written
from tests.monitoring.tools.rules import Rule, committed, document

from alojamientos.ops.launcher.tools import ensure_tools, find_tool

ROOT = Path(__file__).parents[3]
SURVIVORS = Path(__file__).with_name("survivors.toml")
LEAST = 0.9
_BATCH = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Mutant:
    """One wrong turn; `rules` is the text of the rule file that has it."""

    alert: str
    what: str
    rules: str


def mutants(rule: Rule, step: int, *, recordings: frozenset[str]) -> Iterator[Mutant]:
    """Yield the mutants of an alert and of its recording rules that are named in `recordings`."""
    alert, name = rule.alert, rule.alert["alert"]
    for what, text in mutations.of_expression(alert["expr"]):
        yield Mutant(alert=name, what=what, rules=document((*rule.needs, {**alert, "expr": text})))
    if "for" in alert:
        for what, text in mutations.of_hold(alert["for"], step):
            yield Mutant(
                alert=name, what=what, rules=document((*rule.needs, {**alert, "for": text}))
            )
    for index, recording in enumerate(rule.needs):
        if recording["record"] in recordings:
            for what, text in mutations.of_expression(recording["expr"]):
                needs = list(rule.needs)
                needs[index] = {**recording, "expr": text}
                yield Mutant(
                    alert=name,
                    what=f"{recording['record']}: {what}",
                    rules=document((*needs, alert)),
                )


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    mutant: Mutant
    caught: bool


def hunt(
    promtool: str, rules: Mapping[str, Rule], cases: Iterable[Case], *, workers: int
) -> Iterator[Result]:
    """Try every mutant of `rules` on the cases of its alert; yield what came of it."""
    by_alert: dict[str, list[Case]] = {}
    for case in cases:
        by_alert.setdefault(case.alert, []).append(case)
    done: set[str] = set()
    with ThreadPoolExecutor(workers) as pool:
        pending = []
        for name, rule in rules.items():
            its = by_alert.get(name, [])
            step = max((mutations.in_seconds(case.interval) for case in its), default=10)
            fresh = frozenset(one["record"] for one in rule.needs) - done
            done |= fresh
            texts = [
                text for some in _batches(its) for text in written(some, {name: rule}).values()
            ]
            pending += [
                pool.submit(_try, promtool, mutant, texts)
                for mutant in mutants(rule, step, recordings=fresh)
            ]
        for future in pending:
            yield future.result()


def _batches(cases: list[Case]) -> Iterator[list[Case]]:
    """Yield the cases that catch most for the least time first: one that fails ends the hunt."""
    quick = sorted(cases, key=lambda case: (case.kind != "boundary", _samples(case)))
    for start in range(0, len(quick), _BATCH):
        yield quick[start : start + _BATCH]


def _samples(case: Case) -> float:
    last = max(mutations.in_seconds(at) for at in case.expect)
    return last / mutations.in_seconds(case.interval)


def _try(promtool: str, mutant: Mutant, texts: Iterable[str]) -> Result:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "rules.yml").write_text(mutant.rules, encoding="utf-8")
        caught = any(run(promtool, text, folder) for text in texts)
    return Result(mutant=mutant, caught=caught)


def reasons() -> dict[tuple[str, str], str]:
    """Return why survivors survive, by alert and change."""
    known = tomllib.loads(SURVIVORS.read_text(encoding="utf-8"))
    return {
        (alert, change): known["because"][why]
        for alert, changes in known["survivors"].items()
        for change, why in changes.items()
    }


def report(results: Iterable[Result], known: Mapping[tuple[str, str], str]) -> bool:
    """Print the share caught and the survivors; tell whether it is enough."""
    caught = total = unexplained = 0
    for result in results:
        total += 1
        caught += result.caught
        key = (result.mutant.alert, result.mutant.what)
        if result.caught and key in known:
            _say(f"caught     {key[0]}: {key[1]}, which survivors.toml says survives")
        if not result.caught:
            unexplained += key not in known
            _say(f"survived   {key[0]}: {key[1]}\n           {known.get(key, 'NOT EXPLAINED')}")
    share = caught / total if total else 0.0
    _say(
        f"{caught} of {total} mutants caught, {share:.1%};"
        f" {total - caught} survived, {unexplained} of them not explained"
    )
    return share >= LEAST


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", action="append", metavar="ALERT", help="mutate only this alert")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    options = parser.parse_args(arguments)
    ensure_tools(ROOT / ".tools", _say)
    rules = committed()
    if options.only:
        unknown = sorted(set(options.only) - set(rules))
        if unknown:
            parser.error(f"there is no alert {', '.join(unknown)}")
        rules = {name: rules[name] for name in options.only}
    promtool = str(find_tool("promtool", ROOT / ".tools"))
    results = hunt(promtool, rules, CASES, workers=options.workers)
    return 0 if report(results, reasons()) else 1


if __name__ == "__main__":
    sys.exit(main())
