"""The verbs for nights that the owner keeps for themselves."""

from dataclasses import asdict
from typing import Annotated

import typer

from alojamientos.cli.desk import AsJson, DryRun, Yes, open_desk, print_json, print_table
from alojamientos.kit.dates import format_day, parse_day
from alojamientos.reservations import blocks
from alojamientos.reservations.blocks import Block, BookedThere
from alojamientos.reservations.domain import Stay

app = typer.Typer(no_args_is_help=True, pretty_exceptions_enable=False)


@app.command()
def add(
    cabin: Annotated[str, typer.Argument(help="Its short name.")],
    *,
    first: Annotated[str, typer.Option("--from", help="The first night that is not sold.")],
    last: Annotated[str, typer.Option("--to", help="The morning after the last one.")],
    note: Annotated[str, typer.Option(help="Why, for you only.")] = "",
    force: Annotated[
        bool, typer.Option("--force", help="Although guests are booked there, who stay booked.")
    ] = False,
    dry_run: DryRun = False,
) -> None:
    """Keep nights of a cabin for yourself: they are not sold, on any channel of ours.

    Refused over a booking, which is shown; --force blocks the nights all the same.
    """
    desk = open_desk()
    stay = Stay(parse_day(first, field="from"), parse_day(last, field="to"))
    done = desk.change(
        lambda tx: blocks.add(
            tx,
            cabin=cabin,
            stay=stay,
            note=note,
            today=desk.today,
            actor=desk.actor,
            despite=force,
        ),
        show=lambda pair: _show(*pair),
        ask="",
        yes=True,
        dry_run=dry_run,
    )
    if done:
        _show(*done)


@app.command("list")
def list_blocks(
    cabin: Annotated[str | None, typer.Argument(help="One cabin only.")] = None,
    *,
    past: Annotated[bool, typer.Option("--past", help="Also what is over.")] = False,
    json: AsJson = False,
) -> None:
    """Show the nights that you keep for yourself."""
    desk = open_desk()
    since = None if past else desk.today
    found = desk.read(lambda conn: blocks.blocks(conn, cabin=cabin, since=since))
    if json:
        print_json({"blocks": [asdict(each) for each in found]})
    elif not found:
        print("no blocks; add one with: alojamientos blocks add CABIN --from DAY --to DAY")
    else:
        _print(found)


@app.command()
def remove(
    block_id: Annotated[int, typer.Argument(metavar="ID", help="As `blocks list` shows it.")],
    *,
    yes: Yes = False,
    dry_run: DryRun = False,
) -> None:
    """Sell the nights of a block again, at once."""
    desk = open_desk()
    done = desk.change(
        lambda tx: blocks.remove(tx, block_id=block_id, actor=desk.actor),
        show=lambda block: _print([block]),
        ask="Sell these nights again?",
        yes=yes,
        dry_run=dry_run,
    )
    if done:
        print(f"block {done.id} removed")


def _show(block: Block, booked: list[BookedThere]) -> None:
    _print([block])
    for each in booked:
        days = f"{format_day(each.check_in)} to {format_day(each.check_out)}"
        print(f"over booking {each.code} ({each.status}), {days}")


def _print(found: list[Block]) -> None:
    print_table(
        ("id>", "cabin", "first night", "until", "nights>", "note"),
        [
            (
                *(each.id, each.cabin, format_day(each.starts_on), format_day(each.ends_on)),
                *((each.ends_on - each.starts_on).days, each.note),
            )
            for each in found
        ],
    )
