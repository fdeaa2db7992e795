"""Which of the dates in a text belong together: from and to, one after the other, either or."""

import re
from itertools import pairwise

from alojamientos.nlu.atoms import Atom

_ARTICLES = r"(?:(?:el|la|los|dia|fecha|de|en|proximo|este|mismo)\s+)*"
_TO = re.compile(rf"[\s,()]*(?:y\s+)?(?:-|/|al?|hasta|hata|asta)[\s:,]*(?:hasta\s+)?{_ARTICLES}")
_LEAVING = re.compile(
    r"\b(?:sal(?:ida|imos|go|iendo|ir|iriamos)|egreso|check ?-?out|retir\w+|yendo(?:nos|me)"
    r"|volv(?:emos|er|iendo|eriamos)|vuelvo|hasta"
    r"|(?:nos|me) (?:vamos|voy|iriamos|iria|volvemos|vuelvo))\b"
)
_ARRIVING = re.compile(
    r"\b(?:entra(?:da|mos|r|ndo)|ingres(?:o|amos|ar|ando)|check ?-?in|desde"
    r"|lleg(?:ada|amos|o|ando|ar|ariamos|aria))\b"
)
_NOTHING = re.compile(r"[\s,()-]*")
_AND = re.compile(rf"\s*(?:,|,?\s*y)\s*{_ARTICLES}")
_BETWEEN_BEFORE = re.compile(r"\bentre\s+(?:el\s+)?(?:dia\s+)?$")
_UNTIL_BEFORE = re.compile(r"\bhasta\s+(?:el\s+)?(?:dia\s+)?$")
_BOTH = 2
_LONGEST_GAP = 40  # characters between arriving and leaving


def pairs(text: str, found: list[Atom]) -> list[tuple[Atom, Atom]]:
    """Return the dates of `found` that `text` joins as from and to, in order."""
    joined: list[tuple[Atom, Atom]] = []
    taken = -1
    for first, second in pairwise(found):
        if first.start <= taken:
            continue
        pair = _joined(text, first, second, alone=len(found) == _BOTH)
        if pair is not None:
            joined.append(pair)
            taken = second.start
    return joined


def listed(text: str, found: list[Atom]) -> bool:
    """Tell whether all of `found` are named one after the other: "el 15, 16 y 17"."""
    gaps = [text[one.end : other.start] for one, other in pairwise(found)]
    return bool(gaps) and all(_AND.fullmatch(gap) for gap in gaps)


def _joined(text: str, first: Atom, second: Atom, *, alone: bool) -> tuple[Atom, Atom] | None:
    before, gap = text[: first.start], text[first.end : second.start]
    if _UNTIL_BEFORE.search(before) and _ARRIVING.search(gap):
        return second, first
    complete = first.month is not None and second.month is not None
    if (
        _TO.fullmatch(gap)
        or (alone and complete and _NOTHING.fullmatch(gap))
        or (_AND.fullmatch(gap) and _BETWEEN_BEFORE.search(before))
        or (len(gap) <= _LONGEST_GAP and _LEAVING.search(gap) and not _ARRIVING.search(gap))
    ):
        return first, second
    return None
