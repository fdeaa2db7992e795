"""Money as people read it."""

from decimal import Decimal

from babel.numbers import format_currency


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
