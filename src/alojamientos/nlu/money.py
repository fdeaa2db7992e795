"""How much a guest wants to spend: "hasta 120 mil", "no más de 80 lucas", "tope $200.000"."""

import re

AMOUNT = (
    r"(?:\$ ?)?(?P<n>\d{1,3}(?:[.,]\d{3})+|\d+(?:[.,]\d)?) ?(?:(?P<u>mil|lucas?|palos?|millones|millon)\b)?"
    r"(?: ?(?:pesos|ars))?"
)
_LIMITS = (
    r"(?:hasta|menos de|no (?:[a-z]+ ){0,3}mas de|no (?:pase|supere)n? (?:de )?(?:los )?|maximo(?: de)?|tope(?: de)?|a lo sumo|presupuesto[^\d.?!]{0,20}"
    r"|tengo|tenemos|cuento con|contamos con|gastar(?:ia|iamos)?(?: hasta)?|alrededor de|(?<!me )por)"
)
_BUDGET = re.compile(rf"\b{_LIMITS}\s*(?:los |unos |como |aprox\w* ){{0,3}}{AMOUNT}(?!\d)")
_LEAST_PLAIN = 1_000  # pesos: a smaller number without a unit is no money
_UNITS = {"mil": 1_000, "luca": 1_000, "lucas": 1_000}
_MILLION = 1_000_000


def budget(text: str) -> int | None:
    """Return the most that canonical `text` says they want to pay, in pesos, or None."""
    for match in _BUDGET.finditer(text):
        pesos = _pesos(match)
        if pesos is not None:
            return pesos
    return None


def _pesos(match: re.Match[str]) -> int | None:
    number, unit = match["n"], match["u"]
    if unit is None:
        whole = (
            int(re.sub(r"[.,](?=\d{3})", "", number)) if not re.search(r"[.,]\d$", number) else 0
        )
        marked = "$" in match[0] or re.search(r"[.,]\d{3}|pesos|ars", match[0])
        return whole if marked and whole >= _LEAST_PLAIN else None
    amount = float(re.sub(r"[.,](?=\d{3})", "", number).replace(",", "."))
    return round(amount * _UNITS.get(unit, _MILLION))
