"""`alojamientos simulate traffic`: many guests at once."""

import asyncio
import sys
from typing import Annotated

import orjson
import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from alojamientos.cli.simulating import AsJson, Deadline, create_client
from alojamientos.kit.clock import today_in
from alojamientos.ops.launcher import config
from alojamientos.ops.simulator.report import TrafficPlan, TrafficReport, parse_rate
from alojamientos.ops.simulator.scenarios import SCENARIOS
from alojamientos.ops.simulator.traffic import Traffic
from alojamientos.settings import Settings, load_settings

_MIX = ", ".join(f"{s.weight} % {s.name}" for s in SCENARIOS)
HELP = f"Play many guests at once, then check every invariant.\n\nThe mix: {_MIX}."


def traffic(
    *,
    rate: Annotated[str, typer.Option(help="Messages per time: 5/s, 30/min.")] = "2/s",
    minutes: Annotated[float, typer.Option(help="How long new messages go out.", min=0.01)] = 5.0,
    seed: Annotated[int, typer.Option(help="Draws the same guests again.")] = 1,
    json: AsJson = False,
    deadline: Deadline = 30.0,
) -> None:
    """Play many guests; exit 1 on a message unanswered, a 5xx or a broken invariant."""
    settings = config.running(load_settings(check_production=False))
    plan = TrafficPlan(rate=parse_rate(rate), seconds=minutes * 60, seed=seed, deadline_s=deadline)
    console = Console(stderr=True, quiet=json, highlight=False)
    report = asyncio.run(_play(settings, console, plan))
    if json:
        print(orjson.dumps(report.to_json(), option=orjson.OPT_INDENT_2).decode())
    else:
        _show_traffic(Console(highlight=False), report)
    if report.problems:
        print(f"Not well: {'; '.join(report.problems)}", file=sys.stderr)
        raise typer.Exit(1)


async def _play(settings: Settings, console: Console, plan: TrafficPlan) -> TrafficReport:
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.completed:.0f}/{task.total:.0f} messages"),
        TextColumn("{task.fields[answered]} answered"),
        TimeRemainingColumn(),
    )
    total = max(1, round(plan.rate * plan.seconds))
    disable = console.quiet or not console.is_terminal
    async with create_client(settings) as client:
        guests = Traffic(client=client, plan=plan, today=today_in(settings.app.time_zone))
        with Progress(*columns, console=console, disable=disable) as progress:
            task = progress.add_task("guests write", total=total, answered=0)

            def on_turn(number: int) -> None:
                progress.update(task, completed=number, answered=guests.report.answered)

            return await guests.run(on_turn=on_turn)


def _show_traffic(console: Console, report: TrafficReport) -> None:
    def seconds(share: float) -> str:
        value = report.latency(share)
        return "-" if value is None else f"{value:.3f} s"

    def counted(counts: dict[str, int]) -> str:
        return " · ".join(f"{name} {count}" for name, count in sorted(counts.items())) or "-"

    table = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
    invariants = report.invariants.get("invariants", [])
    broken = [one["name"] for one in invariants if one.get("violations")]
    rows = {
        "played": f"{report.seconds:.0f} s at {report.plan.rate:g} messages/s,"
        f" seed {report.plan.seed}",
        "conversations": counted(report.conversations),
        "ended": counted(report.outcomes),
        "messages": f"{report.sent} sent · {report.answered} answered ·"
        f" {report.unanswered} unanswered · {report.forged} forged"
        f" · {report.doubled} answered twice",
        "bookings": f"{report.outcomes['confirmed']} confirmed",
        "webhooks": counted(report.statuses),
        "unexpected 4xx": str(report.unexpected_4xx),
        "5xx": str(report.server_errors),
        "reply latency": f"p50 {seconds(0.5)} · p95 {seconds(0.95)} · max {seconds(1.0)}",
        "invariants": ("broken: " + ", ".join(broken))
        if broken
        else f"{len(invariants)} hold"
        if report.invariants.get("ok")
        else str(report.invariants.get("problem", "not checked")),
    }
    for name, value in rows.items():
        table.add_row(f"[dim]{name}[/]", escape(value))
    for reason, count in report.reasons.most_common(5):
        table.add_row("[yellow]note[/]", escape(f"{count} × {reason}"))
    verdict = "[bold red]not well[/]" if report.problems else "[bold green]all well[/]"
    table.add_row("[dim]verdict[/]", verdict)
    console.print(table)
