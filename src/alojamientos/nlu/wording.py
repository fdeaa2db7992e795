"""What in a text is no date although it looks like one, and words that stand for a month."""

import calendar
import re
from dataclasses import replace
from datetime import date

from alojamientos.nlu import named_days
from alojamientos.nlu.atoms import MONTH, WEEKDAY, Atom
from alojamientos.nlu.text import MONTHS

_TELL = (
    r"(?:confirm|avis|pag|deposit|transf|escrib|habl|contest|dig|pas|envi|mand|llam|respond"
    r"|consult|cont)\w*"
)
_WHEN = (
    rf"(?:hoy|pasado manana|manana|(?:el )?(?:{WEEKDAY}))(?: mismo| que viene)?"
    r"(?: a la (?:manana|tarde|noche))?"
)
_PEOPLE = r"(?:personas|adultos|huespedes|amig\w+|chic\w+|nen\w+)"
_DID = (
    r"(?:pague|pagamos|deposite|depositamos|transferi|transferimos|reserve|hice|hable|hablamos"
    r"|escribi|escribimos|mande|mandamos|consulte|abone|confirme|confirmaron|dijeron|dijiste|llame)"
)
_TOLD = (
    r"(?:deje|dejamos|hable|hablamos|escribi|escribimos|mande|mandamos|llame|llamamos|pague|pagamos"
    r"|deposite|depositamos|transferi|transferimos)"
)
_DOING = r"(?:escribo|escribiendo|esper\w+|llam(?:o|ando)|intent(?:o|ando)|consult(?:o|ando))"
_NOISE = re.compile(
    "|".join(
        (
            r"\b(?:a|por|de|en|x) la manana\b",
            # What is wished, and what happens on a day whether they come or not.
            r"\bfeliz (?:navidad|ano nuevo|ano|pascuas?|dia|finde)\b(?: y (?:1 )?(?:feliz |prospero |muy |buen )*ano(?: nuevo)?\b)?|\bfelices (?:fiestas|pascuas?)\b",
            rf"(?<!\bel )(?<!\bmi )(?<!\b1 )\bcumpl(?:e|o|imos|en)\b[^.?!,]{{0,15}}\bel \d{{1,2}}(?: de (?:{MONTH})|/\d{{1,2}})?\b",
            r"\bhace (?:mas de |como |casi ){0,3}\d+ (?:dias?|semanas?|meses|mes|horas?|anos?)\b",
            r"\bde 1 al? (?:5|10)\b|\bdel 1 al (?:5|10)\b(?=[^.?!]*\b(?:puntaje|puntua|nota|calific))",
            rf"\b(?:conocimos|conoci|casamos|nacio|naci|nacimos|inauguraron|fui|fuimos|estuve|estuvimos|vine|vinimos)\b[^.?!,]{{0,30}}\b(?:{MONTH})\b(?: (?:del? )?\d{{2,4}}\b)?",
            # Hours.
            r"\ba las? \d{1,2}(?:[:.]\d\d)?(?:\s?(?:y media|y cuarto|hs?|horas|am|pm)\b)?",
            r"\bde \d{1,2} a \d{1,2}\s?(?:hs|horas)\b|\b\d{1,2}:\d\d\b(?:\s?hs)?",
            r"\b\d{1,2}\s?(?:hs|horas|am|pm)\b",
            r"\b(?:atienden|atencion|recepcion|abiertos?)\W+24/7\b",
            r"\b24/7 (?:hay|atienden|alguien)\b",
            # Fractions, money, shares, distances.
            r"(?<![\d/.-])\b\d ?x ?\d\b|\b1/2 pension\b|\b\d/\d personas\b|\d+\s?%",
            r"\$\s?[\d.,]+(?:\s?(?:mil|lucas|k))?|\b\d{1,3}(?:[.,]\d{3})+(?!\d)(?:\s?pesos)?",
            r"\b\d+\s?(?:mil|lucas?|palos?|pesos|k|usd|dolares)\b",
            r"\b\d+\s?(?:km|kilometros|cuadras|metros|mts|min\w*)\b",
            # What a cabin has, how it is paid, who comes and how old they are.
            r"\b\d+\s?(?:dormitorios?|ambientes?|habitaci\w+|camas?|banos?|plazas?)\b",
            r"\b\d+\s?(?:cuotas?|pagos?|caban\w+|unidades|bungalow\w*|autos?)\b",
            r"\(?(?:de )?\b\d{1,2}(?:\s*[,yeao-]\s*\d{1,2}){0,6}\s*(?:anos|anitos|meses)\b\)?",
            rf"(?<![/\d.-])(?<!al )(?<!hasta )\b(?:entre )?\d{{1,2}}\s?(?:y|a|o|u|-)\s?\d{{1,2}} {_PEOPLE}\b",
            r"\b(?:somos|seriamos|seremos|vamos|vamos a ser|iriamos|viajamos|viajariamos) entre \d{1,2} y \d{1,2}\b(?! de\b|/)",
            # Streets, telephones, documents.
            rf"\b(?:calle|av|avda|avenida|plaza|barrio|bo|plazoleta|bv|boulevard|pasaje|pje|esquina|escuela|club|hospital)\.? (?:el )?\d{{1,2}} de (?:{MONTH})\b(?: (?:al |n |nro )?\d{{2,5}}\b)?",
            rf"\b\d{{1,2}} de (?:{MONTH}) (?:al )?(?!20[2-3]\d\b)[1-9]\d{{2,4}}\b",
            r"\+?\b\d{5,}\b|\b\d{2,5}(?:[ -]\d{3,4}){2,}\b|\b\d{4}-\d{4}\b(?!-)",
            r"\b\d{1,2}\.\d{3}\.\d{3}\b",
            r"\b(?:dni|cuit|cbu|tel|telefono|cel|celular|patente)\s*(?:n|nro|es|:)?\s*\+?\d[\d.-]*(?: (?!20\d\d-)\d{3,}[\d-]*){0,3}",
            r"\b(?:ruta|km|piso|depto|departamento|casa)\s*(?:n|nro|:)?\s*\d+",
            # What they will do when: "te confirmo mañana".
            rf"\b{_WHEN}\s+(?:te|les?|lo|la|se)\s+(?:lo |la )?{_TELL}",
            rf"\b(?:te|les?|lo|la)\s+(?:lo |la )?{_TELL}\s+(?:el |para )?{_WHEN}\b",
            # What they did when: "pagué ayer", "les escribo desde el lunes".
            rf"\b{_DID}\b[^.?!,]{{0,25}}\b(?:ayer|anteayer|hoy|(?:{WEEKDAY})(?: pasado)?)\b",
            rf"\b{_TOLD}\b(?: (?!por\b|para\b|si\b|del\b|desde\b|entre\b|lleg|entr|ingres|vamos\b|voy\b|ir\b|caemos\b)\w+){{0,3}} el \d{{1,2}}(?: de (?:{MONTH})|/\d{{1,2}})?\b(?! al\b)",
            rf"\b(?:vuelvo|volvemos|volveria) a \w+ (?:el |para el )?{_WHEN}\b|\bnos vemos (?:el )?{_WHEN}\b",
            rf"\b{_DOING} desde (?:hoy|ayer|anteayer|el (?:{WEEKDAY}))\b",
            r"\bhoy en dia\b|\bde hoy\b(?! (?:al?|hasta|por|x|y)\b)",
        )
    )
)
_PART_OF_DAY = re.compile(
    r"\s(?:(?:a|por|en|de) la (?:tarde|tardecita|noche|nochecita|madrugada)|al mediodia)"
    r"(?=\s(?:al?|hasta|-)\s)"
)
_SPACED = re.compile(  # "10 1 27 al 12 1 27", as a voice note is written down
    r"\b(\d{1,2}) (0?[1-9]|1[0-2]) (20\d\d|2\d) (al?|hasta|-) (?:el )?"
    r"(\d{1,2}) (0?[1-9]|1[0-2]) (20\d\d|2\d)\b"
)
_FROM_NOW = re.compile(
    rf"\b(?:de|desde) (?:aca|ahora) (?:a|hasta)l?\b(?=\s(?:el )?(?:(?:{WEEKDAY})\b|\d{{1,2}}(?:/| de )))"
)
_MONTHS_AHEAD = re.compile(r"\b(?:dentro de|de aca a) (?P<n>\d{1,2}) mes(?:es)?\b")
_WEATHER = re.compile(r"\b(?:temperatura|clima|nieva|llueve|hace (?:mucho )?(?:frio|calor))\b")
_SENTENCE = re.compile(r"[^.?!]+[.?!]*|[.?!]+")
_HOLY = re.compile(rf"\b(?P<w>{WEEKDAY}) (?:santo|de (?:pascuas?|ramos|gloria|resurreccion))\b")
_THIS_MONTH = re.compile(r"\b(?:de |del |en |para )?(?:este|el corriente|el presente) mes\b")
_NEXT_MONTH = re.compile(
    r"\b(?:de |del |en |para )?(?:el )?(?:mes (?:que viene|proximo|siguiente|entrante)\b"
    r"|proximo mes\b)"
    r"|(?<=\d )del? (?:que viene|proximo|siguiente|entrante)\b"
)
_THIS_YEAR = re.compile(r"\b(?:de |del )?(?:este|corriente|presente) ano\b")
_NEXT_YEAR = re.compile(r"\b(?:de |del |el ){0,3}(?:ano que viene|proximo ano|ano proximo)\b")
# "1-12 al 5-12" is two dates, "1-12" alone two days.
_DASHED = re.compile(
    r"\b(\d{1,2})-(\d{1,2})(\s?(?:al?|hasta|y)\s(?:el\s)?)(\d{1,2})-(\d{1,2})\b(?!-)"
)
_DASHED_END = re.compile(
    r"\b(\d{1,2})(\s(?:al?|hasta)\s(?:el\s)?)(\d{1,2})-(1[0-2]|0?[1-9])\b(?!-|\s?(?:/|de\b|personas))"
)
_LISTED = re.compile(r"(?<![\d.,])(\d{1,2}),(?=\d{1,2}(?:,| y|\s*$))")
_THAT_IS = re.compile(r"[\s,(]*(?:que (?:cae|es|seria) )?(?:1 |el )?")
_OF_WHICH_MONTH = re.compile(
    r"\b(?:(?:primera?|segunda) quincena|(?:primer|segundo|tercer|cuarto|ultimo) (?:finde|fin de semana))\b"
    rf"(?! (?:de |del )?(?:mes de )?(?:{MONTH})\b)"
)
_STAYS = re.compile(
    r"\d|\b(?:lugar|algo|disponib\w*|libres?|noches?|personas?|para|por|desde|hasta|de|al?|tenes|tienen|tendr\w+|queda\w*"
    r"|hay|somos|lleg\w+|vamos|voy|ir|iriamos|caban\w*|reserv\w*|busc\w+|necesit\w+|quier\w+|quer\w+|precios?|cuanto|dormir|ingres\w+|mismo)\b"
)
_DECEMBER = 12
_FEW_WORDS = 4
_GOES_ON = re.compile(r"\s(?:hasta|al?|-|por|x|y)\s")
_LEADS_TO_PAST = re.compile(r"\b(?:desde|de|para|hasta|el dia de)\s*$")


def clean(text: str, today: date) -> str:
    """Return canonical `text` without what only looks like a date, and with months by name."""
    text = _SPACED.sub(r"\1/\2/\3 \4 \5/\6/\7", _PART_OF_DAY.sub("", text))
    text = _FROM_NOW.sub("desde hoy hasta", text)
    text = _MONTHS_AHEAD.sub(lambda match: _months_ahead(int(match["n"]), today), text)
    if _WEATHER.search(text):
        text = "".join(part for part in _SENTENCE.findall(text) if not _is_weather(part))
    text = named_days.spell_out(_NOISE.sub(" ", text))
    if _HOLY.search(text):
        text = _HOLY.sub(lambda match: match["w"], text) + ", semana santa"
    text = _LISTED.sub(r"\1, ", text)
    text = _DASHED_END.sub(r"\1\2\3/\4", _DASHED.sub(r"\1/\2\3\4/\5", text))
    years, month = divmod(today.month, _DECEMBER)
    this = f" de {MONTHS[today.month - 1]} de {today.year} "
    following = f" de {MONTHS[month]} de {today.year + years} "
    text = _NEXT_MONTH.sub(following, _THIS_MONTH.sub(this, text))
    text = _NEXT_YEAR.sub(f" de {today.year + 1} ", _THIS_YEAR.sub(f" de {today.year} ", text))
    return " ".join(text.split())


def _months_ahead(months: int, today: date) -> str:
    years, month = divmod(today.month - 1 + months, _DECEMBER)
    last = calendar.monthrange(today.year + years, month + 1)[1]
    return f" el {min(today.day, last)}/{month + 1}/{today.year + years} "


def _is_weather(sentence: str) -> bool:
    """Tell whether a month is only named to ask about its weather: no day of it is."""
    return _WEATHER.search(sentence) is not None and not re.search(r"\d", sentence)


def in_month(text: str, month: tuple[int, int] | None) -> str:
    """Return canonical `text` with the month that is talked about where it leaves it out."""
    if month is None:
        return text
    year, number = month
    return _OF_WHICH_MONTH.sub(rf"\g<0> de {MONTHS[number - 1]} de {year}", text)


def meant(text: str, found: list[Atom]) -> list[Atom]:
    """Leave out of `found` what is only mentioned: "hoy quería consultar por el 15"."""
    found = _with_weekdays_after(text, found)
    dated = [atom for atom in found if atom.exact is None]
    names_month = bool(re.search("|".join(MONTHS), text))
    kept = []
    for atom in found:
        in_passing = atom.text in ("hoy", "ayer", "anteayer", "antes de ayer")
        if (
            atom.exact is not None
            and len(found) == 1
            and len(text.split()) > _FEW_WORDS - 1
            and not _STAYS.search(text)
        ):
            continue  # "mañana juega Boca"
        led = _LEADS_TO_PAST.search(atom.before(text)) or _GOES_ON.match(text, atom.end)
        if in_passing and not led and (dated or names_month):
            continue
        if in_passing and atom.text != "hoy" and not led and len(text.split()) > _FEW_WORDS:
            continue
        kept.append(atom)
    return kept


def _with_weekdays_after(text: str, found: list[Atom]) -> list[Atom]:
    """Take the weekday after a date as part of it: "15/1 (viernes)", "el 25 que cae martes"."""
    kept: list[Atom] = []
    for atom in found:
        before = kept[-1] if kept else None
        follows = before is not None and _THAT_IS.fullmatch(text[before.end : atom.start])
        if (
            follows
            and before
            and (before.day or before.exact)
            and not before.weekday
            and atom.weekday is not None
            and atom.day is None
        ):
            end = atom.end + (text[atom.end : atom.end + 1] == ")")
            kept[-1] = replace(before, end=end, weekday=atom.weekday)
        else:
            kept.append(atom)
    return kept


def month_name(month: int) -> str:
    return MONTHS[month - 1]
