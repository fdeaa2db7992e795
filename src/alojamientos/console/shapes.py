"""What the owner's API and `--json` show: plain values, money in centavos."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from alojamientos.console.bookings import Booking, Cancelled
from alojamientos.reservations.cabins import Cabin
from alojamientos.reservations.moving import Moved
from alojamientos.reservations.pricing import PricedNight
from alojamientos.reservations.stays import Note
from alojamientos.reservations.views import ReservationView


@dataclass(frozen=True, slots=True, kw_only=True)
class CabinShape:
    cabin: str
    name: str
    description: str
    sleeps: int
    nightly_price: int
    weekend_price: int
    currency: str
    min_nights: int
    time_zone: str
    on_sale: bool
    bookings_ahead: int


@dataclass(frozen=True, slots=True, kw_only=True)
class NightShape:
    night: date
    amount: int
    kind: str
    rule: str | None
    rule_kind: str | None
    why: str
    min_nights: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PricesShape:
    cabin: str
    nights: list[NightShape]
    total: int


@dataclass(frozen=True, slots=True, kw_only=True)
class BookingShape:
    code: str
    status: str
    channel: str
    cabin: str
    guest: str | None
    guest_id: int
    check_in: date
    check_out: date
    nights: int
    guests: int
    total: int
    deposit: int
    due: int
    currency: str
    hold_expires_at: datetime | None
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class WholeBookingShape:
    booking: BookingShape
    phone: str | None
    email: str | None
    charged: int
    paid: int
    payment_link: str | None
    quote: list[dict[str, Any]]
    notes: list[Note]


@dataclass(frozen=True, slots=True, kw_only=True)
class MovedShape:
    """`difference` is what the guest pays more; `todays_total` what the nights cost today."""

    before: BookingShape
    after: BookingShape
    difference: int
    todays_total: int
    dry_run: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelledShape:
    booking: BookingShape
    paid: int
    refunded: int
    dry_run: bool


def cabin(found: Cabin) -> CabinShape:
    own = found.accommodation
    return CabinShape(
        cabin=own.slug,
        name=own.name,
        description=own.description,
        sleeps=own.capacity,
        nightly_price=own.nightly_price,
        weekend_price=own.weekend_price,
        currency=own.currency,
        min_nights=own.min_nights,
        time_zone=own.time_zone,
        on_sale=found.active,
        bookings_ahead=found.ahead,
    )


def prices(slug: str, nights: list[PricedNight]) -> PricesShape:
    return PricesShape(
        cabin=slug,
        nights=[
            NightShape(
                night=each.night,
                amount=each.amount,
                kind=each.kind.value,
                rule=each.rule,
                rule_kind=each.rule_kind.value if each.rule_kind else None,
                why=each.why,
                min_nights=each.min_nights,
            )
            for each in nights
        ],
        total=sum(each.amount for each in nights),
    )


def booking(view: ReservationView, *, due: int) -> BookingShape:
    return BookingShape(
        code=view.code,
        status=view.status.value,
        channel=view.channel.value,
        cabin=view.accommodation_name,
        guest=view.guest_name,
        guest_id=view.guest_id,
        check_in=view.check_in,
        check_out=view.check_out,
        nights=view.stay.nights,
        guests=view.guests,
        total=view.total,
        deposit=view.deposit,
        due=due,
        currency=view.currency,
        hold_expires_at=view.hold_expires_at,
        created_at=view.created_at,
    )


def whole(found: Booking) -> WholeBookingShape:
    return WholeBookingShape(
        booking=booking(found.view, due=found.balance.due),
        phone=found.phone,
        email=found.email,
        charged=found.balance.charged,
        paid=found.balance.paid,
        payment_link=found.link.url if found.link else None,
        quote=found.view.quote.to_json()["lines"],
        notes=found.notes,
    )


def moved(found: Moved, *, paid: int, dry_run: bool) -> MovedShape:
    return MovedShape(
        before=booking(found.before, due=found.before.total - paid),
        after=booking(found.after, due=found.after.total - paid),
        difference=found.difference,
        todays_total=found.fresh_total,
        dry_run=dry_run,
    )


def cancelled(found: Cancelled, *, dry_run: bool) -> CancelledShape:
    return CancelledShape(
        booking=booking(found.view, due=-found.paid),
        paid=found.paid,
        refunded=found.refunded,
        dry_run=dry_run,
    )
