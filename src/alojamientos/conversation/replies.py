"""What the assistant says while a stay is looked for and held, in Spanish with voseo. Pure."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime

from alojamientos.conversation import wording
from alojamientos.conversation.messages import Option, Picture, Place, Reply
from alojamientos.kit.money import format_money
from alojamientos.nlu.values import Reason, Span
from alojamientos.reservations.domain import Accommodation
from alojamientos.reservations.views import Offer, ReservationView

OTHER_DATES = Option(id="other_dates", title="Otras fechas")
PERSON = Option(id="human", title="Hablar con alguien")
SEE_FREE = Option(id="ask", title="Ver disponibilidad")
CABINS = Option(id="cabins", title="Ver las cabañas")
PLACE = Option(id="place", title="Cómo llegar")
MINE = Option(id="mine", title="Mi reserva")
YES_DATES = Option(id="dates:yes", title="Sí, esas fechas")

MOST_OPTIONS = 10  # what the narrowest channel shows at once

_REASONS = {
    Reason.NO_SUCH_DAY: "Esa fecha no existe en el calendario.",
    Reason.REVERSED: "La salida quedó antes que la llegada.",
    Reason.WEEKDAY_MISMATCH: "El día de la semana no coincide con la fecha.",
    Reason.PAST: "Esa fecha ya pasó.",
    Reason.TOO_FAR: "Todavía no tomamos reservas para tan adelante (hasta 18 meses).",
    Reason.TOO_LONG: "Es una estadía muy larga (más de 60 noches) para reservarla por acá.",
    Reason.CONTRADICTION: "Las fechas no coinciden con la cantidad de noches.",
}


def hello(lodging: str) -> str:
    return f"¡Hola! Soy el asistente de {lodging} 👋\n\n"


def welcome(lodging: str) -> Reply:
    return Reply(
        text=f"{hello(lodging)}Te ayudo a consultar disponibilidad y precios, y a reservar."
        " ¿Para qué fechas y cuántas personas estás buscando?\n\n"
        'Podés escribirme, por ejemplo: "del 15 al 18 de enero para 4".',
        options=(SEE_FREE, CABINS, MINE),
    )


def old_choice() -> Reply:
    """Answer a press of what was offered before the talk moved on."""
    return Reply(
        text="Esa opción es de un mensaje anterior y ya no vale, así que no cambié nada 🙂"
        " ¿Cómo seguimos?",
        options=(SEE_FREE, MINE, PERSON),
    )


def old_choice_of(shown: Reply) -> Reply:
    """Answer such a press with what there is now, as `shown`."""
    return replace(
        shown, text=f"Esa opción ya no vale 🙂 Esto es lo que tenés hoy:\n\n{shown.text}"
    )


def late(sent_at: datetime, *, zone: str, now: datetime) -> Reply:
    """Answer what was written long ago and has only now arrived: nothing is done unasked."""
    when = wording.moment(sent_at, zone=zone, now=now)
    return Reply(
        text=f"Recién me llega tu mensaje de {when}, ¡perdón por la demora! 🙏 Por las dudas"
        " no hice nada todavía. ¿En qué te ayudo?",
        options=(SEE_FREE, MINE, PERSON),
    )


def ask_dates(free: Sequence[Span] = ()) -> Reply:
    """Ask for the dates; `free` weekends can be picked instead."""
    or_pick = " O elegí un fin de semana libre." if free else ""
    return Reply(
        text='¿Qué día llegarían y qué día se irían? Por ejemplo: "del 15 al 18 de enero".'
        + or_pick,
        options=tuple(
            Option(
                id=f"span:{number}",
                title=wording.short_stay(span.check_in, span.check_out),
                description=wording.weekdays(span.check_in, span.check_out),
            )
            for number, span in enumerate(free, 1)
        ),
    )


def ask_check_in(nights: int | None) -> Reply:
    known = f"Anoto {wording.nights(nights)}. " if nights else ""
    return Reply(text=f"{known}¿Qué día llegarían?")


def ask_check_out(check_in: date, today: date) -> Reply:
    return Reply(
        text=f"Llegada el {wording.day(check_in, today=today)}. ¿Qué día se van, o cuántas noches"
        " se quedan?"
    )


def ask_days(label: str) -> Reply:
    when = f" en {label}" if label else ""
    return Reply(text=f"¿Qué días{when}? Decime el día de llegada y el de salida.")


def confirm_dates(span: Span, today: date) -> Reply:
    return Reply(
        text=f"¿Sería {wording.stay(span.check_in, span.check_out, today=today)}?",
        options=(YES_DATES, OTHER_DATES),
    )


def read_back(span: Span, guests: int | None, today: date) -> Reply:
    """Ask whether what was heard is what was said."""
    who = f", para {wording.people(guests)}" if guests else ""
    return Reply(
        text=f"Escuché: {wording.stay(span.check_in, span.check_out, today=today)}{who}."
        " ¿Está bien?",
        options=(YES_DATES, OTHER_DATES),
    )


def which_dates(spans: Sequence[Span], label: str, today: date) -> Reply:
    lines = [
        f"{number}. {wording.stay(span.check_in, span.check_out, today=today)}"
        for number, span in enumerate(spans, 1)
    ]
    about = f" con “{label}”" if label else ""
    return Reply(
        text=f"Para no equivocarme, ¿a cuáles fechas te referís{about}?\n\n" + "\n".join(lines),
        options=tuple(
            Option(id=f"span:{number}", title=wording.short_stay(span.check_in, span.check_out))
            for number, span in enumerate(spans, 1)
        ),
    )


def invalid_dates(reason: Reason, quote: str) -> Reply:
    about = f" (“{quote}”)" if quote else ""
    return Reply(text=f"{_REASONS[reason]}{about}\n¿Me decís de nuevo la llegada y la salida?")


def ask_guests(check_in: date, check_out: date, today: date, *, most: int) -> Reply:
    """Ask how many come; up to `most` can be picked, as many as a list holds."""
    return Reply(
        text=f"Perfecto, {wording.stay(check_in, check_out, today=today)}."
        " ¿Cuántas personas serían?",
        options=tuple(
            Option(id=f"guests:{count}", title=wording.people(count).capitalize())
            for count in range(1, min(most, MOST_OPTIONS) + 1)
        ),
    )


def offers(
    found: Sequence[Offer], *, check_in: date, check_out: date, guests: int, pets: int, today: date
) -> Reply:
    """Offer cabins to choose from; every line says the total and the deposit."""
    when = wording.stay(check_in, check_out, today=today)
    who = wording.people(guests)
    lines = []
    options = []
    for number, offer in enumerate(found, 1):
        cabin, quote = offer.accommodation, offer.quote
        total, deposit = (
            (format_money(quote.total), format_money(quote.deposit)) if quote else ("", "")
        )
        lines.append(
            f"{number}. *{cabin.name}* (hasta {wording.people(cabin.capacity)}): {total} en total,"
            f" seña {deposit}\n   {cabin.description}".rstrip()
        )
        title = "Reservar" if len(found) == 1 else cabin.name
        options.append(
            Option(id=f"cabin:{cabin.id}", title=title, description=f"{total} · seña {deposit}")
        )
    ask = (
        "¿La reservamos?"
        if len(found) == 1
        else "¿Cuál querés reservar? Respondé con el número o el nombre."
    )
    animals = "\nLo de las mascotas lo dejo anotado para consultarlo." if pets else ""
    return Reply(
        text=f"Hay lugar {when} para {who}:\n\n" + "\n".join(lines) + f"\n{animals}\n{ask}",
        options=(*options[: MOST_OPTIONS - 2], CABINS, OTHER_DATES),
    )


def price_changed(offer: Reply) -> Reply:
    """Offer again, since what was offered costs something else by now."""
    return replace(offer, text=f"El precio cambió desde que te lo pasé, perdón.\n\n{offer.text}")


def nothing_free(
    *, check_in: date, check_out: date, guests: int, alternatives: Sequence[Span], today: date
) -> Reply:
    """Say that nothing is free and propose the nearest stays of the same length that are."""
    text = (
        f"Uy, no me queda lugar {wording.stay(check_in, check_out, today=today)}"
        f" para {wording.people(guests)}."
    )
    if not alternatives:
        return Reply(text=f"{text} ¿Probamos con otras fechas?", options=(OTHER_DATES, PERSON))
    lines = [
        f"{number}. {wording.stay(span.check_in, span.check_out, today=today)}"
        for number, span in enumerate(alternatives, 1)
    ]
    return Reply(
        text=f"{text}\n\nCerca de esas fechas sí tengo:\n"
        + "\n".join(lines)
        + "\n\n¿Te sirve alguna?",
        options=(
            *(
                Option(id=f"span:{number}", title=wording.short_stay(span.check_in, span.check_out))
                for number, span in enumerate(alternatives, 1)
            ),
            *((OTHER_DATES,) if len(alternatives) < 3 else ()),  # noqa: PLR2004 - three buttons
        ),
    )


def too_few_nights(min_nights: int) -> Reply:
    return Reply(
        text=f"En esas fechas la estadía mínima es de {wording.nights(min_nights)}."
        " ¿Querés sumar noches o ver otras fechas?",
        options=(OTHER_DATES, PERSON),
    )


def too_many_guests(capacity: int) -> Reply:
    return Reply(
        text=f"La cabaña más grande es para {wording.people(capacity)}. Si son más, pueden tomar"
        " dos cabañas: decime cuántas personas irían en la primera.",
        options=(PERSON,),
    )


def held(view: ReservationView, *, zone: str, now: datetime, today: date) -> Reply:
    """Tell of a hold: what, for how much, until when."""
    deadline = wording.moment(view.hold_expires_at or now, zone=zone, now=now)
    return Reply(
        text=f"¡Listo! Te guardé *{view.accommodation_name}*"
        f" {wording.stay(view.check_in, view.check_out, today=today)} para"
        f" {wording.people(view.guests)}.\n\n"
        f"Total: {format_money(view.total)}\nSeña: {format_money(view.deposit)}\n"
        f"Código de reserva: *{view.code}*\n\n"
        f"La tengo guardada hasta {deadline}. Enseguida te mando el link para pagar la seña;"
        " con eso queda confirmada."
    )


def just_taken() -> Reply:
    return Reply(
        text="Uy, justo se ocupó esa cabaña en esas fechas. ¿Vemos otra opción?",
        options=(SEE_FREE, OTHER_DATES),
    )


def busy() -> Reply:
    return Reply(
        text="Hay varias personas reservando esa cabaña en este momento. Esperá unos segundos y"
        " volvé a elegirla, por favor.",
        options=(SEE_FREE,),
    )


def too_many_holds(views: Sequence[ReservationView]) -> Reply:
    codes = wording.listed([f"*{view.code}*" for view in views])
    return Reply(
        text=f"Ya tenés reservas sin pagar ({codes}). Pagá la seña o cancelá alguna antes de"
        " guardar otra.",
        options=tuple(
            Option(id=f"cancel:{view.code}", title=f"Cancelar {view.code[:4]}")
            for view in views[:2]
        ),
    )


def about(
    cabins: Sequence[Accommodation], *, with_photos: Sequence[int] = (), with_place: bool = False
) -> Reply:
    """Tell of the cabins; what can be shown of them can be picked."""
    photos = [
        Option(id=f"photos:{cabin.id}", title=f"Fotos: {cabin.name}")
        for cabin in cabins
        if cabin.id in with_photos
    ]
    more = (*((PLACE,) if with_place else ()), SEE_FREE, PERSON)
    lines = [
        f"• *{cabin.name}* (hasta {wording.people(cabin.capacity)}): {cabin.description}"
        for cabin in cabins
    ]
    return Reply(
        text="Estas son nuestras cabañas:\n\n" + "\n".join(lines) + "\n\n"
        "Si necesitás un dato que no está acá, te paso con una persona.",
        options=(*photos[: MOST_OPTIONS - len(more)], *more),
    )


def photos(images: Sequence[Picture], *, name: str | None) -> Reply:
    """Show pictures, of one cabin or of all of them."""
    what = f"Así es {name}." if name else "Así son nuestras cabañas."
    return Reply(
        text=f"{what} ¿Querés ver si hay lugar?",
        images=tuple(images),
        options=(SEE_FREE, CABINS, PERSON),
    )


def where(place: Place, *, directions: str = "") -> Reply:
    """Tell where it is, also in words for channels without a map."""
    address = f"Estamos en {place.address}." if place.address else "Estamos acá:"
    point = f"https://www.google.com/maps/search/?api=1&query={place.latitude},{place.longitude}"
    said = "\n".join(part for part in (address, directions, point) if part)
    return replace(how_to_get_there(said), place=place)


def how_to_get_there(said: str) -> Reply:
    return Reply(text=said, options=(SEE_FREE, PERSON))


def handed_over() -> Reply:
    return Reply(
        text="Dale, le aviso a una persona del equipo para que te escriba por acá."
        " Mientras tanto no te respondo yo, así no nos cruzamos."
    )


def youre_welcome() -> Reply:
    return Reply(text="¡De nada! Cualquier cosa, escribime por acá 🙂")


def lost(times: int) -> Reply:
    """Ask again; from the second time on, offer a person."""
    if times <= 1:
        return Reply(
            text="Perdón, no te entendí. Puedo buscarte lugar (decime fechas y cuántas personas"
            " son), mostrarte tu reserva o cancelarla."
        )
    return Reply(
        text="Sigo sin entenderte, perdón. ¿Querés que te pase con una persona?",
        options=(PERSON, SEE_FREE),
    )


def cannot_listen() -> Reply:
    return Reply(text="Todavía no puedo escuchar audios 🙈 ¿Me lo escribís, por favor?")


def heard_nothing() -> Reply:
    return Reply(text="No llegué a entender el audio 🙈 ¿Me lo escribís, por favor?")


def cannot_see() -> Reply:
    return Reply(
        text="Recibí lo que mandaste, pero no puedo abrirlo. Si es un comprobante de Mercado Pago"
        " no hace falta: el pago se acredita solo. Si no, escribime en qué te ayudo.",
        options=(PERSON,),
    )
