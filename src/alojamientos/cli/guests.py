"""The verbs for guests and their personal data."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import orjson
import typer

from alojamientos.cli.desk import (
    AsJson,
    DryRun,
    Yes,
    open_desk,
    print_json,
    print_pairs,
    print_table,
)
from alojamientos.cli.files import write_private
from alojamientos.console import erasing, guests
from alojamientos.console.guests import Erased, Guest
from alojamientos.kit.dates import format_day, format_instant
from alojamientos.reservations import listing
from alojamientos.reservations.listing import Filter

app = typer.Typer(no_args_is_help=True, pretty_exceptions_enable=False)
GuestId = Annotated[int, typer.Argument(metavar="ID", help="As `guests list` shows it.")]


@app.command("list")
def list_guests(
    words: Annotated[
        str | None, typer.Argument(help="Part of a name, address or phone; all without it.")
    ] = None,
    *,
    limit: Annotated[int, typer.Option(min=1, max=5000, help="At most as many.")] = 50,
    json: AsJson = False,
) -> None:
    """Show guests, newest first."""
    desk = open_desk()
    found = desk.read(lambda conn: guests.search(conn, words=words, limit=limit))
    if json:
        print_json({"guests": [asdict(each) for each in found]})
    elif not found:
        print("no guests match")
    else:
        print_table(
            ("id>", "name", "phone", "e-mail", "bookings>", "last stay until"),
            [_row(each) for each in found],
        )


@app.command()
def show(guest_id: GuestId, *, json: AsJson = False) -> None:
    """Show one guest and their bookings."""
    desk = open_desk()
    found = desk.read(lambda conn: guests.guest(conn, guest_id))
    stays = desk.read(lambda conn: listing.search(conn, Filter(guest_id=guest_id)))
    if json:
        codes = [view.code for view in stays]
        print_json({**asdict(found), "codes": codes})
        return
    print_pairs(
        [
            ("id", found.id),
            ("name", "deleted on request" if found.erased_at else found.name),
            ("phone", found.phone),
            ("e-mail", found.email),
            ("known since", format_instant(found.created_at, zone=desk.zone)),
        ]
    )
    for view in stays:
        days = f"{format_day(view.check_in)} to {format_day(view.check_out)}"
        print(f"{view.code} {view.accommodation_name}, {days}: {view.status}")


@app.command()
def export(
    guest_id: GuestId,
    *,
    to: Annotated[
        Path | None, typer.Option("--to", help="File to write; standard output without it.")
    ] = None,
) -> None:
    """Write all that is kept about a guest as JSON: what they may ask for (Ley 25.326, art. 14).

    The file can be read by you alone. That it was made is in the audit.
    """
    desk = open_desk()
    found = desk.write(lambda tx: guests.export(tx, guest_id=guest_id, actor=desk.actor))
    if to is None:
        print_json(found)
        return
    text = orjson.dumps(found, option=orjson.OPT_INDENT_2, default=str)
    write_private(to, text)
    print(f"written: {to}")


@app.command()
def delete(guest_id: GuestId, *, yes: Yes = False, dry_run: DryRun = False) -> None:
    """Delete a guest's personal data on their request (Ley 25.326, art. 16).

    Name, phone, addresses, messages and notes go. Stays, prices and payments stay for the books,
    of nobody. There is no way back; backups have the data until they are deleted.
    """
    desk = open_desk()
    done = desk.change(
        lambda tx: erasing.erase(tx, guest_id=guest_id, actor=desk.actor),
        show=_show_erased,
        ask="Delete these data for good?",
        yes=yes,
        dry_run=dry_run,
    )
    if done:
        _show_erased(done)
        print("older backups still have these data until you delete them")


def _show_erased(erased: Erased) -> None:
    print_pairs(
        [
            ("guest", erased.guest_id),
            ("deleted or emptied", _counts(erased.removed)),
            ("kept for the books, of nobody", _counts(erased.kept)),
        ]
    )


def _counts(counts: dict[str, int]) -> str:
    return ", ".join(f"{name.replace('_', ' ')} {count}" for name, count in counts.items())


def _row(guest: Guest) -> tuple[Any, ...]:
    last = format_day(guest.last_stay) if guest.last_stay else None
    name = "deleted on request" if guest.erased_at else guest.name
    return (guest.id, name, guest.phone, guest.email, guest.bookings, last)
