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
from typing import Any

from tests.monitoring.cases.case import Case
from tests.monitoring.cases.readings import READINGS, Reading
from tests.monitoring.rule_cases import CASES
from tests.monitoring.tools import mutations
from tests.monitoring.tools.promtool import run, written, written_readings
from tests.monitoring.tools.rules import Rule, committed, document, recordings

from alojamientos.ops.launcher.tools import ensure_tools, find_tool

ROOT = Path(__file__).parents[3]
SURVIVORS = Path(__file__).with_name("survivors.toml")
LEAST = 0.9
_BATCH = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Mutant:
    """One wrong turn of `rule`; `rules` is the text of the rule file that has it."""

    rule: str
    what: str
    rules: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    mutant: Mutant
    caught: bool


def of_alert(rule: Rule, step: int) -> Iterator[Mutant]:
    """Yield the mutants of an alert; what it reads of recorded series stays right."""
    alert, name = rule.alert, rule.alert["alert"]
    changes = [({"expr": text}, what) for what, text in mutations.of_expression(alert["expr"])]
    if "for" in alert:
        changes += [({"for": text}, what) for what, text in mutations.of_hold(alert["for"], step)]
    for change, what in changes:
        yield Mutant(rule=name, what=what, rules=document((*rule.needs, {**alert, **change})))


def of_recording(rule: Mapping[str, Any]) -> Iterator[Mutant]:
    """Yield the mutants of a recording rule."""
    slo = rule.get("labels", {}).get("slo", "")
    for what, text in mutations.of_expression(rule["expr"]):
        name = f"{rule['record']} {slo}".strip()
        yield Mutant(rule=name, what=what, rules=document(({**rule, "expr": text},)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Hunt:
    """Mutants, and the test files of which one should notice each."""

    mutants: tuple[Mutant, ...]
    texts: tuple[str, ...]


def in_alerts(rules: Mapping[str, Rule], cases: Iterable[Case]) -> Iterator[Hunt]:
    """Yield the hunt for each alert of `rules`, by its own cases."""
    by_alert: dict[str, list[Case]] = {}
    for case in cases:
        by_alert.setdefault(case.alert, []).append(case)
    for name, rule in rules.items():
        its = by_alert.get(name, [])
        step = max((mutations.in_seconds(case.interval) for case in its), default=10)
        yield Hunt(
            mutants=tuple(of_alert(rule, step)),
            texts=tuple(t for some in _batches(its) for t in written(some, {name: rule}).values()),
        )


def in_recordings(
    rules: Mapping[tuple[str, str], Mapping[str, Any]], readings: Iterable[Reading]
) -> Iterator[Hunt]:
    """Yield the hunt for each recording rule, by the readings of what it records."""
    readings = tuple(readings)
    for (record, slo), rule in rules.items():
        its = [r for r in readings if r.record == record and slo in ("", r.slo)]
        yield Hunt(mutants=tuple(of_recording(rule)), texts=(written_readings(its),) if its else ())


def hunt(promtool: str, hunts: Iterable[Hunt], *, workers: int) -> Iterator[Result]:
    """Try every mutant on the test files of its hunt; yield what came of it."""
    with ThreadPoolExecutor(workers) as pool:
        pending = [
            pool.submit(_try, promtool, mutant, one.texts)
            for one in hunts
            for mutant in one.mutants
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
        key = (result.mutant.rule, result.mutant.what)
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
    parser.add_argument(
        "--only", action="append", metavar="NAME", help="only this alert or recorded series"
    )
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    options = parser.parse_args(arguments)
    ensure_tools(ROOT / ".tools", _say)
    alerts, recorded = committed(), recordings()
    if options.only:
        known = {*alerts, *(record for record, _ in recorded)}
        unknown = sorted(set(options.only) - known)
        if unknown:
            parser.error(f"there is no alert or recorded series {', '.join(unknown)}")
        alerts = {name: rule for name, rule in alerts.items() if name in options.only}
        recorded = {key: rule for key, rule in recorded.items() if key[0] in options.only}
    promtool = str(find_tool("promtool", ROOT / ".tools"))
    hunts = (*in_alerts(alerts, CASES), *in_recordings(recorded, READINGS))
    results = hunt(promtool, hunts, workers=options.workers)
    return 0 if report(results, reasons()) else 1


if __name__ == "__main__":
    sys.exit(main())
