"""The results of verify as a table for people or JSON for programs."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from rich.table import Table

from alojamientos.ops.verify.checks import Result


def table(results: Sequence[Result]) -> Table:
    """Return one row per check: whether it held, the evidence, and what to look at if not."""
    drawn = Table(title="alojamientos verify", title_justify="left")
    drawn.add_column("")
    drawn.add_column("check")
    drawn.add_column("evidence", overflow="fold")
    drawn.add_column("look at", overflow="fold")
    for result in results:
        mark = "[green]ok[/]" if result.ok else "[red]FAILED[/]"
        drawn.add_row(mark, result.name, result.evidence, result.hint)
    return drawn


def as_json(results: Sequence[Result]) -> dict[str, Any]:
    """Return the results for programs: `ok` only when every check held."""
    return {
        "ok": all(result.ok for result in results),
        "checks": [asdict(result) for result in results],
    }
