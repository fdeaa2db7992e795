"""A drill's report, for people and for programs."""

from typing import Any

from rich.table import Table

from alojamientos.ops.drill.backend_down import Report


def table(report: Report) -> Table:
    """Return each step with its seconds."""
    table = Table(title=f"Drill: {report.target} killed, {report.alert}")
    for heading in ("step", "since the", "seconds"):
        table.add_column(heading, justify="right" if heading == "seconds" else "left")
    for step in report.steps:
        table.add_row(step.name, step.since, f"{step.seconds:.1f}")
    return table


def as_json(report: Report) -> dict[str, Any]:
    """Return the report as a JSON object."""
    return {
        "target": report.target,
        "alert": report.alert,
        "ok": not report.problem,
        "problem": report.problem or None,
        "steps": [
            {"name": step.name, "since": step.since, "seconds": round(step.seconds, 3)}
            for step in report.steps
        ],
    }
