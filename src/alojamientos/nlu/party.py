"""Who comes: "somos 4", "2 adultos y 2 nenes", "una pareja con un perrito"."""

import re

from alojamientos.nlu.values import Context, Party

_CHILD = (
    r"(?:nen[eaio]s?|nenit[oa]s?|nin[oa]s?|nin[ei]t[oa]s?|chic[oa]s?|chiquit[oa]s?|hij[oa]s?|hijit[oa]s?|menor(?:es)?|peques?"
    r"|pequen[oa]s?|beb[ea]s?|bebit[oa]s?|bb|bbs|criaturas?|niet[oa]s?|sobrin[oa]s?|infantes?|crios?|gurises|gurisit[oa]s)"
)
_NUMBER = r"(?<![\d/.:-])\b(?P<n>\d{1,2})"
_FORM = re.compile(
    r"\b(?P<what>adultos?|mayores|menores|ninos|chicos|bebes)\s?[:=]\s?(?P<n>\d{1,2})\b"
)
_FORM_PEOPLE = re.compile(r"\b(?:personas|huespedes|pasajeros|adultos)\s?[:=]\s?(?P<n>\d{1,2})\b")
_ADULTS = re.compile(rf"{_NUMBER} (?:adultos?|mayores|grandes)\b")
_CHILDREN = re.compile(rf"{_NUMBER} (?:son |de ellos |de ellos son |serian )?{_CHILD}\b")
_A_CHILD = re.compile(
    r"\b(?:con|y|mas|nuestr[oa]|mi|el|la)\s+(?:mi |el |la )?(?:bebe|beba|bebito|bebita|nene|nena|hijo|hija|nieto|nieta)\b"
)
_NO_PEOPLE = (
    r"(?!\s*(?:noches?|n\b|dias?|semanas?|de (?:enero|febrero|marzo|abril|mayo|junio|julio"
    r"|agosto|septiembre|octubre|noviembre|diciembre)|al \d|[/.:-]\s?\d|hs|parejas?|matrimonios?|adultos|nen|nin|chic|menor|hij|beb"
    r"|caban|perr|gat|finde|famili|quincena|mes|grupo|amig|mil\b|lucas|k\b|pesos|%|ambientes|dormitorios|camas|cuotas))"
)
_PEOPLE = re.compile(
    r"\b(?:(?:somos|seriamos|seremos|vamos a ser|vamos|iriamos|eramos|serian|son|seriamo|para|p|p/)\s*(?:solo |solamente |unos |unas |nosotros )*)"
    rf"(?<![\d/])(?<=[ /])(?P<n>\d{{1,2}})\b{_NO_PEOPLE}"
    r"|(?<![\d/.:-])\b(?P<m>\d{1,2}) (?:personas|huespedes|pasajeros|amig[oa]s|pibes|integrantes|plazas|en total|gentes?|p\b)"
)
_OR = re.compile(r"\s?(?:o|u|/|-|a)\s?(?P<n>\d{1,2})\b(?!\s?(?:noches?|dias?|/|%|hs))")
_ADDED = re.compile(
    rf"\d\s*(?:personas\s*)?(?:y|mas|\+|con|,)\s*\d{{1,2}} (?!son |de ellos ){_CHILD}\b"
)
_ADDED_BABY = re.compile(r"\d\s*(?:personas\s*)?(?:y|mas|\+|con)\s*(?:el |la |mi |1 )?beb[ea]\b")
_FAMILY = re.compile(r"\bfamilia tipo\b")
_FAMILY_OF = re.compile(r"\b(?:familia|grupo) de (?P<n>\d{1,2})\b")
_COUPLES = re.compile(r"\b(?P<n>\d) (?:parejas|matrimonios)\b")
_COUPLE = re.compile(
    r"\b(?:(?:1 )?pareja|(?:1 )?matrimonio|(?:yo y |con )?(?:mi|m) (?:senora|mujer|esposa|esposo|marido|novi[oa]|pareja))\b"
)
# People whom words name without counting them.
_OTHERS = re.compile(
    r"\b(?:suegr[oa]s?|padres|papas|viejos|mama|papa|herman[oa]s?|abuel[oa]s?|ti[oa]s|prim[oa]s?|cunad[oa]s?|jovenes|adolescentes|amig[oa]s)\b"
)
_WITH_FRIEND = re.compile(r"\b(?:yo y 1 amig[oa]|con 1 amig[oa]|mi amig[oa] y yo)\b")
_ALONE = re.compile(
    r"\b(?:yo sol[oa]|(?:voy|viajo|estoy|iria) sol[oa]|solo yo|sola yo|para mi sol[oa]|1 personas?|soy yo nomas)\b"
)
_PETS = re.compile(
    r"\b(?:(?P<n>\d{1,2}) )?(?P<what>perr(?:o|a|it[oa]|ito)s?|gat(?:o|a|it[oa])s?|mascotas?|mascotit[oa]s?|caniche|cachorr[oa]s?)\b"
)
_ASKS_ABOUT_PETS = re.compile(
    r"(?:acepta|permit|admit|pet friendly|se puede|puedo|podemos|pueden|apto|reciben|hay problema)[^.?!]*"
    r"(?:mascota|perr|gat)|^\W*(?:y )?mascotas?\W*$|\bmascotas\s*\?"
)
_HAS_PETS = re.compile(
    r"\b(?:con|tenemos|tengo|llevo|llevamos|vamos con) (?:mi|1|nuestr[oa]|el|la|\d) ?(?:perr|gat)"
)
_BARE = re.compile(
    r"\W*(?:(?:somos|para|seriamos|con|serian|son)\s+)?(\d{1,2})(?:\s*(?:personas|nomas|en total|por ahora))?\W*"
)
_MOST = 40


def find(text: str, *, context: Context) -> Party | None:
    """Return who comes according to canonical `text`, or None when it does not say."""
    adults, children, confirm = counted = _form(text) or _counted(text)
    if adults is None:
        adults, children, confirm = _described(text, children)
    if adults is None and context.expecting == "guests":
        match = _BARE.fullmatch(text)
        adults = int(match[1]) if match is not None else None
    if adults is None or adults < 1 or adults + children > _MOST:
        return None
    confirm = confirm or (counted[0] is None and _OTHERS.search(text) is not None)
    return Party(adults=adults, children=children, pets=pets(text), confirm=confirm)


def pets(text: str) -> int:
    """Return how many animals come; asking whether they may is not bringing one."""
    if _ASKS_ABOUT_PETS.search(text) and not _HAS_PETS.search(text):
        return 0
    match = _PETS.search(text)
    if match is None:
        return 0
    return int(match["n"]) if match["n"] else 1


def _form(text: str) -> tuple[int | None, int, bool] | None:
    """Read a filled form: "Adultos: 2 Menores: 1", "Personas: 4"."""
    people = _FORM_PEOPLE.search(text)
    if people is None:
        return None
    children = sum(
        int(match["n"])
        for match in _FORM.finditer(text)
        if not match["what"].startswith(("adulto", "mayor"))
    )
    return int(people["n"]), children, False


def _counted(text: str) -> tuple[int | None, int, bool]:
    """Return adults, children and whether to read it back, as far as numbers are given."""
    children = sum(int(match["n"]) for match in _CHILDREN.finditer(text))
    match = _ADULTS.search(text)
    if match is not None:
        if not children and _A_CHILD.search(text):
            children = 1
        return int(match["n"]), children, False
    people = _PEOPLE.search(text)
    if people is None:
        family = _FAMILY_OF.search(text)
        return (int(family["n"]) if family is not None else None), children, False
    total = int(people["n"] or people["m"])
    other = _OR.match(text, people.end()) if people["n"] else None
    if other is not None and int(other["n"]) == total + 1:
        return total + 1, 0, True  # "4 o 5": beds for all of them
    # "somos 4, 2 son chicos" counts them; "somos 2 y 2 nenes" adds them.
    if children and total > children and not _ADDED.search(text):
        return total - children, children, False
    if not children and _ADDED_BABY.search(text):
        children = 1
    return total, children, False


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
    return (1 if _ALONE.search(text) else None), children, False
