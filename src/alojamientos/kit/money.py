"""Money as people read and write it."""

import re
from decimal import Decimal

from babel.numbers import format_currency

from alojamientos.kit.errors import Invalid

_MOST = 10**13  # centavos; more is a slip of the finger


# "150.000", "1.234.567,50", "1500,5". Not "85.00": that may be 85 pesos, or 85.000 cut short.
_WRITTEN = re.compile(
    r"(?:\$\s*)?(?P<pesos>[0-9]{1,3}(?:\.[0-9]{3})+|[0-9]{1,12})(?:,(?P<cents>[0-9]{1,2}))?"
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
    """Return the centavos in "85.000", "$ 85.000,50" or "85000"; raises Invalid.

    As in Argentina, a point separates thousands and a comma the decimals.
    """
    match = _WRITTEN.fullmatch(text.strip())
    if match is None:
        raise Invalid(
            f"{field} must be an amount in pesos such as 85000, 85.000 or 85.000,50;"
            f" {text!r} is none",
            field=field,
        )
    pesos = int(match["pesos"].replace(".", ""))
    centavos = pesos * 100 + int((match["cents"] or "").ljust(2, "0"))
    if centavos > _MOST:
        raise Invalid(f"{field} must be at most {format_money(_MOST)}", field=field)
    return centavos
