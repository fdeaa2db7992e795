"""The verbs for cabins: what can be booked."""

from dataclasses import asdict
from typing import Annotated, Any

import typer

from alojamientos.cli import desk as desks
from alojamientos.cli.desk import AsJson, DryRun, Yes, open_desk, print_json, print_table
from alojamientos.console import shapes
from alojamientos.kit.money import format_money, parse_money
from alojamientos.reservations import cabins
from alojamientos.reservations.cabins import Cabin

app = typer.Typer(no_args_is_help=True, pretty_exceptions_enable=False)
Slug = Annotated[str, typer.Argument(metavar="CABIN", help="Its short name, such as coihue.")]
_PESOS = "Pesos: 85000, 85.000 or 85.000,50."


@app.command("list")
def list_cabins(*, json: AsJson = False) -> None:
    """Show every cabin: its prices, and how many bookings lie ahead."""
    desk = open_desk()
    found = desk.read(lambda conn: cabins.cabins(conn, today=desk.today))
    if json:
        print_json({"cabins": [as_json(each) for each in found]})
    elif not found:
        print("no cabins yet; add one with: alojamientos cabins add NAME --help")
    else:
        print_table(
            ("cabin", "name", "sleeps>", "weeknight>", "Fri, Sat>", "nights>", "ahead>", "state"),
            [_row(each) for each in found],
        )


@app.command()
def show(slug: Slug, *, json: AsJson = False) -> None:
    """Show one cabin. Its seasons and holidays: alojamientos prices list CABIN."""
    desk = open_desk()
    found = desk.read(lambda conn: cabins.cabin(conn, slug, today=desk.today))
    if json:
        print_json(as_json(found))
    else:
        _show(found)


@app.command()
def add(
    slug: Slug,
    *,
    name: Annotated[str, typer.Option(help="How guests know it: 'Cabaña Coihue'.")],
    sleeps: Annotated[int, typer.Option(help="The most guests that it takes.")],
    nightly: Annotated[str, typer.Option(help=f"Price of a Sunday to Thursday night. {_PESOS}")],
    weekend: Annotated[
        str | None,
        typer.Option(help="Price of a Friday or Saturday night; the same when not given."),
    ] = None,
    min_nights: Annotated[int, typer.Option(help="The fewest nights of a stay.")] = 1,
    description: Annotated[str, typer.Option(help="A line for guests, in Spanish.")] = "",
    dry_run: DryRun = False,
) -> None:
    """Add a cabin; it can be booked at once, on every channel.

    alojamientos cabins add coihue --name 'Cabaña Coihue' --sleeps 4 --nightly 85000 --weekend 105000
    """  # noqa: E501 - a command to copy
    desk = open_desk()
    nightly_price = parse_money(nightly, field="nightly")
    weekend_price = nightly_price if weekend is None else parse_money(weekend, field="weekend")
    done = desk.change(
        lambda tx: cabins.add(
            tx,
            slug=slug,
            name=name,
            description=description,
            capacity=sleeps,
            nightly_price=nightly_price,
            weekend_price=weekend_price,
            min_nights=min_nights,
            time_zone=desk.zone,
            today=desk.today,
            actor=desk.actor,
        ),
        show=_show,
        ask="",
        yes=True,
        dry_run=dry_run,
    )
    if done:
        _show(done)
        print(f"added; seasons: alojamientos prices season {slug} --help")


@app.command()
def edit(
    slug: Slug,
    *,
    name: Annotated[str | None, typer.Option(help="How guests know it.")] = None,
    sleeps: Annotated[int | None, typer.Option(help="The most guests that it takes.")] = None,
    min_nights: Annotated[int | None, typer.Option(help="The fewest nights of a stay.")] = None,
    description: Annotated[str | None, typer.Option(help="A line for guests, in Spanish.")] = None,
    yes: Yes = False,
    dry_run: DryRun = False,
) -> None:
    """Change a cabin. Bookings that are there keep what they were promised.

    Its prices: alojamientos prices base CABIN.
    """
    edit_cabin(
        slug,
        {
            "name": name,
            "capacity": sleeps,
            "min_nights": min_nights,
            "description": description,
        },
        yes=yes,
        dry_run=dry_run,
    )


@app.command()
def retire(
    slug: Slug,
    *,
    undo: Annotated[bool, typer.Option("--undo", help="Put it back on sale.")] = False,
    keep_bookings: Annotated[
        bool, typer.Option("--keep-bookings", help="Retire it although guests are booked there.")
    ] = False,
    yes: Yes = False,
    dry_run: DryRun = False,
) -> None:
    """Take a cabin off sale, on every channel of ours; --undo brings it back.

    Its bookings, calendars and books stay. Refused while guests are booked there, unless you
    say --keep-bookings.
    """
    desk = open_desk()
    done = desk.change(
        lambda tx: cabins.set_active(
            tx,
            slug=slug,
            active=undo,
            today=desk.today,
            actor=desk.actor,
            despite=keep_bookings,
        ),
        show=_show,
        ask=f"Put {slug} back on sale?" if undo else f"Take {slug} off sale?",
        yes=yes or undo,
        dry_run=dry_run,
    )
    if done:
        print(f"{slug} is {'on sale' if done.active else 'off sale'}")


def edit_cabin(slug: str, changes: dict[str, Any], *, yes: bool, dry_run: bool) -> None:
    """Change a cabin after showing what was and what will be."""
    desk = open_desk()
    done = desk.change(
        lambda tx: cabins.edit(tx, slug=slug, today=desk.today, actor=desk.actor, **changes),
        show=_show_change,
        ask=f"Change {slug}?",
        yes=yes,
        dry_run=dry_run,
    )
    if done:
        print(f"{slug} changed")


def as_json(cabin: Cabin) -> dict[str, Any]:
    return asdict(shapes.cabin(cabin))


def _row(cabin: Cabin) -> tuple[object, ...]:
    own = cabin.accommodation
    return (
        *(own.slug, own.name, own.capacity),
        *(format_money(own.nightly_price), format_money(own.weekend_price)),
        *(own.min_nights, cabin.ahead, "on sale" if cabin.active else "retired"),
    )


def _show(cabin: Cabin) -> None:
    own = cabin.accommodation
    desks.print_pairs(
        [
            ("cabin", own.slug),
            ("name", own.name),
            ("description", own.description),
            ("sleeps", own.capacity),
            ("weeknight", format_money(own.nightly_price)),
            ("Fri, Sat", format_money(own.weekend_price)),
            ("min nights", own.min_nights),
            ("zone", own.time_zone),
            ("ahead", f"{cabin.ahead} bookings"),
            ("state", "on sale" if cabin.active else "retired"),
        ]
    )


def _show_change(pair: tuple[Cabin, Cabin]) -> None:
    before, after = as_json(pair[0]), as_json(pair[1])
    rows = [
        (name, _value(name, before[name]), _value(name, after[name]))
        for name in before
        if before[name] != after[name]
    ]
    if rows:
        print_table(("what", "before", "after"), rows)
    else:
        print("nothing differs")


def _value(name: str, value: Any) -> object:
    return format_money(value) if name.endswith("_price") else value
