"""Which animals come along; asking whether they may is not bringing one."""

import re

_KINDS = (
    r"perr(?:o|a|it[oa])s?|caniches?|cachorr[oa]s?|cachorrit[oa]s?|perrazos?",
    r"gat(?:o|a|it[oa])s?",
)
_ANY = r"mascotas?|mascotit[oa]s?"
_COUNTED = tuple(re.compile(rf"\b(?:(?P<n>\d{{1,2}}) )?(?:{kind})\b") for kind in (*_KINDS, _ANY))
_LABELLED = re.compile(rf"\b(?:{_ANY}) ?[:=]? ?(?:(?P<n>\d)|si|(?P<no>no|ningun[oa]?|0))\b")
_ASKS = re.compile(
    r"(?:acept|permit|admit|pet friendly|se puede|puedo|puede|podemos|podria|pueden|apt[oa]|reciben"
    r"|hay problema|dejan|llevar)[^.?!]*(?:mascota|perr|gat)"
    r"|^\W*(?:y )?(?:las |con )?mascotas?\W*$|\bmascotas\s*\?|\bpet\b"
)
_WITHOUT = re.compile(
    r"\bhay (?:\d )?(?:perr|gat)|\bsin (?:mascota|perr|gat)|\bno (?:llevamos|llevo|tenemos|tengo|vamos con)[^.?!]{0,12}(?:mascota|perr|gat)"
)
_BRINGS = re.compile(
    r"\b(?:con|tenemos|tengo|llevo|llevamos|vamos con|viajo con|viajamos con|somos[^.?!]{0,25}\by|y|mas|\+)"
    r" (?:mi|mis|1|nuestr[oa]s?|el|la|\d) ?(?:perr|gat|mascota|cani|cacho)"
)


def find(text: str) -> int:
    """Return how many animals come according to canonical `text`."""
    labelled = _LABELLED.search(text)
    if labelled is not None:
        return 0 if labelled["no"] else int(labelled["n"] or 1)
    if _WITHOUT.search(text) or (_ASKS.search(text) and not _BRINGS.search(text)):
        return 0
    *kinds, unnamed = (_count(pattern, text) for pattern in _COUNTED)
    return sum(kinds) or unnamed


def _count(pattern: re.Pattern[str], text: str) -> int:
    match = pattern.search(text)
    if match is None:
        return 0
    return int(match["n"]) if match["n"] else 1
