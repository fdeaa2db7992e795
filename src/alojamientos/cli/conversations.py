"""The verbs for conversations with guests."""

from dataclasses import asdict
from datetime import timedelta
from typing import Annotated

import typer

from alojamientos.cli.desk import AsJson, open_desk, print_json, print_table
from alojamientos.console import conversations
from alojamientos.kit.dates import format_instant

app = typer.Typer(no_args_is_help=True, pretty_exceptions_enable=False)
Id = Annotated[int, typer.Argument(metavar="ID", help="As `list` shows it.")]


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
    conversation_id: Id,
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


@app.command()
def pause(
    conversation_id: Id,
    *,
    hours: Annotated[
        int | None, typer.Option(min=1, max=720, help="Instead of PAUSE_HOURS.")
    ] = None,
) -> None:
    """Keep the assistant silent in a conversation, so that you can write yourself.

    Writing to the guest from the WhatsApp Business app does the same. A longer pause stays.
    """
    desk = open_desk()
    until = desk.now + timedelta(hours=hours or desk.settings.app.pause_hours)
    found = desk.write(
        lambda tx: conversations.pause(tx, conversation_id, until=until, actor=desk.actor)
    )
    if found.paused_until is not None:
        print(f"left to you until {format_instant(found.paused_until, zone=desk.zone)}")


@app.command()
def resume(conversation_id: Id) -> None:
    """Let the assistant answer again, from the guest's next message on."""
    desk = open_desk()
    desk.write(lambda tx: conversations.resume(tx, conversation_id, now=desk.now, actor=desk.actor))
    print("the assistant answers again")
