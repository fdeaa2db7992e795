"""What a guest is told while they change a booking of theirs. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from alojamientos.conversation import wording
from alojamientos.conversation.messages import Option, Reply
from alojamientos.conversation.replies import OTHER_DATES, PERSON, invalid_dates, which_dates
from alojamientos.kit.money import format_money
from alojamientos.nlu.values import Reason, Span
from alojamientos.payments.changing import Changed, Hindrance, Terms
from alojamientos.reservations.domain import Stay
from alojamientos.reservations.events import Status
from alojamientos.reservations.views import Offer, ReservationView

KEEP = Option(id="change:no", title="Dejar como está")
YES = Option(id="change:yes", title="Sí, cambiarla")
_WHY = {
    Hindrance.LATE: "ya falta poco para tu llegada",
    Hindrance.AGREED: "esta reserva la hizo una persona del equipo",
    Hindrance.MONEY: "hay un pago que revisar",
}
_MOST_SPANS = 10 - 1  # rows of a list, with one to keep what there is


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What a guest wants of a booking instead of what it is."""

    stay: Stay
    guests: int
    cabin: str  # its name


def ask(
    view: ReservationView, free: Sequence[Span], *, hindrance: Hindrance | None, today: date
) -> Reply:
    """Ask what is to be different; `free` weekends of its cabin can be picked."""
    owners = (
        f" Como {_WHY[hindrance]}, el cambio lo tiene que ver una persona: decime qué necesitás y"
        " se lo paso."
        if hindrance
        else ""
    )
    return Reply(
        text=f"Tu reserva *{view.code}* es en {view.accommodation_name},"
        f" {wording.stay(view.check_in, view.check_out, today=today)}, para"
        f" {wording.people(view.guests)}.{owners}\n\n¿A qué fechas la querés pasar? Por ejemplo:"
        ' "del 20 al 23 de enero". Si cambia cuántos son, decime también: "para 5".',
        options=(*_spans(free[:_MOST_SPANS]), KEEP),
    )


def which(spans: Sequence[Span], label: str, today: date) -> Reply:
    """Ask which of several readings is meant."""
    reply = which_dates(spans, label, today)
    return Reply(text=reply.text, options=(*reply.options[:_MOST_SPANS], KEEP))


def ask_days(label: str) -> Reply:
    when = f" en {label}" if label else ""
    return Reply(
        text=f"¿A qué días{when} la pasamos? Decime el día de llegada y el de salida.",
        options=(KEEP,),
    )


def not_dates(reason: Reason, quote: str) -> Reply:
    return Reply(text=invalid_dates(reason, quote).text, options=(KEEP,))


def not_bookable() -> Reply:
    return Reply(
        text="Esas fechas no las puedo reservar: tomo reservas desde hoy, de hasta 60 noches y"
        " dentro de los próximos 18 meses. ¿Qué otras te sirven?",
        options=(OTHER_DATES, KEEP),
    )


def too_many(name: str, capacity: int) -> Reply:
    return Reply(
        text=f"{name} es para {wording.people(capacity)} como mucho. ¿Cuántas personas serían? Si"
        " son más, decime el nombre de otra cabaña o hablá con alguien.",
        options=(PERSON, KEEP),
    )


def too_few_nights(name: str, least: int) -> Reply:
    return Reply(
        text=f"En esas fechas {name} se reserva por {wording.nights(least)} o más. ¿Qué fechas te"
        " sirven?",
        options=(OTHER_DATES, KEEP),
    )


def same(view: ReservationView, today: date) -> Reply:
    return Reply(
        text=f"Tu reserva *{view.code}* ya es así: {view.accommodation_name},"
        f" {wording.stay(view.check_in, view.check_out, today=today)}, para"
        f" {wording.people(view.guests)}. ¿Querés otras fechas?",
        options=(OTHER_DATES, KEEP),
    )


def not_free(
    view: ReservationView,
    wish: Wish,
    *,
    nearby: Sequence[Span],
    others: Sequence[Offer],
    just_now: bool,
    today: date,
) -> Reply:
    """Say that it cannot be moved there, that nothing has changed, and what is free instead."""
    when = wording.stay(wish.stay.check_in, wish.stay.check_out, today=today)
    taken = (
        f"Uy, justo se ocupó {wish.cabin} {when}."
        if just_now
        else f"Uy, {wish.cabin} no está libre {when}."
    )
    lines = [f"{taken} Tu reserva *{view.code}* sigue como estaba."]
    if nearby:
        lines.append("Cerca de esas fechas sí:")
        lines += [
            f"{number}. {wording.stay(span.check_in, span.check_out, today=today)}"
            for number, span in enumerate(nearby, 1)
        ]
    if others:
        names = wording.listed([f"*{offer.accommodation.name}*" for offer in others], "o")
        lines.append(f"En las fechas que pedís tengo {names}.")
    lines.append("¿Te sirve alguna?" if nearby or others else "¿Probamos con otras fechas?")
    cabins = (
        Option(id=f"cabin:{offer.accommodation.id}", title=offer.accommodation.name)
        for offer in others
    )
    return Reply(text="\n".join(lines), options=(*_spans(nearby), *cabins, OTHER_DATES, KEEP))


def propose(
    view: ReservationView,
    wish: Wish,
    terms: Terms,
    *,
    later_percent: int,
    zone: str,
    now: datetime,
    today: date,
    changed: bool = False,
) -> Reply:
    """Read back what it would be and what that comes to, and ask whether to do it.

    `later_percent` is what a cancellation would give back from then on. `changed` tells that what
    was said before does not hold any more.
    """
    again = "Algo cambió desde que te lo pasé, perdón. Ahora sería así:\n\n" if changed else ""
    lines = [
        (
            f"{again}Para tu reserva *{view.code}* hay lugar en *{wish.cabin}*"
            f" {wording.stay(wish.stay.check_in, wish.stay.check_out, today=today)}, para"
            f" {wording.people(wish.guests)}."
        ),
        "",
        f"Total: {_difference(view.total, terms.total)}",
    ]
    if view.status is Status.PRE_RESERVED:
        deadline = wording.moment(view.hold_expires_at or now, zone=zone, now=now)
        lines.append(f"Seña: {_difference(view.deposit, terms.deposit)}")
        lines.append(f"El plazo para la seña no cambia: hasta {deadline}.")
    else:
        lines += _settled(terms)
        if later_percent < 100:  # noqa: PLR2004 - percent
            back = f"se devuelve el {later_percent} %" if later_percent else "no hay devolución"
            lines.append(f"Ojo: con esa llegada tan cerca, si después la cancelás {back}.")
    lines += ["", "¿La cambio?"]
    return Reply(text="\n".join(lines), options=(YES, OTHER_DATES, KEEP))


def done(changed: Changed, *, zone: str, now: datetime, today: date) -> Reply:
    """Tell what a booking is now, what it costs, and what happens next."""
    view, terms = changed.after, changed.terms
    lines = [
        (
            f"¡Listo! Cambié tu reserva *{view.code}*: {view.accommodation_name},"
            f" {wording.stay(view.check_in, view.check_out, today=today)}, para"
            f" {wording.people(view.guests)}."
        ),
        "",
        f"Total: {_difference(changed.before.total, view.total)}",
    ]
    pay: tuple[Option, ...] = ()
    if view.status is Status.PRE_RESERVED:
        deadline = wording.moment(view.hold_expires_at or now, zone=zone, now=now)
        lines += [
            f"Seña: {format_money(view.deposit)}",
            "",
            f"La tengo guardada hasta {deadline}, el mismo plazo de antes.",
            "Enseguida te mando el link nuevo para la seña; el anterior ya no sirve.",
        ]
    else:
        lines += _settled(terms)
        pay = (Option(id=f"pay:{view.code}", title="Pagar el saldo"),) if terms.due else ()
    again = Option(id=f"change:{view.code}", title="Cambiar de nuevo")
    seen = Option(id=f"booking:{view.code}", title="Ver mi reserva")
    return Reply(text="\n".join(lines), options=(*pay, again, seen))


def left_to_owner(view: ReservationView, hindrance: Hindrance | None) -> Reply:
    why = f"Como {_WHY[hindrance]}, ese" if hindrance else "Ese"
    return Reply(
        text=f"{why} cambio lo tiene que ver una persona del equipo. Ya le pasé lo que querés y te"
        f" escribe por acá. Mientras tanto tu reserva *{view.code}* sigue como está, y yo no te"
        " respondo, así no nos cruzamos."
    )


def not_any_more(view: ReservationView) -> Reply:
    return Reply(
        text=f"La reserva *{view.code}* ya no está vigente, así que no la pude cambiar. ¿Buscamos"
        " lugar de nuevo?",
        options=(OTHER_DATES, PERSON),
    )


def wish_in_words(view: ReservationView, wish: Wish, *, price: int | None, today: date) -> str:
    """Return for the owner what a guest wants; `price` is None where the nights are not free."""
    before = wording.stay(view.check_in, view.check_out, today=today)
    after = wording.stay(wish.stay.check_in, wish.stay.check_out, today=today)
    free = (
        f"Hoy está libre y costaría {format_money(price)} (ahora {format_money(view.total)})."
        if price is not None
        else "Hoy no está libre."
    )
    return (
        f"*Qué quiere*: pasar la reserva {view.code} ({view.accommodation_name}, {before}, para"
        f" {wording.people(view.guests)}) a {wish.cabin}, {after}, para"
        f" {wording.people(wish.guests)}. {free}"
    )


def _spans(spans: Sequence[Span]) -> tuple[Option, ...]:
    return tuple(
        Option(
            id=f"span:{number}",
            title=wording.short_stay(span.check_in, span.check_out),
            description=wording.weekdays(span.check_in, span.check_out),
        )
        for number, span in enumerate(spans, 1)
    )


def _difference(before: int, after: int) -> str:
    if before == after:
        return f"{format_money(after)}, igual que ahora"
    more = "más" if after > before else "menos"
    return f"*{format_money(after)}* ({format_money(abs(after - before))} {more} que ahora)"


def _settled(terms: Terms) -> list[str]:
    """Say what is paid, what is left or what goes back."""
    lines = [f"Pagado: {format_money(terms.paid)}"]
    if terms.due:
        lines.append(f"Saldo: *{format_money(terms.due)}*, al llegar o antes por Mercado Pago")
    elif not terms.refund:
        lines.append("No queda nada por pagar.")
    else:
        how = "te escribe una persona" if terms.by_hand else "por Mercado Pago"
        lines.append(f"Se te devuelven *{format_money(terms.refund)}* ({how}).")
    return lines
