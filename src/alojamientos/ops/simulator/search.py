"""`GET /v1/payments/search`: filters, relative instants, order and pages."""

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from alojamientos.ops.simulator.mercadopago_rules import MercadoPagoError

_RELATIVE = re.compile(r"NOW(?:([+-])(\d+)(MINUTE|HOUR|DAY|MONTH|YEAR)S?)?")
_UNITS = {
    "MINUTE": timedelta(minutes=1),
    "HOUR": timedelta(hours=1),
    "DAY": timedelta(days=1),
    "MONTH": timedelta(days=30),
    "YEAR": timedelta(days=365),
}
_RANGES = ("date_created", "date_last_updated", "date_approved", "money_release_date")
_FILTERS = ("external_reference", "status", "id")
_MOST = 1000


def search(
    payments: Iterable[dict[str, Any]], query: Mapping[str, str], *, now: float
) -> dict[str, Any]:
    """Return the payments that `query` asks for, with their paging; raises MercadoPagoError."""
    found = [
        payment
        for payment in payments
        if all(str(payment.get(f)) == query[f] for f in _FILTERS if query.get(f))
    ]
    ranged = query.get("range", "date_created")
    if ranged not in _RANGES:
        raise MercadoPagoError(400, f"range must be one of {', '.join(_RANGES)}", cause=2009)
    begin = _instant(query.get("begin_date"), now=now)
    end = _instant(query.get("end_date"), now=now)
    if begin or end:
        found = [p for p in found if _within(p.get(ranged), begin, end)]
    sort = query.get("sort", "date_created")
    found.sort(
        key=lambda payment: str(payment.get(sort) or ""),
        reverse=query.get("criteria", "desc") == "desc",
    )
    limit = min(_count(query, "limit", 30), _MOST)
    offset = _count(query, "offset", 0)
    return {
        "paging": {"total": len(found), "limit": limit, "offset": offset},
        "results": found[offset : offset + limit],
    }


def _count(query: Mapping[str, str], name: str, default: int) -> int:
    value = query.get(name, str(default))
    if not value.isdigit():
        raise MercadoPagoError(400, f"{name} must be a number", cause=2009)
    return int(value)


def _within(value: str | None, begin: datetime | None, end: datetime | None) -> bool:
    if not value:
        return False
    instant = datetime.fromisoformat(value)
    return (begin is None or begin <= instant) and (end is None or instant <= end)


def _instant(value: str | None, *, now: float) -> datetime | None:
    if not value:
        return None
    if match := _RELATIVE.fullmatch(value):
        sign, count, unit = match.groups()
        delta = _UNITS[unit] * int(count) if unit else timedelta()
        base = datetime.fromtimestamp(now, UTC)
        return base - delta if sign == "-" else base + delta
    try:
        instant = datetime.fromisoformat(value)
    except ValueError as error:
        raise MercadoPagoError(400, f"{value!r} is not a date", cause=2009) from error
    return instant if instant.tzinfo else instant.replace(tzinfo=UTC)
