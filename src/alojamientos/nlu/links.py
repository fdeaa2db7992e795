"""How the dates of a text belong together: from and to, one after the other, or either."""

import re
from dataclasses import dataclass
from enum import Enum, auto
from itertools import pairwise

from alojamientos.nlu.atoms import WEEKDAY, Atom


class Link(Enum):
    """What stands between two dates."""

    RANGE = auto()  # del 15 al 18
    BACKWARDS = auto()  # hasta el 18, desde el 15
    LIST = auto()  # 15 y 16
    EITHER = auto()  # el 15 o el 20
    NONE = auto()


@dataclass(frozen=True, slots=True)
class Linked:
    """The dates of a text, sorted by what they are to each other."""

    ranges: tuple[tuple[Atom, Atom], ...]
    lists: tuple[tuple[Atom, ...], ...]
    singles: tuple[Atom, ...]


_WEEK = 7
_TWO = 2  # dates: from and to
_FILL = (
    r"[\s:,.()>=]*"
    r"(?:(?:el|la|los|dia|fecha|es|seria|de|del|proximo|este|mismo|a|al|para|tipo)\b[\s:,.()=]*)*$"
)
_OUT = (
    r"\b(?:hasta|hata|sal(?:ida|imos|ir(?:nos|me)?|go|gamos|dria\w*|iendo)|egres\w+|check ?-?out|out"
    r"|nos (?:vamos|ir|iriamos|volvemos|retiramos)|me (?:voy|iria|vuelvo)|irnos|irme|yend\w+"
    r"|volv\w+|vuelvo|vuelta|retir\w+|regres\w+|part(?:ida|imos|iendo|iriamos|iria)|march\w+|deja\w+)"
)
_IN = (
    r"\b(?:desde|entrada|entr(?:o|amos|ar|ando|aria\w*)|ingres\w+|lleg\w+|check ?-?in|in"
    r"|arrib\w+|arranc\w+|a partir|vamos|iriamos|empez\w+|comenz\w+|ca(?:igo|emos|er(?:ia\w*)?)"
    r"|viaj\w+|ven(?:go|imos|dria\w*|ir)|estaria\w*)"
)
_ENDS_OUT = re.compile(rf"{_OUT}{_FILL}")
_ENDS_IN = re.compile(rf"{_IN}{_FILL}")
_EITHER = re.compile(
    r"^[\s,.]*(?:y )?(?:o|u|sino|si no)\b|\b(?:o|sino|si no) (?:del|desde|el|de)?\s*$"
)
_RANGE = re.compile(rf"^[\s,.()]*(?:(?:{WEEKDAY})[\s,]*)?(?:-+>?|>|/|al?\b|hasta\b|hata\b){_FILL}")
_LIST = re.compile(r"^[\s]*(?:,|,?\s*(?:y|e)\b)\s*(?:el|la|del|dia)?\s*(?:dia\s*)?$")
_TOUCH = re.compile(r"^[\s,.]*(?:(?:el|dia)\s)*$")
_BETWEEN = re.compile(r"\bentre\b[\s]*(?:(?:el|los|dias?)\s*)*$")


def link(text: str, atoms: list[Atom]) -> Linked:
    """Return how `atoms` of canonical `text` belong together."""
    ranges: list[tuple[Atom, Atom]] = []
    runs: list[list[Atom]] = []
    used: set[int] = set()
    for (place, one), other in pairwise_indexed(atoms):
        if place in used:
            continue
        kind = _between(
            text, one, other, before=_before(text, atoms, place), several=len(atoms) > _TWO
        )
        if kind in (Link.RANGE, Link.BACKWARDS):
            # "viernes y sábado, nos vamos el domingo": from the first of the list.
            first = runs.pop()[0] if runs and runs[-1][-1] is one else one
            ranges.append((first, other) if kind is Link.RANGE else (other, first))
            used |= {place, place + 1}
        elif kind is Link.LIST:
            if runs and runs[-1][-1] is one:
                runs[-1].append(other)
            else:
                runs.append([one, other])
    in_ranges = [atom for pair in ranges for atom in pair]
    lists = [run for run in runs if not any(atom in in_ranges for atom in run)]
    taken = [*in_ranges, *(atom for run in lists for atom in run)]
    singles = tuple(atom for atom in atoms if atom not in taken)
    return Linked(tuple(ranges), tuple(tuple(run) for run in lists), singles)


def pairwise_indexed(atoms: list[Atom]) -> list[tuple[tuple[int, Atom], Atom]]:
    return [((place, one), other) for place, (one, other) in enumerate(pairwise(atoms))]


def is_leaving(text: str, atom: Atom) -> bool:
    """Tell whether the words before `atom` make it the day of leaving."""
    before = atom.before(text)
    return _ENDS_OUT.search(before) is not None or re.search(r"\bal\s*$", before) is not None


def is_arriving(text: str, atom: Atom) -> bool:
    """Tell whether the words before `atom` make it the day of arriving."""
    return _ENDS_IN.search(atom.before(text)) is not None


def _before(text: str, atoms: list[Atom], place: int) -> str:
    return text[atoms[place - 1].end if place else 0 : atoms[place].start]


def _between(text: str, one: Atom, other: Atom, *, before: str, several: bool) -> Link:
    gap = text[one.end : other.start]
    if _EITHER.search(gap):
        return Link.EITHER
    if _RANGE.match(gap):
        in_a_row = one.weekday is not None and other.weekday == (one.weekday + 1) % _WEEK
        slashed = gap.strip() == "/" and one.day is None and in_a_row
        return Link.LIST if slashed else Link.RANGE
    if _LIST.match(gap):
        return Link.RANGE if _BETWEEN.search(before) else _listed(one, other, gap)
    if _TOUCH.match(gap) and other.month and one.day:
        follows = one.month == other.month and other.day == one.day + 1
        return Link.LIST if follows and several else Link.RANGE
    leaves, left_before = _ENDS_OUT.search(gap), _ENDS_OUT.search(before)
    if leaves and not left_before:
        return Link.RANGE
    return Link.BACKWARDS if left_before and _ENDS_IN.search(gap) else Link.NONE


def _listed(one: Atom, other: Atom, gap: str) -> Link:
    """Two full dates with a comma are as good as two lines: from and to."""
    far = one.month is not None and other.month is not None and "y" not in gap
    return Link.RANGE if far else Link.LIST
