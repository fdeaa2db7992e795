"""What the verbs that play guests share: options, the way to the stack, how a chat is shown."""

from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from alojamientos.kit.errors import Invalid
from alojamientos.ops.simulator.client import StackClient
from alojamientos.ops.simulator.guest import Line
from alojamientos.settings import Settings

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object, nothing else.")]
Deadline = Annotated[
    float, typer.Option(help="Seconds that a guest waits for an answer before giving up.", min=1)
]


def create_client(settings: Settings) -> StackClient:
    """Build what reaches the simulators and the application; raises Invalid without them."""
    if not settings.stack.simulate_providers:
        raise Invalid(
            "STACK_SIMULATE_PROVIDERS is false: guests are only simulated against the simulators"
        )
    return StackClient(
        simulator_url=f"http://127.0.0.1:{settings.stack.simulator_port}",
        application_url=f"http://127.0.0.1:{settings.app.web_port}",
        api_token=settings.app.api_token.get_secret_value(),
    )


def show_line(console: Console, line: Line) -> None:
    """Print one line of a conversation."""
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
