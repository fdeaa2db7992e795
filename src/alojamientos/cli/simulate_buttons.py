"""`alojamientos simulate buttons`: a guest who presses and never writes."""

import asyncio
import sys
from typing import Annotated

import orjson
import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from alojamientos.cli.simulating import AsJson, Deadline, create_client, show_line
from alojamientos.kit.clock import today_in
from alojamientos.ops.launcher import config
from alojamientos.ops.simulator.buttons import ButtonsReport, play_buttons
from alojamientos.settings import Settings, load_settings


def buttons(
    *,
    json: AsJson = False,
    seed: Annotated[int | None, typer.Option(help="Draws the same guest's name again.")] = None,
    deadline: Deadline = 30.0,
) -> None:
    """Book, move, pay and cancel by pressing alone, and old buttons; audit; exit 1 if not well."""
    settings = config.running(load_settings(check_production=False))
    console = Console(stderr=json, quiet=json, highlight=False)
    report = asyncio.run(_press(settings, console, seed=seed, deadline_s=deadline))
    if json:
        print(orjson.dumps(report.to_json(), option=orjson.OPT_INDENT_2).decode())
    else:
        _show_buttons(console, report)
    if report.problems:
        print(f"Not well: {'; '.join(report.problems)}", file=sys.stderr)
        raise typer.Exit(1)


async def _press(
    settings: Settings, console: Console, *, seed: int | None, deadline_s: float
) -> ButtonsReport:
    async with create_client(settings) as client:
        return await play_buttons(
            client,
            seed=seed,
            today=today_in(settings.app.time_zone),
            deadline_s=deadline_s,
            on_line=lambda line: show_line(console, line),
        )


def _show_buttons(console: Console, report: ButtonsReport) -> None:
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
    table.add_row("[dim]pressed[/]", escape(" · ".join(report.pressed)))
    table.add_row("[dim]reservation[/]", report.code or "-")
    table.add_row("[dim]slowest reply[/]", f"{max(report.reply_seconds, default=0):.3f} s")
    for check in report.audit:
        mark = "[bold green]yes[/]" if check.ok else "[bold red]no[/]"
        table.add_row(f"[dim]{check.name}[/]", f"{mark}  {escape(check.found)}")
    verdict = "[bold red]not well[/]" if report.problems else "[bold green]all well[/]"
    table.add_row("[dim]verdict[/]", verdict)
    console.print()
    console.print(table)
