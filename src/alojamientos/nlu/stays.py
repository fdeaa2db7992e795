"""From the dates and nights in a text to one stay, several, a part of one, or why not."""

import re
from dataclasses import replace
from datetime import date

from alojamientos.nlu import (
    atoms,
    days,
    lengths,
    limits,
    links,
    occasions,
    options,
    pairs,
    talked,
    vague,
    wording,
)
from alojamientos.nlu.atoms import Atom
from alojamientos.nlu.days import DAY, Day, Wrong
from alojamientos.nlu.holidays import Holidays
from alojamientos.nlu.values import (
    Ambiguous,
    Context,
    Dates,
    Incomplete,
    InvalidDates,
    Missing,
    Reason,
    Resolved,
    Span,
)

_EARLY = 4  # days: so long before an occasion a stay for it may begin
_MANY_NIGHTS = 10  # a bare number up to this may be nights as well as a day
_INCLUSIVE = re.compile(
    rf"\binclusive\b|\b(?:\d|ambos|{atoms.MONTH}|{atoms.WEEKDAY}) incluid[oa]s?\b|\bcontando el \d"
)
_WITHIN = re.compile(r"\bentre\b")
_NIGHTS_OF = re.compile(r"(?<!\d )\bnoches? (?:del?|de los dias)\b")
_MOVED_TO = re.compile(
    r"\b(?:cambi|pas|mov|corr|modific|reprogram|posterg|adelant)\w*\b[^.?!]{0,30}\bal\s*$"
)
_BARE_ANSWER = re.compile(
    r"\W*(?P<lead>el |al |hasta el |el dia |dia )?(?P<d>\d{1,2})(?P<rest>\W*(?:por |x )?\d{1,2} (?:noches?|dias))?\W*"
)


def find(text: str, *, today: date, context: Context, holidays: Holidays) -> Dates | None:
    """Return what canonical `text` says of a stay, or None when it says nothing of one."""
    text = wording.clean(text, today)
    named = occasions.months(text, [], today)
    text = wording.in_month(text, named[0] if len(named) == 1 else context.month)
    reading = _Reading(text, today=today, context=context, holidays=holidays)
    found = reading.dates()
    return None if found is None else limits.check(found, today)


class _Reading:
    """One text being read; the methods go from what says most to what says least."""

    def __init__(self, text: str, *, today: date, context: Context, holidays: Holidays) -> None:
        self.text = text
        self.today = today
        self.context = context
        self.holidays = holidays
        self.nights = lengths.find(text)
        self.found = wording.meant(text, atoms.find(text, today))
        self.linked = links.link(text, self.found)
        self.months = occasions.months(text, self.found, today)

    def dates(self) -> Dates | None:
        """Return what the text says, or None."""
        for read in (self._moved, self._around, self._joined, self._by_name, self._without_days):
            found = read()
            if found is not None:
                return found
        singles = self.linked.singles
        different = {(a.day, a.month, a.weekday, a.exact) for a in singles}
        if len(different) > 1:
            return Incomplete(missing=Missing.DAYS, nights=self._least_nights())
        return self._from_one(singles[0]) if singles else None

    def _moved(self) -> Dates | None:
        return None if self.found else talked.moved(self.text, self.context)

    def _least_nights(self) -> int | None:
        return self.nights[0] if self.nights else None

    def _around(self) -> Dates | None:
        """Return the weekend that a date is said to be of: "el finde del 16/1"."""
        for atom in self.found:
            match = occasions.BEFORE_A_DAY.search(atom.before(self.text))
            if match is None or atom.day is None:
                continue
            if self.linked.ranges:
                return None
            month = self._month_of(atom) or self._about(talked.month(self.context))[1]
            day = days.resolve(atom, today=self.today, month=month)
            if isinstance(day, Wrong):
                return InvalidDates(reason=day.reason, quote=day.quote)
            around = occasions.weekend_around(
                day.date,
                is_long=re.search("largo|feriado|puente", match[0]) is not None,
                holidays=self.holidays,
                label=match[0],
            )
            return options.with_nights(around, self.nights)
        return None

    def _month_of(self, atom: Atom) -> int | None:
        """Return the month of a day in a list, which the last of them names."""
        if atom.month is not None:
            return atom.month
        run = next((run for run in self.linked.lists if atom in run), ())
        named = self._topic()[1]
        return next((one.month for one in run if one.month), named)

    def _topic(self) -> tuple[int | None, int | None]:
        """Return the year and month that the text is about; the year only where it matters."""
        if len(self.months) != 1:
            return None, None
        return self._about(self.months[0])

    def _about(self, month: tuple[int, int] | None) -> tuple[int | None, int | None]:
        if month is None:
            return None, None
        year, number = month
        return (None if month == occasions.coming(number, self.today) else year), number

    def _joined(self) -> Dates | None:
        linked = self.linked
        if not (linked.ranges or linked.lists):
            return None
        # "del 15 al 18 o del 22 al 25 de enero": the month is said once.
        dated = [pair for pair in linked.ranges if not all(atom.is_bare for atom in pair)]
        elsewhere = [self._range(pair, None) for pair in dated][-1:]
        elsewhere += [self._arriving(atom) for atom in linked.singles if atom.month is not None]
        readings = [
            self._range(pair, elsewhere[0] if elsewhere else None) for pair in linked.ranges
        ]
        readings += [self._list(run) for run in linked.lists]
        if len(readings) == 1:
            return self._with_rest(readings[0])
        spans = [span for one in readings for span in options.spans(one)]
        different = tuple(dict.fromkeys(spans))
        if not different:
            return readings[0]
        if len(different) == 1:
            return Resolved(span=different[0], confirm=len(spans) < len(readings))
        return Ambiguous(options=different)

    def _range(self, pair: tuple[Atom, Atom], elsewhere: Dates | None) -> Dates:
        first, second = pair
        if all(one.day is None and one.exact is None for one in pair) and len(self.months) == 1:
            # "de lunes a viernes en enero": of which week?
            return Incomplete(missing=Missing.DAYS, month=self.months[0])
        topics = [self._about(month) for month in self.months]
        of_the_talk = False
        if not topics and first.is_bare and second.is_bare:
            said = options.month_of(elsewhere)
            known = talked.month(self.context)
            of_the_talk = said is None and known is not None and self.context.check_in is not None
            topics = [self._about(said or known)]
        joined = [
            pairs.join(first, second, today=start, month=month, year=year)
            for year, month in topics or [(None, None)]
            for start in self._starts(first)
        ]
        different = tuple(dict.fromkeys(span for one in joined for span in options.spans(one)))
        if len(joined) > 1 and len(different) > 1:
            return Ambiguous(options=different)
        found = joined[0]
        if len(joined) == 1 and not any(month for _, month in topics):
            found = self._of_occasion(pair, found)
        of_the_talk = of_the_talk or self._starts(first)[0] != self.today
        if of_the_talk and isinstance(found, Resolved):
            found = Resolved(span=found.span, confirm=True)
        return self._including_last(found)

    def _of_occasion(self, pair: tuple[Atom, Atom], found: Dates) -> Dates:
        """Take two bare days as those of the occasion that is named: "navidad, del 24 al 27"."""
        if not all(atom.is_bare for atom in pair):
            return found
        named = options.spans(occasions.find(self.text, today=self.today, holidays=self.holidays))
        for span in named:
            year, month = self._about((span.check_in.year, span.check_in.month))
            joined = pairs.join(*pair, today=self.today, month=month, year=year)
            for one in options.spans(joined):
                if one.check_in <= span.check_out and span.check_in <= one.check_out:
                    return Resolved(span=one, confirm=True)
        return found

    def _starts(self, atom: Atom) -> list[date]:
        """Return from when on a weekday is sought: "el jueves de semana santa"."""
        if atom.day is not None or atom.exact is not None:
            return [self.today]
        named = occasions.find(self.text, today=self.today, holidays=self.holidays)
        if isinstance(named, Ambiguous) and not occasions.NEXT_WEEKEND.search(self.text):
            return [min(span.check_in for span in named.options) - DAY]
        sunday = self.today + DAY * (6 - self.today.weekday())
        if occasions.NEXT_WEEKEND.search(self.text):
            return [sunday, self.today]
        return [sunday] if occasions.NEXT_WEEK.search(self.text) else [self.today]

    def _including_last(self, found: Dates) -> Dates:
        """Offer the night of the last day, too, where it is said to be included."""
        if not isinstance(found, Resolved) or not _INCLUSIVE.search(self.text):
            return found
        span = found.span
        longer = Span(check_in=span.check_in, check_out=span.check_out + DAY)
        return Ambiguous(options=(longer, span), label="inclusive")

    def _list(self, run: tuple[Atom, ...]) -> Dates:
        year, month = self._topic() if self.months else self._about(talked.month(self.context))
        found = pairs.listed(
            list(run),
            today=self._starts(run[0])[0],
            month=next((atom.month for atom in reversed(run) if atom.month), month),
            year=year,
            nights=_NIGHTS_OF.search(self.text[: run[0].start]) is not None,
        )
        return found if found is not None else Incomplete(missing=Missing.DAYS)

    def _with_rest(self, found: Dates) -> Dates:
        """Hold the stay against the nights and the other dates that the text has."""
        spans = options.spans(found)
        if not spans:
            return found
        nights = () if _NIGHTS_OF.search(self.text) else self.nights
        fitting = tuple(span for span in spans if not nights or span.nights in nights)
        if not fitting and _WITHIN.search(self.text) and nights[0] < spans[0].nights:
            start = spans[0].check_in
            return Incomplete(
                missing=Missing.CHECK_IN, nights=nights[0], month=(start.year, start.month)
            )
        if not fitting:
            return InvalidDates(reason=Reason.CONTRADICTION)
        if len(fitting) > 1:
            return Ambiguous(options=fitting, label=getattr(found, "label", ""))
        other = any(
            isinstance(day := days.resolve(atom, today=self.today), Wrong)
            or not fitting[0].check_in <= day.date <= fitting[0].check_out
            for atom in self.linked.singles
            if atom.exact is None and not atom.is_bare
        )
        confirm = other or not isinstance(found, Resolved) or found.confirm
        return Resolved(span=fitting[0], confirm=confirm)

    def _by_name(self) -> Dates | None:
        """Return the stay that has a name: "carnaval". A date beside it says more."""
        if any(atom.day is not None or atom.weekday is not None for atom in self.found):
            return None
        named = occasions.find(self.text, today=self.today, holidays=self.holidays)
        if named is None or self._day_within(named):
            return None
        return options.with_nights(self._as_meant(named), self.nights)

    def _as_meant(self, named: Dates) -> Dates:
        """Return of `named` as much as the rest of the text and of the talk lets it be."""
        match named:
            case Resolved(span=span) if self._of_another_month(span):
                return Incomplete(missing=Missing.DAYS, month=self.months[0])
            case Resolved() if self.context.check_in is not None:
                return replace(named, confirm=True)  # "¿y el finde?", after other dates
            case Ambiguous() if vague.is_near_a_name(self.text):
                return Incomplete(missing=Missing.DAYS)
            case Incomplete(month=None) if len(self.months) == 1:
                return replace(named, month=self.months[0])
        return named

    def _day_within(self, named: Dates | None) -> bool:
        """Tell whether a day that is said falls into what is named: "mañana, por fin de año"."""
        return any(
            span.check_in - DAY <= atom.exact <= span.check_out
            for atom in self.found
            for span in options.spans(named)
            if atom.exact is not None
        )

    def _of_another_month(self, span: Span) -> bool:
        """Tell whether the text is about a month that `span` is not in: "un finde en enero"."""
        within = {(day.year, day.month) for day in (span.check_in, span.check_out)}
        return len(self.months) == 1 and not within & set(self.months)

    def _without_days(self) -> Dates | None:
        if self.linked.singles:
            return None
        answer = self._bare_answer()
        if answer is not None:
            return answer
        month = self.months[0] if len(self.months) == 1 else None
        if self.nights:
            return talked.lasting(self.text, self.nights, self.context, month)
        if not self.months:
            return None
        label = " o ".join(dict.fromkeys(wording.month_name(one) for _, one in self.months))
        return Incomplete(missing=Missing.DAYS, month=month, label=label)

    def _bare_answer(self) -> Dates | None:
        """Read the bare number that answers our question for a day or for nights."""
        if self.context.expecting not in ("check_in", "check_out", "dates"):
            return None
        match = _BARE_ANSWER.fullmatch(self.text)
        if match is None or (match["rest"] and self.context.expecting == "check_out"):
            return None
        number = int(match["d"])
        atom = Atom(start=match.start("d"), end=match.end("d"), text=match["d"], day=number)
        check_in = self.context.check_in
        if self.context.expecting != "check_out" or check_in is None or match["lead"]:
            return self._from_one(atom)
        return self._day_or_nights(number, self._leaving(atom, check_in), check_in)

    def _day_or_nights(self, number: int, by_day: Dates, check_in: date) -> Dates:
        if not 1 <= number <= _MANY_NIGHTS:
            return by_day
        by_nights = Span(check_in=check_in, check_out=check_in + DAY * number)
        if isinstance(by_day, Resolved) and by_day.span != by_nights:
            return Ambiguous(options=(by_day.span, by_nights))
        return Resolved(span=by_nights, confirm=True)

    def _from_one(self, atom: Atom) -> Dates:
        vague = self._vague(atom)
        if vague is not None:
            return vague
        check_in = self.context.check_in
        arriving = links.is_arriving(self.text, atom)
        if check_in is not None and not arriving and not self.nights:
            asked = self.context.expecting == "check_out" and self.context.check_out is None
            if asked or links.is_leaving(self.text, atom):
                found = self._leaving(atom, check_in)
                soft = isinstance(found, Resolved) and self.context.check_out is not None
                return Resolved(span=found.span, confirm=True) if soft else found  # type: ignore[union-attr] # soft
        return self._arriving(atom)

    def _vague(self, atom: Atom) -> Dates | None:
        """Return what is left to ask where a day is only near the stay: "antes del 20"."""
        nights = self._least_nights()
        if atom.day is None and atom.weekday is not None:
            month = self.months[0] if len(self.months) == 1 else None
            if month is None and not vague.is_some_weekday(self.text):
                return None
            return Incomplete(missing=Missing.DAYS, month=month, nights=nights)
        if not vague.is_near(self.text, atom):
            return None
        day = days.resolve(atom, today=self.today, month=self._month_of(atom))
        if isinstance(day, Wrong):
            return InvalidDates(reason=day.reason, quote=day.quote)
        month = (day.date.year, day.date.month)
        return Incomplete(missing=Missing.DAYS, month=month, nights=nights)

    def _arriving(self, atom: Atom) -> Dates:
        year, month = self._topic()
        if month is None and atom.is_bare:
            year, month = self._about(talked.month(self.context))
        when = days.resolve(atom, today=self._starts(atom)[0], month=month, year=year)
        if isinstance(when, Wrong):
            return InvalidDates(reason=when.reason, quote=when.quote)
        if month is None and atom.is_bare:
            when = self._near_occasion(atom) or when
        leaving = links.is_leaving(self.text, atom) and not _MOVED_TO.search(atom.before(self.text))
        if self.nights:
            unsure = when.soft or (atom.is_bare and month is None)
            unsure = unsure or self._starts(atom)[0] != self.today
            return self._with_nights(when.date, leaving=leaving, confirm=unsure)
        if leaving and self.context.check_in is None:
            return Incomplete(missing=Missing.CHECK_IN)
        if when.date == self.today and atom.exact is not None:
            span = Span(check_in=when.date, check_out=when.date + DAY)
            return Resolved(span=span, confirm="noche" not in atom.text)
        return Incomplete(missing=Missing.CHECK_OUT, check_in=when.date)

    def _near_occasion(self, atom: Atom) -> Day | None:
        """Return the bare day of the occasion that is named: "año nuevo, desde el 30"."""
        named = occasions.find(self.text, today=self.today, holidays=self.holidays)
        for span in options.spans(named):
            first, last = span.check_in - _EARLY * DAY, span.check_out
            for ahead in range((last - first).days + 1):
                day = first + ahead * DAY
                if day.day == atom.day and day >= self.today and days.fits(atom, day):
                    return Day(day, soft=True)
        return None

    def _with_nights(self, day: date, *, leaving: bool, confirm: bool) -> Dates:
        if leaving:
            start = day - DAY * self.nights[0]
            return Resolved(span=Span(check_in=start, check_out=day), confirm=True)
        return options.lasting(day, self.nights, confirm=confirm)

    def _leaving(self, atom: Atom, check_in: date) -> Dates:
        """Return the stay up to `atom` when the day of arriving is known."""
        arrival = Atom(start=0, end=0, text="", exact=check_in)
        return pairs.join(arrival, atom, today=self.today)
