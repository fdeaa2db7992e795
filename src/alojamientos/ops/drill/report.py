"""A drill's report: for people, for programs, and as a page to keep."""

from collections.abc import Sequence
from typing import Any

from rich.table import Table

from alojamientos.ops.drill.runner import Report, Stage

_STAGES: tuple[Stage, ...] = ("pending", "firing", "mailed", "recovery mailed")
_HEADS = (
    *("fault", "what was done", "alert", *_STAGES[:3], "limit", "recovery mailed"),
    *("held back", "unexpected", "verdict", "played"),
)
_INTRODUCTION = (
    "Played on a live stack with `alojamientos drill --report`: each row is of the last time that"
    " its fault was played. Seconds are from the fault, those of the recovery mail from the"
    " mending. The limit is from the fault to the mail, or to firing where mail is what is broken."
    " A warning that is *muted* fired at night: its mail would have waited for the morning."
    " [How each fault is made, and where a drill is not like life](howto/drills.md)."
)


def table(reports: Sequence[Report]) -> Table:
    """Return one row per expected alert, with the seconds to each stage."""
    drawn = Table(title="Drills", title_justify="left")
    for heading in ("fault", "alert", *_STAGES, "held back", ""):
        drawn.add_column(
            heading, justify="right" if heading in _STAGES else "left", overflow="fold"
        )
    for report in reports:
        mark = "[green]ok[/]" if report.ok else "[red]FAILED[/]"
        for alert in report.fault.expected:
            drawn.add_row(
                report.fault.name,
                alert,
                *(_cell(report, alert, stage) for stage in _STAGES),
                ", ".join(_held(report)) or "-",
                mark,
            )
    return drawn


def markdown(
    reports: Sequence[Report], *, order: Sequence[str], when: str, where: str, before: str = ""
) -> str:
    """Return the reports as a page; seconds from the fault, and from the mending for recovery.

    Faults that were not played now keep their rows of the page `before`; `order` is theirs.
    """
    head = f"| {' | '.join(_HEADS)} |"
    rule = ["---:" if head in (*_STAGES, "limit") else "---" for head in _HEADS]
    rows = _kept(before, head) | {
        report.fault.name: _rows(report, when, where) for report in reports
    }
    lines = ["# Drills", "", _INTRODUCTION, "", head, f"|{'|'.join(rule)}|"]
    lines += [row for name in order for row in rows.get(name, ())]
    return "\n".join(lines) + "\n"


def _rows(report: Report, when: str, where: str) -> list[str]:
    fault = report.fault
    rows = []
    for alert in fault.expected:
        cells = [
            fault.name,
            fault.summary,
            f"[{alert}](runbooks/{alert}.md)",
            *(_cell(report, alert, stage) for stage in _STAGES[:3]),
            f"{fault.within_s:g}",
            _cell(report, alert, "recovery mailed"),
            ", ".join(_held(report)) or "-",
            ", ".join(sorted(report.unexpected)) or "-",
            "ok" if report.ok else "; ".join(report.problems),
            f"{when}, {where}",
        ]
        rows.append(f"| {' | '.join(cells)} |")
    return rows


def _kept(page: str, head: str) -> dict[str, list[str]]:
    """Return the rows of a page by fault; none of one that has other columns."""
    rows: dict[str, list[str]] = {}
    _, _, below = page.partition(f"{head}\n")
    for line in below.splitlines()[1:]:
        rows.setdefault(line.split("|")[1].strip(), []).append(line)
    return rows


def as_json(reports: Sequence[Report]) -> dict[str, Any]:
    """Return the reports for programs: `ok` only when every drill went as it should."""
    return {
        "ok": all(report.ok for report in reports),
        "drills": [
            {
                "fault": report.fault.name,
                "expected": list(report.fault.expected),
                "ok": report.ok,
                "problems": report.problems,
                "held_back": _held(report),
                "unexpected": sorted(report.unexpected),
                "detected_s": _rounded(report.detected_s),
                "recovered_s": _rounded(report.recovered_s),
                "steps": [
                    {
                        "alert": step.alert,
                        "stage": step.stage,
                        "since": step.since,
                        "seconds": round(step.seconds, 3),
                    }
                    for step in report.steps
                ],
            }
            for report in reports
        ],
    }


def _held(report: Report) -> list[str]:
    return sorted(report.inhibited)


def _cell(report: Report, alert: str, stage: Stage) -> str:
    value = report.seconds(alert, stage)
    if value is None:
        is_mail = stage in ("mailed", "recovery mailed")
        return "muted" if is_mail and report.seconds(alert, "muted") is not None else "-"
    return f"{value:.1f}"


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 3)
