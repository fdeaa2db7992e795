"""The verbs for prices: a cabin's own, its seasons and its holidays."""

from dataclasses import asdict
from datetime import timedelta
from typing import Annotated

import typer

from alojamientos.cli import holiday_prices
from alojamientos.cli.cabins import edit_cabin
from alojamientos.cli.desk import AsJson, Desk, DryRun, Yes, open_desk, print_json, print_table
from alojamientos.cli.prices_shown import Cabin, MinNights, Nightly, Weekend, money, print_rules
from alojamientos.console import shapes
from alojamientos.kit.dates import format_day, parse_day
from alojamientos.kit.db import Transaction
from alojamientos.kit.errors import Invalid
from alojamientos.kit.money import format_money
from alojamientos.reservations import cabins, prices, pricing
from alojamientos.reservations.domain import RuleKind, Stay
from alojamientos.reservations.prices import StoredRule, Wanted

app = typer.Typer(no_args_is_help=True, pretty_exceptions_enable=False)
_MOST_SHOWN = 120


@app.command("list")
def list_prices(
    cabin: Annotated[str | None, typer.Argument(metavar="CABIN", help="One cabin only.")] = None,
    *,
    past: Annotated[bool, typer.Option("--past", help="Also what is over.")] = False,
    json: AsJson = False,
) -> None:
    """Show the seasons and holidays that have prices of their own."""
    desk = open_desk()
    since = None if past else desk.today
    if cabin is not None:
        desk.read(lambda conn: cabins.cabin(conn, cabin, today=desk.today))
    found = desk.read(lambda conn: prices.rules(conn, cabin=cabin, since=since))
    if json:
        print_json({"prices": [asdict(each) for each in found]})
    elif not found:
        print("no seasons or holidays: every night has the cabin's own price")
        print("add one with: alojamientos prices season CABIN NAME --from DAY --to DAY --nightly N")
    else:
        print_rules(found)


@app.command()
def show(
    cabin: Cabin,
    *,
    first: Annotated[
        str, typer.Option("--from", help="Day of arrival; today when not given.")
    ] = "",
    last: Annotated[str, typer.Option("--to", help="Day of leaving; a week later.")] = "",
    json: AsJson = False,
) -> None:
    """Price every night from one day to another, and say why each costs what it does.

    It is what a guest would be quoted now. Friday and Saturday nights have the weekend price; a
    season replaces the cabin's prices, a holiday those of the season.
    """
    desk = open_desk()
    start = parse_day(first, field="from") if first else desk.today
    end = parse_day(last, field="to") if last else start + timedelta(days=7)
    stay = Stay(start, end)
    if stay.nights > _MOST_SHOWN:
        raise Invalid(f"at most {_MOST_SHOWN} nights at a time; choose a nearer --to", field="to")
    found = desk.read(lambda conn: cabins.cabin(conn, cabin, today=desk.today))
    nights = pricing.explain(found.accommodation, stay)
    if json:
        print_json(asdict(shapes.prices(cabin, nights)))
        return
    print_table(
        ("night", "price>", "why", "min nights from here"),
        [
            (
                format_day(each.night),
                format_money(each.amount),
                each.why,
                f"{each.min_nights} ({each.min_nights_rule or 'the cabin'})",
            )
            for each in nights
        ],
    )
    total = sum(night.amount for night in nights)
    print(f"{stay.nights} nights: {format_money(total)}")


@app.command()
def base(
    cabin: Cabin,
    *,
    nightly: Nightly = None,
    weekend: Weekend = None,
    min_nights: MinNights = None,
    yes: Yes = False,
    dry_run: DryRun = False,
) -> None:
    """Set the cabin's own prices, for every night that no season or holiday prices.

    Bookings that are there keep the price that they were quoted.
    """
    changes = {
        "nightly_price": money(nightly, "nightly"),
        "weekend_price": money(weekend, "weekend"),
        "min_nights": min_nights,
    }
    edit_cabin(cabin, changes, yes=yes, dry_run=dry_run)


@app.command()
def season(
    cabin: Cabin,
    name: Annotated[str, typer.Argument(help="Such as 'Verano 2027'; guests may see it.")],
    *,
    first: Annotated[str, typer.Option("--from", help="Its first night.")],
    last: Annotated[str, typer.Option("--to", help="The morning after its last night.")],
    nightly: Nightly = None,
    weekend: Weekend = None,
    min_nights: MinNights = None,
    dry_run: DryRun = False,
) -> None:
    """Add a season: its prices and minimum nights replace the cabin's.

    What you leave out stays the cabin's own. Seasons of one cabin may not overlap.

    alojamientos prices season coihue 'Verano 2027' --from 2026-12-20 --to 2027-03-01 --nightly 120000 --weekend 150000 --min-nights 3
    """  # noqa: E501 - a command to copy
    desk = open_desk()
    wanted = Wanted(
        name=name.strip(),
        starts_on=parse_day(first, field="from"),
        ends_on=parse_day(last, field="to"),
        nightly_price=money(nightly, "nightly"),
        weekend_price=money(weekend, "weekend"),
        min_nights=min_nights,
    )
    done = desk.change(
        lambda tx: _add_season(tx, desk, cabin, wanted),
        show=lambda rule: print_rules([rule]),
        ask="",
        yes=True,
        dry_run=dry_run,
    )
    if done:
        print_rules([done])


@app.command()
def remove(
    rule_id: Annotated[int, typer.Argument(metavar="ID", help="As `prices list` shows it.")],
    *,
    yes: Yes = False,
    dry_run: DryRun = False,
) -> None:
    """Remove a season or a holiday's price; bookings keep what they were quoted."""
    desk = open_desk()
    done = desk.change(
        lambda tx: prices.remove(tx, rule_id=rule_id, actor=desk.actor),
        show=lambda rule: print_rules([rule]),
        ask="Remove it?",
        yes=yes,
        dry_run=dry_run,
    )
    if done:
        print(f"removed: {done.name} of {done.cabin}")


async def _add_season(tx: Transaction, desk: Desk, cabin: str, wanted: Wanted) -> StoredRule:
    found = await cabins.cabin(tx.conn, cabin, today=desk.today)
    return await prices.add(
        tx,
        accommodation_id=found.accommodation.id,
        kind=RuleKind.SEASON,
        wanted=wanted,
        actor=desk.actor,
    )


for _verb in (holiday_prices.holidays, holiday_prices.holiday):
    app.command()(_verb)
