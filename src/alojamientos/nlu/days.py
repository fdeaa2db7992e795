"""The day that a date means, said without its year, its month or either."""

from dataclasses import dataclass
from datetime import date, timedelta

from alojamientos.nlu.atoms import Atom
from alojamientos.nlu.values import Reason

DAY = timedelta(days=1)
_WEEK = 7
_MONTHS = 12
_MONTH_END = 31
_LONG_PAST = 270  # days: "15 de enero" said in November is plainly next year's
_JUST_PAST = 30
_TRIES = 2  # months: "viernes 5" is of this month or of the next, or it does not fit


@dataclass(frozen=True, slots=True)
class Wrong:
    """A date that cannot be."""

    reason: Reason
    quote: str = ""


@dataclass(frozen=True, slots=True)
class Day:
    """The day that was meant. `soft` asks to read it back."""

    date: date
    soft: bool = False


def build(year: int, month: int, day: int) -> date | None:
    """Return the day, or None where there is no such day."""
    try:
        return date(year, month, day)
    except ValueError:
        return None


def resolve(
    atom: Atom, *, today: date, month: int | None = None, year: int | None = None
) -> Day | Wrong:
    """Return the next day that `atom` fits, or why there is none.

    `month` and `year` are what the text says elsewhere.
    """
    if atom.exact is not None and not fits(atom, atom.exact):
        return Wrong(Reason.WEEKDAY_MISMATCH, atom.text)
    if atom.exact is not None:
        return Day(atom.exact, atom.soft)
    if atom.day is None:
        return next_weekday(atom, today)
    known_month = atom.month or month
    if known_month is None:
        return next_bare(atom, today)
    return _in_month(atom, known_month, atom.year or year, today)


def next_weekday(atom: Atom, today: date) -> Day:
    """Return the next such weekday: never today, which is read back like "que viene"."""
    ahead = ((atom.weekday or 0) - today.weekday()) % _WEEK
    return Day(today + DAY * (ahead or _WEEK), atom.soft or not ahead)


def first_weekday_after(weekday: int, day: date) -> date:
    return day + DAY * ((weekday - day.weekday()) % _WEEK or _WEEK)


def last_weekday_before(weekday: int, day: date) -> date:
    return day - DAY * ((day.weekday() - weekday) % _WEEK or _WEEK)


def next_bare(atom: Atom, since: date) -> Day | Wrong:
    """Return the next day of a month with the number of `atom`, on its weekday if it names one."""
    found = occurrences(atom.day or 0, since)
    if not found:
        return Wrong(Reason.NO_SUCH_DAY, atom.text)
    for tries, one in enumerate(found[:_TRIES]):
        if fits(atom, one):
            return Day(one, soft=tries > 0)
    return Wrong(Reason.WEEKDAY_MISMATCH, atom.text)


def occurrences(number: int, since: date) -> list[date]:
    """Return the days with `number` of the coming twelve months, `since` included."""
    if not 1 <= number <= _MONTH_END:
        return []
    found = []
    for ahead in range(_MONTHS + 1):
        years, month = divmod(since.month - 1 + ahead, _MONTHS)
        one = build(since.year + years, month + 1, number)
        if one is not None and one >= since:
            found.append(one)
    return found


def fits(atom: Atom, day: date) -> bool:
    """Tell whether the weekday that `atom` names, if any, is that of `day`."""
    return atom.weekday is None or day.weekday() == atom.weekday


def was_lately(day: date, today: date) -> bool:
    """Tell whether a date said without its year was also in the past not long ago."""
    if day < today:
        return False
    before = build(day.year - 1, day.month, day.day) or day - 365 * DAY
    ago = (today - before).days
    return ago <= _JUST_PAST or (day.year > today.year and ago < _LONG_PAST)


def _in_month(atom: Atom, month: int, year: int | None, today: date) -> Day | Wrong:
    number = atom.day or 0
    # The 29th of February may be two years away.
    years = [year] if year else [today.year, today.year + 1, today.year + 2]
    candidates = [one for each in years if (one := build(each, month, number)) is not None]
    if not candidates:
        return Wrong(Reason.NO_SUCH_DAY, atom.text)
    chosen = next((one for one in candidates if one >= today), candidates[-1])
    if not fits(atom, chosen):
        return Wrong(Reason.WEEKDAY_MISMATCH, atom.text)
    return Day(chosen, soft=not year and was_lately(chosen, today))
