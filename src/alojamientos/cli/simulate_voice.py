"""`alojamientos simulate voice`: guests who speak."""

import asyncio
from typing import Annotated

import orjson
import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from alojamientos.cli.simulating import AsJson, Deadline, create_client, show_line
from alojamientos.kit.clock import today_in
from alojamientos.kit.errors import Invalid
from alojamientos.ops.launcher import config
from alojamientos.ops.simulator import voice as simulated_voice
from alojamientos.ops.simulator.voice_notes import VoiceReport, play_voice_notes
from alojamientos.settings import Settings, load_settings


def voice(
    *,
    json: AsJson = False,
    seed: Annotated[int | None, typer.Option(help="Draws the same words and dates again.")] = None,
    deadline: Deadline = 30.0,
) -> None:
    """Play voice notes: booked, misheard, silent, broken, delivered thrice; exit 1 if one fails."""
    settings = config.running(load_settings(check_production=False))
    console = Console(stderr=json, quiet=json, highlight=False)
    report = asyncio.run(_voices(settings, console, seed=seed, deadline_s=deadline))
    if json:
        print(orjson.dumps(report.to_json(), option=orjson.OPT_INDENT_2).decode())
    else:
        _show_voices(console, report)
    if not report.is_well:
        raise typer.Exit(1)


async def _voices(
    settings: Settings, console: Console, *, seed: int | None, deadline_s: float
) -> VoiceReport:
    if simulated_voice.__name__ not in settings.speech.transcriber_command:
        raise Invalid(
            "TRANSCRIBER is set: simulated voice notes hold their words in a comment, no sound;"
            " start the stack without it"
        )
    async with create_client(settings) as client:
        return await play_voice_notes(
            client,
            seed=seed,
            today=today_in(settings.app.time_zone),
            deadline_s=deadline_s,
            on_line=lambda line: show_line(console, line),
            on_episode=lambda name: console.print(f"\n[bold]{name}[/]"),
        )


def _show_voices(console: Console, report: VoiceReport) -> None:
    table = Table("episode", "ended", box=None, padding=(0, 2, 0, 0))
    for name, ended in report.episodes.items():
        color = "green" if ended == "well" else "bold red"
        table.add_row(escape(name), f"[{color}]{escape(ended)}[/]")
    table.add_row("slowest reply", f"{max(report.reply_seconds, default=0):.3f} s")
    broken = ", ".join(report.broken)
    table.add_row("invariants", f"[bold red]broken: {broken}[/]" if broken else "[green]hold[/]")
    console.print()
    console.print(table)
