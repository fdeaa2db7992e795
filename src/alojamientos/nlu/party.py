"""Who comes: "somos 4", "2 adultos y 2 nenes", "una pareja con un perrito"."""

import re

from alojamientos.nlu import ages, animals
from alojamientos.nlu.values import Context, Party

_ADULT = r"(?:adultos?|hombres?|mujer(?:es)?(?<=es)|varones|senoras|mayores|grandes|gdes)"
_CHILD = ages.CHILD
_PERSON = r"(?:personas|huespedes|ocupantes|gentes?|integrantes|amig[oa]s|pibes|pibas|viejos|companer[oa]s|plazas|en total|p)"
_AND = r"(?:y|e|mas|\+|con|,)"
_AGES = re.compile(
    r"\(?(?:de |edad(?:es)? )*\b\d{1,2}(?:\s*(?:,|y|e|a|-|o)\s*\d{1,2}){0,6}\s*(?:anos?|anitos|meses)\b(?: de edad)?\)?"
    r"|\(\s*\d{1,2}(?:\s*(?:,|y)\s*\d{1,2})*\s*\)"
)
_AGED = re.compile(
    rf"\b({_CHILD}) de \d{{1,2}}(?:\s*(?:,|y)\s*(?:1 )?(?:de )?\d{{1,2}})?\b(?! {_CHILD})"
)
_ROOMS = re.compile(
    r"\b\d+ (?:dormitorios?|ambientes?|habitaci\w+|camas?|banos?|cuotas?|caban\w+|autos?|cocheras?)\b"
)
_DATES = re.compile(rf"\b\d{{1,2}}/\d{{1,2}}(?:/\d{{2,4}})?\b(?!(?<=\b\d/\d)\s{_PERSON}\b(?! \d))")
_LABELLED = re.compile(
    rf"\b(?:cantidad de |cant de |cant |nro de |numero de )?(?P<what>personas|huespedes|pasajeros|{_ADULT}|{_CHILD})\s?[:=]\s?(?P<n>\d{{1,2}})\b"
)
_ADULTS = re.compile(rf"\b(?P<n>\d{{1,2}}) (?:personas )?{_ADULT}\b")
_ADULTS_TOO = re.compile(r"\b(?P<n>\d{1,2}) personas adultas\b")
_CHILDREN = re.compile(rf"\b(?P<n>\d{{1,2}}) (?:son )?(?:personas )?{_CHILD}\b")
_A_CHILD = re.compile(
    r"(?:\b(?:con|y|mas|nuestr[oa]|mi)|[+,])\s+(?:(?:mi|el|la|nuestr[oa]|su)\s+)?(?:beb[ea]|bebit[oa]|nen[ea]|nenit[oa]|hij[oa]|hijit[oa]|niet[oa]|sobrin[oa])\b"
)
_SOME_CHILDREN = re.compile(
    r"\b(?:los|las|mis|nuestros|nuestras|con) (?:nen[ea]s|chicos|chicas|hijos|hijas|ninos|peques|nietos|bebes)\b"
)
_NOT_PEOPLE = (
    r"(?!\s*(?:noches?|n|dias?|fin de|feriado|seman(?:as?|itas?)|nochecitas?|quincenas?|meses|mes|hs|horas|parejas?|matrimonios?|finde|familias?|grupos?|grupito|total|perr\w+|gat\w+|mascot\w+|caban\w*|mil|lucas|pesos|cuotas|km|cuadras)\b)"
    r"(?!\s*(?:de (?:enero|febrero|marzo|abril|mayo|junio|julio|agosto|septiembre|octubre|noviembre|diciembre)|(?:enero|febrero|marzo|abril|mayo|junio|julio|agosto|septiembre|octubre|noviembre|diciembre)"
    r"|y (?:el )?\d{1,2} de (?:enero|febrero|marzo|abril|mayo|junio|julio|agosto|septiembre|octubre|noviembre|diciembre)|al \d|hasta el|-\s?\d|[/.:]\s?\d|x \d|%))"
)
_LEADS = (
    r"(?:somos|seriamos|seremos|vamos a ser|vamos|iriamos|iremos|viajamos|viajariamos|serian|son|para|p ?/|p|x|caben|entran|caban\w* de|depto de|departamento de|lugar de|capacidad de"
    r"|(?:grupo|familia|flia|grupito|contingente|total) de|vendriamos|vendrian|venimos|estaremos|estariamos|(?<!\d )personas)"
)
_PEOPLE = re.compile(
    rf"\b(?!son \d+ (?!y\b|con\b|en\b|del?\b|para\b|mas\b|los\b|o\b|a\b|por\b|nomas\b|{_PERSON}\b)[a-z]){_LEADS}\s*(?:(?:como|solo|solamente|unos|unas|nosotros|aprox\w*|tipo|creo que|a lo sumo|hasta|maximo|en total|los|las|entre)\s+)*"
    rf"(?P<n>\d{{1,2}})(?:\s?(?:o|u|a|-|/|y)\s?(?P<to>\d{{1,2}})(?=\s*(?:{_PERSON}\b|[?.,!]|$)))?\b{_NOT_PEOPLE}(?!\s*{_ADULT}\b)(?!\s*{_CHILD}\b)"
    rf"|(?<![\d/.-])\b(?P<m>\d{{1,2}})(?:(?:\s?(?:o|u|a|-|y)\s?|/)(?P<upto>\d{{1,2}}))?\s?{_PERSON}\b(?! adultas)"
)
_FRIENDS = re.compile(r"\b(?:somos|vamos|seriamos|para) (?P<n>\d{1,2}) chic[oa]s\b")
# "hablar con una persona", "lo charlo con mi señora": people who do not come.
_SOMEBODY = re.compile(
    r"\b(?:con|a|otra|alguna|atiend\w+|llam\w+|habl\w+|contest\w+|respond\w+|hay|necesito|quiero) 1 personas\b"
    r"|\b(?:charl|habl|consult|pregunt|avis|coment|organiz|arregl|decid|ver|veo|veremos|viendo|vemos|pens)\w*\s(?:lo )?(?:con|a|le a) (?:mi|mis|la|el|los) \w+"
)
_PLUS = re.compile(r"(?<![\d/.])\b(?P<a>\d) ?\+ ?(?P<b>\d)\b(?![\d/.])")
_ADDED = re.compile(
    rf"\d\s*(?:{_PERSON}\s*)?(?!con (?:el|la)\b){_AND}\s*(?:(?:y|mas|con|\+)\s*)?(?:(?:\d{{1,2}}|el|la|mi|nuestr[oa]) )?{_CHILD}\b"
)
_FAMILY = re.compile(r"\bfamilia tipo\b")
_COUPLES = re.compile(r"\b(?P<n>\d) (?:parejas|matrimonios)\b")
_PARTNER = r"(?:senora|mujer|esposa|esposo|marido|novi[oa]|pareja|companer[oa]|prometid[oa]|media naranja|jermu)"
_COUPLE = re.compile(
    rf"\b(?:parejas?(?! de \d)|parejita|matrimonio|(?<!dni de )(?<!\bde )(?:mi|m) {_PARTNER})\b|\b(?:los|nosotros) 2\b"
)
_KIN = r"(?:amig[oa]|herman[oa]|mama|papa|madre|padre|vieja|viejo|suegra|suegro|prim[oa]|tia|tio|cunad[oa])"
_FOLK = re.compile(
    rf"\b(?:(?:mi|1|m) (?:{_PARTNER}|{_KIN})|(?:mis|los|nuestros) (?P<pair>padres|papas|viejos|suegros|abuelos)"
    r"|(?:mis|nuestr[oa]s) (?P<n>\d) (?:herman|amig|prim|cunad)[oa]s)\b"
)
_COMES = re.compile(
    r"\b(?:yo|voy|vamos|viajo|viajamos|somos|con|para|nosotros|iriamos|iria|vienen)\b"
)
_FOR_THEM = re.compile(
    r"^(?!.*\b(?:yo|voy|vamos|viajo|viajamos|somos|nosotros|con|iria\w*)\b).*\bpara (?:mis|los)\b"
)
_US = re.compile(r"\bnosotros (?P<n>\d)\b")
_ANOTHER = re.compile(rf"\b(?:yo y (?:mi|1) |con (?:mi|1) ){_KIN}\b|\bmi {_KIN} y yo\b")
_RELATIVE = re.compile(rf"\b(?:y|con|mas) (?:mi|1) {_KIN}\b")
_A_FAMILY = re.compile(r"\bfamilia\b")
_ALONE = re.compile(
    r"\b(?:yo sol[oa]|voy sol[oa]|viajo sol[oa]|estoy sol[oa]|iria sol[oa]|soy sol[oa]|solo yo|sola yo|para mi sol[oa]|para mi nomas|soy yo nomas|(?:soy|somos) 1(?! [a-z]))\b|^\W*sol[oa] yo\W*$"
)
_OWN_CHILD = r"(?:mi (?:hij[oa]|nen[ea]|beb[ea])|mis \d (?:hij[oa]s|nen[ea]s|chic[oa]s))"
_WITH_ME = re.compile(
    rf"\b(?:yo|voy|viajo|iria) (?:sol[oa] )?(?:con|y) {_OWN_CHILD}\b|\b{_OWN_CHILD} y yo\b"
)
_BARE = re.compile(
    r"\W*(?:(?:somos|para|seriamos|con|serian|son|creo que|como|unos|seremos|vamos|entre|depende|aproximadamente|aprox|nosotros)\b\W*)*(\d{1,2})(?:\s?(?:o|u|a|-|/|y)\s?(\d{1,2}))?(?:\s*(?:personas|nomas|en total|por ahora|solamente|gracias|por favor|porfa))*\W*"
)
_MOST = 40


_OPENS = re.compile(
    r"\W*(?:(?:y|entonces|bueno|eh|ah|nosotros|seria|serian)\b\W*)*(\d{1,2})\b(?!\s*(?:noches|dias|al\b|de\s[a-z]|/))"
)
_ONE_MORE = re.compile(
    r"\b(?:somos|seriamos|va|viene|vamos a ser|se suman?|se agregan?|sum\w+|agreg\w+) (?:a )?(?P<n>\d) (?:personas |adultos? )?mas\b"
    r"|\b(?:sum|agreg|anad)\w+ (?:a )?(?P<m>\d) (?:personas|adultos?)\b"
)
_WITH_PARTNERS = re.compile(
    r"\bcon (?:sus|nuestr[oa]s|las|los) (?:parejas|novi[oa]s|maridos|espos[oa]s|mujeres|senoras)\b"
)
_EACH = re.compile(r"\bcada (?:1|pareja|familia|matrimonio)\b")


def find(text: str, *, context: Context) -> Party | None:
    """Return who comes according to canonical `text`, or None when it does not say."""
    pets = animals.find(text)
    text = ages.counted(text)
    text = _SOMEBODY.sub(
        " ", _DATES.sub(" , ", _ROOMS.sub(" ", _AGED.sub(r"\1", _AGES.sub(" ", text))))
    )
    if not text.strip():
        return None
    more = _ONE_MORE.search(text)
    if more is not None:
        if context.guests is None:
            return None
        number = context.guests + int(more["n"] or more["m"])
        return Party(adults=number, pets=pets, confirm=True)
    found = _labelled(text) or _counted(text) or _described(text)
    if found is None and context.expecting == "guests":
        found = _answered(text)
    if found is None:
        return None
    adults, children, confirm = found
    if adults < 1 or adults + children > _MOST:
        return None
    return Party(adults=adults, children=children, pets=pets, confirm=confirm)


_Found = tuple[int, int, bool]  # adults, children, confirm


def _labelled(text: str) -> _Found | None:
    """Read a filled-in form: "Adultos: 2, menores: 1"."""
    total = adults = children = 0
    for match in _LABELLED.finditer(text):
        number = int(match["n"])
        if re.fullmatch(_ADULT, match["what"]):
            adults += number
        elif re.fullmatch(_CHILD, match["what"]):
            children += number
        else:
            total += number
    if adults:
        return adults, children, bool(total) and total != adults + children
    return (total - children, children, False) if total > children else None


def _counted(text: str) -> _Found | None:
    """Read what has numbers: adults, children, or everybody."""
    plus = _PLUS.search(text)
    if plus is not None and not re.search(rf"{_ADULT}|{_CHILD}", text):
        return int(plus["a"]), int(plus["b"]), True
    children = _children(text)
    adults = sum(int(match["n"]) for match in _ADULTS.finditer(text))
    adults += sum(int(match["n"]) for match in _ADULTS_TOO.finditer(text))
    total, open_ended = _total(text)
    if adults:
        doubtful = total is not None and total not in (adults, adults + children)
        return adults, children, doubtful
    together = _couples(text, children) or _relatives(text, children)
    if together is not None:
        return together
    if total is None:
        friends = _FRIENDS.search(text)
        return (int(friends["n"]), 0, True) if friends is not None else None
    if _WITH_PARTNERS.search(text):
        total, open_ended = 2 * total, True
    elif children and not _ADDED.search(text) and total > children:
        total -= children
    return total, children, open_ended


def _couples(text: str, children: int) -> _Found | None:
    """Count couples, with their children each where it says so."""
    match = _COUPLES.search(text)
    if match is None:
        return None
    number = int(match["n"])
    return 2 * number, children * (number if _EACH.search(text) else 1), False


def _relatives(text: str, children: int) -> _Found | None:
    """Count those who come as they are named: "mis viejos, mi hermano y yo"."""
    named = list(_FOLK.finditer(text))
    several = sum(2 if one["pair"] else int(one["n"] or 1) for one in named)
    if not any(one["pair"] or one["n"] for one in named) or not _COMES.search(text):
        return None
    us = _US.search(text)
    ourselves = int(us["n"]) if us is not None else int(not _FOR_THEM.search(text))
    return ourselves + several, children, True


def _children(text: str) -> int:
    children = sum(int(match["n"]) for match in _CHILDREN.finditer(text))
    one_by_one = [match[0] for match in _A_CHILD.finditer(text)]
    if children:
        counted_baby = re.search(r"\d (?:beb[eao]|bebit)", text) is not None
        return children + any("beb" in one and not counted_baby for one in one_by_one)
    return len(one_by_one)


def _total(text: str) -> tuple[int | None, bool]:
    """Return how many they are in all, the most of a range, and whether it was one."""
    match = _PEOPLE.search(text)
    if match is None:
        return None, False
    least, most = match["n"] or match["m"], match["to"] or match["upto"]
    return max(int(least), int(most or 0)), most is not None


def _described(text: str) -> _Found | None:
    """Read who comes from who they are to each other."""
    children = _children(text)
    if _FAMILY.search(text):
        return 2, 2, True
    # "con los chicos" does not say how many they are: that is asked.
    if not children and _SOME_CHILDREN.search(text):
        return None
    if _COUPLE.search(text):
        third = _RELATIVE.search(text) is not None
        return 2 + third, children, third
    if _ANOTHER.search(text):
        several = len(_RELATIVE.findall(text))
        return max(2, 1 + several), children, several > 1
    return _alone(text, children)


def _alone(text: str, children: int) -> _Found | None:
    if _WITH_ME.search(text):
        return 1, children or 1, True
    if children and _A_FAMILY.search(text):
        return 2, children, True
    return (1, children, False) if _ALONE.search(text) else None


def is_answer(text: str) -> bool:
    """Tell whether canonical `text` is nothing but how many they are."""
    return _BARE.fullmatch(text) is not None


def _answered(text: str) -> _Found | None:
    """Read the number that answers our question, with whoever comes besides."""
    match = _BARE.fullmatch(text)
    if match is None:
        opens = _OPENS.match(text)
        return _counted(f"somos {text[opens.start(1) :]}") if opens is not None else None
    return max(int(match[1]), int(match[2] or 0)), 0, match[2] is not None
