"""Money as people read it and write it."""

import re
from decimal import Decimal

from babel.numbers import format_currency

from alojamientos.kit.errors import Invalid

# "150.000", "1.234.567,50", "1500,5" as here; "1500.50" as programs write it. A point before three
# digits groups them.
_WRITTEN = re.compile(
    r"(?:\$\s*)?(?:(?P<grouped>[0-9]{1,3}(?:\.[0-9]{3})+)|(?P<plain>[0-9]{1,12}))"
    r"(?:(?:,|(?(plain)\.|,))(?P<cents>[0-9]{1,2}))?"
)


def format_money(centavos: int, currency: str = "ARS") -> str:
    """Return `centavos` as Argentines write it: "$ 150.000", with decimals only if there are."""
    whole = centavos % 100 == 0
    text = format_currency(
        Decimal(centavos) / 100,
        currency,
        format="¤ #,##0" if whole else "¤ #,##0.00",
        locale="es_AR",
        currency_digits=False,
    )
    return text.replace("\xa0", " ")


def parse_money(text: str, *, field: str = "amount") -> int:
    """Return in centavos what an Argentine writes as "150.000" or "1500,50"; raises Invalid."""
    match = _WRITTEN.fullmatch(text.strip())
    if match is None:
        raise Invalid(
            f"{text!r} is no amount; write pesos as 150000, 150.000 or 1500,50", field=field
        )
    pesos = int((match["grouped"] or match["plain"]).replace(".", ""))
    return pesos * 100 + int((match["cents"] or "").ljust(2, "0"))
