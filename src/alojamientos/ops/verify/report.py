"""The results of verify: a table for people, JSON for programs, JUnit for CI."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any
from xml.etree import ElementTree as ET

from rich.markup import escape
from rich.table import Table

from alojamientos.ops.verify.item import Result, State

_MARKS = {
    State.OK: "[green]ok[/]",
    State.FAILED: "[red]FAILED[/]",
    State.NOT_APPLICABLE: "[yellow]not applicable[/]",
}


def table(results: Sequence[Result]) -> Table:
    """Return one row per item: its number in the specification, state, evidence, where to look."""
    drawn = Table(title="alojamientos verify", title_justify="left")
    drawn.add_column("#", justify="right")
    drawn.add_column("")
    drawn.add_column("item", overflow="fold")
    drawn.add_column("evidence", overflow="fold")
    for result in results:
        drawn.add_row(
            str(result.specified or ""),
            _MARKS[result.state],
            result.name,
            _evidence(result),
        )
    return drawn


def _evidence(result: Result) -> str:
    waited = f" (after {result.waited_s:.0f} s)" if result.waited_s else ""
    hint = f"\n→ {result.hint}" if result.hint else ""
    return escape(f"{result.evidence}{waited}{hint}")


def as_json(results: Sequence[Result]) -> dict[str, Any]:
    """Return the results for programs: `ok` only when no item failed."""
    return {
        "ok": all(result.ok for result in results),
        "items": [{**asdict(result), "state": str(result.state)} for result in results],
    }


def junit(results: Sequence[Result]) -> str:
    """Return the results as JUnit XML; what is not applicable is a skipped test."""
    suite = ET.Element(
        "testsuite",
        name="alojamientos verify",
        tests=str(len(results)),
        failures=str(sum(result.state is State.FAILED for result in results)),
        skipped=str(sum(result.state is State.NOT_APPLICABLE for result in results)),
    )
    for result in results:
        case = ET.SubElement(
            suite, "testcase", name=result.name, classname="verify", time=f"{result.waited_s:.1f}"
        )
        if result.state is State.FAILED:
            ET.SubElement(case, "failure", message=result.evidence).text = result.hint
        elif result.state is State.NOT_APPLICABLE:
            ET.SubElement(case, "skipped", message=result.evidence)
        else:
            ET.SubElement(case, "system-out").text = result.evidence
    return ET.tostring(suite, encoding="unicode", xml_declaration=True) + "\n"
