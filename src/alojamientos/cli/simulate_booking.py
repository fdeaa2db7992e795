"""`alojamientos simulate booking`: one guest from the first word to a confirmed stay."""

import asyncio
import sys
from typing import Annotated

import orjson
import typer
from rich.console import Console
from rich.table import Table

from alojamientos.cli.simulating import AsJson, Deadline, create_client, show_line
from alojamientos.kit.clock import today_in
from alojamientos.ops.launcher import config
from alojamientos.ops.simulator.journeys import BookingReport, book
from alojamientos.settings import Settings, load_settings


def booking(
    *,
    json: AsJson = False,
    seed: Annotated[
        int | None, typer.Option(help="Draws the same guest's words and dates again.")
    ] = None,
    voice: Annotated[bool, typer.Option("--voice", help="Begin with a voice note.")] = False,
    deadline: Deadline = 30.0,
) -> None:
    """Play one guest from the first word to a confirmed stay; exit 1 when it ends otherwise."""
    settings = config.running(load_settings(check_production=False))
    console = Console(stderr=json, quiet=json, highlight=False)
    report = asyncio.run(_book(settings, console, seed=seed, deadline_s=deadline, voice=voice))
    if json:
        print(orjson.dumps(report.to_json(), option=orjson.OPT_INDENT_2).decode())
    else:
        _show_booking(console, report)
    if report.outcome != "confirmed":
        print(f"Not confirmed: {report.reason}", file=sys.stderr)
        raise typer.Exit(1)


async def _book(
    settings: Settings, console: Console, *, seed: int | None, deadline_s: float, voice: bool
) -> BookingReport:
    async with create_client(settings) as client:
        return await book(
            client,
            seed=seed,
            today=today_in(settings.app.time_zone),
            deadline_s=deadline_s,
            on_line=lambda line: show_line(console, line),
            spoken=voice,
        )


def _show_booking(console: Console, report: BookingReport) -> None:
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
    good = report.outcome == "confirmed"
    rows = {
        "outcome": f"[{'bold green' if good else 'bold red'}]{report.outcome}[/]",
        "reservation": report.code or "-",
        "stay": f"{report.check_in} to {report.check_out}, {report.guests} guests",
        "trace": report.trace_id,
        "timings": " · ".join(f"{name} {s:.2f} s" for name, s in report.timings.items()) or "-",
        "slowest reply": f"{max(report.reply_seconds, default=0):.3f} s",
        "its log lines": f"alojamientos logs --trace {report.trace_id}",
    }
    for name, value in rows.items():
        table.add_row(f"[dim]{name}[/]", value)
    console.print()
    console.print(table)
