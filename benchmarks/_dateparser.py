"""What dateparser makes of the same messages: the yardstick that everybody has at hand.

It never asks: every date that it gives is taken as acted on. Two or more are a stay from the first
to the second, one is a day of arrival.
"""

from datetime import date, datetime, time

import dateparser.search  # type: ignore[import-untyped] # it ships none
from tests.corpus.scoring import Row


def judge(row: Row) -> str:
    """Return right, asked (it found nothing, or only the day of arrival) or wrong."""
    label = row.label["dates"]
    found = _dates(row.text, row.today)
    if label is None:
        return "wrong" if found else "right"
    if not found:
        return "asked"
    kind, *options = label.split()
    if kind == "in":
        return "right" if found == [date.fromisoformat(options[0])] else "wrong"
    stays = [kind.rstrip("?")] if "/" in kind else options if kind == "ask" else []
    if f"{found[0]}/{found[-1]}" in stays and len(found) > 1:
        return "right"
    return (
        "asked" if len(found) == 1 and any(s.startswith(f"{found[0]}/") for s in stays) else "wrong"
    )


def _dates(text: str, today: date) -> list[date]:
    found = dateparser.search.search_dates(
        text,
        languages=["es"],
        settings={
            "RELATIVE_BASE": datetime.combine(today, time(12)),
            "PREFER_DATES_FROM": "future",
            "DATE_ORDER": "DMY",
        },
    )
    return list(dict.fromkeys(when.date() for _, when in found or []))[:2]
