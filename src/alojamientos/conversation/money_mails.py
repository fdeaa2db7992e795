"""What about money goes out as mail: a guest's receipt, and what the owner has to know. Pure."""

from alojamientos.conversation import money_replies
from alojamientos.conversation.messages import Reply
from alojamientos.kit.money import format_money
from alojamientos.payments.events import CancellationSettled, Method, OwnerNeeded, Trouble
from alojamientos.reservations.views import ReservationView

_SUBJECTS = {
    Trouble.CHARGED_BACK: "Contracargo: la tarjeta se llevó un pago{booking}",
    Trouble.DISPUTED: "Un huésped reclamó un pago{booking}",
    Trouble.FRAUD: "Mercado Pago sospecha un fraude{booking}",
    Trouble.ORPHAN: "Llegó un pago que no es de ninguna reserva",
    Trouble.BY_HAND: "Hay que devolver {amount} a mano{booking}",
    Trouble.REFUND_FAILED: "Mercado Pago no pudo devolver {amount}{booking}",
}
_WHAT = {
    Trouble.CHARGED_BACK: (
        "El banco del huésped *se llevó un pago de {amount}* (contracargo){booking}. La reserva"
        " sigue en pie y ahora figura como impaga: *decidí vos* si la mantenés, si la cancelás o si"
        " hablás antes con el huésped. En Mercado Pago podés defender el cobro: suele haber pocos"
        " días."
    ),
    Trouble.DISPUTED: (
        "El huésped *inició un reclamo* por un pago de {amount}{booking}. Las fechas siguen"
        " ocupadas. Contestalo en Mercado Pago, en la sección de reclamos, antes de que venza."
    ),
    Trouble.FRAUD: (
        "Mercado Pago avisa que un pago de {amount}{booking} *parece un fraude*. No entregues la"
        " cabaña por ahora: miralo en Mercado Pago y, si corresponde, cancelá la reserva y devolvé"
        " el pago."
    ),
    Trouble.ORPHAN: (
        "Entró un pago de *{amount}* que no corresponde a ninguna reserva. Buscalo en Mercado Pago"
        " por su número: devolvelo, o asignalo a su reserva con"
        " alojamientos payments assign {payment} CÓDIGO."
    ),
    Trouble.BY_HAND: (
        "Hay que devolverle *{amount}* al huésped{booking}, y eso *lo tenés que hacer vos*: lo pagó"
        " en efectivo, por transferencia o con tu terminal, o Mercado Pago ya no lo devuelve."
        " Cuando esté, anotalo con alojamientos payments done {refund}."
    ),
    Trouble.REFUND_FAILED: (
        "Mercado Pago *rechazó la devolución de {amount}*{booking}. Fijate si hay saldo en la"
        " cuenta y devolvela a mano. Cuando esté, anotalo con alojamientos payments done {refund}."
    ),
}


def receipt(
    view: ReservationView, *, amount: int, how: Method | None, left: int, lodging: str
) -> Reply:
    """Return what a guest keeps of a payment."""
    hello = f"Hola, {view.guest_name}:" if view.guest_name else "Hola:"
    said = money_replies.received(view, amount=amount, how=how, left=left)
    return Reply(
        header=f"Recibimos tu pago: {view.code}",
        text=f"{hello}\n\n{said.text}\n\nTotal de la estadía: {format_money(view.total)}",
        footer=f"{lodging} · Guardá este mail como recibo. No es una factura.",
    )


def owner_needed(fact: OwnerNeeded, view: ReservationView | None, *, lodging: str) -> Reply:
    """Return what waits for the owner: what happened, and what to do about it."""
    booking = f", reserva {view.code} ({view.accommodation_name})" if view else ""
    values = {
        "amount": format_money(fact.amount),
        "booking": booking,
        "payment": fact.payment or "",
        "refund": fact.key.partition(":")[2],
    }
    facts = [f"Pago de Mercado Pago: {fact.payment}"] if _at_provider(fact) else []
    if view:
        facts.append(f"Estadía: {view.check_in:%d/%m/%Y} al {view.check_out:%d/%m/%Y}")
        facts.append(f"Huésped: {_plain(view.guest_name or 'sin nombre')}")
    return Reply(
        header=_SUBJECTS[fact.trouble].format(**values),
        text="\n\n".join((_WHAT[fact.trouble].format(**values), "\n".join(facts))).strip(),
        footer=f"Te lo manda el asistente de {lodging}. Todo lo pendiente: alojamientos payments"
        " list --todo",
    )


def _at_provider(fact: OwnerNeeded) -> bool:
    return fact.payment is not None and fact.trouble is not Trouble.BY_HAND


def cancellation(fact: CancellationSettled, view: ReservationView, *, lodging: str) -> Reply:
    """Tell the owner what a cancelled booking gives back."""
    if not fact.paid:
        back = "No había pagos anotados."
    elif fact.refund:
        back = (
            f"Había {format_money(fact.paid)} pagos; según la política se devuelven"
            f" *{format_money(fact.refund)}* ({fact.percent} %)."
        )
        alone = fact.refund - fact.by_hand
        if alone:
            back += f" {format_money(alone)} salen solos por Mercado Pago."
        if fact.by_hand:
            back += f" *{format_money(fact.by_hand)} los tenés que devolver vos.*"
    else:
        back = f"Había {format_money(fact.paid)} pagos; según la política *no se devuelve nada*."
    return Reply(
        header=f"Se canceló la reserva {view.code}",
        text=f"Se canceló la reserva *{view.code}* en {view.accommodation_name}, del"
        f" {view.check_in:%d/%m/%Y} al {view.check_out:%d/%m/%Y}. {back}\n\nPara"
        " devolver más:"
        f" alojamientos payments refund {view.code} --amount IMPORTE",
        footer=f"Te lo manda el asistente de {lodging}.",
    )


def _plain(text: str) -> str:
    """Return a stranger's words on one line, marking nothing."""
    return " ".join(text.replace("*", "").split())
