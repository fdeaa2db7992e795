"""What guests are told of their money: receipts, what is left to pay, what goes back. Pure."""

from datetime import datetime

from alojamientos.conversation import wording
from alojamientos.conversation.messages import Option, Reply
from alojamientos.conversation.replies import PERSON
from alojamientos.kit.money import format_money
from alojamientos.payments.events import CancellationSettled, Method
from alojamientos.payments.plans import Settlement
from alojamientos.reservations.cancellation import CancellationPolicy
from alojamientos.reservations.views import ReservationView

_ALL = 100  # percent
_METHODS = {
    Method.CASH: "en efectivo",
    Method.TRANSFER: "por transferencia",
    Method.CARD: "con tarjeta",
}


def what_goes_back(found: Settlement | CancellationSettled) -> str:
    """Say what of their money a guest gets back, and how; "" when nothing was paid."""
    if not found.paid:
        return ""
    if not found.refund:
        return (
            f"Pagaste {format_money(found.paid)}. Como {_notice(found.notice)}, según la"
            " política de cancelación *no hay devolución*."
        )
    if found.refund == found.paid:
        said = f"Te devolvemos *todo lo que pagaste*: {format_money(found.refund)}."
    else:
        said = (
            f"Pagaste {format_money(found.paid)}. Como {_notice(found.notice)}, te devolvemos el"
            f" {found.percent} %: *{format_money(found.refund)}*."
        )
    return f"{said} {_how(found.refund, found.by_hand)}"


def _notice(days: int) -> str:
    if days <= 0:
        return "la estadía ya empieza"
    return "falta 1 día para llegar" if days == 1 else f"faltan {days} días para llegar"


def _how(refund: int, by_hand: int) -> str:
    if not by_hand:
        return "Vuelve por Mercado Pago, al mismo medio con el que pagaste."
    person = "te escribe una persona del equipo para coordinarlo"
    if by_hand == refund:
        return f"Para devolvértelo {person}."
    return (
        f"{format_money(refund - by_hand)} vuelven por Mercado Pago; por los otros"
        f" {format_money(by_hand)} {person}."
    )


def policy(rules: CancellationPolicy) -> Reply:
    """Tell what goes back when a booking is cancelled, before anybody cancels one."""
    parts = []
    for tier in rules.tiers:
        share = "todo lo que pagaste" if tier.percent == _ALL else f"el {tier.percent} %"
        when = f"hasta {tier.days} días antes de llegar" if tier.days else "hasta el día de llegada"
        if tier.percent:
            parts.append(f"{when} te devolvemos {share}")
    if not parts:
        text = "Si cancelás una reserva confirmada, lo pagado no se devuelve."
    else:
        strict = rules.tiers[-1].days > 0 or not rules.tiers[-1].percent
        rest = "; después no hay devolución" if strict else ""
        text = f"Si cancelás una reserva confirmada, {'; '.join(parts)}{rest}."
    return Reply(
        text=f"{text}\n\nPara cancelar escribime *cancelar*: antes de hacerlo te digo cuánto te"
        " corresponde."
    )


def received(view: ReservationView, *, amount: int, how: Method | None, left: int) -> Reply:
    """Return the receipt of a payment, with what is left; `how` is None for Mercado Pago."""
    by = f" {_METHODS[how]}" if how else " por Mercado Pago"
    return Reply(
        text=f"Recibimos {format_money(amount)}{by} por la reserva *{view.code}*."
        f" {what_is_left(view, left)} ¡Gracias!"
    )


def what_is_left(view: ReservationView, left: int) -> str:
    if left > 0 and not view.is_confirmed:
        missing = view.deposit - (view.total - left)
        return f"Falta {format_money(missing)} de la seña para confirmarla."
    if left > 0:
        return f"Queda un saldo de *{format_money(left)}*."
    if left < 0:
        return f"Ya está todo pago, y quedan {format_money(-left)} a tu favor."
    return "*Ya está todo pago.*"


def taken_back(view: ReservationView, *, amount: int, left: int) -> Reply:
    """Tell that a receipt was a mistake."""
    return Reply(
        text=f"Una corrección: habíamos anotado por error un pago de {format_money(amount)} en la"
        f" reserva *{view.code}*. {what_is_left(view, left)} Si algo no te cierra, escribinos.",
        options=(PERSON,),
    )


def pay_balance(view: ReservationView, url: str, amount: int, closes: datetime, zone: str) -> Reply:
    """Give the link to pay what is left."""
    return Reply(
        text=f"Para pagar el saldo de {format_money(amount)} de la reserva *{view.code}* entrá acá:"
        f"\n{url}\nEl link vale hasta {wording.moment(closes, zone=zone)}.",
        url=url,
        url_title="Pagar el saldo",
    )


def balance(view: ReservationView, left: int) -> Reply:
    """Tell what is left to pay, and offer to pay it now."""
    if left <= 0:
        return Reply(text=f"La reserva *{view.code}* ya está confirmada y está todo pago. 🙌")
    return Reply(
        text=f"La reserva *{view.code}* ya está confirmada. Queda un saldo de {format_money(left)}:"
        " podés pagarlo al llegar, o ahora por Mercado Pago.",
        options=(Option(id=f"pay:{view.code}", title="Pagar el saldo"),),
    )


def balance_link_on_its_way(view: ReservationView, left: int) -> Reply:
    return Reply(
        text=f"Estoy preparando el link para pagar el saldo de {format_money(left)} de la reserva"
        f" *{view.code}*; te lo mando enseguida."
    )


def excess_goes_back(view: ReservationView, *, amount: int, excess: int) -> Reply:
    return Reply(
        text=f"Recibimos {format_money(amount)} por la reserva *{view.code}*, y ya está todo pago."
        f" Como faltaba menos, te devolvemos {format_money(excess)} por Mercado Pago."
    )


def given_back(code: str, *, amount: int, by_hand: bool) -> Reply:
    """Tell that money has gone back."""
    how = (
        "Cualquier duda, escribinos."
        if by_hand
        else "Mercado Pago lo acredita en el mismo medio con el que pagaste; en tarjeta puede"
        " aparecer en el próximo resumen."
    )
    return Reply(text=f"Te devolvimos {format_money(amount)} de la reserva *{code}*. {how}")
