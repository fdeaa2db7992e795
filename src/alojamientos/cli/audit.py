"""The verb that shows who did what."""

from dataclasses import asdict
from typing import Annotated

import orjson
import typer

from alojamientos.cli.desk import AsJson, open_desk, print_json, print_table
from alojamientos.kit import audit
from alojamientos.kit.dates import format_instant

app = typer.Typer(no_args_is_help=True, pretty_exceptions_enable=False)


@app.callback()
def introduce() -> None:
    """Who did what: every act of the owner's, written once."""


@app.command("list")
def list_entries(
    *,
    actor: Annotated[str | None, typer.Option(help="Done by: cli:ana, api:owner.")] = None,
    action: Annotated[str | None, typer.Option(help="Begins with: booking, price.added.")] = None,
    subject: Annotated[
        str | None, typer.Option(help="Done to: booking:7K3M-9QXT-A2BD, cabin:coihue.")
    ] = None,
    limit: Annotated[int, typer.Option(min=1, max=5000, help="At most as many.")] = 50,
    json: AsJson = False,
) -> None:
    """Show what was done by people, newest first, with what was before and after."""
    desk = open_desk()
    found = desk.read(
        lambda conn: audit.entries(conn, limit=limit, actor=actor, action=action, subject=subject)
    )
    if json:
        print_json({"entries": [asdict(each) for each in found]})
    elif not found:
        print("nothing was done by hand yet")
    else:
        print_table(
            ("when", "who", "what", "to", "detail"),
            [
                (
                    *(format_instant(each.happened_at, zone=desk.zone), each.actor, each.action),
                    *(each.subject, orjson.dumps(each.detail).decode() if each.detail else None),
                )
                for each in found
            ],
        )
