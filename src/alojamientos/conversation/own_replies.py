"""What the assistant says about a guest's own bookings, their money and their end. Pure."""

from collections.abc import Sequence
from datetime import date, datetime

from alojamientos.conversation import wording
from alojamientos.conversation.messages import Option, Reply
from alojamientos.conversation.replies import MOST_OPTIONS, OTHER_DATES, PERSON, PLACE, SEE_FREE
from alojamientos.kit.money import format_money
from alojamientos.reservations.events import Status
from alojamientos.reservations.views import ReservationView

_STATUS = {
    Status.PRE_RESERVED: "guardada, falta la seña",
    Status.CONFIRMED: "confirmada ✅",
    Status.CANCELLED: "cancelada",
    Status.EXPIRED: "vencida",
    Status.COMPLETED: "terminada",
    Status.NO_SHOW: "no se presentaron",
}


def own(views: Sequence[ReservationView], *, zone: str, now: datetime, today: date) -> Reply:
    """List a guest's bookings with what is left to do."""
    blocks = []
    for view in views:
        lines = [
            f"*{view.code}* · {view.accommodation_name} · {_STATUS[view.status]}",
            wording.stay(view.check_in, view.check_out, today=today),
            wording.people(view.guests),
            f"Total {format_money(view.total)} · seña {format_money(view.deposit)}",
        ]
        if view.status is Status.PRE_RESERVED and view.hold_expires_at:
            lines.append(
                f"Guardada hasta {wording.moment(view.hold_expires_at, zone=zone, now=now)}"
            )
        blocks.append("\n".join(lines))
    return Reply(text="\n\n".join(blocks), options=_next_steps(views))


def _next_steps(views: Sequence[ReservationView]) -> tuple[Option, ...]:
    """Return what can be done with a booking; with several, which one it is about comes first."""
    if len(views) > 1:
        return tuple(_row(view, "booking") for view in views[:MOST_OPTIONS])
    view = views[0]
    unpaid = view.status is Status.PRE_RESERVED
    return (
        Option(id=f"pay:{view.code}", title="Pagar la seña") if unpaid else PLACE,
        Option(id=f"change:{view.code}", title="Cambiar fechas"),
        Option(id=f"cancel:{view.code}", title="Cancelar reserva"),
    )


def _row(view: ReservationView, action: str) -> Option:
    return Option(
        id=f"{action}:{view.code}",
        title=view.code,
        description=f"{view.accommodation_name} ·"
        f" {wording.short_stay(view.check_in, view.check_out)}",
    )


def none_found(code: str | None = None) -> Reply:
    which = f"una reserva {code}" if code else "reservas vigentes"
    return Reply(
        text=f"No encuentro {which} a tu nombre. ¿Querés que busquemos lugar?",
        options=(SEE_FREE, PERSON),
    )


def which_to_cancel(views: Sequence[ReservationView]) -> Reply:
    return _which("¿Cuál querés cancelar?", views, "cancel")


def which_to_change(views: Sequence[ReservationView]) -> Reply:
    return _which("¿Cuál querés cambiar?", views, "change")


def _which(question: str, views: Sequence[ReservationView], action: str) -> Reply:
    lines = [
        f"{number}. *{view.code}* · {view.accommodation_name} ·"
        f" {wording.short_stay(view.check_in, view.check_out)}"
        for number, view in enumerate(views, 1)
    ]
    return Reply(
        text=f"{question}\n\n" + "\n".join(lines),
        options=tuple(_row(view, action) for view in views[:MOST_OPTIONS]),
    )


def cancel_first(view: ReservationView, today: date, back: str = "") -> Reply:
    """Ask whether to cancel; `back` says what goes back of what was paid, if anything was."""
    return Reply(
        text=f"¿Querés cancelar la reserva *{view.code}* en {view.accommodation_name}"
        f" {wording.stay(view.check_in, view.check_out, today=today)}?{_paragraph(back)}",
        options=(
            Option(id="cancel:yes", title="Sí, cancelarla"),
            Option(id="cancel:no", title="No, dejarla"),
        ),
    )


def cancel_second(back: str = "") -> Reply:
    return Reply(
        text=f"¿Seguro? Se liberan las fechas y no se puede deshacer.{_paragraph(back)}",
        options=(
            Option(id="cancel:yes", title="Sí, estoy seguro"),
            Option(id="cancel:no", title="No, dejarla"),
        ),
    )


def cancelled(view: ReservationView, back: str = "") -> Reply:
    then = "Cuando quieras buscamos otra fecha."
    return Reply(
        text=f"Listo, cancelé la reserva *{view.code}*."
        + (f"{_paragraph(back)}\n\n{then}" if back else f" {then}"),
        options=(OTHER_DATES,),
    )


def _paragraph(text: str) -> str:
    return f"\n\n{text}" if text else ""


def kept(view: ReservationView | None) -> Reply:
    which = f" *{view.code}*" if view else ""
    return Reply(text=f"Perfecto, la reserva{which} queda como está.")


def not_cancellable(view: ReservationView) -> Reply:
    return Reply(
        text=f"La reserva *{view.code}* ya no se puede cancelar: está {_STATUS[view.status]}.",
        options=(PERSON,),
    )


def pay_here(view: ReservationView, url: str, amount: int, *, zone: str, now: datetime) -> Reply:
    """Give the link to pay a deposit, and its deadline."""
    deadline = (
        f"Tenés tiempo hasta {wording.moment(view.hold_expires_at, zone=zone, now=now)}."
        if view.hold_expires_at
        else ""
    )
    return Reply(
        text=f"Para confirmar la reserva *{view.code}* pagá la seña de {format_money(amount)} acá:"
        f"\n{url}\n{deadline}".rstrip(),
        url=url,
        url_title="Pagar la seña",
    )


def link_on_its_way(view: ReservationView) -> Reply:
    return Reply(
        text=f"Estoy preparando el link de pago de la reserva *{view.code}*; te lo mando enseguida."
    )


def how_to_pay(deposit_percent: int, hold: str) -> Reply:
    return Reply(
        text=f"Se paga una seña del {deposit_percent} % con Mercado Pago para confirmar, y el"
        f" resto al llegar. Cuando elegís una cabaña te la guardo {hold} y te mando el link.",
        options=(SEE_FREE,),
    )


def confirmed(view: ReservationView, *, paid: int, revived: bool, today: date) -> Reply:
    """Tell that a booking is confirmed, by which money, and what is left to pay."""
    late = " El pago llegó después del plazo, pero las fechas seguían libres." if revived else ""
    thanks = f"¡Recibimos tu seña de {format_money(paid)}! " if paid else ""
    left = view.total - paid
    rest = f"Saldo al llegar: {format_money(left)}." if left > 0 else "Ya está todo pago."
    return Reply(
        text=f"{thanks}Tu reserva *{view.code}* en"
        f" {view.accommodation_name} {wording.stay(view.check_in, view.check_out, today=today)}"
        f" quedó *confirmada* 🎉{late}\n\n{rest} ¡Te esperamos!",
        options=(Option(id=f"booking:{view.code}", title="Ver mi reserva"), PLACE),
    )


def expired(view: ReservationView, today: date) -> Reply:
    return Reply(
        text=f"Se venció el plazo para la seña de la reserva *{view.code}*"
        f" ({wording.stay(view.check_in, view.check_out, today=today)}) y se liberaron las fechas."
        " Si todavía la querés, la busco de nuevo.",
        options=(SEE_FREE,),
    )


def reminder(view: ReservationView, url: str | None, *, zone: str, now: datetime) -> Reply:
    deadline = wording.moment(view.hold_expires_at or now, zone=zone, now=now)
    link = f"\n{url}" if url else ""
    return Reply(
        text=f"Te recuerdo que la reserva *{view.code}* está guardada hasta {deadline}. Con la seña"
        f" de {format_money(view.deposit)} queda confirmada.{link}",
        url=url,
        url_title="Pagar la seña" if url else "",
    )


def cancelled_by_us(view: ReservationView, today: date) -> Reply:
    return Reply(
        text=f"Se canceló tu reserva *{view.code}*"
        f" ({wording.stay(view.check_in, view.check_out, today=today)}). Si no fuiste vos o tenés"
        " dudas, escribinos.",
        options=(PERSON,),
    )


def paid_too_late(code: str, amount: int) -> Reply:
    return Reply(
        text=f"Recibimos tu pago de la reserva *{code}*, pero ya se había vencido el plazo y otra"
        f" persona tomó esas fechas. Te devolvemos los {format_money(amount)} completos por"
        " Mercado Pago. Perdón por la molestia: ¿buscamos otra fecha?",
        options=(OTHER_DATES, PERSON),
    )


def paid_cancelled(code: str, amount: int) -> Reply:
    return Reply(
        text=f"Recibimos un pago de la reserva *{code}*, que ya estaba cancelada. Te devolvemos los"
        f" {format_money(amount)} completos por Mercado Pago."
    )


def paid_twice(code: str, amount: int) -> Reply:
    return Reply(
        text=f"La reserva *{code}* ya tenía ese pago. Te devolvemos el segundo pago, de"
        f" {format_money(amount)}, por Mercado Pago."
    )


def paid_in_part(view: ReservationView, paid: int) -> Reply:
    return Reply(
        text=f"Recibimos {format_money(paid)} para la reserva *{view.code}*, pero la seña es de"
        f" {format_money(view.deposit)}. Completala con el mismo link para que quede confirmada.",
        options=(PERSON,),
    )


def payment_rejected(code: str, url: str | None) -> Reply:
    link = f" Podés intentar de nuevo acá:\n{url}" if url else ""
    return Reply(
        text=f"El pago de la reserva *{code}* fue rechazado por Mercado Pago.{link}",
        url=url,
        url_title="Pagar la seña" if url else "",
    )
