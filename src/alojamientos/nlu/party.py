"""Who comes: "somos 4", "2 adultos y 2 nenes", "una pareja con un perrito"."""

import re

from alojamientos.nlu.values import Context, Party

_ADULTS = re.compile(r"\b(?P<n>\d{1,2}) (?:adultos?|mayores|grandes)\b")
_CHILDREN = re.compile(
    r"\b(?P<n>\d{1,2}) (?:nen[eaio]s?|nenit[oa]s?|nin[oa]s?|chic[oa]s?|chiquit[oa]s?|hij[oa]s?|menor(?:es)?"
    r"|peques?|pequen[oa]s?|bebes?|bebit[oa]s?|criaturas?|nietos?|nietas?|infantes?|crios?)\b"
)
_A_CHILD = re.compile(
    r"\b(?:con|y|mas|nuestr[oa]|mi|el|la)\s+(?:mi |el |la )?(?:bebe|bebito|bebita|nene|nena|hijo|hija|nieto|nieta)\b"
)
_PEOPLE = re.compile(
    r"\b(?:(?:somos|seriamos|seremos|vamos a ser|vamos|iriamos|eramos|serian|son|seriamo|para)\s+(?:solo |solamente |unos |unas |nosotros )*)"
    r"(?P<n>\d{1,2})\b(?!\s*(?:noches?|n\b|dias?|semanas?|de (?:enero|febrero|marzo|abril|mayo|junio|julio"
    r"|agosto|septiembre|octubre|noviembre|diciembre)|al \d|[/.:-]\s?\d|hs|parejas?|adultos|nen|nin|chic|menor|hij|bebe|caban|perr|gat|finde|familia|quincena|mes))"
    r"|\b(?P<m>\d{1,2}) (?:personas|huespedes|pasajeros|amig[oa]s|pibes|integrantes|plazas|en total|gentes?|p\b)"
)
_FAMILY = re.compile(r"\bfamilia tipo\b")
_FAMILY_OF = re.compile(r"\bfamilia de (?P<n>\d{1,2})\b")
_COUPLES = re.compile(r"\b(?P<n>\d) (?:parejas|matrimonios)\b")
_COUPLE = re.compile(
    r"\b(?:(?:1 )?pareja|(?:1 )?matrimonio|(?:yo y |con )?(?:mi|m) (?:senora|mujer|esposa|esposo|marido|novi[oa]|pareja))\b"
)
_WITH_FRIEND = re.compile(r"\b(?:yo y 1 amig[oa]|con 1 amig[oa]|mi amig[oa] y yo)\b")
_ALONE = re.compile(
    r"\b(?:yo sol[oa]|voy sol[oa]|viajo sol[oa]|solo yo|sola yo|para mi sol[oa]|1 personas|soy yo nomas)\b"
)
_PETS = re.compile(
    r"\b(?:(?P<n>\d{1,2}) )?(?P<what>perr(?:o|a|it[oa]|ito)s?|gat(?:o|a|it[oa])s?|mascotas?|mascotit[oa]s?|caniche|cachorr[oa]s?)\b"
)
_ASKS_ABOUT_PETS = re.compile(
    r"(?:acepta|permit|admit|pet friendly|se puede|puedo|podemos|pueden|apto|reciben|hay problema)[^.?!]*"
    r"(?:mascota|perr|gat)|^\W*(?:y )?mascotas?\W*$|\bmascotas\s*\?"
)
_BARE = re.compile(
    r"\W*(?:(?:somos|para|seriamos|con|serian|son)\s+)?(\d{1,2})(?:\s*(?:personas|nomas|en total|por ahora))?\W*"
)
_MOST = 40


def find(text: str, *, context: Context) -> Party | None:
    """Return who comes according to canonical `text`, or None when it does not say."""
    animals = pets(text)
    confirm = False
    adults, children = _counted(text)
    if adults is None:
        adults, children, confirm = _described(text, children)
    if adults is None and context.expecting == "guests":
        match = _BARE.fullmatch(text)
        adults = int(match[1]) if match is not None else None
    if adults is None and children and context.guests and context.expecting != "guests":
        return None
    if adults is None:
        return None
    if not 1 <= adults + children <= _MOST:
        return None
    return Party(adults=adults, children=children, pets=animals, confirm=confirm)


def pets(text: str) -> int:
    """Return how many animals come; asking whether they may is not bringing one."""
    if _ASKS_ABOUT_PETS.search(text) and not re.search(
        r"\b(?:con|tenemos|tengo|llevo|llevamos|vamos con) (?:mi|1|nuestr[oa]|el|la|\d) ?(?:perr|gat)",
        text,
    ):
        return 0
    match = _PETS.search(text)
    if match is None:
        return 0
    return int(match["n"]) if match["n"] else 1


def _counted(text: str) -> tuple[int | None, int]:
    """Return adults and children as far as numbers are given for them."""
    children = sum(int(match["n"]) for match in _CHILDREN.finditer(text))
    match = _ADULTS.search(text)
    if match is not None:
        if not children and _A_CHILD.search(text):
            children = 1
        return int(match["n"]), children
    people = _PEOPLE.search(text)
    if people is not None:
        total = int(people["n"] or people["m"])
        # "somos 4, 2 son chicos" counts them; "somos 2 y 2 nenes" adds them.
        added = re.search(
            r"\d\s*(?:personas\s*)?(?:y|mas|\+|con)\s*\d{1,2} (?:nen|nin|chic|hij|men|peq|beb|niet)",
            text,
        )
        if children and not added and total > children:
            return total - children, children
        if not children and re.search(
            r"\d\s*(?:personas\s*)?(?:y|mas|\+|con)\s*(?:el |la |mi |1 )?bebe", text
        ):
            children = 1
        return total, children
    family = _FAMILY_OF.search(text)
    return (int(family["n"]), 0) if family is not None else (None, children)


def _described(text: str, children: int) -> tuple[int | None, int, bool]:
    """Return adults, children and whether to read it back, from words that imply numbers."""
    if _FAMILY.search(text):
        return 2, 2, True
    couples = _COUPLES.search(text)
    if couples is not None:
        return 2 * int(couples["n"]), children, False
    if _COUPLE.search(text):
        if not children and _A_CHILD.search(text):
            children = 1
        return 2, children, False
    if _WITH_FRIEND.search(text):
        return 2, children, False
    if _ALONE.search(text):
        return 1, children, False
    return None, children, False
