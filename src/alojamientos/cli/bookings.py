"""The verbs for bookings: looked up, written down by hand, moved, cancelled."""

from dataclasses import asdict
from datetime import timedelta
from typing import Annotated, Any

import typer

from alojamientos.cli import booking_records as records
from alojamientos.cli import bookings_shown as shown
from alojamientos.cli.booking_records import Code
from alojamientos.cli.desk import AsJson, Desk, DryRun, Yes, open_desk, print_json
from alojamientos.console import bookings, shapes
from alojamientos.entrypoints import container
from alojamientos.kit.dates import format_day, parse_day
from alojamientos.kit.db import Transaction
from alojamientos.kit.errors import Invalid
from alojamientos.kit.locks import UnitLocks
from alojamientos.kit.money import parse_money
from alojamientos.reservations import by_hand, listing, moving
from alojamientos.reservations.by_hand import Deposit, Person
from alojamientos.reservations.domain import Stay
from alojamientos.reservations.events import Channel, Status
from alojamientos.reservations.listing import Filter

app = typer.Typer(no_args_is_help=True, pretty_exceptions_enable=False)
From = Annotated[str, typer.Option("--from", help="Day of arrival: 2027-01-15 or 15/01/2027.")]
To = Annotated[str, typer.Option("--to", help="Day of leaving.")]
# PostgreSQL's lock decides; the one in front only sheds a crowd, which one person is not.
_LOCKS = UnitLocks(None, ttl_ms=1000, wait_ms=0)


@app.command("list")
def list_bookings(
    *,
    first: Annotated[str, typer.Option("--from", help="With a night from this day on.")] = "",
    last: Annotated[str, typer.Option("--to", help="Arriving before this day.")] = "",
    cabin: Annotated[str | None, typer.Option(help="Of this cabin only.")] = None,
    status: Annotated[
        list[Status] | None, typer.Option(help="With this status; may be said again.")
    ] = None,
    channel: Annotated[Channel | None, typer.Option(help="Made there only.")] = None,
    guest: Annotated[
        str | None, typer.Option(help="Part of a name, address, phone or code.")
    ] = None,
    every: Annotated[
        bool, typer.Option("--all", help="Also what is over or came to nothing.")
    ] = False,
    limit: Annotated[int, typer.Option(min=1, max=listing.MOST, help="At most as many.")] = 100,
    json: AsJson = False,
) -> None:
    """Show bookings: live holds and confirmed stays to come, unless you ask for others."""
    desk = open_desk()
    live = (Status.PRE_RESERVED, Status.CONFIRMED)
    quiet = every or bool(status) or guest is not None
    wanted = Filter(
        since=parse_day(first, field="from") if first else None if quiet else desk.today,
        until=parse_day(last, field="to") if last else None,
        cabin=cabin,
        statuses=tuple(status) if status else None if quiet else live,
        channel=channel,
        words=guest,
    )
    found, due = desk.read(lambda conn: shown.with_balances(conn, wanted, limit=limit))
    if json:
        print_json({"bookings": [asdict(shapes.booking(each, due=due[each.id])) for each in found]})
    elif not found:
        print("no bookings match; --all also shows what is over, cancelled or expired")
    else:
        shown.print_list(found, due)
        if len(found) == limit:
            print(f"only the first {limit} are shown; see --limit")


@app.command()
def show(code: Code, *, json: AsJson = False) -> None:
    """Show one booking: dates, guest, price night by night, money, notes."""
    desk = open_desk()
    found = desk.read(lambda conn: bookings.booking(conn, code))
    if json:
        print_json(asdict(shapes.whole(found)))
    else:
        shown.print_booking(found, zone=desk.zone)


@app.command()
def add(
    *,
    cabin: Annotated[str, typer.Option(help="Its short name.")],
    first: From,
    last: To,
    guests: Annotated[int, typer.Option(help="How many people sleep there.")],
    name: Annotated[str, typer.Option(help="Who books.")],
    phone: Annotated[str | None, typer.Option(help="With country: +5492944123456.")] = None,
    email: Annotated[str | None, typer.Option(help="Where their mails go.")] = None,
    deposit: Annotated[
        Deposit, typer.Option(help="waived confirms it at once; asked holds it until it is paid.")
    ] = Deposit.WAIVED,
    hold_hours: Annotated[
        int, typer.Option(min=1, max=24 * 14, help="How long it is held, with --deposit asked.")
    ] = 24,
    total: Annotated[
        str | None, typer.Option(help="The price agreed for the whole stay, in pesos.")
    ] = None,
    any_length: Annotated[
        bool, typer.Option("--any-length", help="Although it is shorter than the season's minimum.")
    ] = False,
    note: Annotated[str, typer.Option(help="Something to remember, for you only.")] = "",
    yes: Yes = False,
    dry_run: DryRun = False,
) -> None:
    """Write down a booking that came by phone or in person.

    The same rules as for every guest: no night is sold twice. Shown with its price before it is
    made.

    alojamientos bookings add --cabin coihue --from 2027-01-15 --to 2027-01-18 --guests 2 --name 'Ana Pérez' --phone +5492944123456
    """  # noqa: E501 - a command to copy
    desk = open_desk()
    stay = _stay(first, last)
    agreed = None if total is None else parse_money(total, field="total")
    done = desk.change(
        lambda tx: by_hand.book(
            tx,
            cabin=cabin,
            stay=stay,
            guests=guests,
            person=Person(name=name, phone=phone, email=email),
            deposit=deposit,
            hold=timedelta(hours=hold_hours),
            policy=container.booking_policy(desk.settings),
            locks=_LOCKS,
            today=desk.today,
            actor=desk.actor,
            total=agreed,
            any_length=any_length,
            note=note,
        ),
        show=shown.print_offer,
        ask="Book it?",
        yes=yes,
        dry_run=dry_run,
    )
    if done:
        print(f"booked: {done.code}, {done.status}")
        if deposit is Deposit.ASKED:
            print(f"its payment link appears shortly in: alojamientos bookings show {done.code}")


@app.command()
def move(
    code: Code,
    *,
    first: Annotated[str, typer.Option("--from", help="New day of arrival.")] = "",
    last: Annotated[
        str, typer.Option("--to", help="New day of leaving; without it, as many nights as before.")
    ] = "",
    cabin: Annotated[str | None, typer.Option(help="Another cabin.")] = None,
    guests: Annotated[int | None, typer.Option(min=1, help="Another party.")] = None,
    reprice: Annotated[
        bool, typer.Option("--reprice", help="Charge what the new nights cost today.")
    ] = False,
    any_length: Annotated[
        bool, typer.Option("--any-length", help="Although it is shorter than the season's minimum.")
    ] = False,
    yes: Yes = False,
    dry_run: DryRun = False,
) -> None:
    """Move a booking to other dates or another cabin; refused where somebody else has them.

    The price stays as it was agreed unless you say --reprice; what that would change is shown
    first. The guest is told.
    """
    desk = open_desk()
    done = desk.change(
        lambda tx: _move(
            tx,
            desk,
            code,
            first,
            last,
            cabin=cabin,
            guests=guests,
            reprice=reprice,
            any_length=any_length,
        ),
        show=lambda moved: shown.print_move(moved, reprice=reprice),
        ask="Move it?",
        yes=yes,
        dry_run=dry_run,
    )
    if done:
        after = done.after
        days = f"{format_day(after.check_in)} to {format_day(after.check_out)}"
        print(f"moved: {after.code} is now {after.accommodation_name}, {days}")


def _stay(first: str, last: str) -> Stay:
    return Stay(parse_day(first, field="from"), parse_day(last, field="to"))


async def _move(
    tx: Transaction, desk: Desk, code: str, first: str, last: str, **changes: Any
) -> moving.Moved:
    if not (first or last or changes["cabin"] or changes["guests"]):
        raise Invalid("say where to: --from, --to, --cabin or --guests", field="from")
    view = await bookings.find(tx.conn, code)
    days: dict[str, Any] = {
        "check_in": parse_day(first, field="from") if first else None,
        "check_out": parse_day(last, field="to") if last else None,
    }
    return await moving.move(
        tx,
        reservation_id=view.id,
        today=desk.today,
        policy=container.booking_policy(desk.settings),
        actor=desk.actor,
        **days,
        **changes,
    )


for _verb in (records.cancel, records.note, records.export):
    app.command()(_verb)
app.command("no-show")(records.no_show)
