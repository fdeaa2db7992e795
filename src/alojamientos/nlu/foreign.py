"""Words of English and Portuguese that a guest may write a stay with, as Spanish ones.

Enough for a greeting, a date, a price and who comes; the answer is in Spanish all the same.
"""

_MONTHS = {
    "enero": "january jan janeiro", "febrero": "february fevereiro fev", "marzo": "march",
    "abril": "april apr", "mayo": "maio", "junio": "june junho", "julio": "july julho",
    "agosto": "august aug", "septiembre": "september setembro", "octubre": "october outubro",
    "noviembre": "november novembro", "diciembre": "december dec dezembro dez",
}  # fmt: skip
_WEEKDAYS = {
    "lunes": "monday", "martes": "tuesday", "miercoles": "wednesday", "jueves": "thursday",
    "viernes": "friday", "sabado": "saturday", "domingo": "sunday",
}  # fmt: skip
_OTHERS = {
    "hola": "hi hello oi oie", "buenas": "good morning afternoon evening boa", "manana": "tomorrow amanha",
    "hoy": "today hoje", "noches": "nights noites", "noche": "night noite", "finde": "weekend",
    "personas": "people persons guests pessoas pessoa", "adultos": "adults", "chicos": "kids children criancas",
    "gracias": "thanks thank thx obrigado obrigada valeu", "desde": "from", "hasta": "until till to ate",
    "y": "and", "para": "for", "precio": "price", "precios": "prices preco precos",
    "disponibilidad": "availability disponibilidade", "disponible": "available disponivel",
    "cabana": "cabin cottage", "reservar": "book", "perro": "dog cachorro", "mascotas": "pets",
    "semana": "week", "tienen": "tem", "quiero": "quero want", "piscina": "pool", "chau": "bye goodbye tchau",
}  # fmt: skip
# Only beside a number are these a date and no word of Spanish.
_BESIDE_A_NUMBER = {"al": "ao", "del": "do", "marzo": "marco"}


def _turned(table: dict[str, str]) -> dict[str, str]:
    return {word: spanish for spanish, words in table.items() for word in words.split()}


WORDS = _turned(_MONTHS) | _turned(_WEEKDAYS) | _turned(_OTHERS) | _turned(_BESIDE_A_NUMBER)
BESIDE_A_NUMBER = frozenset(_turned(_BESIDE_A_NUMBER)) | {"to", "jan", "dec", "aug"}
