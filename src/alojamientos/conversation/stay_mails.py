"""What guests get by mail about their stay, from the confirmation to the thanks. Pure."""

from datetime import date, datetime

from alojamientos.conversation import wording
from alojamientos.conversation.messages import Reply
from alojamientos.conversation.place import Place
from alojamientos.kit.money import format_money
from alojamientos.reservations.views import ReservationView


def confirmation(
    view: ReservationView, *, lodging: str, place: Place, due: int, today: date, calendar: str
) -> Reply:
    """Return what a guest keeps of a confirmed booking."""
    paid = "Recibimos tu pago: t" if due < view.total else "T"
    return Reply(
        header=f"Tu reserva está confirmada: {view.code}",
        text=f"{_hello(view)}\n\n{paid}u reserva en {lodging} quedó *confirmada*. ¡Te esperamos!",
        facts=(
            *_stay(view, place, today),
            ("Total", format_money(view.total)),
            ("Pagado", format_money(view.total - due)),
            ("Saldo al llegar", format_money(due)),
            *_where(place),
        ),
        url=place.map_url or None,
        url_title="Ver en el mapa" if place.map_url else "",
        calendar=calendar,
        footer="Guardá este mail: el código te sirve para consultar o cancelar la reserva. Si"
        " necesitás algo, respondé acá.",
    )


def payment_received(view: ReservationView, *, amount: int, due: int, today: date) -> Reply:
    """Return the receipt of a payment that was not all of the deposit."""
    return Reply(
        header=f"Recibimos tu pago: {format_money(amount)}",
        text=f"{_hello(view)}\n\nRecibimos *{format_money(amount)}* para tu reserva. ¡Gracias!",
        facts=(
            ("Reserva", view.code),
            ("Estadía", wording.stay(view.check_in, view.check_out, today=today)),
            ("Total", format_money(view.total)),
            ("Te falta pagar", format_money(due)),
        ),
        footer="Este mail no es una factura.",
    )


def hold_expiring(
    view: ReservationView, *, url: str | None, zone: str, now: datetime, today: date
) -> Reply:
    """Return the reminder that a hold runs out soon."""
    deadline = wording.moment(view.hold_expires_at or now, zone=zone, now=now)
    return Reply(
        header=f"Tu reserva {view.code} vence a {deadline}",
        text=f"{_hello(view)}\n\nTe guardamos la cabaña hasta *{deadline}*. Con la seña de"
        f" *{format_money(view.deposit)}* queda confirmada; si no, se liberan las fechas.",
        facts=_short(view, today),
        url=url,
        url_title="Pagar la seña" if url else "",
    )


def hold_expired(view: ReservationView, *, today: date) -> Reply:
    """Return that a hold has run out, and how to go on."""
    return Reply(
        header=f"Venció tu reserva {view.code}",
        text=f"{_hello(view)}\n\nSe venció el plazo para la seña y se liberaron las fechas. Si"
        " todavía las querés, respondé este mail y las busco de nuevo.",
        facts=_short(view, today),
    )


def cancelled(view: ReservationView, *, by_guest: bool, today: date, calendar: str) -> Reply:
    """Return that a confirmed stay was cancelled."""
    what = (
        "Como nos pediste, cancelamos tu reserva. Por la devolución de la seña te escribe una"
        " persona del equipo."
        if by_guest
        else "Tu reserva se canceló. Si no fuiste vos o tenés dudas, respondé este mail."
    )
    return Reply(
        header=f"Tu reserva {view.code} se canceló",
        text=f"{_hello(view)}\n\n{what}",
        facts=_short(view, today),
        calendar=calendar,
        footer="Si la habías guardado en tu calendario, el archivo adjunto la quita.",
    )


def refunded(view: ReservationView, *, amount: int) -> Reply:
    """Return that money goes back to a guest."""
    return Reply(
        header=f"Te devolvimos {format_money(amount)}",
        text=f"{_hello(view)}\n\nTe devolvimos *{format_money(amount)}* de la reserva"
        f" *{view.code}* por Mercado Pago, al mismo medio con el que pagaste. Según el medio,"
        " puede tardar unos días en verse.",
        footer="Si en diez días no lo ves, respondé este mail.",
    )


def arrival(view: ReservationView, *, place: Place, due: int, today: date) -> Reply:
    """Return what a guest needs to arrive: when, where, what is left to pay."""
    when = _in_days((view.check_in - today).days)
    return Reply(
        header=f"{when} te esperamos en {view.accommodation_name}",
        text=f"{_hello(view)}\n\n¡Ya falta poco! Te dejamos todo lo que necesitás para llegar.",
        facts=(
            *_stay(view, place, today),
            ("Saldo al llegar", format_money(due) if due > 0 else "Nada, está todo pago"),
            *_where(place),
            *((("Para entrar", place.notes),) if place.notes else ()),
        ),
        url=place.map_url or None,
        url_title="Cómo llegar" if place.map_url else "",
        footer="¿Llegás más tarde o surgió algo? Respondé este mail.",
    )


def thanks(view: ReservationView, *, lodging: str) -> Reply:
    """Return thanks for a stay that has ended."""
    return Reply(
        header="¡Gracias por venir!",
        text=f"{_hello(view)}\n\nGracias por quedarte en {lodging}. Esperamos que la hayas pasado"
        " muy bien.\n\nSi algo no estuvo como esperabas, o si te olvidaste algo en la cabaña,"
        " respondé este mail: lo lee una persona.\n\n¡Ojalá vuelvas pronto!",
    )


def _hello(view: ReservationView) -> str:
    name = " ".join((view.guest_name or "").replace("*", "").split())
    return f"Hola, {name}:" if name else "Hola:"


def _stay(view: ReservationView, place: Place, today: date) -> tuple[tuple[str, str], ...]:
    nights = wording.nights((view.check_out - view.check_in).days)
    arrival_day = wording.day(view.check_in, today=today)
    departure_day = wording.day(view.check_out, today=today)
    return (
        ("Código de reserva", view.code),
        ("Cabaña", view.accommodation_name),
        ("Llegada", f"{arrival_day}, desde las {place.check_in_from}"),
        ("Salida", f"{departure_day}, hasta las {place.check_out_until} ({nights})"),
        ("Huéspedes", wording.people(view.guests)),
    )


def _short(view: ReservationView, today: date) -> tuple[tuple[str, str], ...]:
    return (
        ("Código de reserva", view.code),
        ("Cabaña", view.accommodation_name),
        ("Estadía", wording.stay(view.check_in, view.check_out, today=today)),
    )


def _where(place: Place) -> tuple[tuple[str, str], ...]:
    found = (("Dirección", place.address), ("Cómo llegar", place.directions))
    return tuple((label, value) for label, value in found if value)


def _in_days(days: int) -> str:
    return {0: "Hoy", 1: "Mañana"}.get(days, f"En {days} días")
