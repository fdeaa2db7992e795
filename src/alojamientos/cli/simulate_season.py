"""The verb that plays a whole season in minutes."""

import asyncio
import contextlib
import shutil
import sys
import tempfile
from datetime import datetime
from pathlib import Path
from typing import Annotated

import orjson
import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from alojamientos.ops.season.play import play
from alojamientos.ops.season.report import SeasonReport

_SHOWN = 3


def season(
    *,
    days: Annotated[int, typer.Option(help="How long the season is.", min=1, max=366)] = 30,
    seed: Annotated[int, typer.Option(help="Draws the same guests and faults again.")] = 1,
    report: Annotated[
        Path | None, typer.Option("--report", help="Write what happened to this file (Markdown).")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object only.")] = False,
    keep: Annotated[
        bool, typer.Option("--keep", help="Keep its folder: logs, database, mails.")
    ] = False,
) -> None:
    """Play a season in minutes, then audit every night, peso and message; exit 1 on a finding.

    It starts a stack of its own in a temporary folder, on free ports: web, worker, PostgreSQL,
    Valkey, the simulated providers. Nothing that runs already is touched. Its clock jumps over
    the hours in which nothing happens. Guests pay late, twice or unheard of; providers fail;
    processes are killed. When something is found, the folder with all logs is kept and named.
    """
    page = report.absolute() if report else None
    if page is not None and not page.parent.is_dir():
        raise typer.BadParameter(f"there is no folder {page.parent}", param_hint="--report")
    console = Console(stderr=True, quiet=json, highlight=False)
    folder = Path(tempfile.mkdtemp(prefix="alojamientos-season-"))
    clean = False
    try:
        # Nothing of a .env in this folder may find its way into the season.
        with contextlib.chdir(folder):
            played = _play(console, folder=folder, seed=seed, days=days)
        clean = played.is_clean
    except (KeyboardInterrupt, asyncio.CancelledError):
        print("Stopped: every process of the season has ended", file=sys.stderr)
        raise typer.Exit(130) from None
    finally:
        if clean and not keep:
            shutil.rmtree(folder)
        else:
            print(f"The season's logs and data are in {folder}", file=sys.stderr)
    if page is not None:
        page.write_text(played.to_markdown(), encoding="utf-8")
    if json:
        print(orjson.dumps(played.to_json(), option=orjson.OPT_INDENT_2).decode())
    else:
        _show(Console(highlight=False), played)
    if not clean:
        raise typer.Exit(1)


def _play(console: Console, *, folder: Path, seed: int, days: int) -> SeasonReport:
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.fields[day]}"),
        TimeRemainingColumn(),
    )
    disable = console.quiet or not console.is_terminal
    with Progress(*columns, console=console, disable=disable) as progress:
        task = progress.add_task("", total=1.0, day="")

        def on_phase(name: str) -> None:
            progress.update(task, description=name)
            if disable:
                console.print(name)

        def on_stop(now: datetime, first: datetime, last: datetime) -> None:
            done = max(0.0, (now - first) / (last - first))
            progress.update(task, completed=done, day=f"{now.astimezone(first.tzinfo):%a %d %b}")

        return asyncio.run(
            play(folder=folder, seed=seed, days=days, on_phase=on_phase, on_stop=on_stop)
        )


def _show(console: Console, played: SeasonReport) -> None:
    table = Table("check", "of", "findings", box=None, padding=(0, 2, 0, 0))
    for verdict in played.verdicts:
        found = len(verdict.findings)
        told = f"[bold red]{found}[/]" if found else "[green]none[/]"
        table.add_row(escape(verdict.name), str(verdict.looked_at), told)
        for line in verdict.findings[:_SHOWN]:
            table.add_row("", "", f"[red]{escape(line)}[/]")
    console.print(table)
    for name, count in sorted(played.counts.items()):
        console.print(f"[dim]{count:6d}[/]  {escape(name)}")
    for note in played.notes:
        console.print(f"[yellow]note[/] {escape(note)}")
    ended = "[bold green]clean[/]" if played.is_clean else "[bold red]not clean[/]"
    console.print(
        f"{played.days} days, seed {played.seed}, in {played.seconds:.0f} s"
        f" over {played.stops} stops: {ended}"
    )
