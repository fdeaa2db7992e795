"""What goes or is spelled out before dates are searched for: hours, prices, "este mes"."""

import re
from datetime import date

from alojamientos.nlu.text import MONTHS

_DECEMBER = 12
# Numbers that are no days.
_NOISE = re.compile(
    r"\b(?:a|por|de|en) la manana\b"
    r"|\ba las \d{1,2}(?::\d\d)?(?:\s?(?:hs|am|pm))?\b|\b\d{1,2}:\d\d\b(?:\s?hs)?"
    r"|\b\d{1,2}\s?(?:hs|horas|am|pm)\b"
    r"|\b(?:atienden|atencion|recepcion|abiertos?)\W+24/7\b|\b24/7 (?:hay|atienden|alguien)\b"
    r"|\$\s?[\d.,]+(?:\s?(?:mil|lucas|k))?|\b\d{1,3}(?:\.\d{3})+(?!\d)(?:\s?pesos)?"
    r"|\b\d+\s?(?:mil|lucas?|pesos|k|usd|dolares|km|kilometros|cuadras|metros|mts)\b|\b\d+\s?%"
    r"|\+?\b\d{6,}\b|\b\d+(?:[ -]\d{3,4}){2,}\b"
    r"|\b(?:dni|cuit|tel|telefono|cel|celular)\W{0,3}[\d .-]+"
)
_WEEKEND = re.compile(r"\bfin(?:es)? de semana\b")
_THIS_MONTH = re.compile(r"\b(?P<of>de )?(?:este|el corriente) mes\b")
_NEXT_MONTH = re.compile(
    r"\b(?P<of>de)?l? ?(?:mes que viene|mes proximo|proximo mes|mes siguiente)\b"
    r"|(?<=\d )(?P<of2>del) que viene\b"
)
_THIS_YEAR = re.compile(r"\bde(?:l)? (?:este ano|corriente ano)\b")
_NEXT_YEAR = re.compile(r"\b(?:del?|el) (?:ano que viene|proximo ano|ano proximo)\b")


def prepare(text: str, today: date) -> str:
    """Return canonical `text` without hours, prices and telephones, its months by their names."""
    text = _NOISE.sub(" ", text)
    text = _WEEKEND.sub("finde", text)
    following = (today.year + today.month // _DECEMBER, today.month % _DECEMBER + 1)
    text = _named(_NEXT_MONTH, text, *following)
    text = _named(_THIS_MONTH, text, today.year, today.month)
    text = _THIS_YEAR.sub(f"de {today.year}", text)
    return _NEXT_YEAR.sub(f"de {today.year + 1}", text)


def _named(pattern: re.Pattern[str], text: str, year: int, month: int) -> str:
    name = f"{MONTHS[month - 1]} de {year}"
    return pattern.sub(lambda match: f" de {name}" if any(match.groups()) else f" {name}", text)
