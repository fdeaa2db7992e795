"""`alojamientos drill`: break something on purpose and watch who is told."""

import signal
from enum import StrEnum
from types import FrameType
from typing import Annotated

import orjson
import typer
from rich.console import Console

from alojamientos.ops.drill import report as reports
from alojamientos.ops.drill.backend_down import BackendDown, Step
from alojamientos.ops.drill.clients import Eyes
from alojamientos.ops.launcher.control import Client
from alojamientos.settings import load_settings

app = typer.Typer(no_args_is_help=True, help="Break something on purpose and watch who is told.")


class Target(StrEnum):
    WEB = "web"
    WORKER = "worker"


@app.callback()
def _drills() -> None:
    """Break something on purpose and watch who is told."""


@app.command("backend-down")
def backend_down(
    target: Annotated[Target, typer.Option(help="Whom to kill.")] = Target.WEB,
    timeout: Annotated[
        float, typer.Option(min=1, help="Seconds from kill to mail, and from restore to mail.")
    ] = 120,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")] = False,
) -> None:
    """Kill a process, wait for the alert mail, bring it back, wait for the recovery mail."""
    stack = load_settings(check_production=False).stack
    console = Console(stderr=as_json)

    def show(step: Step) -> None:
        console.print(f"{step.seconds:6.1f} s since the {step.since}: {step.name}")

    # Stopped from outside, the drill must still bring the process back.
    before = signal.signal(signal.SIGTERM, _interrupt)
    try:
        with Eyes(
            prometheus=f"http://127.0.0.1:{stack.prometheus_port}",
            alertmanager=f"http://127.0.0.1:{stack.alertmanager_port}",
            mail=f"http://127.0.0.1:{stack.mail_http_port}",
        ) as eyes:
            report = BackendDown(
                eyes=eyes,
                control=Client(stack.state_dir),
                target=target.value,
                timeout_s=timeout,
                on_step=show,
            ).run()
    finally:
        signal.signal(signal.SIGTERM, before)
    if as_json:
        print(orjson.dumps(reports.as_json(report)).decode())
    else:
        console.print(reports.table(report))
    if report.problem:
        Console(stderr=True).print(report.problem, style="red", markup=False)
        raise typer.Exit(1)


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt
