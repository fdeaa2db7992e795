"""What a guest wants, from the words of canonical text; several at once are the norm."""

import re

from alojamientos.nlu.values import Intent

_NOT_CONFIRM = r"(?!\s+(?:ten|hay|fuera|cancel|transf|pag[oua]|reserv[oa]\b|voy\b|hago\b|hubier|quisier|se puede|esta|estan|puedo|podemos|quer|vamos|somos|llega|no\b|es\b|son\b|me\b))"
_PATTERNS: dict[Intent, str] = {
    Intent.GREETING: r"^\W*(?:hola|buenas|buen dia|buenos dias|buenas tardes|buenas noches|que tal|hey|hello|saludos|como va)\b|\bhola\b|\bbuen dia\b|\bbuenas tardes\b",
    Intent.AVAILABILITY: r"\bdisponib\w*|\blugar\b(?! de)|\blugares\b|\b(?:tenes|tienen|tendrias?|tendran|hay(?! que)|habria|habra|queda|quedan|quedo)\b[^.?!]{0,25}\b(?:algo|libres?|lugar|caban\w*|disponib\w*|bungalow|depto|departamento|fechas?|para)\b|\blibres?\b|\bvacantes?\b|\blibera\w*\b|\bfechas\b(?=\s*\?)",
    Intent.PRICE: r"\bprecios?\b|\bcuanto\b(?! queda)(?! estan? del?\b)|\bcuantos? (?:sale|pesos)\b|\btarifas?\b|\bvalor(?:es)?\b|\bcostos?\b|\bpresupuesto\b|\bcotiza\w*\b|\bcuesta\b|\bque sale\b",
    Intent.BOOK: r"\breservar\w*\b|\breserv(?:ame|amela|emos|ala|ala|ela|amos|en|o)\b|\b(?:hacer|quiero|queria|necesito|quisiera|querria) (?:hacer )?(?:1 |la )?reserva\b|\bla quiero\b|\bquiero (?:esa|la (?:del?|\d|primera|segunda|tercera|ultima))\b|\bme la quedo\b|\b(?:guard|apart)a(?:me|mela|la|r)\w*\b|\bla tomo\b|\b(?:quiero|queremos|queria|quisiera|me gustaria|necesito|busco|buscamos) (?:alquilar|1 caban\w*|caban\w*|ir|hospedar\w*|aloj\w*)\b|\balquil(?:ar|o|amos)\b|\bagend(?:ame|ar|ala)\b",
    Intent.PAYMENT_INFO: r"\b(?:pag(?:ar|o|ue|amos|a|ando|as|ada|ado)|abon(?:ar|o|e|amos))\b|\bsenas?\b|\btransf\w*\b|\bmercado ?pago\b|\btarjetas?\b|\befectivo\b|\bcomprobante\b|\blink\b|\balias\b|\bcbu\b|\bdeposit\w*\b|\bcuotas\b|\banticipo\b",
    Intent.CANCEL: r"\bcancel(?:ar|o|a|e|ame|amos|ala|arla|en|emos)\w*\b|\banul(?:ar|ame|o|arla|en)\b|\bdar(?:la)? de baja\b|\b(?:no vamos a|no voy a|ya no) (?:poder |podemos |puedo )?(?:ir|viajar)\b|\bno podemos (?:ir|viajar)\b|\bdejar sin efecto\b|\bsuspender\b",
    Intent.MODIFY_DATES: r"\b(?:cambi|mov|modific|corr|reprogram|pas|adelant|posterg|atras)(?:ar|er|o|amos|emos|arla|erla|arlas|ame)\b[^.?!]{0,30}\b(?:fechas?|reserva|dias?|estadia|para)\b|\bcambiar(?:l[oa]s?)?\b[^.?!]{0,12}\b(?:del?|al|para) (?:el )?\d|\breprogram\w*\b|\bcambio de fechas?\b|\b(?:extender|alargar|agregar)\b[^.?!]{0,25}\b(?:estadia|noches?|dias?|reserva)\b|\bquedar(?:nos|me) (?:1 |\d )?(?:noche|dia)s? mas\b",
    Intent.MY_RESERVATION: r"\bmi(?:s)? reservas?\b|\bmi reservacion\b|\b(?:tengo|hice|tenemos|hicimos) (?:1 |hecha |la )?reserva\b|\b(?:ver|consultar|estado|datos|codigo|confirmada|numero)\b[^.?!]{0,15}\breserva\b|\bnuestra reserva\b|\breserve\b|\bya reserv\w*\b|\bmi codigo\b|\besta confirmada\b|\bla reserva a nombre\b",
    Intent.LOCATION: r"\bdonde (?:queda|quedan|esta|estan|es|son|se encuentra|se ubica)\w*\b|\bubica\w*\b|\bdirecci\w*\b|\bcomo (?:llego|llegar|llegamos|se llega|hago para llegar)\b|\bmapa\b|\bgoogle maps\b|\bmaps\b|\blejos\b|\bcerca d\w*\b|\bdistancia\b|\ba cuanto (?:esta|estan|queda)\w*\b|\bque zona\b|\ben que parte\b",
    Intent.CHECKIN_INFO: r"\bhorarios?\b|\b(?:a|desde|hasta) que hora\b|\bhora de (?:entrada|salida|ingreso|llegada)\b|\bllaves?\b|\b(?:lleg|entr|ingres|sal)\w+\b[^.?!]{0,20}\ba (?:las|eso de las) \d|\ba las \d{1,2}\b[^.?!]{0,25}\b(?:llegar|entrar|ingresar|salir)\b|\bdejar (?:las |la )?(?:valijas|bolsos|cabana)\b",
    Intent.PHOTOS: r"\bfot(?:o|os|itos|ito)\b|\bimagenes\b|\bvideos?\b|\binstagram\b|\big\b|\bpagina web\b|\bver (?:la|las|como)\b[^.?!]{0,12}\bcaban\w*\b",
    Intent.DISCOUNT: r"\bdescuentos?\b|\bpromo\w*\b|\brebaja\w*\b|\bofertas?\b|\bmejor precio\b|\bmas barat\w*\b|\bme haces precio\b|\bbonifica\w*\b",
    Intent.HUMAN: r"\b(?:hablar|comunic\w+|contact\w+|atien\w+|atenc\w+|llam\w+|pas(?:ame|arme|ar|as|en)|deriv\w+)\b[^.?!]{0,25}\b(?:alguien|persona\w*|human[oa]\w*|asesor\w*|duen[oa]s?|encargad[oa]s?|operador\w*|vos|ustedes|telefono)\b|\b(?:persona|humano|ser humano) (?:real|de verdad)\b|\boperador\w*\b|\basesor\w*\b|\bquiero 1? ?human[oa]\b|^\W*(?:hola |buenas )?hay alguien\b|\bsos 1 (?:bot|robot|maquina)\b|\bquiero que me llamen\b|\bque me atienda\b",
    Intent.THANKS: r"\bgracias\b|\bgrac\b|\bchau\b|\bhasta luego\b|\bnos vemos\b|\bmuy amable\b|\bgenia\b|\bun abrazo\b|\bbuen finde\b",
    Intent.COMPLAINT: r"\bqueja\w*\b|\breclam\w*\b|\bmalisim\w*\b|\bpesim\w*\b|\bestaf\w*\b|\bverguenza\b|\bporqueria\b|\bno funciona\b|\bhorrible\b|\benoja\w*\b|\bindigna\w*\b|\bdesastre\b|\bdefensa del consumidor\b|\bnadie (?:me )?(?:contesta|responde|atiende)\b|\bespantos\w*\b",
}  # fmt: skip
_COMPILED = {intent: re.compile(pattern) for intent, pattern in _PATTERNS.items()}
_CONFIRM = re.compile(
    rf"^\W*(?:bueno |bien |ok |ah |dale |claro |y )?(?:si{_NOT_CONFIRM}|sip|sisi|sii|dale|ok|oka|okey|okay|joya|genial|perfecto|listo|confirmo|confirmad[oa]|confirmar"
    r"|de 1|obvio|claro|va|vamos|buenisimo|barbaro|esta bien|me parece bien|correcto|exacto|asi es|seguro|por supuesto|afirmativo|me sirve|esa misma|esa)\b|👍|✅"
)
_DENY = re.compile(
    r"^\W*(?:(?:noo?|nop|nah|naa|negativo|ninguna?)\b(?!\s+(?:se\b|ten|hay|habr|queda|me\s+(?:lleg|anda|funciona)|vamos|voy|podemos|puedo|entiendo|acept|es\s+(?:caro|mucho)))|mejor no\b|todavia no\b|deja(?:lo|la)?\b|no,? gracias)|\bmejor no\b"
)
_SERVICES: dict[str, str] = {
    "pool": r"\bpileta\w*\b|\bpiscina\b|\bjacuzzi\b|\bhidro\w*\b",
    "wifi": r"\bwi ?-?fi\b|\binternet\b|\bsenal\b",
    "grill": r"\bparrill\w*\b|\basador\b|\basado\b|\bfogon\b|\bquincho\b",
    "pets": r"\bmascot\w*\b|\bperr\w+\b|\bgat(?:o|a|ito|ita)s?\b",
    "linen": r"\bropa (?:de cama|blanca)\b|\bsabanas\b|\btoall\w+\b",
    "parking": r"\bcochera\b|\bestacion\w+\b|\bgarage\b",
    "heating": r"\bcalefac\w*\b|\baire\b|\bestufa\b|\bhogar a lena\b|\bsalamandra\b|\bventilador\b",
    "kitchen": r"\bcocina\b|\bheladera\b|\bmicroondas\b|\bvajilla\b|\bhorno\b",
    "breakfast": r"\bdesayun\w*\b|\bcomidas?\b",
    "tv": r"\btele\b|\btv\b|\btelevi\w+\b|\bnetflix\b",
    "crib": r"\bcuna\b|\bpracticuna\b",
    "access": r"\bacces(?:o|ible)\b|\bsilla de ruedas\b|\bescaleras?\b",
}  # fmt: skip
_COMPILED_SERVICES = {name: re.compile(pattern) for name, pattern in _SERVICES.items()}
# Words of a date as well: "ingreso 15/1" asks nothing about the hour.
_CHECKIN = re.compile(r"\bcheck ?-?(?:in|out)\b|\bingreso\b|\begreso\b")
_ASKED = re.compile(
    r"\?|\b(?:tienen|tenes|hay|cuentan|incluye\w*|acepta\w*|permite\w*|admite\w*|se puede|trae|puedo|podemos|viene|cuenta con)\b"
)
_BRINGS_PET = re.compile(r"\b(?:con|llevo|llevamos|tenemos|tengo|somos)\b[^?]{0,15}(?:perr|gat)")
_ASKS_PET = re.compile(r"acept|permit|admit|se puede|puedo|podemos|problema")
_SHORT_ANSWER = 6  # words
_POLICY = re.compile(r"\bpolitica\b|\bsi cancelo\b|\bse puede cancelar\b")
_BETTER_PRICE = re.compile(r"\bmejor precio\b|\bme haces precio\b")
# With one of these, dates are not asked about for a new stay.
_OTHER_BUSINESS = {
    *(Intent.BOOK, Intent.CANCEL, Intent.MODIFY_DATES, Intent.MY_RESERVATION),
    *(Intent.PAYMENT_INFO, Intent.COMPLAINT, Intent.HUMAN),
}
_MANNERS = {Intent.GREETING, Intent.CONFIRM, Intent.DENY, Intent.THANKS}


def find(
    text: str, *, has_dates: bool, has_people: bool, expecting: str | None
) -> frozenset[Intent]:
    """Return every intent of canonical `text`; other when there is none.

    A bare "sí" or "no" answers only at the beginning; in the middle of a sentence it does not.
    """
    found = {intent for intent, pattern in _COMPILED.items() if pattern.search(text)}
    if services(text):
        found.add(Intent.SERVICES)
    if not has_dates and _CHECKIN.search(text):
        found.add(Intent.CHECKIN_INFO)
    found |= _answers(text, expecting)
    _weed(text, found)
    about_dates = has_dates and not found & _OTHER_BUSINESS
    if about_dates or ((has_dates or has_people) and not found - _MANNERS):
        found.add(Intent.AVAILABILITY)
    return frozenset(found) or frozenset({Intent.OTHER})


def services(text: str) -> frozenset[str]:
    """Return the services that canonical `text` asks about; an animal that comes is no question."""
    found = {name for name, pattern in _COMPILED_SERVICES.items() if pattern.search(text)}
    brings = _BRINGS_PET.search(text) and not _ASKS_PET.search(text)
    if brings or not _ASKED.search(text):
        found.discard("pets")
    return frozenset(found)


def _answers(text: str, expecting: str | None) -> set[Intent]:
    if _DENY.search(text):
        return {Intent.DENY}
    short = len(text.split()) <= _SHORT_ANSWER or expecting == "yes_no"
    return {Intent.CONFIRM} if short and _CONFIRM.search(text) else set()


def _weed(text: str, found: set[Intent]) -> None:
    """Take out what another intent explains."""
    if Intent.CANCEL in found:
        found.discard(Intent.BOOK)
        if _POLICY.search(text):
            found.discard(Intent.CANCEL)
    if Intent.MODIFY_DATES in found:
        found -= {Intent.BOOK, Intent.AVAILABILITY}
    if Intent.DISCOUNT in found and _BETTER_PRICE.search(text):
        found.discard(Intent.PRICE)
