"""What is near a stay without being one: "antes del 20", "después de carnaval", "algún lunes"."""

import re

from alojamientos.nlu.atoms import WEEKDAY, Atom

_NEAR = re.compile(r"\b(?:antes|despues|luego|pasad[oa]s?) (?:del?|el|de los|las)\s*(?:el |dia )?$")
_NEAR_A_NAME = re.compile(
    r"\b(?:antes|despues|luego|previo|pasad[oa]s?) (?:del?|de la|de las|a|el|la|las)? ?"
    r"(?:semana santa|pascuas?|carnaval|navidad|ano nuevo|fin de ano|fiestas|nochebuena|feriado|finde)"
)
_SOME_DAY = re.compile(
    rf"\b(?:algun|1|cualquier|otro) (?:dia )?(?:{WEEKDAY})\b"
    rf"|\b(?:{WEEKDAY})\b[^.?!]{{0,12}}\bno\b,? (?:sino )?(?:el|la) (?:otr[oa]|siguiente|que sigue)\b"
)


def is_near(text: str, atom: Atom) -> bool:
    """Tell whether the stay is only before or after `atom` of canonical `text`."""
    return _NEAR.search(atom.before(text)) is not None


def is_near_a_name(text: str) -> bool:
    """Tell whether the stay is only before or after the occasion that is named."""
    return _NEAR_A_NAME.search(text) is not None


def is_some_weekday(text: str) -> bool:
    """Tell whether no certain day is meant by a weekday: "algún lunes", "ese no, el otro"."""
    return _SOME_DAY.search(text) is not None
