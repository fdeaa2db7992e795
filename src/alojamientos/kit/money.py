"""Money as people read and write it."""

import re
from decimal import Decimal

from babel.numbers import format_currency, parse_decimal

from alojamientos.kit.errors import Invalid

_MOST = 10**13  # centavos; more is a slip of the finger
_AMOUNT = re.compile(r"(\d{1,3}(\.\d{3})+|\d{1,15})(,\d{1,2})?", re.ASCII)


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
    plain = text.strip().removeprefix("$").strip()
    if not _AMOUNT.fullmatch(plain):
        raise Invalid(
            f"{field} must be an amount in pesos such as 85000, 85.000 or 85.000,50", field=field
        )
    centavos = int(parse_decimal(plain, locale="es_AR") * 100)
    if centavos > _MOST:
        raise Invalid(f"{field} must be at most {format_money(_MOST)}", field=field)
    return centavos
