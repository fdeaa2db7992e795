"""The verbs for conversations with guests."""

from dataclasses import asdict
from typing import Annotated

import typer

from alojamientos.cli.desk import AsJson, open_desk, print_json, print_table
from alojamientos.console import conversations
from alojamientos.kit.dates import format_instant

app = typer.Typer(no_args_is_help=True, pretty_exceptions_enable=False)


@app.command("list")
def list_conversations(
    *,
    paused: Annotated[bool, typer.Option("--paused", help="Only those left to a person.")] = False,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="At most as many.")] = 50,
    json: AsJson = False,
) -> None:
    """Show who wrote last, and which conversations are left to a person."""
    desk = open_desk()
    found = desk.read(lambda conn: conversations.conversations(conn, limit=limit, paused=paused))
    if json:
        print_json({"conversations": [asdict(each) for each in found]})
    elif not found:
        print("no conversations")
    else:
        print_table(
            ("id>", "channel", "address", "guest", "wrote last", "left to a person until"),
            [
                (
                    *(each.id, each.channel, each.address, each.guest),
                    *(
                        format_instant(at, zone=desk.zone) if at else None
                        for at in (each.last_inbound_at, each.paused_until)
                    ),
                )
                for each in found
            ],
        )


@app.command()
def show(
    conversation_id: Annotated[int, typer.Argument(metavar="ID", help="As `list` shows it.")],
    *,
    lines: Annotated[int, typer.Option(min=1, max=500, help="How many of the last lines.")] = 30,
    json: AsJson = False,
) -> None:
    """Show what was said last in a conversation."""
    desk = open_desk()
    found, said = desk.read(
        lambda conn: conversations.conversation(conn, conversation_id, lines=lines)
    )
    if json:
        print_json({**asdict(found), "lines": [asdict(line) for line in said]})
        return
    print_table(
        ("when", "who", "what"),
        [
            (
                format_instant(line.at, zone=desk.zone),
                "guest" if line.kind else "we",
                line.text or f"[{line.kind}]",
            )
            for line in said
        ],
    )
