"""What a guest is told when the owner gives their booking other dates."""

from datetime import date, datetime
from uuid import uuid4

from sqlalchemy.ext.asyncio import AsyncConnection

from alojamientos.conversation import store, wording
from alojamientos.conversation.messages import Reply
from alojamientos.conversation.notices import BY_GUEST, Notice
from alojamientos.conversation.replies import PERSON
from alojamientos.conversation.turn import ConversationPolicy
from alojamientos.kit.clock import today_in
from alojamientos.kit.money import format_money
from alojamientos.reservations import queries
from alojamientos.reservations.events import ReservationMoved
from alojamientos.reservations.views import ReservationView


async def for_reservation_moved(
    conn: AsyncConnection, fact: ReservationMoved, *, policy: ConversationPolicy, now: datetime
) -> Notice | None:
    """Tell a guest who has written to us what they are booked for now; their own act they know."""
    if fact.actor == BY_GUEST:
        return None
    view = await queries.by_id(conn, fact.reservation_id)
    to = await store.address_of(conn, guest_id=view.guest_id)
    if to is None:
        return None
    today = today_in(policy.time_zone, now)
    return Notice(
        channel=to.channel,
        address=to.address,
        # Moved there and back again is told each time.
        dedupe_key=f"reservation:{view.id}:moved:{uuid4().hex}",
        kind="reservation_moved",
        reply=_moved(view, repriced=fact.total != fact.previous_total, today=today),
        reservation_id=view.id,
    )


def _moved(view: ReservationView, *, repriced: bool, today: date) -> Reply:
    total = f"El total ahora es {format_money(view.total)}." if repriced else "El total no cambia."
    return Reply(
        text=f"Cambiamos tu reserva *{view.code}*: ahora es en {view.accommodation_name},"
        f" {wording.stay(view.check_in, view.check_out, today=today)}, para"
        f" {wording.people(view.guests)}. {total} Si algo no está bien, escribinos.",
        options=(PERSON,),
    )
