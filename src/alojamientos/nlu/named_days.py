"""Days that a calendar names: "san valentín", "el día del amigo", "el feriado de Güemes"."""

import re

from alojamientos.nlu.text import MONTHS

# Wording in canonical text → (day, month).
_DAYS_OFF = {
    r"(?:inmaculada|virgen)(?: concepcion)?": (8, 12),
    r"memoria": (24, 3),
    r"malvinas": (2, 4),
    r"trabajador(?:es)?": (1, 5),
    r"revolucion de mayo": (25, 5),
    r"guemes": (17, 6),
    r"bandera": (20, 6),
    r"independencia": (9, 7),
    r"(?:general )?san martin": (17, 8),
    r"raza|(?:respeto a la )?diversidad(?: cultural)?": (12, 10),
    r"soberania(?: nacional)?": (20, 11),
}
_OTHERS = {
    r"san valentin|(?:dia de )?los enamorados": (14, 2),
    r"dia de la mujer": (8, 3),
    r"dia del amigo": (20, 7),
    r"dia de la primavera|dia del? (?:los )?estudiantes?": (21, 9),
    r"halloween": (31, 10),
}
_DAY_OFF = re.compile(
    r"\b(?:feriado|finde|fin de semana|puente|dia)(?: largo)? (?:del? |por )(?:la |el |los |las )?"
    rf"(?P<name>{'|'.join(f'(?:{wording})' for wording in _DAYS_OFF)})\b"
)
_OTHER = re.compile("|".join(rf"\b(?:{wording})\b" for wording in _OTHERS))


def spell_out(text: str) -> str:
    """Return canonical `text` with the names of days as dates: "feriado del 17 de junio"."""
    text = _DAY_OFF.sub(lambda match: f"feriado del {_date(match['name'], _DAYS_OFF)}", text)
    return _OTHER.sub(lambda match: f"el {_date(match[0], _OTHERS)}", text)


def _date(name: str, table: dict[str, tuple[int, int]]) -> str:
    day, month = next(at for wording, at in table.items() if re.fullmatch(wording, name))
    return f"{day} de {MONTHS[month - 1]}"
