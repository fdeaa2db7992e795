"""Bookings and money as CSV that Excel opens in Argentina without asking.

UTF-8 with a byte order mark, semicolons, decimal commas and dd/mm/yyyy. A text that a spreadsheet
would run as a formula is written with an apostrophe before it (OWASP, CSV Injection).
"""

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from alojamientos.console import bookings
from alojamientos.reservations import listing
from alojamientos.reservations.listing import Filter

MEDIA_TYPE = "text/csv; charset=utf-8"
_MARK = "\ufeff"
_STARTS_A_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
_BOOKINGS = (
    *("code", "status", "channel", "cabin", "guest", "check_in", "check_out", "nights", "guests"),
    *("total", "deposit", "due", "currency", "booked_on"),
)
_MONEY = (
    *("date", "booking", "cabin", "guest", "entry", "amount", "currency", "provider"),
    *("provider_payment", "check_in", "status"),
)
# What the guest was charged, paid and got back, from the lodging's side: income is above zero.
_ENTRIES = sa.text(
    """SELECT l.created_at, r.code, a.name AS cabin, g.name AS guest, l.kind, l.amount, l.currency,
        p.provider, p.provider_id, r.check_in, r.status
    FROM ledger_entry l JOIN reservation r ON r.id = l.reservation_id
        JOIN accommodation a ON a.id = r.accommodation_id JOIN guest g ON g.id = r.guest_id
        LEFT JOIN payment p ON p.id = l.payment_id
    WHERE (CAST(:since AS date) IS NULL
           OR (l.created_at AT TIME ZONE CAST(:zone AS text))::date >= :since)
        AND (CAST(:until AS date) IS NULL
           OR (l.created_at AT TIME ZONE CAST(:zone AS text))::date < :until)
    ORDER BY l.created_at, l.id"""
).bindparams(sa.bindparam("since", type_=sa.Date), sa.bindparam("until", type_=sa.Date))


@dataclass(frozen=True, slots=True)
class Pesos:
    """An amount in centavos, written as a number with a decimal comma."""

    centavos: int

    def __str__(self) -> str:
        sign = "-" if self.centavos < 0 else ""
        return f"{sign}{abs(self.centavos) // 100},{abs(self.centavos) % 100:02d}"


async def bookings_csv(conn: AsyncConnection, wanted: Filter, *, zone: str) -> str:
    """Return the bookings that match, a row each, with what is due of them."""
    found = await listing.search(conn, wanted)
    due = await bookings.balances(conn, [view.id for view in found])
    return _written(
        _BOOKINGS,
        [
            (
                *(view.code, view.status.value, view.channel.value, view.accommodation_name),
                *(view.guest_name, view.check_in, view.check_out, view.stay.nights, view.guests),
                *(Pesos(view.total), Pesos(view.deposit), Pesos(due[view.id]), view.currency),
                view.created_at.astimezone(ZoneInfo(zone)).date(),
            )
            for view in found
        ],
    )


async def money_csv(
    conn: AsyncConnection, *, since: date | None, until: date | None, zone: str
) -> str:
    """Return the ledger from `since` until before `until` by the lodging's calendar, a row a line.

    Amounts are signed as in the ledger: charged is above zero, paid below.
    """
    values = {"since": since, "until": until, "zone": zone}
    rows = (await conn.execute(_ENTRIES, values)).all()
    return _written(
        _MONEY,
        [
            (
                *(_day(row.created_at, zone), row.code, row.cabin, row.guest, row.kind),
                *(Pesos(row.amount), row.currency, row.provider, row.provider_id),
                *(row.check_in, row.status),
            )
            for row in rows
        ],
    )


def _day(instant: datetime, zone: str) -> date:
    return instant.astimezone(ZoneInfo(zone)).date()


def _written(header: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    output = io.StringIO(newline="")
    output.write(_MARK)
    writer = csv.writer(output, delimiter=";", lineterminator="\r\n")
    writer.writerow(header)
    writer.writerows([cell(value) for value in row] for row in rows)
    return output.getvalue()


def cell(value: object) -> str:
    """Return what is written for `value`; what a stranger wrote is never a formula."""
    if value is None:
        return ""
    if isinstance(value, date):
        return f"{value:%d/%m/%Y}"
    if isinstance(value, int | Pesos):
        return str(value)
    text = "".join(letter for letter in str(value) if letter != "\0")
    return f"'{text}" if text.lstrip(" ").startswith(_STARTS_A_FORMULA) else text
