"""The verbs of the whole stack: up, down, status, logs, restart."""

import os
import sys
import time
from functools import partial
from typing import Annotated

import orjson
import typer

from alojamientos.ops.launcher import config, launch, parts, table, tools
from alojamientos.ops.launcher import logs as log_files
from alojamientos.ops.launcher.control import Client, NotRunning
from alojamientos.ops.launcher.part import PartStatus, State
from alojamientos.ops.launcher.servers import ProgramMissing
from alojamientos.settings import Settings, load_settings
from alojamientos.telemetry.logs import redact

_TRAFFIC_RATE = "0.5/s"
_FOLLOW_EVERY_S = 0.25


def up(
    *,
    detach: Annotated[
        bool, typer.Option("--detach", help="Give the prompt back when all is ready.")
    ] = False,
    reset: Annotated[
        bool, typer.Option("--reset", help="Delete all data first: bookings, logs, secrets.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask before deleting.")] = False,
    traffic: Annotated[
        bool, typer.Option("--traffic", help=f"Add simulated guests, {_TRAFFIC_RATE}.")
    ] = False,
) -> None:
    """Start everything and keep it running: servers, application, monitoring.

    What is missing is fetched first. A part that dies is started again. Ctrl-C, SIGTERM and
    `alojamientos down` stop all parts in order. Data stays in STACK_STATE_DIR (.state).

    A port that is taken is named with its owner and the setting that changes it. DATABASE_URL and
    REDIS_URL make the stack use those servers instead of its own.
    """
    settings = load_settings()
    folder = config.state_dir(settings)
    console, tell = table.console(), _Teller()
    if reset:
        _reset(settings, yes=yes)
    try:
        status = launch.await_up(Client(folder), tell, alive=lambda: False)
    except NotRunning:
        pass
    else:
        console.print("It is up already.", table.full(status))
        return
    _ensure_tools(settings)
    rate = _TRAFFIC_RATE if traffic else ""
    if detach:
        again = [sys.executable, "-m", "alojamientos", "up", *(["--traffic"] if traffic else [])]
        console.print(table.full(launch.run_behind(folder, again, tell)))
        return
    launch.run(
        folder,
        partial(parts.build, settings, traffic=rate),
        redact=redact,
        on_change=tell,
        on_ready=lambda ready: console.print(table.full(ready)),
    )
    print("everything has stopped")


def down() -> None:
    """Stop everything, in order, and whatever a killed stack left behind."""
    folder = config.state_dir(load_settings(check_production=False))
    print("everything has stopped" if launch.stop(folder) else "nothing was running")


def status(
    *,
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """Show every part: its state, URL, process id and log file. Exit 1 when one is not well."""
    client = Client(config.state_dir(load_settings(check_production=False)))
    now = client.status()
    if as_json:
        print(orjson.dumps(now, option=orjson.OPT_INDENT_2).decode())
    else:
        table.console().print(table.full(now))
    if not client.is_up():
        raise typer.Exit(1)


def restart(part: Annotated[str, typer.Argument(help="As in the table of `status`.")]) -> None:
    """Restart one part of the running stack and wait until it is ready again."""
    client = Client(config.state_dir(load_settings(check_production=False)))
    print(table.line(client.restart_part(part)))


def logs(
    part: Annotated[
        str | None, typer.Argument(help="As in the table of `status`; all by default.")
    ] = None,
    *,
    trace: Annotated[
        str | None, typer.Option("--trace", help="Only, and all, lines of this trace id.")
    ] = None,
    follow: Annotated[
        bool | None,
        typer.Option(help="Go on with new lines; by default on a terminal only."),
    ] = None,
    lines: Annotated[
        int, typer.Option("--lines", "-n", min=0, help="How many to begin with.")
    ] = 40,
    as_json: Annotated[
        bool, typer.Option("--json", help="Lines as they are in the files.")
    ] = False,
) -> None:
    """Follow the logs of all parts as one, by time; of one part; or of one booking.

    `simulate booking` prints the trace id of its booking: --trace shows its way through web and
    worker. Works on a stopped stack too.
    """
    folder = config.state_dir(load_settings(check_production=False)) / "logs"
    if part and not log_files.files(folder, part):
        known = ", ".join(log_files.parts(folder)) or "none yet"
        raise typer.BadParameter(f"there is no log of {part!r}; there are: {known}")
    console = table.console()

    def show(found: list[log_files.Line]) -> None:
        for line in found:
            if as_json:
                print(line.raw, flush=True)
            else:
                console.print(log_files.pretty(line), soft_wrap=True)

    try:
        journal = log_files.Journal(folder, part, trace=trace)
        show(journal.newest(lines))
        if sys.stdout.isatty() if follow is None else follow:
            while True:
                time.sleep(_FOLLOW_EVERY_S)
                show(journal.new())
    except (KeyboardInterrupt, BrokenPipeError):
        sys.stdout = open(os.devnull, "w")  # noqa: PTH123, SIM115 - nobody reads what is still buffered


def _reset(settings: Settings, *, yes: bool) -> None:
    folder = config.state_dir(settings)
    if folder.exists() and sys.stdin.isatty() and not yes:
        typer.confirm(f"Delete {folder} with all bookings, logs and secrets?", abort=True)
    launch.stop(folder)
    config.wipe(settings)


def _ensure_tools(settings: Settings) -> None:
    try:
        tools.ensure_tools(settings.stack.tools_dir, lambda text: print(text, flush=True))
    except ProgramMissing as error:
        if os.environ.get("CI") == "true":
            raise
        print(f"Going on without: {error.message}", file=sys.stderr, flush=True)


class _Teller:
    """Print a line when a part comes to another state; details come and go too fast to read."""

    def __init__(self) -> None:
        self._known: dict[str, State] = {}

    def __call__(self, part: PartStatus) -> None:
        if self._known.get(part.name) is not part.state and part.state is not State.WAITING:
            print(table.line(part), flush=True)
        self._known[part.name] = part.state
