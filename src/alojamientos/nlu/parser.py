"""Understand one message. A pure function of the text, today, the holidays and the context."""

import re
from datetime import date

from rapidfuzz.distance import OSA

from alojamientos.kit import codes
from alojamientos.nlu import ages, animals, crowd, intents, money, options, party, stays, text
from alojamientos.nlu.holidays import Holidays
from alojamientos.nlu.values import Context, Dates, Intent, Resolved, Understanding

_CODE = re.compile(
    r"(?<![\w-])[0-9A-Za-z]{4}\s?[-–]\s?[0-9A-Za-z]{4}\s?[-–]\s?[0-9A-Za-z]{4}(?![\w-])"
)
_LOOSE_CODE = re.compile(
    r"(?<![\w-])(?:[0-9A-Za-z]{4}\s[0-9A-Za-z]{4}\s[0-9A-Za-z]{4}|[0-9A-Za-z]{12})(?![\w-])"
)
_SAID_TO_BE_A_CODE = re.compile(
    r"\b(?:codigo|código|cod|reserva|nro|numero|número)\b\W*(?:es\W+|de\W+|la\W+)?$", re.IGNORECASE
)
_MIXED = re.compile(r"\d[A-Za-z]|[A-Za-z]\d")
_EMAIL = re.compile(r"(?<![\w.+%-])[\w.+%-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,5}")
_NAME = re.compile(
    r"(?i:\b(?:me llamo|mi nombre es|soy|a nombre de|(?:anot|agend|reserv)(?:a|á)me como|nombre(?: y apellido)?\s*:|te (?:habla|escribe)|habla)\s+)"
    r"([^\W\d_]{2,}(?:\s+(?:(?:del|de la|de los|de las)\s+)?[A-ZÁÉÍÓÚÑÜ][^\W\d_]+){0,3})"
)
_NO_NAME = frozenset(
    (
        "al",
        "alguien",
        "argentina",
        "argentino",
        "celiaca",
        "celiaco",
        "cliente",
        "con",
        "de",
        "del",
        "el",
        "ella",
        "familia",
        "jubilada",
        "jubilado",
        "la",
        "las",
        "los",
        "mayor",
        "mi",
        "nuestra",
        "nuestro",
        "nueva",
        "nuevo",
        "para",
        "quien",
        "solo",
        "sola",
        "su",
        "turista",
        "un",
        "una",
        "vos",
        "yo",
    )
)
_ORDINALS = {
    "primera": 1, "primer": 1, "segunda": 2, "segundo": 2, "tercera": 3, "tercer": 3, "cuarta": 4,
    "cuarto": 4, "quinta": 5, "ultima": -1,
}  # fmt: skip
_CHOICE = re.compile(
    r"\b(?:la|el|opcion|numero|nro|n°|cabana|esa|quiero|reserva\w*|elijo|prefiero|dame)\s+(?:la |el |opcion |numero )*(?P<n>\d{1,2})\b(?!\s*(?:de\s|[/.:-]\s?\d|noches?|personas|al\b|adult|nen|hs))"
    r"|\b(?:la|el|opcion)\s+(?P<w>primera|primer|segunda|segundo|tercera|tercer|cuarta|cuarto|quinta|ultima)\b(?! quincena| semana| finde| fin| vez| noche| consulta| pregunta| de (?:enero|febrero|marzo|abril|mayo|junio|julio|agosto|septiembre|octubre|noviembre|diciembre))"
)
_BARE_NUMBER = re.compile(r"\W*(\d{1,2})\W*")
_PLAIN_NAME_WORDS = frozenset(
    (
        "cabana",
        "cabanas",
        "casa",
        "casita",
        "bungalow",
        "departamento",
        "de",
        "del",
        "el",
        "la",
        "las",
        "los",
        "lo",
        "y",
        "un",
        "una",
    )
)
_NEAR_IT = re.compile(
    r"(?:cerca|lejos|al lado|frente|vista|orilla|bajada|a cuant[oa]s? \w+|cuadras|km|metros|donde|queda)\s+(?:al|del?|de la|el|la)?\s*$"
)
_LEAST_MENDED = 5  # letters of a name that may be mistyped; in a shorter one too much is near
_LONGEST_LIST = 10
_HAS_DAYS_OF_ITS_OWN = {Intent.PAYMENT_INFO, Intent.COMPLAINT}
_ABOUT_STAYS = {Intent.AVAILABILITY, Intent.PRICE, Intent.BOOK, Intent.MODIFY_DATES}


def understand(
    message: str, *, today: date, holidays: Holidays, context: Context | None = None
) -> Understanding:
    """Return everything that `message` says; never raises, whatever it holds.

    `today` is the lodging's day. What the conversation knows (`context`) fills gaps only.
    """
    known = context or Context()
    message = message[: text.MAX_LENGTH]
    code, rest = _code(message)
    email = _EMAIL.search(rest)
    rest = _EMAIL.sub(" ", rest)
    name, rest = _name(rest)
    folded = text.fold(rest)
    words = crowd.set_apart(text.canonical(folded))
    choice = _choice(words, known)
    people = party.find(words, context=known)
    dates = None
    if not _only_party(words, known):
        dates = stays.find(words, today=today, context=known, holidays=holidays)
    if choice is not None and known.expecting == "cabin" and not options.spans(dates):
        dates = None  # "la 2" is no day
    wishes = intents.find(
        words,
        has_dates=dates is not None,
        has_people=people is not None,
        expecting=known.expecting,
    )
    return Understanding(
        intents=wishes,
        dates=dates if _is_of_stay(dates, wishes) else None,
        party=people,
        ages=ages.find(words) if people is not None else (),
        budget=money.budget(words),
        pets=animals.find(words),
        cabin=_cabin(folded, known),
        choice=choice,
        code=code,
        services=frozenset() if Intent.COMPLAINT in wishes else intents.services(words),
        email=email[0] if email else None,
        name=name,
    )


def _is_of_stay(dates: Dates | None, wishes: frozenset[Intent]) -> bool:
    """Tell whether a day is when they come, not when they pay ("te deposito mañana")."""
    if not wishes & _HAS_DAYS_OF_ITS_OWN or wishes & _ABOUT_STAYS:
        return True
    return isinstance(dates, Resolved) and (dates.span.nights > 1 or not dates.confirm)


def _code(message: str) -> tuple[str | None, str]:
    """Return the reservation code in a message, and the message without it."""
    for pattern in (_CODE, _LOOSE_CODE):
        for match in pattern.finditer(message):
            found = codes.canonical(re.sub(r"[\s–-]+", "", match[0]))
            plain = re.search(r"[A-Za-z]", match[0]) is None
            before = message[: match.start()]
            likely = len(_MIXED.findall(match[0])) > 1 or _SAID_TO_BE_A_CODE.search(before)
            if (
                found is not None
                and not plain
                and (pattern is _CODE or (likely and re.search(r"\d", match[0])))
            ):
                return found, before + " " + message[match.end() :]
    return None, message


def _choice(words: str, context: Context) -> int | None:
    """Return the number that is picked from a list, counted from 1, or None."""
    match = _CHOICE.search(words)
    if match is not None and match["w"]:
        number = _ORDINALS[match["w"]]
        return number if number > 0 else (len(context.cabins) or None)
    if context.expecting != "cabin":
        return None
    bare = _BARE_NUMBER.fullmatch(words)
    picked = bare[1] if bare is not None else match["n"] if match is not None else None
    return int(picked) if picked is not None and int(picked) <= _LONGEST_LIST else None


def _only_party(words: str, context: Context) -> bool:
    """Tell whether a bare number answers how many they are."""
    return context.expecting == "guests" and party.is_answer(words)


def _cabin(folded: str, context: Context) -> str | None:
    """Return the one cabin of the context that the text names, forgiving a typo."""
    words = {name: set(re.findall(r"[a-z]+", text.fold(name))) for name in context.cabins}
    words = {name: own - _PLAIN_NAME_WORDS for name, own in words.items()}
    named = [
        name
        for name, own in words.items()
        if any(_is_named(folded, word) for word in own - _of_others(words, name))
    ]
    return named[0] if len(named) == 1 else None


def _of_others(words: dict[str, set[str]], name: str) -> set[str]:
    return {word for other, own in words.items() if other != name for word in own}


def _is_named(folded: str, word: str) -> bool:
    for match in re.finditer(r"[a-z]+", folded):
        if _NEAR_IT.search(folded[: match.start()]):
            continue  # "cerca del río" is no cabin
        if match[0] == word:
            return True
        mended = len(word) >= _LEAST_MENDED and match[0][0] == word[0]
        if mended and not text.is_common(match[0]) and OSA.distance(match[0], word) <= 1:
            return True
    return False


def _name(message: str) -> tuple[str | None, str]:
    """Return the guest's name, and the message without it: Julio is no month then."""
    match = _NAME.search(message)
    if match is None:
        return None, message
    words = match[1].split()
    unsure = words[0].islower() and not re.search(r"nombre|llamo|como", match[0], re.IGNORECASE)
    if unsure or words[0].casefold() in _NO_NAME:
        return None, message
    name = " ".join(word if word in _NO_NAME else word[0].upper() + word[1:] for word in words)
    return name, f"{message[: match.start(1)]} , {message[match.end(1) :]}"
