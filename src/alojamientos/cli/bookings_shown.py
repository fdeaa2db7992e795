"""How bookings look on the console and in JSON."""

from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from alojamientos.cli.desk import print_pairs, print_table
from alojamientos.console import bookings
from alojamientos.console.bookings import Booking, Cancelled
from alojamientos.kit.dates import format_day, format_instant
from alojamientos.kit.money import format_money
from alojamientos.reservations import listing
from alojamientos.reservations.listing import Filter
from alojamientos.reservations.moving import Moved
from alojamientos.reservations.views import ReservationView


async def with_balances(
    conn: AsyncConnection, wanted: Filter, *, limit: int
) -> tuple[list[ReservationView], dict[int, int]]:
    """Return the bookings that match and what is due of each, in centavos."""
    found = await listing.search(conn, wanted, limit=limit)
    return found, await bookings.balances(conn, [each.id for each in found])


def print_list(found: list[ReservationView], due: dict[int, int]) -> None:
    print_table(
        ("code", "cabin", "arrives", "leaves", "nights>", "guests>", "guest", "status", "channel",
         "total>", "due>"),
        [
            (
                *(each.code, each.accommodation_name),
                *(format_day(each.check_in), format_day(each.check_out)),
                *(each.stay.nights, each.guests, each.guest_name),
                *(each.status.value, each.channel.value),
                *(format_money(each.total), format_money(due[each.id])),
            )
            for each in found
        ],
    )  # fmt: skip


def print_view(view: ReservationView) -> None:
    print_pairs(_pairs(view))
    _print_nights(view)


def print_offer(view: ReservationView) -> None:
    """Show what a booking would be; its code is given when it is made."""
    print_pairs([pair for pair in _pairs(view) if pair[0] != "code"])
    _print_nights(view)


def print_booking(found: Booking, *, zone: str) -> None:
    view, balance = found.view, found.balance
    print_pairs(
        [
            *_pairs(view),
            ("phone", found.phone),
            ("e-mail", found.email),
            ("booked", f"{format_instant(view.created_at, zone=zone)} by {view.channel}"),
            ("charged", format_money(balance.charged)),
            ("paid", format_money(balance.paid)),
            ("due", format_money(balance.due)),
            *([("pay here", found.link.url)] if found.link else []),
        ]
    )
    _print_nights(view)
    for each in found.notes:
        print(f"note, {format_instant(each.created_at, zone=zone)}, {each.actor}: {each.text}")


def print_move(moved: Moved, *, reprice: bool) -> None:
    """Show a booking before and after, and what its price does or would do."""
    before, after = moved.before, moved.after
    rows = [
        ("cabin", before.accommodation_name, after.accommodation_name),
        ("arrives", format_day(before.check_in), format_day(after.check_in)),
        ("leaves", format_day(before.check_out), format_day(after.check_out)),
        ("nights", before.stay.nights, after.stay.nights),
        ("guests", before.guests, after.guests),
        ("total", format_money(before.total), format_money(after.total)),
    ]
    print_table((before.code, "before", "after"), rows)
    if reprice:
        print(f"repriced: {_signed(moved.difference)}")
    else:
        by = _signed(moved.fresh_total - before.total)
        print(f"the price stays; at today's prices it would be {format_money(moved.fresh_total)}"
              f" ({by}): --reprice")  # fmt: skip


def print_cancellation(cancelled: Cancelled) -> None:
    print_pairs(_pairs(cancelled.view))
    print(f"paid so far: {format_money(cancelled.paid)}")
    print(f"given back: {format_money(cancelled.refunded)}")


def _pairs(view: ReservationView) -> list[tuple[str, Any]]:
    nights = view.stay.nights
    return [
        ("code", view.code),
        ("status", view.status.value),
        ("cabin", view.accommodation_name),
        ("arrives", format_day(view.check_in)),
        ("leaves", f"{format_day(view.check_out)} ({nights} nights)"),
        ("guests", view.guests),
        ("guest", view.guest_name),
        ("total", format_money(view.total)),
        ("deposit", format_money(view.deposit)),
    ]


def _print_nights(view: ReservationView) -> None:
    print_table(
        ("night", "price>", "kind", "season"),
        [
            (format_day(line.night), format_money(line.amount), line.kind.value, line.season)
            for line in view.quote.lines
        ],
    )


def _signed(centavos: int) -> str:
    if centavos == 0:
        return "no difference"
    return f"{format_money(abs(centavos))} {'more' if centavos > 0 else 'less'}"
