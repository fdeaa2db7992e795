"""How bookings end, what is noted about them, and the files that they are written to."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from alojamientos.cli import bookings_shown as shown
from alojamientos.cli.desk import DryRun, Yes, open_desk
from alojamientos.cli.files import write_private
from alojamientos.console import bookings, exports
from alojamientos.kit.dates import parse_day
from alojamientos.kit.db import Transaction
from alojamientos.reservations import stays
from alojamientos.reservations.listing import Filter
from alojamientos.reservations.views import ReservationView

Code = Annotated[str, typer.Argument(help="Of the booking: 7K3M-9QXT-A2BD, in any spelling.")]


class Export(StrEnum):
    """What can be written as CSV."""

    BOOKINGS = "bookings"
    MONEY = "money"


def cancel(
    code: Code,
    *,
    reason: Annotated[str, typer.Option(help="Why; kept with the booking.")] = "",
    refund: Annotated[
        bool,
        typer.Option("--refund", help="Give back all that was paid."),
    ] = False,
    yes: Yes = False,
    dry_run: DryRun = False,
) -> None:
    """Cancel a booking: its nights are free at once, and the guest is told.

    There is no way back: book it again. What was paid stays in the guest's favor unless you say
    --refund. `alojamientos payments refund` gives back what the policy or you say; cash and
    transfers you give back yourself, and note it with `payments done`.
    """
    desk = open_desk()
    done = desk.change(
        lambda tx: bookings.cancel(
            tx, code=code, reason=reason, give_back=refund, actor=desk.actor, now=desk.now
        ),
        show=shown.print_cancellation,
        ask="Cancel it?",
        yes=yes,
        dry_run=dry_run,
    )
    if done:
        print(f"cancelled: {done.view.code}")


def no_show(code: Code, *, yes: Yes = False, dry_run: DryRun = False) -> None:
    """Note that the guest never came: the nights that are left can be sold again.

    What was charged stays charged. There is no way back.
    """
    desk = open_desk()

    async def work(tx: Transaction) -> ReservationView:
        view = await bookings.find(tx.conn, code)
        return await stays.no_show(tx, reservation_id=view.id, today=desk.today, actor=desk.actor)

    done = desk.change(
        work, show=shown.print_view, ask="Did nobody come?", yes=yes, dry_run=dry_run
    )
    if done:
        print(f"{done.code}: no show")


def export(
    what: Annotated[Export, typer.Argument(help="bookings, or money: the ledger line by line.")],
    *,
    first: Annotated[str, typer.Option("--from", help="Nights, or money, from this day on.")] = "",
    last: Annotated[str, typer.Option("--to", help="Until before this day.")] = "",
    to: Annotated[
        Path | None, typer.Option("--file", help="File to write; standard output without it.")
    ] = None,
) -> None:
    """Write bookings or money as CSV that Excel opens: semicolons, decimal commas, dd/mm/yyyy.

    The file has guests' names: it can be read by you alone.
    """
    desk = open_desk()
    since = parse_day(first, field="from") if first else None
    until = parse_day(last, field="to") if last else None
    if what is Export.MONEY:
        text = desk.read(
            lambda conn: exports.money_csv(conn, since=since, until=until, zone=desk.zone)
        )
    else:
        wanted = Filter(since=since, until=until)
        text = desk.read(lambda conn: exports.bookings_csv(conn, wanted, zone=desk.zone))
    if to is None:
        print(text, end="")
    else:
        write_private(to, text.encode())
        print(f"written: {to}")


def note(code: Code, text: Annotated[str, typer.Argument(help="What to remember.")]) -> None:
    """Note something about a booking, for you only: `bookings show` has it."""
    desk = open_desk()

    async def work(tx: Transaction) -> str:
        view = await bookings.find(tx.conn, code)
        await stays.add_note(tx, reservation_id=view.id, text=text, actor=desk.actor)
        return view.code

    print(f"noted: {desk.write(work)}")
