"""The holidays that stays are priced for: which nights each of them sells."""

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from alojamientos.kit.errors import NotFound
from alojamientos.nlu.holidays import Argentina

_DAY = timedelta(days=1)
_SATURDAY = 5
_AHEAD = timedelta(days=2 * 366)
_BRIDGE = "fines turísticos"
# What people call them, by what the law does.
_CALLED = {
    "Viernes Santo": "Semana Santa",
    "Jueves Santo": "Semana Santa",
    "Lunes de Carnaval": "Carnaval",
    "Martes de Carnaval": "Carnaval",
}
_PASSING = "Paso a la Inmortalidad del General Don "
_NATIONAL = "Día Nacional de la "


class NoSuchHoliday(NotFound):
    """No holiday is called that; list them with: alojamientos prices holidays."""

    code = "no_such_holiday"


@dataclass(frozen=True, slots=True, kw_only=True)
class Occasion:
    """Days off in a row; its nights are [starts_on, ends_on), from the eve of the first day."""

    name: str
    first_day: date
    last_day: date

    @property
    def starts_on(self) -> date:
        return self.first_day - _DAY

    @property
    def ends_on(self) -> date:
        return self.last_day


def upcoming(*, today: date, calendar: Argentina | None = None) -> list[Occasion]:
    """Return the holidays of the next two years whose nights are not over, in order."""
    known = calendar or Argentina()
    last = today + _AHEAD
    names = {
        day: name
        for year in range(today.year - 1, last.year + 2)
        for day, name in known.named_days(year).items()
    }
    found: dict[date, Occasion] = {}
    for day in sorted(names):
        occasion = _around(day, names)
        if occasion.ends_on > today and occasion.first_day <= last:
            found.setdefault(occasion.first_day, occasion)
    return list(found.values())


def named(text: str, *, today: date, calendar: Argentina | None = None) -> list[Occasion]:
    """Return the coming holidays that `text` names: "carnaval", "semana santa", "san martín".

    Case and accents do not matter. Raises NoSuchHoliday.
    """
    wanted = _plain(text)
    every = upcoming(today=today, calendar=calendar)
    found = [each for each in every if wanted and wanted in _plain(each.name)]
    if not found:
        names = ", ".join(sorted({each.name for each in every}))
        raise NoSuchHoliday(f"No holiday is called {text!r}; there are: {names}", field="holiday")
    return found


def _around(day: date, names: Mapping[date, str]) -> Occasion:
    def is_off(each: date) -> bool:
        return each.weekday() >= _SATURDAY or each in names

    first = last = day
    while is_off(first - _DAY):
        first -= _DAY
    while is_off(last + _DAY):
        last += _DAY
    inside = [names[each] for each in _days(first, last) if each in names]
    called = dict.fromkeys(_called(name) for name in inside if _BRIDGE not in name)
    return Occasion(name=", ".join(called) or _BRIDGE, first_day=first, last_day=last)


def _called(name: str) -> str:
    return _CALLED.get(name, name.removeprefix(_PASSING).removeprefix(_NATIONAL))


def _days(first: date, last: date) -> list[date]:
    return [first + n * _DAY for n in range((last - first).days + 1)]


def _plain(text: str) -> str:
    decomposed = unicodedata.normalize("NFD", text.casefold())
    return "".join(letter for letter in decomposed if not unicodedata.combining(letter)).strip()
