"""`alojamientos drill`: break something on purpose and watch who is told."""

import contextlib
import platform
import signal
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType
from typing import Annotated

import orjson
import typer
from rich.console import Console
from rich.table import Table

from alojamientos.ops.drill import faults, outside_hands
from alojamientos.ops.drill import report as reports
from alojamientos.ops.drill.application_hands import ApplicationHands
from alojamientos.ops.drill.clients import Eyes
from alojamientos.ops.drill.hands import StackHands
from alojamientos.ops.drill.model import Fault
from alojamientos.ops.drill.runner import Drill, Patience, Report, Step
from alojamientos.ops.launcher import config
from alojamientos.ops.launcher.control import Client
from alojamientos.settings import Settings, load_settings

app = typer.Typer(no_args_is_help=True)
_MOST_BETWEEN_S = 1800.0  # an alert over half an hour may still hold after a drill


@app.command()
def drill(
    names: Annotated[
        list[str] | None, typer.Argument(metavar="[FAULT]...", help="As --list shows them.")
    ] = None,
    *,
    every: Annotated[bool, typer.Option("--all", help="Play every fault, one by one.")] = False,
    show_list: Annotated[bool, typer.Option("--list", help="List the faults and stop.")] = False,
    report: Annotated[
        Path | None,
        typer.Option(
            help="Write a Markdown page of the results; faults not played keep their rows of it.",
            dir_okay=False,
        ),
    ] = None,
    timeout: Annotated[
        float | None, typer.Option(min=1, help="Seconds to the mail, instead of the fault's own.")
    ] = None,
    despite: Annotated[
        list[str] | None,
        typer.Option(metavar="ALERT", help="Allow an alert that has a reason of its own now."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")] = False,
) -> None:
    """Break something on purpose, wait for the alert mail, mend it, wait for the recovery mail.

    Each fault must raise exactly the alerts that it should, within its limit; what follows from
    them must be held back. The stack must be quiet before. Whatever happens, the fault is mended
    at the end. Some need guests, and bring their own. Try: alojamientos drill backend-down, or
    --list; docs/howto/drills.md says what each does.
    """
    if show_list:
        Console(highlight=False).print(_listed())
        return
    chosen = _chosen(names or [], every=every)
    console = Console(stderr=as_json, highlight=False)
    # Stopped from outside, the drill must still mend what it broke.
    before = signal.signal(signal.SIGTERM, _interrupt)
    results: list[Report] = []
    page = report.read_text(encoding="utf-8") if report is not None and report.exists() else ""
    try:
        for result in _play(chosen, console=console, timeout=timeout, despite=despite or []):
            results.append(result)
            if report is not None:
                # After each: all of them take hours, and may be stopped before the end.
                report.write_text(_page(results, before=page), encoding="utf-8")
    finally:
        signal.signal(signal.SIGTERM, before)
    if as_json:
        print(orjson.dumps(reports.as_json(results)).decode())
    else:
        console.print(reports.table(results))
    problems = [f"{r.fault.name}: {problem}" for r in results for problem in r.problems]
    for problem in problems:
        Console(stderr=True).print(problem, style="red", markup=False)
    if problems:
        raise typer.Exit(1)


def _listed() -> Table:
    table = Table(title="Faults", title_justify="left")
    for heading in ("name", "what is done", "alerts", "mail within"):
        table.add_column(heading)
    for fault in faults.ALL:
        limit = f"{fault.within_s:g} s" if fault.mailed else "no mail can leave"
        table.add_row(fault.name, fault.summary, ", ".join(fault.expected), limit)
    return table


def _chosen(names: list[str], *, every: bool) -> Sequence[Fault]:
    if every:
        return faults.ALL
    unknown = [name for name in names if name not in faults.BY_NAME]
    if unknown or not names:
        known = ", ".join(faults.BY_NAME)
        problem = f"there is no fault {', '.join(unknown)}" if unknown else "name a fault, or --all"
        raise typer.BadParameter(f"{problem}; known: {known}")
    return [faults.BY_NAME[name] for name in names]


def _play(
    chosen: Sequence[Fault], *, console: Console, timeout: float | None, despite: Sequence[str]
) -> Iterator[Report]:
    settings = config.running(load_settings(check_production=False))
    stack = settings.stack
    alertmanager = f"http://127.0.0.1:{stack.alertmanager_port}"
    control = Client(stack.state_dir)
    control.status()  # refuses when there is no stack

    def show(step: Step) -> None:
        console.print(f"{step.seconds:6.1f} s since the {step.since}: {step.alert} {step.stage}")

    with (
        Eyes(
            prometheus=f"http://127.0.0.1:{stack.prometheus_port}",
            alertmanager=alertmanager,
            mail=f"http://127.0.0.1:{stack.mail_http_port}",
        ) as eyes,
        contextlib.closing(_application(settings)) as application,
    ):
        hands = StackHands(
            control=control,
            alertmanager=alertmanager,
            application=application,
            outside=outside_hands.of_stack(settings, control),
        )
        for number, fault in enumerate(chosen):
            console.print(f"{fault.name}: {fault.summary}")
            console.print("it is mended at the end, also by Ctrl-C, and watched until all is quiet")
            drill = Drill(
                eyes=eyes,
                hands=hands,
                fault=fault if timeout is None else fault.limited_to(timeout),
                on_step=show,
                on_wait=console.print,
                patience=Patience(before_s=_MOST_BETWEEN_S if number else 0.0),
                despite=despite,
            )
            report = drill.run()
            console.print(f"{fault.name}: {'ok' if report.ok else 'FAILED'}")
            yield report


def _application(settings: Settings) -> ApplicationHands:
    database = settings.database.url
    return ApplicationHands(
        url=f"http://127.0.0.1:{settings.app.web_port}",
        api_token=settings.app.api_token.get_secret_value(),
        simulators=f"http://127.0.0.1:{settings.stack.simulator_port}",
        dsn=database.get_secret_value() if database else "",
    )


def _page(results: Sequence[Report], *, before: str) -> str:
    return reports.markdown(
        results,
        order=[fault.name for fault in faults.ALL],
        before=before,
        when=f"{datetime.now(UTC):%Y-%m-%d}",
        where=f"{platform.system()} {platform.machine()}",
    )


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt
