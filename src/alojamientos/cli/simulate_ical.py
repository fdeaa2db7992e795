"""`alojamientos simulate ical`: hosts that import our calendar and publish it again."""

import sys
from typing import Annotated

import orjson
import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn

from alojamientos.cli import session
from alojamientos.kit.clock import today_in
from alojamientos.kit.db import Database
from alojamientos.kit.errors import Invalid
from alojamientos.ops.simulator import convergence
from alojamientos.ops.simulator.calendar_hub import StackHub
from alojamientos.ops.simulator.convergence import HERE, ConvergenceReport
from alojamientos.settings import Settings


def play(
    *,
    cycles: Annotated[
        int, typer.Option(min=4, help="How often both hosts import ours and we read theirs.")
    ] = 8,
    cabin: Annotated[str, typer.Option(help="Short name of the cabin that is connected.")] = (
        "lenga"
    ),
    json: Annotated[
        bool, typer.Option("--json", help="Print one JSON object, nothing else.")
    ] = False,
) -> None:
    """Play Airbnb and Booking.com importing our calendar and publishing it again.

    A stay is sold here and one at each host, a year ahead. In the middle ours is cancelled: at the
    end no place may still keep it closed, and every place must know of the other two. Afterwards
    all of it is taken away again. Exits 1 when a night is left over, missing or there twice.
    """
    settings = session.running_settings()
    if not settings.stack.simulate_providers:
        raise Invalid(
            "STACK_SIMULATE_PROVIDERS is false: hosts are only played against the simulators"
        )
    console = Console(stderr=True, quiet=json, highlight=False)
    report = session.run(
        settings,
        lambda database: _play(settings, database, console, cycles=cycles, cabin=cabin),
        name="simulate-ical",
    )
    if json:
        print(orjson.dumps(report.to_json(), option=orjson.OPT_INDENT_2).decode())
    else:
        _show(report)
    if report.problems:
        print(f"Not well: {'; '.join(report.problems)}", file=sys.stderr)
        raise typer.Exit(1)


async def _play(
    settings: Settings, database: Database, console: Console, *, cycles: int, cabin: str
) -> ConvergenceReport:
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.completed}/{task.total}"),
    )
    hub = StackHub(
        database=database,
        application_url=f"http://127.0.0.1:{settings.app.web_port}",
        simulator_url=f"http://127.0.0.1:{settings.stack.simulator_port}",
        api_token=settings.app.api_token.get_secret_value(),
        cabin=cabin,
    )
    disable = console.quiet or not console.is_terminal
    async with hub.connected():
        first = await hub.first_free(today_in(settings.app.time_zone))
        with Progress(*columns, console=console, disable=disable) as progress:
            task = progress.add_task("cycles", total=cycles)
            return await convergence.play(
                hub,
                first=first,
                cycles=cycles,
                on_cycle=lambda cycle: progress.update(task, completed=cycle),
            )


def _show(report: ConvergenceReport) -> None:
    for place, (check_in, check_out) in report.sold.items():
        fate = "cancelled in the middle" if place in report.cancelled else "kept"
        print(f"{place:8} sold {check_in} to {check_out}, {fate}")
    print(f"told everywhere after {_cycles(report.told_after)}")
    print(f"right everywhere {_cycles(report.settled_after)} after the cancellation")
    print(f"{HERE} and at both hosts, {report.cycles} cycles: ", end="")
    print("not well" if report.problems else "nothing left over, nothing missing, nothing twice")


def _cycles(count: int | None) -> str:
    return "never" if count is None else f"{count} {'cycle' if count == 1 else 'cycles'}"
