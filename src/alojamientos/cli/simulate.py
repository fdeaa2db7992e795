"""The verbs that play guests against the running stack."""

import asyncio
import sys
from typing import Annotated

import orjson
import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from alojamientos.cli import simulate_ical
from alojamientos.cli.season import season
from alojamientos.kit.clock import today_in
from alojamientos.kit.errors import Invalid
from alojamientos.ops.launcher import config
from alojamientos.ops.simulator import voice as simulated_voice
from alojamientos.ops.simulator.buttons import ButtonsReport, play_buttons
from alojamientos.ops.simulator.client import StackClient
from alojamientos.ops.simulator.guest import Line
from alojamientos.ops.simulator.journeys import BookingReport, book
from alojamientos.ops.simulator.report import TrafficPlan, TrafficReport, parse_rate
from alojamientos.ops.simulator.scenarios import SCENARIOS
from alojamientos.ops.simulator.traffic import Traffic
from alojamientos.ops.simulator.voice_notes import VoiceReport, play_voice_notes
from alojamientos.settings import Settings, load_settings

app = typer.Typer(no_args_is_help=True, pretty_exceptions_enable=False)
app.command("ical")(simulate_ical.play)
app.command()(season)
_MIX = ", ".join(f"{s.weight} % {s.name}" for s in SCENARIOS)

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object, nothing else.")]
Deadline = Annotated[
    float, typer.Option(help="Seconds that a guest waits for an answer before giving up.", min=1)
]


@app.command()
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


@app.command()
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


@app.command(help=f"Play many guests at once, then check every invariant.\n\nThe mix: {_MIX}.")
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


@app.command()
def buttons(
    *,
    json: AsJson = False,
    seed: Annotated[int | None, typer.Option(help="Draws the same guest's name again.")] = None,
    deadline: Deadline = 30.0,
) -> None:
    """Book, pay and cancel by pressing alone, press old buttons, audit; exit 1 if not well."""
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


def _client(settings: Settings) -> StackClient:
    if not settings.stack.simulate_providers:
        raise Invalid(
            "STACK_SIMULATE_PROVIDERS is false: guests are only simulated against the simulators"
        )
    return StackClient(
        simulator_url=f"http://127.0.0.1:{settings.stack.simulator_port}",
        application_url=f"http://127.0.0.1:{settings.app.web_port}",
        api_token=settings.app.api_token.get_secret_value(),
    )


async def _book(
    settings: Settings, console: Console, *, seed: int | None, deadline_s: float, voice: bool
) -> BookingReport:
    async with _client(settings) as client:
        return await book(
            client,
            seed=seed,
            today=today_in(settings.app.time_zone),
            deadline_s=deadline_s,
            on_line=lambda line: _show_line(console, line),
            spoken=voice,
        )


async def _voices(
    settings: Settings, console: Console, *, seed: int | None, deadline_s: float
) -> VoiceReport:
    if simulated_voice.__name__ not in settings.speech.transcriber_command:
        raise Invalid(
            "TRANSCRIBER is set: simulated voice notes hold their words in a comment, no sound;"
            " start the stack without it"
        )
    async with _client(settings) as client:
        return await play_voice_notes(
            client,
            seed=seed,
            today=today_in(settings.app.time_zone),
            deadline_s=deadline_s,
            on_line=lambda line: _show_line(console, line),
            on_episode=lambda name: console.print(f"\n[bold]{name}[/]"),
        )


async def _press(
    settings: Settings, console: Console, *, seed: int | None, deadline_s: float
) -> ButtonsReport:
    async with _client(settings) as client:
        return await play_buttons(
            client,
            seed=seed,
            today=today_in(settings.app.time_zone),
            deadline_s=deadline_s,
            on_line=lambda line: _show_line(console, line),
        )


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
    async with _client(settings) as client:
        guests = Traffic(client=client, plan=plan, today=today_in(settings.app.time_zone))
        with Progress(*columns, console=console, disable=disable) as progress:
            task = progress.add_task("guests write", total=total, answered=0)

            def on_turn(number: int) -> None:
                progress.update(task, completed=number, answered=guests.report.answered)

            return await guests.run(on_turn=on_turn)


def _show_line(console: Console, line: Line) -> None:
    chat = Table.grid(padding=(0, 2, 0, 0))
    chat.add_column(width=9)
    chat.add_column(overflow="fold")
    if line.who == "guest":
        console.print()
        chat.add_row("[bold cyan]guest[/]", escape(line.text))
    else:
        took = "" if line.seconds is None else f"  [dim]{line.seconds * 1000:.0f} ms[/]"
        chat.add_row("[bold green]assistant[/]", escape(line.text.strip()) + took)
        if line.options:
            buttons = " · ".join(escape(f"[{option}]") for option in line.options)
            chat.add_row("", f"[magenta]{buttons}[/]")
    console.print(chat)


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
