"""What may be entered as money that came by hand, and what may not. Pure."""

from dataclasses import dataclass
from datetime import date, timedelta

from alojamientos.kit.errors import Conflict, Invalid, NotFound
from alojamientos.payments.events import Method
from alojamientos.reservations.events import Status
from alojamientos.reservations.views import ReservationView

_LONGEST_NOTE = 500
_FARTHEST_BACK = timedelta(days=730)


class NoSuchEntry(NotFound):
    """There is no such payment by hand; see: alojamientos payments list CODE."""

    code = "no_such_entry"


class NotAcceptable(Conflict):
    """Money cannot be entered for this booking as it stands."""

    code = "payment_not_acceptable"


class AlreadyEntered(Conflict):
    """The same amount was entered for this booking, day and method before."""

    code = "payment_already_entered"


class NotRevertible(Conflict):
    """The entry cannot be taken back."""

    code = "entry_not_revertible"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What a person enters: how much in centavos, how it came, when, and a note of their own."""

    amount: int
    method: Method
    received_on: date
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """What an entry, or its counter-entry, came to; `left` is what is to pay now, in centavos."""

    payment_id: int
    code: str
    amount: int
    left: int
    status: Status
    confirmed: bool = False


def check(entry: Entry, *, today: date) -> None:
    """Raise Invalid, naming the field, for what cannot be meant."""
    if entry.amount <= 0:
        raise Invalid("The amount must be more than nothing", field="amount")
    if entry.received_on > today:
        raise Invalid(
            f"The money cannot have come after today, {today.isoformat()}", field="received_on"
        )
    if today - entry.received_on > _FARTHEST_BACK:
        raise Invalid("That is more than two years ago; check the year", field="received_on")
    if len(entry.note) > _LONGEST_NOTE or "\x00" in entry.note:
        raise Invalid(f"A note has at most {_LONGEST_NOTE} letters", field="note")


def check_acceptable(view: ReservationView, entry: Entry, *, paid: int, over: bool) -> None:
    """Raise NotAcceptable or Invalid when a booking does not take such money.

    `paid` is what it has already; `over` takes more than is left to pay.
    """
    if view.status is Status.CANCELLED:
        raise NotAcceptable("This booking is cancelled: give the money back, or book again")
    if view.status is Status.EXPIRED and paid + entry.amount < view.deposit:
        raise NotAcceptable(
            "The hold has run out, and this does not reach its deposit; book again first",
            deposit=view.deposit,
        )
    left = view.total - paid
    if entry.amount > left and not over:
        raise Invalid(
            "That is more than what is left to pay; check the amount, or insist with --over",
            field="amount",
            left=left,
        )
