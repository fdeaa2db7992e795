"""The verb that shows a day at the lodging."""

from dataclasses import asdict
from typing import Annotated

import typer

from alojamientos.cli.desk import AsJson, open_desk, print_json, print_table
from alojamientos.console import board as boards
from alojamientos.console.board import Board, Staying
from alojamientos.kit.dates import format_day, parse_day
from alojamientos.kit.money import format_money


def today(
    *,
    day: Annotated[str, typer.Option("--date", help="Another day: 2027-01-15 or 15/01/2027.")] = "",
    json: AsJson = False,
) -> None:
    """Show who arrives, who leaves, who stays, what to clean and who owes what.

    Today is what the calendar on the lodging's wall shows. Guests of Airbnb and the like are shown
    as their calendars tell of them.
    """
    desk = open_desk()
    chosen = parse_day(day, field="date") if day else desk.today
    board = desk.read(lambda conn: boards.board(conn, day=chosen))
    if json:
        print_json(asdict(board))
    else:
        _print(board)


def _print(board: Board) -> None:
    print(format_day(board.day))
    _section("Arrivals", board.arrivals)
    _section("Departures", board.departures)
    _section("Staying", board.staying)
    print(f"\nTo clean: {len(board.cleaning) or 'nothing'}")
    for each in board.cleaning:
        print(f"  {each.cabin_name}{', guests arrive today' if each.arriving else ''}")
    print(f"\nBalances due: {len(board.due) or 'none'}")
    for stay in board.due:
        print(f"  {stay.code} {stay.guest or '-'}, {stay.cabin_name}: {format_money(stay.due)}")


def _section(title: str, stays: list[Staying]) -> None:
    print(f"\n{title}: {len(stays) or 'none'}")
    if stays:
        print_table(
            ("cabin", "guest", "guests>", "phone", "from", "to", "booking"),
            [
                (
                    *(each.cabin_name, each.guest, each.guests, each.phone),
                    *(format_day(each.check_in), format_day(each.check_out), _source(each)),
                )
                for each in stays
            ],
        )


def _source(stay: Staying) -> str:
    if stay.code is None:
        return f"calendar of {stay.source}"
    return f"{stay.code}, deposit not paid yet" if stay.status == "pre_reserved" else stay.code
