"""The days off that stays are named after: long weekends, carnival, Easter."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Protocol

import holidays as calendar

from alojamientos.nlu.values import Span

_DAY = timedelta(days=1)
_SATURDAY = 5
_LEAST_LONG = 3
_YEARS_AHEAD = 2
_BRIDGE = "fines turísticos"
_TUESDAY, _THURSDAY = 1, 3


class Holidays(Protocol):
    """What the grammar asks of a country's calendar."""

    def long_weekends(self, *, since: date) -> list[Span]:
        """Return runs of three or more days off around a weekend, first to last day, in order."""
        ...

    def carnival(self, year: int) -> date | None:
        """Return Carnival Monday."""
        ...

    def good_friday(self, year: int) -> date | None:
        """Return Good Friday."""
        ...


@dataclass(slots=True)
class Argentina:
    """Argentina's calendar. `decreed` adds bridge days that the library does not know yet.

    Bridge days are decreed from one year to the next, and almost always join a holiday on a Tuesday
    or a Thursday to its weekend: in a year without any yet, those are expected. Nothing is held on
    an expectation, since a long weekend is always asked about.
    """

    decreed: Mapping[int, tuple[date, ...]] = field(default_factory=dict)
    _known: dict[int, dict[date, str]] = field(default_factory=dict, init=False)

    def long_weekends(self, *, since: date) -> list[Span]:
        found: list[Span] = []
        for year in range(since.year, since.year + _YEARS_AHEAD):
            for first in self._starts(year):
                last = first
                while self._is_off(last + _DAY):
                    last += _DAY
                run = Span(check_in=first, check_out=last)
                if run.nights + 1 >= _LEAST_LONG and last >= since and run not in found:
                    found.append(run)
        return sorted(found, key=lambda run: run.check_in)

    def carnival(self, year: int) -> date | None:
        return self._named(year, "Lunes de Carnaval")

    def good_friday(self, year: int) -> date | None:
        return self._named(year, "Viernes Santo")

    def named_days(self, year: int) -> Mapping[date, str]:
        """Return the holidays of `year` by day, as the law calls them."""
        return self._year(year)

    def _starts(self, year: int) -> list[date]:
        """Return the first days of the runs that some holiday of `year` belongs to."""
        starts = []
        for day in self._year(year):
            first = day
            while self._is_off(first - _DAY):
                first -= _DAY
            starts.append(first)
        return starts

    def _is_off(self, day: date) -> bool:
        return day.weekday() >= _SATURDAY or day in self._year(day.year)

    def _named(self, year: int, name: str) -> date | None:
        return next((day for day, text in self._year(year).items() if name in text), None)

    def _year(self, year: int) -> dict[date, str]:
        known = self._known.get(year)
        if known is None:
            known = dict(calendar.country_holidays("AR", years=year, language="es"))
            decreed = self.decreed.get(year, ())
            if not decreed and not any(_BRIDGE in name for name in known.values()):
                decreed = tuple(_expected_bridges(known))
            known.update(dict.fromkeys(decreed, _BRIDGE))
            self._known[year] = known
        return known


def _expected_bridges(known: Mapping[date, str]) -> list[date]:
    beside = {_TUESDAY: -_DAY, _THURSDAY: _DAY}
    bridges = [day + beside[day.weekday()] for day in known if day.weekday() in beside]
    return [day for day in bridges if day not in known]
