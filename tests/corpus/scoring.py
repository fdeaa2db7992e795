"""Read the corpus and judge readings: right, asked (a question too many) or wrong (acted on).

Labels of `dates`: "a/b" a stay, "a/b?" one to be read back, "ask [a/b …]" a question with at least
these options and the first of them first, "in a" only the day of arrival, "nights n [month m]",
"month m", "days", "invalid reason". Labels of `party`: "adults[+children][?]".
`intents` are all that is meant, no more: dates or people without another subject are availability.
`slice` is what makes a row hard. Rows of the frozen part were labelled before the grammar read them
and are never tuned on: what they show is mended with rows of the same kind in the tuned part.
"""

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from alojamientos.nlu import parser
from alojamientos.nlu.holidays import Argentina
from alojamientos.nlu.values import (
    Ambiguous,
    Context,
    Incomplete,
    Intent,
    InvalidDates,
    Resolved,
    Span,
    Understanding,
)

FOLDER = Path(__file__).parent
TODAY = date(2026, 11, 24)  # a Tuesday
HOLIDAYS = Argentina()
# What a conversation does something about that it would not have done otherwise.
_ACTED_ON = {
    *(Intent.BOOK, Intent.CONFIRM, Intent.DENY, Intent.CANCEL, Intent.HUMAN, Intent.COMPLAINT),
    Intent.MODIFY_DATES,
}


@dataclass(frozen=True)
class Row:
    text: str
    today: date
    context: Context
    label: dict[str, Any]


@dataclass(frozen=True)
class Verdict:
    """How one row was read; `why` names each part that is not right."""

    row: Row
    found: Understanding
    verdict: str  # right | asked | wrong
    why: tuple[str, ...] = ()


def rows(name: str) -> list[Row]:
    lines = (FOLDER / f"{name}.jsonl").read_text("utf-8").splitlines()
    return [_row(json.loads(line)) for line in lines]


def read(row: Row) -> Understanding:
    return parser.understand(row.text, today=row.today, holidays=HOLIDAYS, context=row.context)


def judge(row: Row) -> Verdict:
    found = read(row)
    parts = {
        "dates": _dates(row.label["dates"], found),
        "party": _party(row.label["party"], found),
        "intents": _intents(set(row.label["intents"]), found),
        "slots": _slots(row.label, found),
    }
    why = tuple(f"{part}:{verdict}" for part, verdict in parts.items() if verdict != "right")
    worst = next((v for v in ("wrong", "asked") if v in parts.values()), "right")
    return Verdict(row, found, worst, why)


def macro_f1(verdicts: Iterable[Verdict]) -> float:
    """Return the mean over intents of F1, intents that never occur left out."""
    hit: Counter[str] = Counter()
    extra: Counter[str] = Counter()
    missed: Counter[str] = Counter()
    for one in verdicts:
        wanted, got = set(one.row.label["intents"]), set(map(str, one.found.intents))
        hit.update(wanted & got)
        extra.update(got - wanted)
        missed.update(wanted - got)
    names = {name for name in hit | missed if hit[name] + missed[name]}
    return sum(2 * hit[n] / (2 * hit[n] + extra[n] + missed[n]) for n in names) / len(names)


def _row(data: dict[str, Any]) -> Row:
    known = data.pop("context", {})
    month = known.get("month")
    context = Context(
        check_in=_day(known.get("check_in")),
        check_out=_day(known.get("check_out")),
        guests=known.get("guests"),
        month=(int(month[:4]), int(month[5:])) if month else None,
        expecting=known.get("expecting"),
        cabins=tuple(known.get("cabins", ())),
    )
    return Row(data["text"], _day(data.get("today")) or TODAY, context, data)


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


def _span(text: str) -> Span:
    first, last = text.split("/")
    return Span(check_in=date.fromisoformat(first), check_out=date.fromisoformat(last))


def _dates(label: str | None, found: Understanding) -> str:
    got = found.dates
    if label is None:
        return "right" if got is None else "wrong" if _acted_on(found) else "asked"
    kind, *rest = label.split()
    if isinstance(got, Resolved):
        return _resolved(kind, rest, got)
    if kind == "ask":
        options = [_span(one) for one in rest]
        if not options:
            return "right" if got is not None else "asked"
        fits = isinstance(got, Ambiguous) and got.options[0] == options[0]
        return "right" if fits and set(options) <= set(got.options) else "asked"  # type: ignore[union-attr] # fits
    if kind == "invalid":
        return "right" if isinstance(got, InvalidDates) and got.reason == rest[0] else "asked"
    return "right" if isinstance(got, Incomplete) and _part(got) == label else "asked"


def _acted_on(found: Understanding) -> bool:
    return isinstance(found.dates, Resolved) and not found.dates.confirm


def _resolved(kind: str, options: list[str], got: Resolved) -> str:
    """Judge a stay: what was not said is wrong even when it is read back."""
    read_back = kind.endswith("?")
    stay = f"{got.span.check_in}/{got.span.check_out}"
    if kind.rstrip("?") == stay:
        if got.confirm == read_back:
            return "right"
        return "wrong" if read_back else "asked"
    if kind == "ask" and got.confirm and (stay in options or not options):
        return "asked"
    return "wrong"


def _part(got: Incomplete) -> str:
    if got.check_in is not None:
        return f"in {got.check_in}"
    month = f"month {got.month[0]}-{got.month[1]:02}" if got.month else ""
    if got.nights is not None:
        return f"nights {got.nights} {month}".strip()
    return month or "days"


def _party(label: str | None, found: Understanding) -> str:
    got = found.party
    if label is None or got is None:
        return "right" if label is None and got is None else "wrong" if label is None else "asked"
    adults, _, children = label.rstrip("?").partition("+")
    if (got.adults, got.children) != (int(adults), int(children or 0)):
        return "wrong"
    if got.confirm == label.endswith("?"):
        return "right"
    return "asked" if got.confirm else "wrong"


def _intents(label: set[str], found: Understanding) -> str:
    got = set(map(str, found.intents))
    if got == label:
        return "right"
    return "wrong" if (got - label) & _ACTED_ON else "asked"


def _slots(label: dict[str, Any], found: Understanding) -> str:
    verdict = "right"
    for name in ("ages", "budget", "cabin", "choice", "code", "email", "name", "pets"):
        wanted, got = label.get(name), getattr(found, name, None) or None
        got = list(got) if isinstance(got, tuple) else got
        if wanted != got:
            verdict = "wrong" if got is not None else "asked"
    if found.services != frozenset(label.get("services", ())) and verdict == "right":
        verdict = "asked"
    return verdict
