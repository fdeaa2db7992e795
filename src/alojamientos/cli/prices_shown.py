"""How prices are given and shown on the console."""

from typing import Annotated

import typer

from alojamientos.cli.desk import print_table
from alojamientos.kit.dates import format_day
from alojamientos.kit.money import format_money, parse_money
from alojamientos.reservations.prices import StoredRule

Cabin = Annotated[str, typer.Argument(metavar="CABIN", help="Its short name, such as coihue.")]
Nightly = Annotated[
    str | None, typer.Option(help="Sunday to Thursday nights, in pesos: 85000 or 85.000,50.")
]
Weekend = Annotated[str | None, typer.Option(help="Friday and Saturday nights, in pesos.")]
MinNights = Annotated[int | None, typer.Option(help="The fewest nights of a stay.")]


def print_rules(rules: list[StoredRule]) -> None:
    print_table(
        (
            "id>",
            "cabin",
            "kind",
            "name",
            "first night",
            "until",
            "weeknight>",
            "Fri, Sat>",
            "nights>",
        ),
        [
            (
                *(each.id, each.cabin, each.kind.value, each.name),
                *(format_day(each.starts_on), format_day(each.ends_on)),
                *(_shown(each.nightly_price), _shown(each.weekend_price), each.min_nights),
            )
            for each in rules
        ],
    )


def _shown(centavos: int | None) -> str | None:
    return None if centavos is None else format_money(centavos)


def money(text: str | None, field: str) -> int | None:
    return None if text is None else parse_money(text, field=field)
