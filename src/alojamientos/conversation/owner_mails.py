"""What the owner is told about mails: those that did not arrive, those not answered. Pure."""

from alojamientos.conversation.messages import Reply

_KINDS = {
    "confirmation_mail": "la confirmación de su reserva",
    "arrival_mail": "el recordatorio de su llegada",
    "cancellation_mail": "el aviso de su cancelación",
    "hold_reminder_mail": "el aviso de que vence su reserva",
    "expiry_mail": "el aviso de que venció su reserva",
    "moved_mail": "el aviso del cambio en su reserva",
    "receipt_mail": "el recibo de su pago",
    "refund_mail": "el aviso de su devolución",
    "thanks_mail": "el agradecimiento por su visita",
    "payment_link": "el link de pago",
}
_WHY_ASIDE = {
    "flood": "Llegaron demasiados mails seguidos de {address}, así que el asistente dejó de"
    " contestarle por un rato: casi siempre es otro programa que contesta solo.",
    "unreadable": "Llegó un mail que el asistente no pudo leer.",
}


def undelivered(address: str, kind: str, code: str, *, lodging: str, permanent: bool) -> Reply:
    """Tell that a guest did not get a mail, and what to do."""
    what = _KINDS.get(kind, "una respuesta")
    again = (
        " No le mandamos nada más a esa dirección hasta que escriba desde ahí." if permanent else ""
    )
    return Reply(
        header=f"No le llegó un mail a {address}",
        text=f"A *{_plain(address)}* no le llegó {what}: su servidor lo rechazó.{again}\n\n"
        "Si la dirección está mal escrita, pedile la correcta por otro medio.",
        facts=(("Respuesta del servidor", code),),
        footer=f"Te lo manda el asistente de {lodging}.",
    )


def set_aside(address: str, nature: str, *, lodging: str) -> Reply:
    """Tell that a mail may want an answer and got none."""
    return Reply(
        header="Un mail quedó sin respuesta",
        text=_WHY_ASIDE[nature].format(address=_plain(address)) + "\n\nEstá en la casilla de mail:"
        " fijate si hay que contestarlo.",
        footer=f"Te lo manda el asistente de {lodging}.",
    )


def _plain(text: str) -> str:
    return " ".join(text.replace("*", "").split())
