"""One text with what is found in it, and what it says a day is of."""

from dataclasses import dataclass, field
from datetime import date
from functools import cached_property

from alojamientos.nlu import atoms, lengths, links, occasions, wording
from alojamientos.nlu.atoms import Atom
from alojamientos.nlu.days import DAY
from alojamientos.nlu.holidays import Holidays
from alojamientos.nlu.values import Ambiguous, Context, Dates


@dataclass(kw_only=True)
class Said:
    """Canonical text being read, in the light of today and of the talk."""

    text: str
    today: date
    context: Context
    holidays: Holidays
    nights: tuple[int, ...] = field(init=False)
    found: list[Atom] = field(init=False)
    linked: links.Linked = field(init=False)
    months: list[tuple[int, int]] = field(init=False)

    def __post_init__(self) -> None:
        self.nights = lengths.find(self.text)
        self.found = wording.meant(self.text, atoms.find(self.text, self.today))
        self.linked = links.link(self.text, self.found)
        self.months = occasions.months(self.text, self.found, self.today)

    @cached_property
    def named(self) -> Dates | None:
        """The stay that has a name instead of dates, if any."""
        return occasions.find(self.text, today=self.today, holidays=self.holidays)

    def least_nights(self) -> int | None:
        """Return the likeliest number of nights, or None."""
        return self.nights[0] if self.nights else None

    def month_of(self, atom: Atom) -> int | None:
        """Return the month of a day in a list, which the last of them names."""
        if atom.month is not None:
            return atom.month
        run = next((run for run in self.linked.lists if atom in run), ())
        named = self.topic()[1]
        return next((one.month for one in run if one.month), named)

    def topic(self) -> tuple[int | None, int | None]:
        """Return the year and month that the text is about; the year only where it matters."""
        if len(self.months) != 1:
            return None, None
        return self.about(self.months[0])

    def about(self, month: tuple[int, int] | None) -> tuple[int | None, int | None]:
        """Return the year, only where it matters, and the month to look for a day in."""
        if month is None:
            return None, None
        year, number = month
        return (None if month == occasions.coming(number, self.today) else year), number

    def starts(self, atom: Atom) -> list[date]:
        """Return from when on a weekday is sought: "el jueves de semana santa"."""
        if atom.day is not None or atom.exact is not None:
            return [self.today]
        named = self.named
        if isinstance(named, Ambiguous) and not occasions.NEXT_WEEKEND.search(self.text):
            return [min(span.check_in for span in named.options) - DAY]
        sunday = self.today + DAY * (6 - self.today.weekday())
        if occasions.NEXT_WEEKEND.search(self.text):
            return [sunday, self.today]
        return [sunday] if occasions.NEXT_WEEK.search(self.text) else [self.today]
