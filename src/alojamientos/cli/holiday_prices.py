"""The verbs for the prices of holidays, which are known by their names."""

from typing import Annotated

import typer

from alojamientos.cli.desk import AsJson, Desk, DryRun, Yes, open_desk, print_json, print_table
from alojamientos.cli.prices_shown import Cabin, MinNights, Nightly, Weekend, money, print_rules
from alojamientos.console import occasions
from alojamientos.kit.dates import format_day
from alojamientos.kit.db import Transaction
from alojamientos.kit.errors import Invalid
from alojamientos.reservations import cabins, prices
from alojamientos.reservations.prices import StoredRule, Wanted


def holidays(*, json: AsJson = False) -> None:
    """Show the coming holidays and long weekends, and the nights that each of them sells.

    A holiday's nights begin on its eve. Bridge days that are not decreed yet are expected ones.
    """
    found = occasions.upcoming(today=open_desk().today)
    if json:
        print_json(
            {
                "holidays": [
                    {"name": each.name, "from": each.starts_on, "to": each.ends_on}
                    for each in found
                ]
            }
        )
        return
    print_table(
        ("holiday", "first night", "leaving", "nights>"),
        [
            (
                each.name,
                format_day(each.starts_on),
                format_day(each.ends_on),
                (each.ends_on - each.starts_on).days,
            )
            for each in found
        ],
    )


def holiday(
    cabin: Cabin,
    name: Annotated[str, typer.Argument(help="carnaval, 'semana santa', 'año nuevo', güemes …")],
    *,
    price: Annotated[
        str | None, typer.Option(help="Every night of it, in pesos; or --nightly and --weekend.")
    ] = None,
    nightly: Nightly = None,
    weekend: Weekend = None,
    min_nights: MinNights = None,
    yes: Yes = False,
    dry_run: DryRun = False,
) -> None:
    """Price a holiday by its name, each time that it comes in the next two years.

    It comes before the season's price. Said again, it replaces what it set before.
    """
    desk = open_desk()
    if price is not None and (nightly is not None or weekend is not None):
        raise Invalid("give --price, or --nightly and --weekend, not both", field="price")
    wanted = [
        Wanted(
            name=each.name,
            starts_on=each.starts_on,
            ends_on=each.ends_on,
            nightly_price=money(price if nightly is None else nightly, "nightly"),
            weekend_price=money(price if weekend is None else weekend, "weekend"),
            min_nights=min_nights,
        )
        for each in occasions.named(name, today=desk.today)
    ]
    done = desk.change(
        lambda tx: _put_holidays(tx, desk, cabin, wanted),
        show=print_rules,
        ask=f"Set these prices for {cabin}?",
        yes=yes,
        dry_run=dry_run,
    )
    if done:
        print_rules(done)


async def _put_holidays(
    tx: Transaction, desk: Desk, cabin: str, wanted: list[Wanted]
) -> list[StoredRule]:
    found = await cabins.cabin(tx.conn, cabin, today=desk.today)
    return await prices.put_holidays(
        tx, accommodation_id=found.accommodation.id, wanted=wanted, actor=desk.actor
    )
