"""Tell the number of people, and children's ages, from the days that stand beside them.

"Somos 4, 5/1 al 8/1", "x 6 - 17/2 al 20/2", "nenes de 3 y 6 hasta el 30/9": a number that is read as
a day by mistake makes a wrong stay.
"""

import re

from alojamientos.nlu.ages import CHILD
from alojamientos.nlu.text import MONTHS, WEEKDAYS

_MONTH = "|".join(MONTHS)
_WEEKDAY = "|".join(WEEKDAYS)
_DATE = rf"(?:\d{{4}}-\d|\d{{1,2}}\s?[/.-]\s?\d|\d{{1,2}} (?:de )?(?:{_MONTH})\b)"
_RANGE = rf"{_DATE}[^?!,;]{{0,30}}?(?:\b(?:al?|hasta|y|x|por)\b|\s-|\s(?=\d{{4}}-))\s?"
_FILL = r"(?:(?:como|solo|unos|unas|aprox\w*|en total) ){0,2}"
_NO_MORE = r"(?!\d{1,2}\s*(?:personas|nomas|en total|[?!,]|\.(?!\d)|$))"
_SURE = re.compile(
    rf"\b(?P<lead>(?:somos|seriamos|seremos|serian) {_FILL})(?P<n>\d{{1,2}})"
    rf"(?:\s*(?:\s[-.]\s|[.;,]\s|\s;\s)\s*{_NO_MORE}(?=\d|(?:{_WEEKDAY})\b)|\s(?=(?:hasta|desde|del|entre|el \d|al \d)\b))"
)
_LIKELY = re.compile(
    rf"\b(?P<lead>(?:para|x|p ?/|p) )(?P<n>\d{{1,2}})"
    rf"\s*(?:[.;]\s+(?=\d)|\s[.;]\s(?=\d)|(?:,\s|\s-\s)(?=(?:(?:{_WEEKDAY}) )?{_RANGE})"
    r"|\s(?=hasta\b[^?!]{1,40}\b(?:desde|a partir|llegando|entrando|ingresando)\b))"
)
_AGES = re.compile(
    rf"\b(?P<all>{CHILD} de \d{{1,2}}(?:\s*,\s*\d{{1,2}})*\s*y\s*(?:de )?\d{{1,2}})\b"
    rf"(?!\s*(?:anos|anitos|meses|/|:|de (?:{_MONTH})\b|(?:{_MONTH})\b|personas|{CHILD}\b))"
)


def set_apart(text: str) -> str:
    """Return canonical `text` with people and ages marked as such where days follow them."""
    text = _SURE.sub(r"\g<lead>\g<n> personas , ", text)
    text = _LIKELY.sub(r"\g<lead>\g<n> personas , ", text)
    return _AGES.sub(r"\g<all> anos", text)
