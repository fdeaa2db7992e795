"""Stays, prices, statuses and refusals: decisions only, no clock, no database."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import StrEnum
from typing import Any, Self

from alojamientos.kit.errors import Conflict, Invalid, NotFound
from alojamientos.reservations.cancellation import CancellationPolicy
from alojamientos.reservations.events import Status

MAX_NIGHTS = 60
MAX_DAYS_AHEAD = 548  # 18 months
_PESO = 100  # centavos
_FRIDAY, _SATURDAY = 4, 5
_WEEKEND = frozenset({_FRIDAY, _SATURDAY})  # the nights that begin on these days

BLOCKING = frozenset({Status.PRE_RESERVED, Status.CONFIRMED})
TRANSITIONS: Mapping[Status, frozenset[Status]] = {
    Status.PRE_RESERVED: frozenset({Status.CONFIRMED, Status.CANCELLED, Status.EXPIRED}),
    Status.CONFIRMED: frozenset({Status.CANCELLED, Status.COMPLETED, Status.NO_SHOW}),
    Status.EXPIRED: frozenset({Status.CONFIRMED}),  # paid late, and the dates were still free
    Status.CANCELLED: frozenset(),
    Status.COMPLETED: frozenset(),
    Status.NO_SHOW: frozenset(),
}


class NoSuchAccommodation(NotFound):
    """There is no such accommodation; list them with GET /api/v1/accommodations."""

    code = "no_such_accommodation"


class NoSuchReservation(NotFound):
    """There is no such reservation; check its code."""

    code = "no_such_reservation"


class InvalidStay(Invalid):
    """These dates cannot be a stay."""

    code = "invalid_stay"


class TooManyGuests(Invalid):
    """The accommodation has fewer places than there are guests."""

    code = "too_many_guests"
    title = "Too many guests"


class TooFewNights(Invalid):
    """The stay is shorter than the season's minimum."""

    code = "too_few_nights"
    title = "Too few nights"


class InvalidGuest(Invalid):
    """The guest cannot be identified by this."""

    code = "invalid_guest"


class DatesTaken(Conflict):
    """Some of these nights are taken; ask for other dates or another accommodation."""

    code = "dates_taken"
    title = "Dates taken"


class LockNotAcquired(Conflict):
    """Others are booking the same accommodation right now; try again in a moment."""

    code = "lock_not_acquired"
    title = "Try again"


class TooManyHolds(Conflict):
    """The guest has too many unpaid holds; pay or cancel one first."""

    code = "too_many_holds"
    title = "Too many holds"


class NotCancellable(Conflict):
    """A reservation in this status cannot be cancelled."""

    code = "not_cancellable"


class NotConfirmable(Conflict):
    """A reservation in this status cannot be confirmed."""

    code = "not_confirmable"


@dataclass(frozen=True, slots=True)
class Stay:
    """The nights from `check_in` until the morning of `check_out`; raises InvalidStay if none."""

    check_in: date
    check_out: date

    def __post_init__(self) -> None:
        if self.check_out <= self.check_in:
            raise InvalidStay("check_out must be after check_in", field="check_out")

    @property
    def nights(self) -> int:
        return (self.check_out - self.check_in).days

    def each_night(self) -> list[date]:
        """Return the day on which each night begins."""
        return [self.check_in + timedelta(days=n) for n in range(self.nights)]

    def overlaps(self, other: "Stay") -> bool:
        """Tell whether both share a night; leaving and arriving on one day share none."""
        return self.check_in < other.check_out and other.check_in < self.check_out

    def check_bookable(self, *, today: date) -> None:
        """Raise InvalidStay when the stay is past, too long or too far ahead of `today`."""
        if self.check_in < today:
            raise InvalidStay(
                f"check_in must not be before today, {today.isoformat()}", field="check_in"
            )
        if self.nights > MAX_NIGHTS:
            raise InvalidStay(
                f"a stay has at most {MAX_NIGHTS} nights; choose an earlier check_out",
                field="check_out",
                max_nights=MAX_NIGHTS,
            )
        if (self.check_out - today).days > MAX_DAYS_AHEAD:
            raise InvalidStay(
                f"bookings open {MAX_DAYS_AHEAD} days ahead; choose earlier dates",
                field="check_in",
            )


class NightKind(StrEnum):
    WEEKNIGHT = "weeknight"
    WEEKEND = "weekend"


class RuleKind(StrEnum):
    """What a price rule is for; where both set something, the holiday decides."""

    HOLIDAY = "holiday"
    SEASON = "season"


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceRule:
    """What it sets replaces the accommodation's for nights in [starts_on, ends_on)."""

    name: str
    starts_on: date
    ends_on: date
    nightly_price: int | None = None
    weekend_price: int | None = None
    min_nights: int | None = None
    kind: RuleKind = RuleKind.SEASON

    def price_of(self, night: NightKind) -> int | None:
        """Return what it sets for such a night, or None when it leaves that alone."""
        return self.weekend_price if night is NightKind.WEEKEND else self.nightly_price


@dataclass(frozen=True, slots=True, kw_only=True)
class Accommodation:
    """A lodging that can be booked; prices are centavos a night."""

    id: int
    slug: str
    name: str
    description: str
    capacity: int
    nightly_price: int
    weekend_price: int
    currency: str
    min_nights: int
    time_zone: str
    rules: tuple[PriceRule, ...] = ()

    def rules_on(self, night: date) -> list[PriceRule]:
        """Return the rules that hold on `night`, the one that decides first."""
        found = [rule for rule in self.rules if rule.starts_on <= night < rule.ends_on]
        return sorted(found, key=lambda rule: rule.kind is not RuleKind.HOLIDAY)

    def price_of(self, night: NightKind) -> int:
        """Return the price of such a night where no rule sets another."""
        return self.weekend_price if night is NightKind.WEEKEND else self.nightly_price

    def min_nights_on(self, check_in: date) -> int:
        """Return the fewest nights of a stay that begins on `check_in`: its rules decide."""
        least = (rule.min_nights for rule in self.rules_on(check_in) if rule.min_nights)
        return next(least, self.min_nights)


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """The lodging's rules for bookings: its zone, holds, deposits, and what is given back."""

    time_zone: str
    hold: timedelta
    deposit_percent: int
    max_open_holds: int
    cancellation: CancellationPolicy = field(default_factory=CancellationPolicy)


@dataclass(frozen=True, slots=True, kw_only=True)
class QuoteLine:
    """One night's price in centavos, and why it is that."""

    night: date
    amount: int
    kind: NightKind
    season: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Quote:
    """What a stay costs, night by night, in centavos; frozen in the reservation.

    `cancellation` is the policy it was booked under, as text; "" in those of before there was one.
    """

    lines: tuple[QuoteLine, ...]
    total: int
    deposit: int
    currency: str
    cancellation: str = ""

    def to_json(self) -> dict[str, Any]:
        return {
            "lines": [
                {
                    "night": line.night.isoformat(),
                    "amount": line.amount,
                    "kind": line.kind.value,
                    "season": line.season,
                }
                for line in self.lines
            ],
            "total": self.total,
            "deposit": self.deposit,
            "currency": self.currency,
            "cancellation": self.cancellation,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        return cls(
            lines=tuple(
                QuoteLine(
                    night=date.fromisoformat(line["night"]),
                    amount=line["amount"],
                    kind=NightKind(line["kind"]),
                    season=line["season"],
                )
                for line in data["lines"]
            ),
            total=data["total"],
            deposit=data["deposit"],
            currency=data["currency"],
            cancellation=data.get("cancellation", ""),
        )


def price(accommodation: Accommodation, stay: Stay, *, deposit_percent: int) -> Quote:
    """Price every night of `stay`; Friday and Saturday nights cost the weekend price."""
    lines = tuple(_line(accommodation, night) for night in stay.each_night())
    total = sum(line.amount for line in lines)
    return Quote(
        lines=lines,
        total=total,
        deposit=deposit(total, percent=deposit_percent),
        currency=accommodation.currency,
    )


def _line(accommodation: Accommodation, night: date) -> QuoteLine:
    kind = kind_of(night)
    rules = accommodation.rules_on(night)
    deciding = deciding_rule(rules, kind)
    special = deciding.price_of(kind) if deciding else None
    named = deciding or next(iter(rules), None)
    return QuoteLine(
        night=night,
        amount=accommodation.price_of(kind) if special is None else special,
        kind=kind,
        season=named.name if named else None,
    )


def kind_of(night: date) -> NightKind:
    return NightKind.WEEKEND if night.weekday() in _WEEKEND else NightKind.WEEKNIGHT


def deciding_rule(rules: Sequence[PriceRule], kind: NightKind) -> PriceRule | None:
    """Return the first of `rules` that sets a price for such a night, or None."""
    return next((rule for rule in rules if rule.price_of(kind) is not None), None)


def deposit(total: int, *, percent: int) -> int:
    """Return `percent` of `total` centavos to the nearest whole peso, from one peso to `total`."""
    share = (total * percent + 50 * _PESO) // (100 * _PESO) * _PESO
    return min(total, max(share, _PESO))


def check_fits(
    accommodation: Accommodation, stay: Stay, *, guests: int, any_length: bool = False
) -> None:
    """Raise TooManyGuests or TooFewNights when the accommodation does not take such a stay.

    With `any_length`, which is the owner's to say, a short one is taken too.
    """
    if guests < 1:
        raise Invalid("guests must be at least 1", field="guests")
    if guests > accommodation.capacity:
        raise TooManyGuests(
            f"{accommodation.name} takes at most {accommodation.capacity} guests",
            field="guests",
            capacity=accommodation.capacity,
            accommodation_id=accommodation.id,
        )
    least = accommodation.min_nights_on(stay.check_in)
    if stay.nights < least and not any_length:
        raise TooFewNights(
            f"{accommodation.name} takes at least {least} nights from"
            f" {stay.check_in.isoformat()}; choose a later check_out",
            field="check_out",
            min_nights=least,
            accommodation_id=accommodation.id,
        )
