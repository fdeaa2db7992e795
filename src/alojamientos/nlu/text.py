"""From what a guest typed to words that the grammar knows: case, accents, numbers, typos."""

import re
import unicodedata
from functools import lru_cache

from rapidfuzz import process
from rapidfuzz.distance import OSA

from alojamientos.nlu import foreign

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
    "pers": "personas", "per": "personas", "pax": "personas", "persona": "personas",
    "pasajeros": "personas", "fds": "finde", "weekend": "finde",
    "findesemana": "finde", "finde-semana": "finde", "primero": "1", "1ro": "1", "1ero": "1",
    "1o": "1", "1er": "primer", "1ra": "primera", "1era": "primera", "2da": "segunda",
    "2do": "segundo", "3ra": "tercera", "3er": "tercer", "4ta": "cuarta",
    "nche": "noche", "nches": "noches", "nts": "noches", "noxe": "noche", "noxes": "noches",
    "dsd": "desde", "dde": "desde", "hsta": "hasta", "d": "de", "dl": "del", "xfa": "porfa",
    "info": "informacion", "dispo": "disponibilidad", "disp": "disponibilidad",
    "holi": "hola", "holis": "hola", "ola": "hola", "bb": "bebe", "bbs": "bebes",
    **foreign.WORDS, "nosotras": "nosotros", "caba": "cabana", "depto": "departamento", "dpto": "departamento",
    "bs": "buenas", "bnas": "buenas", "bns": "buenas", "sra": "senora", "flia": "familia",
    "mp": "mercadopago", "transfe": "transferencia", "ndea": "nada", "grax": "gracias",
    "gcias": "gracias", "ad": "adultos", "adul": "adultos", "adult": "adultos",
    "wenas": "buenas", "guenas": "buenas", "ay": "hay", "pa": "para", "pal": "para el",
    "mnn": "manana", "mnna": "manana", "mna": "manana", "mnana": "manana", "manna": "manana", "maana": "manana", "manan": "manana", "finds": "finde",
}  # fmt: skip
# Short for a month only beside a number: "15 mar", but not "cerca del mar".
_BESIDE_A_NUMBER = frozenset({"mar", "set", "ad", "per", "bs"}) | foreign.BESIDE_A_NUMBER
# Words that a typo may be of, and words so near to one of them that they must be left alone.
_MENDED = (
    *MONTHS, *WEEKDAYS, "noches", "noche", "personas", "semana", "semanas", "quincena", "manana",
    "finde", "carnaval", "cabana", "disponibilidad", "disponible", "reservar", "reserva", "precio",
    "cancelar", "adultos", "desde", "hasta", "pileta", "mascotas", "gracias", "navidad", "quiero",
    "lugar", "pareja", "tenes", "cuanto", "domingo", "proximo", "inclusive", "somos", "feriado",
    "disponibles", "cabanas", "hijos", "chicos", "menores", "quisiera", "buenas", "tienen",
    "pasado", "necesito", "alquilar", "informacion", "descuento", "ubicacion", "transferencia",
)  # fmt: skip
_LEFT_ALONE = frozenset(
    (
        "abre", "abri", "abria", "abrir", "agota", "agradable", "alguno", "algunos", "alta",
        "anoche", "banana", "basta", "bienes", "buena", "bueno", "buenos", "cabe", "cama",
        "camara", "camas", "campana", "cancela", "cancele", "cancelo", "cena", "cerca", "chica",
        "chicas", "chico", "coche", "comas", "cuando", "cuanta", "cuantas", "cuantos", "cuento",
        "debe", "deben", "dese", "desea", "deseo", "doming", "dominio", "donde", "ensero",
        "enter", "entera", "entero", "enteros", "entra", "entrada", "entramos", "entran",
        "entre", "entro", "fecha", "fechas", "fin", "finales", "findes", "fines", "firme",
        "fonde", "ganas", "gasto", "gracia", "gracioso", "habra", "habria", "habrian", "hacia",
        "harta", "haste", "hermano", "hija", "hijas", "hijo", "juego", "juegos", "jugar",
        "juli", "julia", "julian", "juliana", "junta", "juntas", "junto", "juntos", "lagar",
        "largo", "llegar", "lujar", "lune", "mala", "malo", "manda", "mando", "mano", "marco",
        "mares", "maria", "marian", "mariana", "mario", "marte", "martin", "martina", "masa",
        "mascota", "mates", "mayor", "mayores", "media", "menor", "mesa", "meses", "montana",
        "nene", "nenes", "niche", "noche", "nuevas", "nuevos", "ocho", "once", "pagar",
        "pagado", "parecido", "parejas", "parte", "partes", "casado", "parado", "pasada", "pasadas", "pasando", "paseos", "pasados", "pava", "pesado", "peor", "pero",
        "perra", "perro", "perros", "personal", "preciso", "predio", "predios", "proxima", "quien",
        "quiere", "quieren", "quieres", "quieta", "quieto", "quinta", "rayo", "reservado",
        "reservame", "reservamos", "reservan", "reservas", "reserve", "reservo", "sabana",
        "sabanas", "sacado", "salado", "salida", "semanal", "senor", "solar", "somo", "suma",
        "sumamos", "sumas", "tango", "tarde", "tenemos", "tenen", "tener", "tenga", "tengo",
        "tenias", "tenis", "tiene", "tienes", "toda", "todos", "tomos", "ventana", "verano",
        "veras", "viaje", "viene", "vienen", "vienes", "vieron",
    )
)  # fmt: skip
_TENS = re.compile(
    r"\b(veinte|treinta)\s+(?:y|i)\s+(un|uno|una|dos|tres|cuatro|cinco|seis|siete|ocho|nueve)\b"
)
_WORD = re.compile(r"\b\d{1,2}(?:ro|ero|er|do|da|ra|era|ta|o)\b|[a-z]+")
_REPEATED = re.compile(r"([a-z])\1{2,}")
_ORDINAL_SIGN = re.compile(r"(?<=\d)(?:\s?[°ºª]|(?:st|nd|rd|th)\b)", re.IGNORECASE)
_THOUSANDS = re.compile(r"(?<=\d)\s?k\b")
_SHORT_PARTY = re.compile(r"\b(\d) ?a\s?[+y,]?\s?(\d) ?(?:n|m)\b")
# "15ene", "2ad", but neither "1ro" nor "2x1".
_GLUED = re.compile(r"(?<=\d)(?=(?!(?:r[oa]|er|er[oa]|d[oa]|ta|st|nd|rd|th)\b|x\d)[a-z]{2})")
_GOES_ON = re.compile(
    r"(?:(?<=\by)|(?<=\ba)|(?<=\bal)|(?<=\bel)|(?<=\bde)|(?<=\bdel)|(?<=\bhasta)|(?<=[,:-]))\s*[\r\n]+\s*"
)
_WHOLE = {
    "do": "dos", "tre": "tres", "cuatr": "cuatro", "cuato": "cuatro", "cinc": "cinco", "sinco": "cinco",
    "sei": "seis", "siet": "siete", "och": "ocho", "nuev": "nueve", "dies": "diez",
}  # fmt: skip
_CLIPPED = re.compile(
    rf"\b(?:{'|'.join(_WHOLE)})\b(?= (?:adult|chic|nen|nin|person|noch|noxe|dia|hij|menor|mayor|semana|pareja|amig|grande))"
)
_LINE_END = re.compile(r"\s*[\r\n]+\s*")
_SOUNDS = (
    ("qu", "k"), ("ch", "x"), ("ll", "y"), ("h", ""), ("v", "b"), ("z", "s"), ("ce", "se"),
    ("ci", "si"), ("c", "k"), ("ge", "je"), ("gi", "ji"), ("w", "u"), ("nb", "mb"), ("np", "mp"),
)  # fmt: skip
_SHORTEST_MENDED = 4
_LONG_WORD = 9  # letters; two slips only in a long word
_LEADS_TO_MONTH = frozenset(
    ("", "de", "en", "para", "por", "todo", "x", "del", "mes", "a", "fines")
)


def fold(text: str) -> str:
    """Return `text` in lower case without accents, with plain dashes and single spaces."""
    text = _ORDINAL_SIGN.sub("", text[:MAX_LENGTH])
    text = unicodedata.normalize("NFKD", text.casefold())
    text = "".join(char for char in text if not unicodedata.combining(char))[:MAX_LENGTH]
    for dash in "–—−‐‑~":
        text = text.replace(dash, "-")
    text = text.replace("→", "-").replace("⁄", "/")
    text = _REPEATED.sub(r"\1\1", _LINE_END.sub(" , ", _GOES_ON.sub(" ", text.strip())))
    return " ".join(text.split())


def canonical(text: str) -> str:
    """Return folded `text` with abbreviations written out, number words as digits, typos mended."""
    text = _SHORT_PARTY.sub(r"\1 adultos \2 nenes", _THOUSANDS.sub(" lucas", text))
    text = _CLIPPED.sub(lambda match: _WHOLE[match[0]], _GLUED.sub(" ", text))
    text = _TENS.sub(lambda m: str(_UNITS[m[1]] + _UNITS[m[2]]), text)
    pieces, end, before, counted = [], 0, "", False
    for match in _WORD.finditer(text):
        gap = text[end : match.start()]
        numbered = gap[-1:].isdigit() or before.isdigit() or gap.rstrip()[-1:].isdigit()
        follows = text[match.end() : match.end() + 2].strip()[:1].isdigit()
        word = _word(match[0], beside_number=numbered or follows)
        if before == "semana" and OSA.distance(word, "santa") == 1:
            word = "santa"
        if before == "de" and counted and word == match[0]:
            word = _month_near(word)  # "del 5 al 9 de nero": nowhere else may its beginning be lost
        if word in MONTHS and match[0] not in MONTHS and match[0] not in _SHORT:
            # A typo of a month is only taken for one where a month may stand.
            word = word if numbered or before in _LEADS_TO_MONTH else match[0]
        pieces += [gap, word]
        counted = word == "de" and (numbered or before.isdigit())
        end, before = match.end(), word
    pieces.append(text[end:])
    return " ".join("".join(pieces).split())


@lru_cache(maxsize=1024)
def _month_near(word: str) -> str:
    if len(word) < _SHORTEST_MENDED or is_common(word):
        return word
    near = [month for month in MONTHS if OSA.distance(word, month) <= 1]
    return near[0] if len(near) == 1 else word


def is_common(word: str) -> bool:
    """Tell whether a folded word is one of the language rather than a mistyped name."""
    return word in _LEFT_ALONE or word in _KNOWN or word in _SHORT


@lru_cache(maxsize=4096)
def _word(word: str, *, beside_number: bool) -> str:
    if word in _UNITS:
        return str(_UNITS[word])
    if word in _SHORT and (beside_number or word not in _BESIDE_A_NUMBER):
        return _SHORT[word]
    if word in _LEFT_ALONE or word in _KNOWN or len(word) < _SHORTEST_MENDED or not word.isalpha():
        return word
    sound = _sound(word)
    if sound in _BY_SOUND:
        return _BY_SOUND[sound]
    most = 1 if len(word) < _LONG_WORD else 2
    found = process.extractOne(sound, _MENDED_SOUNDS, scorer=OSA.distance, score_cutoff=most)
    # The first letter is the one that people get right, or spell as it sounds.
    return _BY_SOUND[found[0]] if found is not None and found[0][0] == sound[:1] else word


def _sound(word: str) -> str:
    """Return `word` as it sounds here: b and v, s and z, a silent h, doubled letters once."""
    for written, heard in _SOUNDS:
        word = word.replace(written, heard)
    return re.sub(r"([^r])\1", r"\1", word)


_KNOWN = frozenset(_MENDED)
_MENDED_SOUNDS = tuple(_sound(word) for word in _MENDED)
_BY_SOUND = {_sound(word): word for word in (*_MENDED, "hola", "dale", "vamos")}
