"""From what a guest typed to words that the grammar knows: case, accents, numbers, typos."""

import re
import unicodedata
from functools import lru_cache

from rapidfuzz import process
from rapidfuzz.distance import OSA

MAX_LENGTH = 2_000  # a longer text is read as far as this

MONTHS = (
    *("enero", "febrero", "marzo", "abril", "mayo", "junio", "julio", "agosto"),
    *("septiembre", "octubre", "noviembre", "diciembre"),
)
WEEKDAYS = ("lunes", "martes", "miercoles", "jueves", "viernes", "sabado", "domingo")

_UNITS = {
    "cero": 0, "uno": 1, "una": 1, "un": 1, "dos": 2, "tres": 3, "cuatro": 4, "cinco": 5, "seis": 6,
    "siete": 7, "ocho": 8, "nueve": 9, "diez": 10, "once": 11, "doce": 12, "trece": 13,
    "catorce": 14, "quince": 15, "dieciseis": 16, "diecisiete": 17, "dieciocho": 18,
    "diecinueve": 19, "veinte": 20, "veintiun": 21, "veintiuno": 21, "veintidos": 22,
    "veintitres": 23, "veinticuatro": 24, "veinticinco": 25, "veintiseis": 26, "veintisiete": 27,
    "veintiocho": 28, "veintinueve": 29, "treinta": 30,
}  # fmt: skip
_SHORT = {
    "ene": "enero", "feb": "febrero", "mar": "marzo", "abr": "abril", "may": "mayo", "jun": "junio",
    "jul": "julio", "ago": "agosto", "sep": "septiembre", "sept": "septiembre", "set": "septiembre",
    "setiembre": "septiembre", "oct": "octubre", "nov": "noviembre", "dic": "diciembre",
    "lun": "lunes", "mie": "miercoles", "jue": "jueves", "vie": "viernes", "sab": "sabado",
    "dom": "domingo",
    "q": "que", "k": "que", "xq": "porque", "pq": "porque", "tmb": "tambien", "tb": "tambien",
    "x": "x", "pers": "personas", "per": "personas", "pax": "personas", "persona": "personas",
    "hs": "hs", "finde": "finde", "findes": "finde", "fds": "finde", "weekend": "finde",
    "primero": "1", "primer": "primer", "1ro": "1", "1ero": "1", "1er": "primer", "1ra": "primera",
    "1era": "primera", "2da": "segunda", "2do": "segundo", "3ra": "tercera", "3er": "tercer",
    "nche": "noche",
    "dsd": "desde", "hsta": "hasta", "d": "de", "dl": "del", "xfa": "porfa", "info": "informacion",
    "holi": "hola", "holis": "hola", "olaa": "hola",
}  # fmt: skip
# Words that a typo may be of, and words so near to one of them that they must be left alone.
_FUZZY = (
    *(*MONTHS, *WEEKDAYS, "noches", "noche", "personas", "semana", "semanas", "quincena", "manana"),
    *("finde", "carnaval", "cabana", "disponibilidad", "disponible", "reservar", "reserva"),
    *("precio", "cancelar", "adultos", "desde", "hasta", "pileta", "mascotas", "gracias"),
    "navidad",
)
_LOOKALIKES = """
abril abrir adulto agosto agota anoche banana cabanas cabe cama camara camas campana cancela
cancele cancelo cena cerca coche desde desea deseo doming donde enera enter entera entero fin
finales fines ganas gasto gracia hasta juego jueves julia julian julio junio junto juntos lune
manana mananas mano mar marco mares marte martin marzo mascota mates mayo mayor mayores montana
noche nochecita noches once persona piletas precios quince quincenas rayo reservado reservame
reservamos reservan reservas reserve reservo sabana sabanas salado semanal semanas suma tarde
ventana viene vienen vienes viernes
"""
_NEVER_TYPOS = frozenset(_LOOKALIKES.split())
_TENS = re.compile(
    r"\b(veinte|treinta)\s+y\s+(un|uno|una|dos|tres|cuatro|cinco|seis|siete|ocho|nueve)\b"
)
_WORD = re.compile(r"[a-z]+|\d+(?:ro|ero|er|do|da|ra|er)\b")
_SOUNDS = {"b": "v", "k": "c", "q": "c", "z": "s"}
_ORDINAL_SIGN = re.compile(r"(?<=\d)[°ºª]")
_REPEATED = re.compile(r"([a-z])\1{2,}")


def fold(text: str) -> str:
    """Return `text` in lower case without accents, with plain dashes and single spaces."""
    text = _ORDINAL_SIGN.sub("", text[:MAX_LENGTH].casefold())
    text = unicodedata.normalize("NFKD", text)[: 2 * MAX_LENGTH]
    text = "".join(char for char in text if not unicodedata.combining(char))
    for dash in "–—−‐‑":
        text = text.replace(dash, "-")
    text = _REPEATED.sub(r"\1\1", text)
    return " ".join(text.split())


def canonical(text: str) -> str:
    """Return folded `text` with abbreviations written out, number words as digits, typos mended."""
    text = _TENS.sub(lambda m: str(_UNITS[m[1]] + _UNITS[m[2]]), text)
    return " ".join(_WORD.sub(lambda m: _word(m[0]), text).split())


@lru_cache(maxsize=4096)
def _word(word: str) -> str:
    if word in _UNITS:
        return str(_UNITS[word])
    if word in _SHORT:
        return _SHORT[word]
    if word in _NEVER_TYPOS or len(word) < 4 or word in _FUZZY or not word.isalpha():  # noqa: PLR2004 - too short
        return word
    single = re.sub(r"(.)\1", r"\1", word)
    if single in _FUZZY or single in ("hola", "buenas"):
        return single
    most = 1 if len(word) < 7 else 2  # noqa: PLR2004 - two slips only in a long word
    found = process.extractOne(word, _FUZZY, scorer=OSA.distance, score_cutoff=most)
    # The first sound is the one that people get right.
    return found[0] if found is not None and _sound(found[0]) == _sound(word) else word


def _sound(word: str) -> str:
    """Return the first sound of a word: h is silent, b and v are one."""
    first = word.lstrip("h")[:1]
    return _SOUNDS.get(first, first)
