"""What is free: for the dates that were asked for, near them, on the next weekends."""

from collections.abc import Sequence
from datetime import timedelta

from alojamientos.conversation.turn import Turn
from alojamientos.nlu.values import Span
from alojamientos.reservations import queries
from alojamientos.reservations.domain import Stay
from alojamientos.reservations.views import Offer, ReservationView

_ALTERNATIVES = 3
_NEARBY_DAYS = (1, -1, 2, -2, 3, -3, 4, -4, 5, -5, 6, -6, 7, -7, 14)
_FRIDAY = 4
_WEEKENDS_AHEAD = 10
_WEEKENDS_SHOWN = 5
_WEEKEND_NIGHTS = (2, 3)


async def offers(
    turn: Turn, stay: Stay, guests: int, moving: ReservationView | None = None
) -> Sequence[Offer]:
    """Return what can be booked for `stay`, the smallest cabin first.

    With a reservation, what it can be moved to: its own nights do not stand in its way.
    """
    found = await queries.offers(
        turn.tx.conn,
        stay=stay,
        guests=guests,
        policy=turn.booking,
        moving=moving.id if moving else None,
    )
    free = [offer for offer in found if offer.available]
    return sorted(free, key=lambda offer: (offer.accommodation.capacity, offer.accommodation.id))


async def is_free(
    turn: Turn, stay: Stay, guests: int, moving: ReservationView | None = None
) -> bool:
    """Tell whether a cabin can be booked for `stay`; a reservation keeps to its own."""
    found = await offers(turn, stay, guests, moving)
    if moving is None:
        return bool(found)
    own = any(offer.accommodation.id == moving.accommodation_id for offer in found)
    return own and stay != moving.stay


async def nearby(
    turn: Turn, stay: Stay, guests: int, moving: ReservationView | None = None
) -> list[Span]:
    """Return the nearest stays of the same length that have a cabin free."""
    found: list[Span] = []
    for days in _NEARBY_DAYS:
        shift = timedelta(days=days)
        moved = Stay(stay.check_in + shift, stay.check_out + shift)
        if moved.check_in < turn.today:
            continue
        if await is_free(turn, moved, guests, moving):
            found.append(Span(check_in=moved.check_in, check_out=moved.check_out))
        if len(found) == _ALTERNATIVES:
            break
    return sorted(found, key=lambda span: span.check_in)


async def weekends(turn: Turn, guests: int, moving: ReservationView | None = None) -> list[Span]:
    """Return the next weekends that have a cabin free, with Sunday night where it must be."""
    found: list[Span] = []
    friday = turn.today + timedelta(days=(_FRIDAY - turn.today.weekday()) % 7)
    for _ in range(_WEEKENDS_AHEAD):
        for nights in _WEEKEND_NIGHTS:
            stay = Stay(friday, friday + timedelta(days=nights))
            if await is_free(turn, stay, guests, moving):
                found.append(Span(check_in=stay.check_in, check_out=stay.check_out))
                break
        friday += timedelta(days=7)
        if len(found) == _WEEKENDS_SHOWN:
            break
    return found


async def costs_something_else(turn: Turn, cabin_id: int, stay: Stay, guests: int) -> bool:
    """Tell whether the price has changed since we said it: nobody is booked at another one."""
    said = dict(zip(turn.state.offered, turn.state.totals, strict=False))
    for offer in await offers(turn, stay, guests):
        if offer.accommodation.id == cabin_id and offer.quote is not None:
            return offer.quote.total != said.get(cabin_id, offer.quote.total)
    return False
