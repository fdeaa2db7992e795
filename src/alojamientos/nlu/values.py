"""What understanding a text gives; values only."""

from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum


class Intent(StrEnum):
    """What a guest wants; the values are the metric's label. Several at once are the norm."""

    GREETING = "greeting"
    AVAILABILITY = "availability"
    PRICE = "price"
    BOOK = "book"
    CONFIRM = "confirm"
    DENY = "deny"
    PAYMENT_INFO = "payment_info"
    CANCEL = "cancel"
    MODIFY_DATES = "modify_dates"
    MY_RESERVATION = "my_reservation"
    SERVICES = "services"
    LOCATION = "location"
    CHECKIN_INFO = "checkin_info"
    PHOTOS = "photos"
    DISCOUNT = "discount"
    HUMAN = "human"
    THANKS = "thanks"
    COMPLAINT = "complaint"
    OTHER = "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A half-open stay as the text says it: check-out is the day of leaving."""

    check_in: date
    check_out: date

    @property
    def nights(self) -> int:
        return (self.check_out - self.check_in).days


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolved:
    """One reading. `confirm` asks to read it back before anything is held on it."""

    span: Span
    confirm: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Ambiguous:
    """Two or more readings, likeliest first: ask which. `label` is what the guest called it."""

    options: tuple[Span, ...]
    label: str = ""


class Missing(StrEnum):
    CHECK_IN = "check_in"
    CHECK_OUT = "check_out"  # the day of leaving or the number of nights
    DAYS = "days"  # only a month, a week or a season was named


@dataclass(frozen=True, slots=True, kw_only=True)
class Incomplete:
    """Part of the dates: what is known, and what to ask for."""

    missing: Missing
    check_in: date | None = None
    nights: int | None = None
    month: tuple[int, int] | None = None  # (year, month) where only that is known
    label: str = ""


class Reason(StrEnum):
    NO_SUCH_DAY = "no_such_day"  # 31 de febrero, 32/1
    REVERSED = "reversed"  # 18 al 15 de enero
    WEEKDAY_MISMATCH = "weekday_mismatch"  # sábado 15 de enero, which is a Friday
    PAST = "past"
    TOO_FAR = "too_far"  # more than 18 months ahead
    TOO_LONG = "too_long"  # more than 60 nights
    CONTRADICTION = "contradiction"  # two dates that do not fit the number of nights


@dataclass(frozen=True, slots=True, kw_only=True)
class InvalidDates:
    """Dates that cannot be meant: ask, never correct silently. `quote` is the guest's wording."""

    reason: Reason
    quote: str = ""


Dates = Resolved | Ambiguous | Incomplete | InvalidDates


@dataclass(frozen=True, slots=True, kw_only=True)
class Party:
    """Who comes. `children` and `pets` are part of what was said; `total` counts beds needed."""

    adults: int
    children: int = 0
    pets: int = 0
    confirm: bool = False  # "familia tipo": say it back

    @property
    def total(self) -> int:
        return self.adults + self.children


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """What the conversation already knows, for "¿y para 6?", "el 15", "3 noches", "sí"."""

    check_in: date | None = None
    check_out: date | None = None
    guests: int | None = None
    month: tuple[int, int] | None = None
    expecting: str | None = None  # check_in | check_out | dates | guests | cabin | yes_no | None
    cabins: tuple[str, ...] = ()  # names that may be named, in the order they were offered


@dataclass(frozen=True, slots=True, kw_only=True)
class Understanding:
    """Everything found in a text."""

    intents: frozenset[Intent]
    dates: Dates | None = None
    party: Party | None = None
    ages: tuple[int, ...] = ()  # of the children, a baby's is 0
    budget: int | None = None  # pesos that they want to spend at most, for a night or in all
    pets: int = 0
    cabin: str | None = None  # one of Context.cabins
    choice: int | None = None  # "la 2", "la primera", "opción 3": 1-based
    code: str | None = None  # reservation code, canonical form
    services: frozenset[str] = field(default=frozenset())  # pool, wifi, grill, pets, linen, …
    email: str | None = None
    name: str | None = None
