"""From two dates that a text joins to one stay: which month, which year, and what cannot be."""

from datetime import date
from itertools import pairwise

from alojamientos.nlu import days, options
from alojamientos.nlu.atoms import Atom
from alojamientos.nlu.days import DAY, Day, Wrong
from alojamientos.nlu.values import Ambiguous, Dates, InvalidDates, Reason, Resolved, Span

_CROSSES_A_MONTH_UP_TO = 15  # nights: "del 28 al 2" does, "del 18 al 15 de enero" is a mistake
_HALF_A_YEAR = 183  # days: a stay that wraps around more of the year was said the wrong way round
_NEAR = 6  # days: a bare day so near may be meant of this month or of the next
_TRIES = 2
_DECEMBER = 12


def join(
    first: Atom,
    second: Atom,
    *,
    today: date,
    month: int | None = None,
    year: int | None = None,
) -> Dates:
    """Return the stay from `first` to `second`.

    `month` and `year` are what the text says elsewhere, or what the talk is about.
    """
    if first.is_bare and second.is_bare and month is None:
        return _bare(first, second, today)
    found = _ends(first, second, today=today, month=month, year=year)
    if isinstance(found, Wrong):
        return InvalidDates(reason=found.reason, quote=found.quote)
    left, right = found
    if right.date <= left.date:
        return InvalidDates(reason=Reason.REVERSED, quote="" if first.text else second.text)
    span = Span(check_in=left.date, check_out=right.date)
    return Resolved(span=span, confirm=left.soft or right.soft)


def listed(
    atoms: list[Atom], *, today: date, month: int | None, year: int | None, nights: bool
) -> Dates | None:
    """Return what "el 24 y 25" may mean: nights, or the days of arriving and leaving; or None."""
    first, last = atoms[0], atoms[-1]
    found = join(first, last, today=today, month=month, year=year)
    shorter = options.spans(found)
    if not shorter:
        return found
    if any(not _follow(one, other) for one, other in pairwise(atoms)):
        return None
    longer = [Span(check_in=s.check_in, check_out=s.check_out + DAY) for s in shorter]
    if nights and len(longer) == 1:
        return Resolved(span=longer[0], confirm=isinstance(found, Resolved) and found.confirm)
    if nights:
        return Ambiguous(options=tuple(longer))
    # Whoever names the days of a weekend leaves on the last of them.
    plain = (
        [*shorter, *longer]
        if first.weekday is not None and first.day is None
        else [*longer, *shorter]
    )
    return Ambiguous(options=tuple(plain))


def _follow(one: Atom, other: Atom) -> bool:
    if one.day is not None and other.day is not None:
        return other.day in (one.day + 1, 1)
    if one.weekday is not None and other.weekday is not None:
        return (other.weekday - one.weekday) % 7 == 1
    return one.exact is not None and other.exact is not None and other.exact - one.exact == DAY


def _bare(first: Atom, second: Atom, today: date) -> Dates:
    """Two days of no month: the next that fit, read back; or which, when they are near."""
    reason: Wrong | None = None
    fitting: list[Span] = []
    for start in days.occurrences(first.day or 0, today)[:_TRIES]:
        end = _after(second, start)
        if isinstance(end, Wrong):
            reason = reason or end
        elif not days.fits(first, start):
            reason = reason or Wrong(Reason.WEEKDAY_MISMATCH, first.text)
        elif end <= start:
            reason = reason or Wrong(Reason.REVERSED)
        else:
            fitting.append(Span(check_in=start, check_out=end))
    if not fitting:
        wrong = reason or Wrong(Reason.NO_SUCH_DAY, first.text)
        return InvalidDates(reason=wrong.reason, quote=wrong.quote)
    named = first.weekday is not None or second.weekday is not None
    if len(fitting) > 1 and not named and (fitting[0].check_in - today).days <= _NEAR:
        return Ambiguous(options=tuple(sorted(fitting, key=_is_ordinary)))
    return Resolved(span=fitting[0], confirm=True)


def _is_ordinary(span: Span) -> bool:
    """Sort the turn of the year first: "del 28 al 2" is seldom said of another."""
    return span.check_in.year == span.check_out.year


def _ends(
    first: Atom, second: Atom, *, today: date, month: int | None, year: int | None
) -> tuple[Day, Day] | Wrong:
    """Resolve the end that is known better first, and the other from it."""
    if second.day is not None and first.exact is None and first.month is None and month is None:
        return _from_end(first, second, today)
    given = first.year or second.year or year
    if given and not first.year and second.year and first.month and second.month:
        given -= first.month > second.month
    left = days.resolve(first, today=today, month=month or second.month, year=given)
    if isinstance(left, Wrong):
        return left
    right = _after(second, left.date)
    if isinstance(right, Wrong):
        return right
    return left, Day(right, second.soft and first.exact is None)


def _from_end(first: Atom, second: Atom, today: date) -> tuple[Day, Day] | Wrong:
    right = days.resolve(second, today=today)
    if isinstance(right, Wrong):
        return right
    left = _until(first, right.date)
    if isinstance(left, date) and left < today <= right.date and not second.year:
        # It would have begun already: next year's, then, and read back.
        following = days.build(right.date.year + 1, right.date.month, right.date.day)
        if following is not None:
            right, left = Day(following, soft=True), _until(first, following)
    if isinstance(left, Wrong):
        return left
    return Day(left, first.soft), right


def _after(atom: Atom, left: date) -> date | Wrong:
    """Return the day of leaving that `atom` means after arriving on `left`."""
    if atom.exact is not None:
        return atom.exact
    if atom.day is None:
        return days.first_weekday_after(atom.weekday or 0, left)
    if atom.month is None:
        chosen = _same_or_next_month(atom.day, left)
    elif atom.year is not None:
        chosen = days.build(atom.year, atom.month, atom.day)
    else:
        chosen = _same_or_next_year(atom.month, atom.day, left)
    if chosen is None:
        return Wrong(Reason.NO_SUCH_DAY, atom.text)
    if not days.fits(atom, chosen):
        return Wrong(Reason.WEEKDAY_MISMATCH, atom.text)
    return chosen


def _same_or_next_month(number: int, left: date) -> date | None:
    if number > left.day:
        return days.build(left.year, left.month, number)
    years, month = divmod(left.month, _DECEMBER)
    following = days.build(left.year + years, month + 1, number)
    short = following is not None and (following - left).days <= _CROSSES_A_MONTH_UP_TO
    return following if short else days.build(left.year, left.month, number)


def _same_or_next_year(month: int, number: int, left: date) -> date | None:
    same = days.build(left.year, month, number)
    following = days.build(left.year + 1, month, number)
    if following is not None and (same is None or same <= left):
        return following if same is None or (following - left).days <= _HALF_A_YEAR else same
    return same


def _until(atom: Atom, right: date) -> date | Wrong:
    """Return the day of arriving that `atom` means before leaving on `right`."""
    if atom.day is None:
        return days.last_weekday_before(atom.weekday or 0, right)
    chosen = days.build(right.year, right.month, atom.day)
    if chosen is None or chosen >= right:
        last_of_before = right.replace(day=1) - DAY
        before = days.build(last_of_before.year, last_of_before.month, atom.day)
        if before is not None and (right - before).days <= _CROSSES_A_MONTH_UP_TO:
            chosen = before
    if chosen is None:
        return Wrong(Reason.NO_SUCH_DAY, atom.text)
    return chosen if days.fits(atom, chosen) else Wrong(Reason.WEEKDAY_MISMATCH, atom.text)
