"""What guests get by mail about their stay, from the confirmation to the thanks. Pure."""

from datetime import date, datetime

from alojamientos.conversation import wording
from alojamientos.conversation.messages import Reply
from alojamientos.conversation.stay_facts import StayFacts
from alojamientos.kit.money import format_money
from alojamientos.reservations.views import ReservationView


def confirmation(
    view: ReservationView, *, lodging: str, facts: StayFacts, paid: int, today: date, calendar: str
) -> Reply:
    """Return what a guest keeps of a confirmed booking, of which `paid` centavos are paid."""
    what = "Recibimos tu pago: t" if paid > 0 else "T"
    return Reply(
        header=f"Tu reserva está confirmada: {view.code}",
        text=f"{hello(view)}\n\n{what}u reserva en {lodging} quedó *confirmada*. ¡Te esperamos!",
        facts=(*_stay(view, facts, today), *_money(view, paid), *_where(facts)),
        url=facts.map_url or None,
        url_title="Ver en el mapa" if facts.map_url else "",
        calendar=calendar,
        footer="Guardá este mail: el código te sirve para consultar o cancelar la reserva. Si"
        " necesitás algo, respondé acá.",
    )


def moved(
    view: ReservationView, *, facts: StayFacts, paid: int, today: date, calendar: str
) -> Reply:
    """Return what a confirmed booking is, now that it was changed."""
    return Reply(
        header=f"Cambiamos tu reserva {view.code}",
        text=f"{hello(view)}\n\nCambiamos tu reserva. Así quedó; si algo no está bien, respondé"
        " este mail.",
        facts=(*_stay(view, facts, today), *_money(view, paid)),
        calendar=calendar,
        footer="Si la habías guardado en tu calendario, el archivo adjunto la corrige.",
    )


def hold_expiring(
    view: ReservationView, *, url: str | None, zone: str, now: datetime, today: date
) -> Reply:
    """Return the reminder that a hold runs out soon."""
    deadline = wording.moment(view.hold_expires_at or now, zone=zone, now=now)
    return Reply(
        header=f"Tu reserva {view.code} vence a {deadline}",
        text=f"{hello(view)}\n\nTe guardamos la cabaña hasta *{deadline}*. Con la seña de"
        f" *{format_money(view.deposit)}* queda confirmada; si no, se liberan las fechas.",
        facts=_short(view, today),
        url=url,
        url_title="Pagar la seña" if url else "",
    )


def hold_expired(view: ReservationView, *, today: date) -> Reply:
    """Return that a hold has run out, and how to go on."""
    return Reply(
        header=f"Venció tu reserva {view.code}",
        text=f"{hello(view)}\n\nSe venció el plazo para la seña y se liberaron las fechas. Si"
        " todavía las querés, respondé este mail y las busco de nuevo.",
        facts=_short(view, today),
    )


def cancelled(
    view: ReservationView, *, by_guest: bool, back: str, today: date, calendar: str
) -> Reply:
    """Return that a stay was cancelled; `back` says what of its money goes back."""
    what = (
        "Como nos pediste, cancelamos tu reserva."
        if by_guest
        else "Tu reserva se canceló. Si no fuiste vos o tenés dudas, respondé este mail."
    )
    return Reply(
        header=f"Tu reserva {view.code} se canceló",
        text="\n\n".join(part for part in (hello(view), what, back) if part),
        facts=_short(view, today),
        calendar=calendar,
        footer="Si la habías guardado en tu calendario, el archivo adjunto la quita."
        if calendar
        else "",
    )


def arrival(view: ReservationView, *, facts: StayFacts, due: int, today: date) -> Reply:
    """Return what a guest needs to arrive: when, where, what is left to pay."""
    when = _in_days((view.check_in - today).days)
    return Reply(
        header=f"{when} te esperamos en {view.accommodation_name}",
        text=f"{hello(view)}\n\n¡Ya falta poco! Te dejamos todo lo que necesitás para llegar.",
        facts=(
            *_stay(view, facts, today),
            ("Saldo al llegar", format_money(due) if due > 0 else "Nada, está todo pago"),
            *_where(facts),
            *((("Para entrar", facts.notes),) if facts.notes else ()),
        ),
        url=facts.map_url or None,
        url_title="Cómo llegar" if facts.map_url else "",
        footer="¿Llegás más tarde o surgió algo? Respondé este mail.",
    )


def thanks(view: ReservationView, *, lodging: str) -> Reply:
    """Return thanks for a stay that has ended."""
    return Reply(
        header="¡Gracias por venir!",
        text=f"{hello(view)}\n\nGracias por quedarte en {lodging}. Esperamos que la hayas pasado"
        " muy bien.\n\nSi algo no estuvo como esperabas, o si te olvidaste algo en la cabaña,"
        " respondé este mail: lo lee una persona.\n\n¡Ojalá vuelvas pronto!",
    )


def hello(view: ReservationView) -> str:
    name = " ".join((view.guest_name or "").replace("*", "").split())
    return f"Hola, {name}:" if name else "Hola:"


def _stay(view: ReservationView, facts: StayFacts, today: date) -> tuple[tuple[str, str], ...]:
    nights = wording.nights((view.check_out - view.check_in).days)
    arrival_day = wording.day(view.check_in, today=today)
    departure_day = wording.day(view.check_out, today=today)
    return (
        ("Código de reserva", view.code),
        ("Cabaña", view.accommodation_name),
        ("Llegada", f"{arrival_day}, desde las {facts.check_in_from}"),
        ("Salida", f"{departure_day}, hasta las {facts.check_out_until} ({nights})"),
        ("Huéspedes", wording.people(view.guests)),
    )


def _money(view: ReservationView, paid: int) -> tuple[tuple[str, str], ...]:
    return (
        ("Total", format_money(view.total)),
        ("Pagado", format_money(paid)),
        ("Saldo al llegar", format_money(max(view.total - paid, 0))),
    )


def _short(view: ReservationView, today: date) -> tuple[tuple[str, str], ...]:
    return (
        ("Código de reserva", view.code),
        ("Cabaña", view.accommodation_name),
        ("Estadía", wording.stay(view.check_in, view.check_out, today=today)),
    )


def _where(facts: StayFacts) -> tuple[tuple[str, str], ...]:
    found = (("Dirección", facts.address), ("Cómo llegar", facts.directions))
    return tuple((label, value) for label, value in found if value)


def _in_days(days: int) -> str:
    return {0: "Hoy", 1: "Mañana"}.get(days, f"En {days} días")
