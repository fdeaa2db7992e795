"""Stays that have a name instead of dates: "este finde", "carnaval", "todo enero"."""

import calendar
import re
from collections.abc import Callable
from datetime import date, timedelta

from alojamientos.nlu import options
from alojamientos.nlu.atoms import Atom
from alojamientos.nlu.holidays import Holidays
from alojamientos.nlu.text import MONTHS
from alojamientos.nlu.values import Ambiguous, Dates, Incomplete, Missing, Resolved, Span

_DAY = timedelta(days=1)
_TUESDAY, _FRIDAY, _SUNDAY = 1, 4, 6
_MONTH = "|".join(MONTHS)
_ORDINALS = {"primer": 1, "segundo": 2, "tercer": 3, "cuarto": 4}

_Builder = Callable[[re.Match[str], date, Holidays], Dates | None]


def find(text: str, *, today: date, holidays: Holidays) -> Dates | None:
    """Return what the names of occasions in canonical `text` mean: several are several readings."""
    text = _OF_A_FEAST.sub("", text)
    found: list[Dates] = []
    for pattern, build in _OCCASIONS:
        for match in pattern.finditer(text):
            one = build(match, today, holidays)
            if one is not None:
                found.append(one)
        text = pattern.sub(" | ", text)
    if len(found) <= 1:
        return found[0] if found else None
    offered = tuple(dict.fromkeys(span for one in found for span in options.spans(one)))
    return Ambiguous(options=offered) if len(offered) > 1 else found[0]


def weekend(today: date) -> Span:
    """Return this weekend's two nights from Friday, or what is left of them."""
    if today.weekday() in (_FRIDAY, _FRIDAY + 1):
        return Span(check_in=today, check_out=today + _DAY * (_SUNDAY - today.weekday()))
    friday = today + _DAY * ((_FRIDAY - today.weekday()) % 7)
    return Span(check_in=friday, check_out=friday + 2 * _DAY)


def _this_weekend(_m: re.Match[str], today: date, _holidays: Holidays) -> Dates:
    span = weekend(today)
    return Resolved(span=span, confirm=span.nights == 1 or today.weekday() == _SUNDAY)


def _next_weekend(m: re.Match[str], today: date, _holidays: Holidays) -> Dates:
    near = weekend(today)
    if today.weekday() == _SUNDAY:
        return Resolved(span=near, confirm=True)  # this week's is over
    far = Span(check_in=_friday_after(near.check_in), check_out=near.check_out + 7 * _DAY)
    return Ambiguous(options=(far, near), label=m[0].strip())


def _friday_after(day: date) -> date:
    return day + _DAY * (((_FRIDAY - day.weekday()) % 7) or 7)


def _weekend_of_month(m: re.Match[str], today: date, _holidays: Holidays) -> Dates:
    year, month = _month_of(m, today)
    first = date(year, month, 1)
    friday = first + _DAY * ((_FRIDAY - first.weekday()) % 7)
    if m["n"] == "ultimo":
        last = date(year, month, calendar.monthrange(year, month)[1])
        friday = last - _DAY * ((last.weekday() - _FRIDAY) % 7)
    else:
        friday += _DAY * 7 * (_ORDINALS[m["n"]] - 1)
    return Resolved(span=Span(check_in=friday, check_out=friday + 2 * _DAY), confirm=True)


def _month_of(m: re.Match[str], today: date) -> tuple[int, int]:
    year, month = coming(MONTHS.index(m["m"]) + 1, today)
    return (int(m["y"]) if m["y"] else year), month


def weekend_around(day: date, *, is_long: bool, holidays: Holidays, label: str) -> Dates:
    """Return "el finde del 20 de junio": the weekend that has the day, or the nearest one."""
    friday = day + _DAY * ((_FRIDAY - day.weekday() + 3) % 7 - 3)
    if is_long or day.weekday() not in (_FRIDAY, _FRIDAY + 1, _SUNDAY):
        for run in holidays.long_weekends(since=day - 4 * _DAY):
            near = 2 * _DAY if is_long else 0 * _DAY
            if run.check_in - near <= day <= run.check_out + near:
                return _from_run(run, label=label.strip())
    if is_long and day.weekday() in range(_TUESDAY, _FRIDAY):
        return Incomplete(missing=Missing.CHECK_OUT, check_in=day)  # a day off by itself
    return Resolved(span=Span(check_in=friday, check_out=friday + 2 * _DAY), confirm=True)


def _long_weekend(m: re.Match[str], today: date, holidays: Holidays) -> Dates | None:
    runs = holidays.long_weekends(since=today)
    if m["m"]:
        month = MONTHS.index(m["m"]) + 1
        runs = [run for run in runs if month in (run.check_in.month, run.check_out.month)]
    runs = [run for run in runs if run.check_in >= today]
    if not runs:
        return Incomplete(missing=Missing.DAYS, label=m[0].strip())
    return _from_run(runs[0], label=m[0].strip())


def _from_run(run: Span, *, label: str) -> Ambiguous:
    """Days off may be arrived for on the first, or on the evening before."""
    eve = Span(check_in=run.check_in - _DAY, check_out=run.check_out)
    return Ambiguous(options=(run, eve), label=label)


def _years(m: re.Match[str], today: date) -> tuple[int, ...]:
    return (int(m["y"]),) if m["y"] else (today.year, today.year + 1)


def _carnival(m: re.Match[str], today: date, holidays: Holidays) -> Dates | None:
    for year in _years(m, today):
        monday = holidays.carnival(year)
        if monday is not None and (m["y"] or monday - 2 * _DAY >= today):
            run = Span(check_in=monday - 2 * _DAY, check_out=monday + _DAY)
            return _from_run(run, label=m["name"])
    return None


def _easter(m: re.Match[str], today: date, holidays: Holidays) -> Dates | None:
    for year in _years(m, today):
        friday = holidays.good_friday(year)
        if friday is not None and (m["y"] or friday - _DAY >= today):
            thursday = Span(check_in=friday - _DAY, check_out=friday + 2 * _DAY)
            wednesday = Span(check_in=friday - 2 * _DAY, check_out=friday + 2 * _DAY)
            return Ambiguous(options=(thursday, wednesday), label=m["name"])
    return None


def _new_year(m: re.Match[str], today: date, _holidays: Holidays) -> Dates:
    year = int(m["y"]) - ("nuevo" in m["name"]) if m["y"] else today.year
    eve = date(year, 12, 31)
    return Ambiguous(
        options=(
            Span(check_in=eve, check_out=eve + _DAY),
            Span(check_in=eve - _DAY, check_out=eve + 2 * _DAY),
        ),
        label=m["name"],
    )


def _christmas(m: re.Match[str], today: date, _holidays: Holidays) -> Dates:
    year = today.year if today <= date(today.year, 12, 24) else today.year + 1
    eve = date(int(m["y"]) if m["y"] else year, 12, 24)
    return Ambiguous(
        options=(
            Span(check_in=eve, check_out=eve + 2 * _DAY),
            Span(check_in=eve, check_out=eve + _DAY),
        ),
        label=m["name"],
    )


def _fortnight(m: re.Match[str], today: date, _holidays: Holidays) -> Dates:
    """By convention up to the 16th, and from the 16th to the next month's first; read back."""
    year, month = _month_of(m, today)
    first, middle = date(year, month, 1), date(year, month, 16)
    following = first + _DAY * calendar.monthrange(year, month)[1]
    is_first = m["n"] in ("1", "primer", "primera")
    span = (
        Span(check_in=first, check_out=middle)
        if is_first
        else Span(check_in=middle, check_out=following)
    )
    return Resolved(span=span, confirm=True)


def _whole_month(m: re.Match[str], today: date, _holidays: Holidays) -> Dates:
    year, month = _month_of(m, today)
    first = date(year, month, 1)
    following = first + _DAY * calendar.monthrange(year, month)[1]
    return Resolved(span=Span(check_in=first, check_out=following), confirm=True)


def _days_of(m: re.Match[str], _today: date, _holidays: Holidays) -> Dates:
    return Incomplete(missing=Missing.DAYS, label=m[0].strip())


def _year_end(m: re.Match[str], today: date, _holidays: Holidays) -> Dates:
    return Incomplete(missing=Missing.DAYS, month=(today.year, 12), label=m[0].strip())


def _sunday_of(month: int, number: int) -> _Builder:
    def build(_m: re.Match[str], today: date, _holidays: Holidays) -> Dates:
        for year in (today.year, today.year + 1):
            first = date(year, month, 1)
            sunday = first + _DAY * ((_SUNDAY - first.weekday()) % 7 + 7 * (number - 1))
            if sunday - 2 * _DAY >= today:
                return Resolved(
                    span=Span(check_in=sunday - 2 * _DAY, check_out=sunday), confirm=True
                )
        raise AssertionError  # pragma: no cover - next year's is always ahead

    return build


def months(text: str, found: list[Atom], today: date) -> list[tuple[int, int]]:
    """Return the years and months that canonical `text` names beside its dates."""
    for atom in reversed(found):
        text = text[: atom.start] + " | " + text[atom.end :]
    if _LAST_YEAR.search(text):
        return []
    named = []
    for match in _ONLY_MONTH.finditer(text):
        number = MONTHS.index(match["m"]) + 1
        year = int(match["y"]) if match["y"] else coming(number, today)[0]
        if (year, number) >= (today.year, today.month):
            named.append((year, number))
    return list(dict.fromkeys(named))


def coming(month: int, today: date) -> tuple[int, int]:
    """Return the year and month of the next such month, the present one included."""
    return (today.year + 1 if month < today.month else today.year), month


_WEEKEND = r"(?:findes?|fin de semana|fines de semana)"
_OF_MONTH = rf"(?P<m>{_MONTH})\b(?: del? (?P<y>20\d\d)\b)?"
_IN_YEAR = r"(?:,? (?:de |del |del ano )?(?P<y>20\d\d)\b)?"
_NEXT = r"(?:que viene|proximo|siguiente|q viene)"
BEFORE_A_DAY = re.compile(
    rf"\b(?:{_WEEKEND}(?: largo)?|feriado(?: largo)?|puente) (?:del?|de el|de los|en que cae el|que cae el)\s*(?:dias?\s*)?$"
)
_LAST_YEAR = re.compile(rf"\bano pasado\b|\b(?:{_MONTH}) pasado\b")
_ONLY_MONTH = re.compile(rf"\b(?P<m>{_MONTH})\b(?:\s+(?:del?\s+)?(?P<y>20\d\d))?")
# "el finde largo de carnaval" is carnival, and no other long weekend.
_OF_A_FEAST = re.compile(
    rf"\b(?:{_WEEKEND}(?: largo)?|feriado(?: largo)?) (?:de|por|en) (?:el |la |las )?"
    r"(?=(?:carnaval|semana santa|pascuas?|navidad|nochebuena|ano nuevo|fin de ano)\b)"
)
NEXT_WEEKEND = re.compile(rf"\b(?:proximo {_WEEKEND}|{_WEEKEND} {_NEXT})\b")
NEXT_WEEK = re.compile(
    r"\b(?:la )?(?:semana (?:que viene|proxima|entrante|siguiente)|(?:proxima|otra) semana)\b"
)
_OCCASIONS: tuple[tuple[re.Pattern[str], _Builder], ...] = (
    (re.compile(rf"\b(?P<name>semana santa|pascuas?)\b{_IN_YEAR}"), _easter),
    (re.compile(rf"\b(?P<name>carnaval(?:es)?)\b{_IN_YEAR}"), _carnival),
    (
        re.compile(
            rf"\b(?:el |proximo |este |algun ){{0,3}}(?:{_WEEKEND} largos?|feriados?(?: (?:largos?|puente))?|{_WEEKEND} con feriado|puente(?= (?:de (?:{_MONTH})|turistico|que viene)|\s*$))"
            rf"(?: (?:que viene|de|en) (?:el )?(?P<m>{_MONTH}))?\b"
        ),
        _long_weekend,
    ),
    (
        re.compile(
            rf"\b(?P<n>primer|segundo|tercer|cuarto|ultimo) {_WEEKEND} de {_OF_MONTH}"
        ),
        _weekend_of_month,
    ),
    (re.compile(rf"\b(?:el )?(?:proximo {_WEEKEND}|{_WEEKEND} {_NEXT}|{_WEEKEND} o el (?:otro|que viene|proximo|siguiente))\b"), _next_weekend),
    (re.compile(rf"\b(?:1|algun|cualquier|otro|el otro|por|x|los|que|cual|que otro) {_WEEKEND}\b(?! del? )|\b(?:findes|fines de semana)\b(?! del? )"), _days_of),
    (re.compile(rf"(?<!buen )(?<!lindo )(?<!hermoso )\b(?:este |el |para el )?{_WEEKEND}\b(?! del? )"), _this_weekend),
    (re.compile(rf"\b(?P<name>ano nuevo|fin de ano|fiestas de fin de ano)\b{_IN_YEAR}"), _new_year),
    (re.compile(rf"\b(?P<name>navidad|nochebuena)\b{_IN_YEAR}"), _christmas),
    (
        re.compile(rf"\b(?P<n>1|primer|primera|2|segunda) quincena (?:de |del mes de )?{_OF_MONTH}"),
        _fortnight,
    ),
    (re.compile(rf"\b(?:todo (?:el mes de )?|el mes completo de |mes entero de ){_OF_MONTH}"), _whole_month),
    (re.compile(r"\bultim[oa]s? (?:semana|dias|finde|fin de semana) del ano\b"), _year_end),
    (re.compile(r"\bdia del padre\b"), _sunday_of(6, 3)),
    (re.compile(r"\bdia de la madre\b"), _sunday_of(10, 3)),
    (re.compile(r"\bdia (?:del nino|de (?:la nina|las infancias))\b"), _sunday_of(8, 3)),
    (re.compile(r"\b(?:vacaciones|receso) (?:de (?:invierno|verano)|invernal|escolar(?:es)?)\b|\breceso\b"), _days_of),
    (re.compile(r"\b(?:las fiestas|reyes|fin(?:es)? de mes|en \d meses|en 1 mes)\b"), _days_of),
    (NEXT_WEEK, _days_of),
)  # fmt: skip
