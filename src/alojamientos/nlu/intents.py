"""What a guest wants, from the words of canonical text; several at once are the norm."""

import re

from alojamientos.nlu.values import Intent

_NOT_CONFIRM = r"(?!\s+(?:ten|hay|fuera|se puede|estan|puedo|podemos|podes|quer|vamos|somos|lleg|cancel|pago|pag[ua]|reservo|llevo|llevamos|hago|hacemos|voy|deposit|transf|acept|admit|es\b|son\b|me\b|no\b|esta (?:disp|libre|ocup)))"
_PATTERNS: dict[Intent, str] = {
    Intent.GREETING: r"^\W*(?:(?:si|eh|bueno|ah) )?(?:hola|buenas|buen dia|bom dia|buenos dias|buenas tardes|buenas noches|que tal|hey|saludos|tudo bem|todo bien|como (?:va|andan?|estas|estan))\b|\bbom dia\b|\bhola\b|\bbuen dia\b|\bbuenas tardes\b",
    Intent.AVAILABILITY: r"\bque caban\w* (?:tenes|tienen|hay)\b|\bdisponib\w*|(?<!\bel )(?<!este )(?<!hermoso )(?<!lindo )\blugar\b(?! de\b)|\blugares\b|(?<!cuanto )(?<!donde )(?<!donde les )\b(?:tenes|tienen|tendras|tendrias?|tendran|tendrian|hay(?! que)|habria|habra|queda|quedan|quedo|quedara?)\b[^.?!]{0,25}\b(?:algo|alguna?(?= (?:caban|casa|lugar|disponib|fecha|libre|unidad|opcion|bungalow|depto|finde|fin de|dia|semana|noche|en\b|para\b|del?\b|chance)|\W*$|[?.,])|libres?|lugar|caban\w*(?! (?:con|tiene))|disponib\w*|bungalow|depto|departamento|fechas?|para (?:\d|el (?:\d|finde|fin|mes)|la (?:semana|noche)|este|esta|hoy|manana|fines?|las? fechas?))\b|\bdo you have\b|\blibres?\b|\bvacantes?\b|\bvacancia\b|\blibera\w*\b|\bfechas\b(?=\s*\?)|\b(?:esta|estan) (?:ocupad|libre|disponible|desocupad)\w*",
    Intent.PRICE: r"\bprecios?\b|\bcuanto\b|\bcuantos? (?:sale|pesos|cuesta)\b|\btarif\w*\b|\bvalor(?:es)?\b|\bcost(?:o|os|aria)\b|\bpresupuesto\b|\bcotiza\w*\b|\bcuesta\b|\b(?:que|q) sale\b|\bhow much\b|\bquanto\b|\bsalen?\b(?=[^.?!]{0,20}\b(?:lo mismo|car[oa]|barat[oa]|mas|igual|la noche|por (?:noche|dia|persona)|el finde|alquil))|\b(?:esta|estan|sale|salen|cuesta|vale|es|son|sigue|siguen|cobr\w+) (?:a |en )?(?:\$ ?)?(?:\d{1,3}(?:\.\d{3})+|\d+ ?(?:mil|lucas?|k)\b)|\bcobr(?:an|as|arian?|arias)\b|\bcuant[oa]s? (?:plata|guita)\b",
    Intent.BOOK: r"\breservar\w*\b|\breserv(?:ame|anos|amela|anosla|emos|ala|ela|amos|en|o)\b|\b(?:me|nos) (?:la|lo) (?:reserv|guard|apart|separ|anot)(?:as|a|arias?)\b|\b(?:la|lo) (?:reservas|guardas|apartas|separas)\b|\b(?:quiero|queremos|necesito|necesitamos) \d{1,2} (?:noches?|dias)\b|\b(?:anot|agend)(?:a|e)(?:me|nos|la|mela)\b|\b(?:hacer|quiero|queria|necesito|quisiera|querria) (?:hacer )?(?:1 |la )?reserva\b|\bla quiero\b|\bme (?:la|lo) quedo\b|\bme quedo con\b|\b(?:guard|apart)a(?:me|mela|la|r|rmela|rme|rla)\b|\b(?:la|lo) tomo\b|\btom(?:o|amos) (?:la|esa)\b|\b(?:quiero|queremos|queria|queriamos|quisiera|quisieramos|me gustaria|nos gustaria|necesito|necesitamos|necesitaria|necesitariamos|busco|buscamos|ando buscando|estoy buscando|estamos buscando) (?:la |\d )?(?:1 (?:caban\w*|lugar|lugarcito|alojamiento|hospedaje|casa|casita|depto|departamento|bungalow|habitacion|finde|fin de semana|noche|noches|semana|estadia|escapada|cupo|unidad)|algo|alguna?|lugar|alojamiento|hospedaje|alquilar|ir|pasar|quedar\w*|hosped\w*|aloj\w*|caban\w*)\b|\bquiero (?:la|el|esa|ese)\b(?! (?:plata|devol|reembols|reintegr|direc|ubic|info|link|alias|cbu|precio|codigo|lista|foto|cancel))|\balquil(?:ar|o|amos)\b|\bagend(?:ame|ar|ala)\b|\bcontrat(?:ar|o)\b",
    Intent.PAYMENT_INFO: r"\b(?:pag(?:ar|o|ue|amos|a|an|ando|as|ada|ado|aste|os)|abon(?:ar|o|e|amos))\b|\bsena(?:s|r|rla|lo|mos)?\b|\btransf\w*\b|\bmercado ?pago\b|\btarjetas?\b|\befectivo\b|\bcomprobante\b|\blink\b|\balias\b|\bcbu\b|\bdeposit\w*\b|\bcuotas?\b|\b(?:dolares|euros|cripto|usdt|usd|debito|credito|qr|cuenta dni|uala|modo)\b|\bdatos (?:de la cuenta|bancarios)\b|\bsaldo\b|\banticipo\b|\badelanto\b|\bfactura\w*\b",
    Intent.CANCEL: r"\bcancel(?:ar|arl[oa]s?|arte|o|a|as|ame|amel[oa]|al[oa]|amos|e|es|en|emos|enla|aria|ariamos)\b|\b(?:quiero|solicito|pido|necesito|pedir|hacer) la cancelacion\b|\bd(?:as|an|en|ame|anos|arme|arnos) de baja\b|\b(?:al final|finalmente|ya) no (?:vamos|voy|podemos|puedo|podremos|podre|viajamos|viajo)\b|\bno (?:vamos|voy) a (?:ir|viajar)\b|\bno (?:viajamos|viajo)\b|\banul(?:ar|ame|o|a|e|ala|arla|en|emos)\b|\bbajarnos\b|\bnos bajamos\b|\bdar(?:la)? de baja\b|\b(?:no vamos a|no voy a|ya no) (?:poder |podemos |puedo )?(?:ir|viajar)\b|\bno podemos (?:ir|viajar)\b|\bdejar sin efecto\b|\bsuspender\b",
    Intent.MODIFY_DATES: r"\bpas(?:ar|ala|arla|amos|ame|arme)\b[^.?!]{0,30}\b(?:otr[oa]s? (?:fechas?|dias?)|fechas?|reserva)\b|\b(?:cambi|mov|modific|corr|reprogram|adelant|posterg|atras)(?:ar|er|o|amos|emos|arla|erla|arlas|ame)\b[^.?!]{0,30}\b(?:fechas?|reserva|dias?|estadia|para)\b|\breprogram\w*\b|\bcambi(?:ar|o|amos|emos|arla)\b[^.?!]{0,12}\bdel? \d|\bcambio de fechas?\b|\bcambi(?:ame|anos|amela|anosla)\b|\b(?:fechas?|reserva|dias?)\b[^.?!]{0,30}\b(?:cambi|modific|corr)(?:arl|erl)[ao]s?\b|\b(?:adelant|posterg|atras|aplaz|corr)(?:ar|o|amos|emos|arla|er|erla)\b[^.?!]{0,20}\b(?:llegada|entrada|salida|ingreso|viaje|estadia|\d (?:dias?|semanas?))\b|\b(?:ir\w*|llegar|salir|irnos|entrar) \d dias? (?:antes|despues)\b|\b(?:extender|alargar|agregar|sumar|anadir|estirar)\b[^.?!]{0,25}\b(?:estadia|noches?|dias?|reserva)\b|\bquedar(?:nos|me) (?:1 |\d )?(?:noche|dia)s? mas\b",
    Intent.MY_RESERVATION: r"\bmi(?:s)? reservas?\b|\bmi reservacion\b|\b(?:tengo|hice|tenemos|hicimos) (?:1 |hecha |la )?reserva\b|\b(?:ver|consultar|estado|datos|codigo|confirmada|numero)\b[^.?!]{0,15}\breserva\b|\bnuestra reserva\b|\bme (?:confirmas|confirman|podes confirmar|podrias confirmar|pueden confirmar|podrian confirmar)\b[^.?!]{0,12}\breserva\b|\b(?:quedo|esta|figura|sigue)\b[^.?!]{0,15}\bla reserva\b(?! (?:online|web))|\bla reserva (?:quedo|esta|figura|sigue|que hice)\b|\breserva (?:de|numero|nro) (?:booking|airbnb|la web)\b|\bnro de reserva\b|\b(?:tengo|tenemos|tenia|teniamos) (?:algo |1 caban\w* |las? )?reservad[oa]\b|\breserve\b|\bya reserv\w*\b|\bmi codigo\b|\besta confirmada\b|\bla reserva a nombre\b",
    Intent.LOCATION: r"\b(?:a)?donde (?:queda|quedan|esta|estan|es|son|se encuentra|se ubica)\w*\b|\bubica\w*\b|\bdirecci\w*\b|\bcomo (?:llego|llegar|llegamos|se llega|hago para llegar|hacemos para llegar)\b|\bmapas?\b|\bmaps\b|\blejos\b|\bquedan? a \d+ (?:km|kilometros|cuadras|metros|min\w*)\b|\ba \d+ (?:km|kilometros|cuadras|metros|mts|min\w*|horas?|hs) (?:del?|de la)\b[^.!]{0,30}\?|\bcuant[oa]s (?:km|kilometros|cuadras|metros|minutos|horas) (?:hay|son|de|desde)\b|\bcuanto quedan? (?:del?|de la|de los|la|el)\b|\bque (?:colectivo|micro|omnibus) (?:me|nos) deja\b|\bgps\b|\bdonde (?:los|las|nos|se) encuentr\w+\b|\bripio\b|\basfalt\w+\b|\bsobre la ruta\b|\bcoordenadas\b|\bcerca d\w*\b|\bhay (?:algo )?cerca\b|\bdistancia\b|\ba cuant[oa]s? (?:queda\w*|esta[ns]? (?:de|del|ubicad\w+)\b|cuadras|km|kilometros|metros|minutos|hs|horas)|\ba cuanto del?\b|\b(?:que|en que) (?:zona|parte|calle|altura|localidad|pueblo|ciudad)\b",
    Intent.CHECKIN_INFO: r"\bcheck ?-?in\b|\bcheck ?-?out\b|\bhorarios?\b|\ba (?:que|partir de que) hora\b|\b(?:abren|atienden|cierran) (?:de|a|desde|hasta)\b|\b(?:desde|hasta) que hora\b|\bhora de (?:entrada|salida|ingreso|llegada)\b|\bllaves?\b|\bingreso\b|\bdejar (?:las |la )?(?:valijas|bolsos|cabana)\b|\b(?:llego|llegamos|llegariamos|llegaria|llegar|entrar|ingresar|irnos|salir)\b[^.?!]{0,20}\b(?:a las? \d|\d{1,2} ?hs|\d{1,2}:\d\d|\d{1,2} ?(?:am|pm)\b|a eso de las|tipo \d{1,2}\b(?! (?:de (?!la )|del|al?) )|temprano|(?<!a la )(?<!por la )tarde|antes(?! de(?:l)? (?:\d|reserv))|mas tarde|de noche|de madrugada)|\b(?:salimos|salgo|nos vamos|me voy)\b[^.?!]{0,10}\b(?:a las? \d|\d{1,2} ?(?:am|pm|hs)\b|temprano|tarde\b)|\b(?:a que|que) hora\b[^.?!]{0,20}\b(?:ir\w*|sal\w+|entr\w+|lleg\w+|recib\w+|desocup\w+|ingres\w+)\b|\ba las? \d{1,2}(?: ?hs)?[^.?!]{0,20}\b(?:llegar|llego|llegamos|entrar|ingresar)\b|\b(?:puedo|podemos|podria\w*|se puede|hay problema (?:en|con|de|si)) (?:llegar|entrar|ingresar|irnos|salir|llegamos|llego)\b|\b(?:late|early) check",
    Intent.PHOTOS: r"\bfot(?:o|os|itos|ito)\b|\bimagenes\b|\bvideos?\b|(?<!en )(?<!por )(?<!de )\b(?:insta(?:gram)?|facebook|face)\b|\big\b|\bpagina web\b|\bver (?:la|las|como)\b[^.?!]{0,12}\bcaban\w*\b",
    Intent.DISCOUNT: r"\bdescuentos?\b|\bpromo\w*\b|\brebaja\w*\b|\bofertas?\b|\bmejor precio\b|\bmas barat\w*\b|\bhac(?:es|en) (?:1 )?(?:buen )?(?:precio|atencion)\b|\b(?:me|nos) (?:la|lo) dej(?:as|an|a|arias?|arian) (?:en|a|por)\b|\bprecio (?:especial|amigo)\b|\bultimo precio\b|\b[2-4] ?x ?[1-3]\b(?! (?:noches?|dias?|personas))|\bbonifica\w*\b",
    Intent.HUMAN: r"\bnecesito ayuda\b(?! (?:para|con) (?:reserv|pag))|^\W*ayuda\W*$|\b(?:alguien|algun[oa]) (?:me |nos )?(?:puede|podria) (?:respond|atend|contest|ayud)\w+\b|\bcon quien (?:hablo|me comunico|tengo)\b|\bnumero para (?:llamar|comunicar|hablar)\w*\b|\b(?:quiero|necesito|quisiera|prefiero|preferiria|puedo) hablar(?:te|les)?\b(?! (?:de|del|sobre)\b)|\b(?:habl\w+|comunic\w+|contact\w+|atien\w+|atend\w+|atenc\w+|llam\w+|charlar)\b[^.?!]{0,25}\b(?:alguien|persona\w*|human[oa]\w*|asesor\w*|duen[oa]s?|encargad[oa]s?|operador\w*|vos|ustedes|telefono|administra\w*|recepci\w*)\b|\b(?:pas(?:ame|arme|as|en|ar)|deriv\w+)\b[^.?!]{0,25}\b(?:alguien|1 personas|human[oa]\w*|asesor\w*|duen[oa]s?|encargad[oa]s?|operador\w*)\b|\b(?:personas?|humano|ser humano) (?:real|de verdad)\b|\boperador\w*\b|\basesor\w*\b|\b(?:quiero|necesito|prefiero) (?:a )?1? ?human[oa]\b|(?<!24/7 )\b(?:hay alguien|no hay nadie)\b|\b(?:sos|eres|es|estoy hablando con) 1 (?:bot|robot|maquina|contestador)\b|\bque me (?:llamen|llames|atienda\w*)\b|\bllam(?:ame|enme|anos|ennos|eme)\b|\bme (?:llamas|llaman)\b(?! la atencion)|\btelefono (?:fijo|para (?:hablar|llamar))\b|\batiende alguien\b|\b(?:es|sos|esto es) (?:1 )?(?:bot|robot|contestador|maquina)\b|\b(?:puedo|puede|podes|podria\w*|pueden|podrian) (?:llamar\w*|hablar)\b|^\W*(?:1 )?human[oa]\W*$",
    Intent.THANKS: r"\bgracias\b|\bgrac\b|\bchau\b|\bhasta luego\b|\bnos vemos\b|\bmuy amables?\b|\bagrade[scz]\w+|\bgenio\b|\bfeliz (?:navidad|ano|pascuas?|finde|dia)\b|\bfelices (?:fiestas|pascuas?)\b|\bgood ?bye\b|\bgenia\b|\bun abrazo\b|\b(?:buen|lindo|hermoso) (?:finde|fin de semana)\b",
    Intent.COMPLAINT: r"\bqueja\w*\b|\breclam\w*\b|\bmalisim\w*\b|\bpesim\w*\b|\bestaf\w*\b|\bverguenza\b|\bporqueria\b|\bno (?:me |nos )?(?:funciona|anda|prende|enfria|calienta|cierra|abre|enciende)n?\b(?! el link| la pagina)|\bse (?:rompio|corto|tapo|inundo|quemo|cayo)\b|\b(?:estamos|quedamos|estoy|seguimos) sin (?:agua|luz|gas|electricidad|internet|wifi|senal)\b|\bno (?:hay|tenemos|sale) (?:agua|luz|gas|electricidad)\b|\b(?:suci[oa]s?|mugre|mugrient\w+|bichos|cucarach\w+|gotea\w*|goteras?|humedad|olor a)\b|\b(?:esta|estaba|estan|vino|llego) rot[oa]s?\b|\bno (?:me |nos |les )?(?:contestan?|responden?|atienden?|contestaron|respondieron)\b|\bcobro (?:que no|indebido|doble|de mas)\b|\bcobraron (?:\d veces|de mas|mal|doble)\b|\binaceptable\b|\bfalta de respeto\b|\bdecepcion\w*\b|\bmuy mala (?:atencion|experiencia)\b|\bnada que ver con\b|\bno (?:podemos|puedo|se puede|pudimos|pude) (?:dormir|descansar|banarnos|banarme|cocinar)\b|\bruido\w*\b[^.?!]{0,20}\b(?:dormir|vecin)|\bhorrible\b|\benoja\w*\b|\bindigna\w*\b|\bdesastre\b|\bdefensa del consumidor\b|\bnadie (?:me )?(?:contesta|responde|atiende)\b|\bespantos\w*\b",
}  # fmt: skip
_COMPILED = {intent: re.compile(pattern) for intent, pattern in _PATTERNS.items()}
_CONFIRM = re.compile(
    rf"^\W*(?:(?:bueno|bue|bien|ok|ah|dale|claro|y|hola|listo|che)[,.]? )*(?:s+i+{_NOT_CONFIRM}|sip|sep|s+e{{2,}}|(?:si){{2,}}|yes|dale|de lujo|excelente|impecable|espectacular|acepto|de acuerdo|adelante|ok|oka|okey|okay|joya|genial|perfecto|listo|confirmo|confirmad[oa]|confirmar"
    r"|de 1|obvio|claro|va|vamos(?! (?:\d|a\b|con|el\b|la\b|los\b|las\b|para|mi\b|de\b|por|yo|en\b|en familia|solos?))|buenisimo|barbaro|esta (?:bien|perfecto|barbaro|genial|buenisimo)|me parece (?:bien|perfecto|barbaro|genial)|correcto|exacto|asi es|seguro|por supuesto|afirmativo|me sirve|esa misma|esa)\b|👍|✅|👌|🙌|💪|🆗|✔"
)
_DENY = re.compile(
    r"^\W*👎|^\W*(?:(?:n+o+|nop|nope|nono|nah|naa|negativo|ninguna?|para nada|tampoco)\b(?!\s+(?:se\b|lo se\b|(?:quer|quier|pued|pod)\w+ (?:gastar|pagar|superar|pasar)|sabemos|sabria|estoy segur|ten|hay|habr|queda|me\s+(?:lleg|anda|funciona)|vamos|voy|podemos|puedo|entiendo|acept|es\s+(?:caro|mucho)))|mejor no\b|(?:todavia|aun) no\b(?! (?:se|sabemos|lo se|estoy)\b)|por ahora no\b|deja(?:lo|la)?\b|no,? gracias)|\bmejor no\b|\bno (?:me|nos) (?:sirve|convence|interesa|va)\b"
)
_SERVICES: dict[str, str] = {
    "pool": r"\bpileta\w*\b|\bpiscina\b|\bjacuzzi\b|\bhidro\w*\b",
    "wifi": r"\bwi ?-?fi\b|\binternet\b|\bsenal\b",
    "grill": r"\bparrill\w*\b|\basador\b|\basado\b|\bfogon\b|\bquincho\b",
    "pets": r"\bmascot\w*\b|\bperr\w+\b|\bgat(?:o|a|ito|ita)s?\b",
    "linen": r"\bropa (?:de cama|blanca)\b|\bsabanas\b|\btoall\w+\b",
    "parking": r"\bcochera\b|\bestacion\w+\b|\bgarage\b",
    "heating": r"\bcalefac\w*\b|\bclimatizad[oa]s? (?:la|el|las|los) (?:caban|habitac|dormit|ambient)\w*|\b(?:caban|habitac|dormit|ambient)\w* (?:esta |estan |es |son )?climatizad|\baire\b|\bestufa\b|\bhogar a lena\b|\bsalamandra\b|\bventilador\b",
    "kitchen": r"\bcocina(?:r)?\b|\bheladera\b|\bmicroondas\b|\bvajilla\b|\bhorno\b",
    "breakfast": r"\bdesayun\w*\b|\bcomidas?\b",
    "tv": r"\btele\b|\btv\b|\btelevi\w+\b|\bnetflix\b",
    "laundry": r"\blavarropas?\b|\blavader[oa]\b|\blavadora\b|\blavar (?:la )?ropa\b|\bsecarropas?\b",
    "playground": r"\bjuegos (?:para|de) (?:los |las )?(?:chic|nen|nin|peque)\w+|\bjuegos infantiles\b|\bplaza de juegos\b|\bpelotero\b|\bhamacas?\b|\bmetegol\b|\bping pong\b",
    "capacity": r"\bcapacidad\b|\b(?:para|hasta|a) cuant[oa]s (?:personas|huespedes|somos|son)\b|\bcuant[oa]s (?:personas |huespedes )?(?:entran|caben|pueden (?:ir|entrar))\b",
    "crib": r"\bcuna\b|\bpracticuna\b",
    "access": r"\bacces(?:o|ible)\b|\bsilla de ruedas\b|\bescaleras?\b",
}  # fmt: skip
_COMPILED_SERVICES = {name: re.compile(pattern) for name, pattern in _SERVICES.items()}
_BRINGS_PET = re.compile(
    r"\b(?:con|llevo|llevamos|tenemos|tengo|somos)\b[^?]{0,15}(?:perr|gat)|\b(?:y|mas|con) (?:\d|mi|mis|nuestr[oa]s?) (?:perr|gat|mascot)|[+,] ?(?:\d|mi) (?:perr|gat|mascot)"
)
_ASKS_PET = re.compile(r"acept|permit|admit|se puede|puedo|podemos|problema")
_BETTER_PRICE = re.compile(r"\bmejor precio\b|\bhac(?:es|en) (?:1 )?(?:buen )?precio\b")
_MANNERS = {Intent.GREETING, Intent.CONFIRM, Intent.DENY, Intent.THANKS}
_ASKED = re.compile(
    r"\?|\b(?:tienen|tenes|hay|cuentan|incluye\w*|acepta\w*|permite\w*|admite\w*|se puede|trae|puedo|podemos|viene|cuenta con)\b"
)
# A stay that is named beside one of these is no question for a free cabin.
_ABOUT_ANOTHER_THING = frozenset(
    {
        *(Intent.BOOK, Intent.CANCEL, Intent.MODIFY_DATES, Intent.MY_RESERVATION, Intent.HUMAN),
        *(Intent.PAYMENT_INFO, Intent.CHECKIN_INFO, Intent.LOCATION, Intent.COMPLAINT),
    }
)
_HOW_FAR = re.compile(r"\ba cuant[oa]s? |\bcuant[oa]s? quedan? ")
_HOUR = re.compile(
    r"\bhora|\bhorario|\bllaves?\b|\btemprano\b|(?<!a la )(?<!por la )(?<!de la )\btarde\b|\b\d{1,2}:\d\d\b|\b(?:late|early)\b|\ba las? \d"
)
_WHAT_IT_HAS = re.compile(
    r"\bque (?:incluye|trae|servicios|comodidades)\b|\bservicios\b|\bcomodidades\b"
)
_WITHOUT = re.compile(
    r"\b(?:sin|no (?:hay|tiene|tenemos|cuenta con|se (?:acept|permit|admit)\w+|acept\w+|permit\w+|admit\w+))\b[^.,;]*$"
)
_WITHOUT_NEAR = 40  # characters
_REFUND = re.compile(r"\b(?:reembols|reintegr|devuelv|devoluc)\w*\b")
_WANTS_TO_KNOW = re.compile(
    r"^\W*(?:quer\w+ |quisiera |necesito |me pasas |me das |mas |1 )*"
    r"(?:informacion|consult(?:a|ar|arte|o)|averiguar|preguntar)\W*(?:por favor|porfa)?\W*$|\bme interesa\b|\bmas informacion\b"
)
_SHORT_ANSWER = 6  # words
_AGREES = re.compile(r"\W*(?:bueno,? )?dale\b")
_NOT_CANCEL = re.compile(r"\bno (?:quiero|quise|queria|queremos|vamos a|voy a|hay que) cancel\w*")
_POLICY = re.compile(r"\bpolitica\b|\bsi cancelo\b|\bse puede cancelar\b")


def find(
    text: str, *, has_dates: bool, has_people: bool, expecting: str | None
) -> frozenset[Intent]:
    """Return every intent of canonical `text`; other when there is none.

    A bare "sí" or "no" answers only at the beginning; in the middle of a sentence it does not.
    """
    found = {intent for intent, pattern in _COMPILED.items() if pattern.search(text)}
    if services(text) or _WHAT_IT_HAS.search(text):
        found.add(Intent.SERVICES)
    if has_dates and not _HOUR.search(text):
        found.discard(Intent.CHECKIN_INFO)  # "check in 15/1": a date, no question
    found |= _answers(text, expecting)
    _weed(text, found)
    if _REFUND.search(text) and Intent.CANCEL not in found:
        found.add(Intent.PAYMENT_INFO)
    another = found & _ABOUT_ANOTHER_THING
    if Intent.PRICE in found:
        another -= {Intent.LOCATION}  # "¿dónde están? ¿y cuánto sale el finde?"
    about_dates = has_dates and not another
    if about_dates or ((has_dates or has_people) and not found - _MANNERS):
        found.add(Intent.AVAILABILITY)
    if not found and _WANTS_TO_KNOW.search(text):
        found.add(Intent.AVAILABILITY)  # "info?": ask what for, rather than say that we don't know
    return frozenset(found) or frozenset({Intent.OTHER})


def services(text: str) -> frozenset[str]:
    """Return the services that canonical `text` asks about; an animal that comes is no question."""
    found = {name for name, pattern in _COMPILED_SERVICES.items() if pattern.search(text)}
    brings = _BRINGS_PET.search(text) and not _ASKS_PET.search(text)
    if brings or not _ASKED.search(text):
        found.discard("pets")
    return frozenset(found)


def described(text: str) -> dict[str, bool]:
    """Return the services that a canonical description of a cabin names: whether it has them."""
    return {
        name: _WITHOUT.search(text, max(0, match.start() - _WITHOUT_NEAR), match.start()) is None
        for name, pattern in _COMPILED_SERVICES.items()
        if (match := pattern.search(text)) is not None
    }


def _answers(text: str, expecting: str | None) -> set[Intent]:
    if _DENY.search(text):
        return {Intent.DENY}
    short = len(text.split()) <= _SHORT_ANSWER or expecting == "yes_no" or _AGREES.match(text)
    return {Intent.CONFIRM} if short and _CONFIRM.search(text) else set()


def _weed(text: str, found: set[Intent]) -> None:
    """Take out what another intent explains."""
    if Intent.CANCEL in found:
        found.discard(Intent.BOOK)
        if _POLICY.search(text) or _NOT_CANCEL.search(text):
            found.discard(Intent.CANCEL)
    if Intent.COMPLAINT in found:
        found -= {Intent.SERVICES, Intent.AVAILABILITY, Intent.DENY}
    if Intent.MODIFY_DATES in found:
        found -= {Intent.BOOK, Intent.AVAILABILITY}
    if Intent.DISCOUNT in found and _BETTER_PRICE.search(text):
        found.discard(Intent.PRICE)
    if Intent.LOCATION in found and _HOW_FAR.search(text):
        found.discard(Intent.PRICE)
