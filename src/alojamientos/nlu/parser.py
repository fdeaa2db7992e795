"""Understand one message. A pure function of the text, today, the holidays and the context."""

import re
from datetime import date

from rapidfuzz import fuzz, process

from alojamientos.kit import codes
from alojamientos.nlu import intents, party, stays, text
from alojamientos.nlu.holidays import Holidays
from alojamientos.nlu.values import Context, Dates, Intent, Resolved, Understanding

_CODE = re.compile(r"(?<![\w-])[0-9A-Za-z]{4}-[0-9A-Za-z]{4}-[0-9A-Za-z]{4}(?![\w-])")
_LOOSE_CODE = re.compile(
    r"(?<![\w-])([0-9A-Z]{4})(?P<gap>[ -]?)([0-9A-Z]{4})(?P=gap)([0-9A-Z]{4})(?![\w-])",
    re.IGNORECASE,
)
_CALLED_CODE = re.compile(r"\bc[oó]d(?:igo)?\b|\breserva\b", re.IGNORECASE)
_LEAST_LETTERS = 2  # fewer are a telephone's
_LEAST_GROUPS = 2  # with a digit in them
_EMAIL = re.compile(r"[\w.+%-]+@[\w-]+(?:\.[\w-]+)+")
_NAME = re.compile(
    r"\b(?:me llamo|mi nombre es|soy|a nombre de)\s+((?:[^\W\d_]+)(?:\s+[A-ZÁÉÍÓÚÑ][^\W\d_]+){0,3})",
    re.IGNORECASE,
)
_NO_NAME = frozenset(
    [
        "de",
        "del",
        "la",
        "el",
        "un",
        "una",
        "yo",
        "su",
        "vos",
        "cliente",
        "turista",
        "argentino",
        "argentina",
        "nuevo",
        "nueva",
        "mayor",
        "quien",
        "el",
        "los",
        "las",
        "con",
        "para",
        "familia",
        "solo",
        "sola",
    ]
)
_ORDINALS = {
    "primera": 1, "primer": 1, "segunda": 2, "segundo": 2, "tercera": 3, "tercer": 3, "cuarta": 4,
    "cuarto": 4, "quinta": 5, "ultima": -1,
}  # fmt: skip
_CHOICE = re.compile(
    r"\b(?:la|el|opcion|numero|nro|n°|cabana|esa|quiero|reserva\w*|elijo|prefiero|dame)\s+(?:la |el |opcion |numero )*(?P<n>\d{1,2})\b(?!\s*(?:de\s|[/.:-]\s?\d|noches?|personas|al\b|adult|nen|hs))"
    r"|\b(?:la|el|opcion)\s+(?P<w>primera|primer|segunda|segundo|tercera|tercer|cuarta|cuarto|quinta|ultima)\b(?! quincena| semana| finde| fin)"
)
_BARE_NUMBER = re.compile(r"\W*(\d{1,2})\W*")
_HAS_DAYS_OF_ITS_OWN = {Intent.PAYMENT_INFO, Intent.COMPLAINT}
_ABOUT_STAYS = {Intent.AVAILABILITY, Intent.PRICE, Intent.BOOK, Intent.MODIFY_DATES}
_CABIN_SCORE = 82
_LONGEST_LIST = 10


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
    folded = text.fold(rest)
    words = text.canonical(folded)
    choice = _choice(words, known)
    people = party.find(words, context=known)
    dates = None
    if not (choice is not None and known.expecting == "cabin") and not _only_party(words, known):
        dates = stays.find(words, today=today, context=known, holidays=holidays)
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
        pets=party.pets(words),
        cabin=_cabin(folded, known),
        choice=choice,
        code=code,
        services=intents.services(words),
        email=email[0] if email else None,
        name=_name(rest),
    )


def _is_of_stay(dates: Dates | None, wishes: frozenset[Intent]) -> bool:
    """Tell whether a day is when they come, not when they pay ("te deposito mañana")."""
    if not wishes & _HAS_DAYS_OF_ITS_OWN or wishes & _ABOUT_STAYS:
        return True
    return isinstance(dates, Resolved) and not dates.confirm


def _code(message: str) -> tuple[str | None, str]:
    """Return the reservation code in a message, and the message without it."""
    for match in _CODE.finditer(message):
        found = codes.canonical(match[0])
        if found is not None:
            return found, message.replace(match[0], " ")
    for match in _LOOSE_CODE.finditer(message):
        found = codes.canonical(match[0])
        if found is not None and _is_no_sentence(match, message):
            return found, message.replace(match[0], " ")
    return None, message


def _is_no_sentence(match: re.Match[str], message: str) -> bool:
    """Tell a code from words, years and telephones that happen to have its length."""
    letters = sum(char.isalpha() for char in match[0])
    with_digits = sum(any(char.isdigit() for char in group) for group in match.group(1, 3, 4))
    alone = match["gap"] != " " and match[0].strip() == message.strip()
    called = alone or _CALLED_CODE.search(message) is not None
    return letters >= _LEAST_LETTERS and with_digits >= (1 if called else _LEAST_GROUPS)


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
    return context.expecting == "guests" and _BARE_NUMBER.fullmatch(words) is not None


def _cabin(folded: str, context: Context) -> str | None:
    """Return the one cabin of the context that the text names, forgiving a typo."""
    names = {name: words[-1] for name in context.cabins if (words := text.fold(name).split())}
    tokens = re.findall(r"[a-z]{3,}", folded)
    best: dict[str, float] = {}
    for name, key in names.items():
        found = process.extractOne(key, tokens, scorer=fuzz.ratio, score_cutoff=_CABIN_SCORE)
        if found is not None:
            best[name] = found[1]
    if not best:
        return None
    top = max(best.values())
    winners = [name for name, score in best.items() if score == top]
    return winners[0] if len(winners) == 1 else None


def _name(message: str) -> str | None:
    match = _NAME.search(message)
    if match is None:
        return None
    words = match[1].split()
    if not words or words[0].casefold() in _NO_NAME or len(words[0]) < 2:  # noqa: PLR2004 - an initial
        return None
    if not words[0][0].isupper() and "soy" in match[0].casefold():
        return None
    return " ".join(word.capitalize() if word.islower() else word for word in words)
