"""The table of parts, and what to do now."""

import sys
from pathlib import Path

from rich.console import Console, Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from alojamientos.ops.launcher.control import StackStatus
from alojamientos.ops.launcher.part import PartStatus, State

_WIDTH_WITHOUT_TERMINAL = 150
_STYLES = {
    State.READY: "green",
    State.DONE: "green",
    State.OUTSIDE: "cyan",
    State.WAITING: "dim",
    State.STARTING: "yellow",
    State.RESTARTING: "bold red",
    State.STOPPED: "dim",
    State.FAILED: "bold red",
    State.ABSENT: "red",
}


def console(*, stderr: bool = False) -> Console:
    """Return a console that does not cut the table to 80 columns when nobody looks at it."""
    made = Console(stderr=stderr, highlight=False)
    return made if made.is_terminal else Console(
        stderr=stderr, highlight=False, width=_WIDTH_WITHOUT_TERMINAL
    )  # fmt: skip


def parts(status: StackStatus) -> Table:
    """Return the table: part, state, URL, pid, log file."""
    table = Table(title=f"Alojamientos is {status.phase}", title_justify="left")
    for name in ("part", "state", "URL", "pid", "log file"):
        table.add_column(name, overflow="fold", no_wrap=name in ("part", "pid"))
    for part in status.parts:
        table.add_row(
            part.name,
            _state(part),
            part.url,
            str(part.pid or ""),
            _relative(part.log),
        )
    return table


def what_now(status: StackStatus) -> RenderableType:
    """Return what a newcomer may want to do next."""
    urls = {part.name: part.url for part in status.parts}
    command = _relative(str(Path(sys.executable).with_name("alojamientos")))
    hints = {
        f"{command} simulate booking": "play a guest from first word to confirmed",
        f"{command} verify": "go through the specification's checklist, with evidence",
        f"{command} logs [part]": "follow the logs, or one booking with --trace ID",
        f"{command} drill backend-down": "kill web and wait for the alert mail",
        f"{command} down": "stop everything (make down)",
        urls.get("simulators", ""): "a phone to write to the lodging as a guest",
        urls.get("mail", ""): "mails that were sent, alerts among them",
        urls.get("web", ""): "the API, described by itself",
    }
    grid = Table.grid(padding=(0, 2))
    for what, why in hints.items():
        if what:
            grid.add_row(Text(what), Text(why))
    return Panel(grid, title="What now", title_align="left", expand=False)


def full(status: StackStatus) -> Group:
    return Group(parts(status), what_now(status))


def line(part: PartStatus) -> str:
    """Return a part's state in one line of text."""
    detail = f" ({part.detail})" if part.detail else ""
    return f"{part.name:18} {part.state}{detail}"


def _state(part: PartStatus) -> Text:
    text = Text(str(part.state), style=_STYLES[part.state])
    if part.detail:
        text.append(f" {part.detail}", style="dim")
    if part.restarts:
        text.append(f" ×{part.restarts + 1}", style="yellow")
    return text


def _relative(path: str) -> str:
    try:
        return str(Path(path).relative_to(Path.cwd())) if path else ""
    except ValueError:
        return path
