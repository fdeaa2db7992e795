"""How old the children are: "de 3 y 6 años", "(8 y 11)", "un bebé de 6 meses"."""

import re

from alojamientos.nlu.text import MONTHS

CHILD = (
    r"(?:nen[eaio]s?|nenit[oa]s?|nin[oa]s?|ninit[oa]s?|chic[oa]s?|chiquit[oa]s?|chiquill[oa]s?|hij[oa]s?|hijit[oa]s?|menor(?:es|cit[oa]s)?|men"
    r"|peques?|pequenit[oa]s?|pequen[oa]s?|beb[ea]s?|bebit[oa]s?|bebotes?|criaturas?|niet[oa]s?|infantes?|cri[oa]s|sobrin[oa]s?|adolescentes?)"
)
_MANY_CHILDREN = r"(?:nen[eao]s|nenit[oa]s|nin[oa]s|ninit[oa]s|chic[oa]s|hij[oa]s|hijit[oa]s|menores|peques|bebes|bebas|niet[oa]s|sobrin[oa]s|adolescentes)"
_LIST = r"\d{1,2}(?:\s*(?:,|y|e|-|o)\s*(?:(?:1|otr[oa]) )?(?:de )?\d{1,2}){0,6}"
_NO_DATE = rf"(?!\s*(?:al?\b|hasta\b|de (?:{'|'.join(MONTHS)})\b|(?:{'|'.join(MONTHS)})\b|/|:|noches?|dias?|{CHILD}\b|personas))"
_AGED = re.compile(
    rf"\b{CHILD}\s*(?:\(\s*(?:de )?|,?\s*(?:de|que tienen?|tienen?|edad(?:es)?:?(?: de)?)\s+|,?\s*(?:1|otr[oa]) de )"
    rf"(?P<list>{_LIST})\b{_NO_DATE}(?P<unit>\s*(?:anos?|anitos|meses|mes))?"
)
_YEARS = re.compile(
    rf"\b(?P<list>{_LIST})\s*(?P<unit>anos?|anitos|meses|mes)\b(?! (?:de casados|juntos|de novios|que viene))"
)
_UNCOUNTED = re.compile(
    rf"(?<!\d )\b(?P<who>{_MANY_CHILDREN}) de (?P<list>\d{{1,2}}(?:\s*,\s*\d{{1,2}})*\s*y\s*(?:de )?\d{{1,2}})\b{_NO_DATE}"
)
_BETWEEN = re.compile(r"\b(?:de )?entre (?:los )?\d{1,2} y (?:los )?\d{1,2} anos\b")
_NUMBER = re.compile(r"\d{1,2}")
_ONE_OF_THEM = re.compile(r"\b1 de (?=\d)")
_OLDEST = 17


def find(text: str) -> tuple[int, ...]:
    """Return the ages of the children that canonical `text` tells, in its order; a baby is 0."""
    if not re.search(rf"\b{CHILD}\b", text):
        return ()
    text = _BETWEEN.sub(" ", text)
    found: dict[int, list[int]] = {}
    end = -1
    for match in sorted(
        (*_AGED.finditer(text), *_YEARS.finditer(text)), key=lambda one: one.start("list")
    ):
        if match.start("list") < end:
            continue
        end = match.end("list")
        numbers = [int(one) for one in _NUMBER.findall(_ONE_OF_THEM.sub("", match["list"]))]
        if (match["unit"] or "").strip().startswith("mes"):
            numbers = [0 for _ in numbers]
        found[match.start("list")] = [one for one in numbers if one <= _OLDEST]
    return tuple(age for ages in found.values() for age in ages)


def counted(text: str) -> str:
    """Return `text` with the children counted by their ages: "nenas de 3 y 6" are two."""
    return _UNCOUNTED.sub(
        lambda match: f"{len(_NUMBER.findall(match['list']))} {match['who']}", text
    )
