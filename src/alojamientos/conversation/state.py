"""What a conversation remembers between two messages: values only, kept as JSON."""

from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum
from typing import Any, Self

from alojamientos.nlu.values import Context, Span


class Step(StrEnum):
    """What we asked last, and so what a bare "sí" or "la 2" means."""

    IDLE = "idle"
    DATES = "dates"  # asked for dates, or for the part that is missing
    CONFIRM_DATES = "confirm_dates"  # read dates back
    WHICH_DATES = "which_dates"  # offered several readings
    GUESTS = "guests"
    CABIN = "cabin"  # offered cabins
    WHICH_CANCEL = "which_cancel"  # offered the guest's reservations
    CANCEL = "cancel"  # asked once
    CANCEL_SURE = "cancel_sure"  # asked twice
    WHICH_CHANGE = "which_change"  # offered the guest's reservations
    CHANGE = "change"  # told what a change costs, and asked whether to make it


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """The booking being talked about. Dates are half-open; tuples keep the order they were said."""

    step: Step = Step.IDLE
    check_in: date | None = None
    check_out: date | None = None
    nights: int | None = None
    month: tuple[int, int] | None = None
    guests: int | None = None
    pets: int = 0
    wanted: int | None = None  # a cabin that the guest named before one was offered
    spoken: bool = False  # of the dates so far, some were only heard: to be read back
    spans: tuple[Span, ...] = ()
    offered: tuple[int, ...] = ()
    totals: tuple[int, ...] = ()  # what each of `offered` was to cost, centavos
    codes: tuple[str, ...] = ()
    changing: str | None = None  # the code of the booking that is to have these dates and guests
    terms: tuple[int, ...] = ()  # what the guest was told that the change comes to, centavos
    refund: int | None = None  # what the guest was told that goes back if they cancel, centavos
    lost: int = 0  # messages in a row that were not understood
    greeted: bool = False
    late_at: datetime | None = None  # when we last answered what had come late
    offer: str = ""  # what the choices of `bound` belong to; see `choices`
    bound: tuple[str, ...] = ()
    shown: tuple[tuple[str, str], ...] = ()  # action and title of what we showed last

    def evolve(self, **changes: Any) -> Self:
        """Return a copy with `changes`."""
        return replace(self, **changes)

    def over(self) -> Self:
        """Return what is left when a booking has been made, dropped or handed over."""
        return type(self)(greeted=self.greeted)

    def context(self, *, cabins: tuple[str, ...]) -> Context:
        """Return what the grammar may fill gaps with; `cabins` are names, those offered first."""
        return Context(
            check_in=self.check_in,
            check_out=self.check_out,
            guests=self.guests,
            month=self.month,
            expecting=self._expecting(),
            cabins=cabins,
        )

    def _expecting(self) -> str | None:
        if self.step is Step.DATES:
            return "check_out" if self.check_in else "dates"
        return {
            Step.CONFIRM_DATES: "yes_no",
            # Out of a list of dates or bookings one picks as out of a list of cabins.
            Step.WHICH_DATES: "cabin",
            Step.WHICH_CANCEL: "cabin",
            Step.WHICH_CHANGE: "cabin",
            Step.GUESTS: "guests",
            Step.CABIN: "cabin",
            Step.CANCEL: "yes_no",
            Step.CANCEL_SURE: "yes_no",
            Step.CHANGE: "yes_no",
        }.get(self.step)

    def to_json(self) -> dict[str, Any]:
        return {
            "step": self.step.value,
            "check_in": self.check_in.isoformat() if self.check_in else None,
            "check_out": self.check_out.isoformat() if self.check_out else None,
            "nights": self.nights,
            "month": list(self.month) if self.month else None,
            "guests": self.guests,
            "pets": self.pets,
            "wanted": self.wanted,
            "spoken": self.spoken,
            "spans": [[s.check_in.isoformat(), s.check_out.isoformat()] for s in self.spans],
            "offered": list(self.offered),
            "totals": list(self.totals),
            "codes": list(self.codes),
            "changing": self.changing,
            "terms": list(self.terms),
            "refund": self.refund,
            "lost": self.lost,
            "greeted": self.greeted,
            "late_at": self.late_at.isoformat() if self.late_at else None,
            "offer": self.offer,
            "bound": list(self.bound),
            "shown": [list(choice) for choice in self.shown],
        }

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Self:
        """Read what `to_json` wrote; a state of an older version starts afresh where it lacks."""
        month = data.get("month")
        return cls(
            step=Step(data.get("step", Step.IDLE)),
            check_in=_day(data.get("check_in")),
            check_out=_day(data.get("check_out")),
            nights=data.get("nights"),
            month=(month[0], month[1]) if month else None,
            guests=data.get("guests"),
            pets=data.get("pets", 0),
            wanted=data.get("wanted"),
            spoken=data.get("spoken", False),
            spans=tuple(
                Span(check_in=date.fromisoformat(a), check_out=date.fromisoformat(b))
                for a, b in data.get("spans", ())
            ),
            offered=tuple(data.get("offered", ())),
            totals=tuple(data.get("totals", ())),
            codes=tuple(data.get("codes", ())),
            changing=data.get("changing"),
            terms=tuple(data.get("terms", ())),
            refund=data.get("refund"),
            lost=data.get("lost", 0),
            greeted=data.get("greeted", False),
            late_at=datetime.fromisoformat(data["late_at"]) if data.get("late_at") else None,
            offer=data.get("offer", ""),
            bound=tuple(data.get("bound", ())),
            shown=tuple((action, title) for action, title in data.get("shown", ())),
        )


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None
