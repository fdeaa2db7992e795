"""How long a stay is: nights, days, weeks, a fortnight."""

import re

_NOT_LONG = r" (?:antes|despues|mas tarde|mas adelante|de anticipacion|de diferencia)\b"
_NIGHTS = re.compile(
    r"\b(?P<n>\d{1,3})(?:\s?(?:o|u|/|-)\s?(?P<m>\d{1,2}))?\s?(?:sol[ao]s?\s|unica\s)?(?:noches?|nochecitas?|n)\b"
)
_LONE_NIGHT = re.compile(r"\b(?:sol[ao]|unica) (?P<n>noche)\b")
_ONE_NIGHT = re.compile(
    r"(?<!por )(?<!x )(?<!cada )\b(?:la |sola |esa )?noche del? (?:el )?"
    r"(?:\d|lunes|martes|miercoles|jueves|viernes|sabado|domingo)"
)
_WEEKS = re.compile(
    r"(?<!en )(?<!dentro de )(?<!aca a )\b(?P<n>\d{1,2}) seman(?:as?|itas?)\b"
    rf"(?! (?:santa|que viene|proxima)|{_NOT_LONG})"
)
_DAYS = re.compile(
    r"(?<!en )(?<!dentro de )(?<!aca a )(?<!dia )\b(?P<n>1 (?=dia\b)|\d{1,2} (?=dias\b))dias?\b"
    rf"(?!{_NOT_LONG})"
)
_FORTNIGHT = re.compile(
    r"(?<!primera )(?<!segunda )(?<!primer )(?<!1a )\b(?:1 |toda la )?quincena\b(?! (?:de|en)\b)"
)
_MORE = re.compile(r"\b(?P<n>\d{1,2}) (?:noches?|dias?) (?P<d>mas|menos)\b(?! (?:tarde|adelante))")
_MOVED = re.compile(
    r"\b(?:quer\w+|quier\w+|pod\w+|pued\w+) (?:sumar|agregar|anadir) 1 (?:noche|dia)\b|\b(?:adelant|posterg|atras|corr|aplaz)\w*\b[^.?!]{0,25}\b\d{1,2} (?:dias?|semanas?)\b"
)
_SHIFT = re.compile(
    r"\b(?P<n>\d{1,2}) (?P<u>dias?|semanas?|noches?) (?P<d>antes|despues|mas tarde|mas adelante)\b"
    r"|\b(?P<next>(?:la |el )?(?:semana|finde|fin de semana) (?:siguiente|posterior))\b"
    r"|\b(?P<last>(?:la |el )?(?:semana|finde|fin de semana) anterior)\b"
)
_WEEK = 7


def find(text: str) -> tuple[int, ...]:
    """Return the numbers of nights that canonical `text` may mean, likeliest first."""
    text = _MOVED.sub(" ", text)
    match = _NIGHTS.search(text)
    if match is not None:
        return tuple(int(number) for number in match.groups() if number)
    match = _WEEKS.search(text)
    if match is not None:
        return (_WEEK * int(match["n"]),)
    match = _DAYS.search(text)
    if match is not None:
        days = int(match["n"])
        return (days, days - 1) if days > 1 else (1,)
    if _FORTNIGHT.search(text):
        return (14, 15)
    return (1,) if _ONE_NIGHT.search(text) or _LONE_NIGHT.search(text) else ()


def more(text: str) -> int | None:
    """Return by how many nights the text asks to make a stay longer (or shorter), or None."""
    match = _MORE.search(text)
    if match is None:
        return None
    return int(match["n"]) * (1 if match["d"] == "mas" else -1)


def shift(text: str) -> int | None:
    """Return by how many days the text asks to move a stay that is talked about, or None."""
    match = _SHIFT.search(text)
    if match is None:
        return None
    if match["n"] is None:
        return _WEEK if match["next"] else -_WEEK
    days = int(match["n"]) * (_WEEK if match["u"].startswith("sem") else 1)
    return -days if match["d"] == "antes" else days
