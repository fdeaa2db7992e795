"""The mails that follow from what happens to a booking, addressed to a guest who has an address."""

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from alojamientos.conversation import notices, replies_to_days, stay_calendar, stay_mails, store
from alojamientos.conversation.messages import Reply
from alojamientos.conversation.notices import BY_GUEST, Notice
from alojamientos.conversation.turn import ConversationPolicy
from alojamientos.kit.clock import today_in
from alojamientos.payments import queries as payments
from alojamientos.payments.events import Outcome, PaymentApplied, RefundFinished
from alojamientos.reservations import queries
from alojamientos.reservations.events import (
    ArrivalNear,
    HoldReminded,
    ReservationChanged,
    Status,
    StayEnded,
)
from alojamientos.reservations.views import ReservationView


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """A mail to a guest. `always`: also to one who is told by another channel."""

    notice: Notice
    always: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """What writing a letter needs to know besides the booking."""

    policy: ConversationPolicy
    now: datetime
    calendars_sent: int = 0  # about this booking: the next one replaces them

    @property
    def today(self) -> date:
        return today_in(self.policy.time_zone, self.now)


async def for_reservation_changed(
    conn: AsyncConnection, fact: ReservationChanged, *, desk: Desk
) -> Letter | None:
    """Write of a confirmation, an expiry, or the end of a confirmed stay."""
    was_confirmed = fact.previous is Status.CONFIRMED
    if fact.status is Status.CANCELLED and not was_confirmed:
        return None
    if fact.status not in (Status.CONFIRMED, Status.EXPIRED, Status.CANCELLED):
        return None
    view = await queries.by_id(conn, fact.reservation_id)
    if fact.status is Status.CONFIRMED:
        due = await _due(conn, view)
        reply = stay_mails.confirmation(
            view,
            lodging=desk.policy.lodging_name,
            place=desk.policy.place,
            due=due,
            today=desk.today,
            calendar=_calendar(view, desk),
        )
        kind = "confirmation_mail"
    elif fact.status is Status.EXPIRED:
        reply, kind = stay_mails.hold_expired(view, today=desk.today), "expiry_mail"
    else:
        reply = stay_mails.cancelled(
            view,
            by_guest=fact.reason == BY_GUEST,
            today=desk.today,
            calendar=_calendar(view, desk),
        )
        kind = "cancellation_mail"
    return await _letter(
        conn,
        view,
        reply,
        kind=kind,
        key=f"reservation:{view.id}:{fact.status}:mail",
        always=fact.status is not Status.EXPIRED,
    )


async def for_hold_reminded(
    conn: AsyncConnection, fact: HoldReminded, *, desk: Desk
) -> Letter | None:
    """Write of a deadline that comes near."""
    view = await queries.by_id(conn, fact.reservation_id)
    if view.status is not Status.PRE_RESERVED:
        return None
    link = await payments.link_for(conn, reservation_id=view.id)
    reply = stay_mails.hold_expiring(
        view,
        url=link.url if link else None,
        zone=desk.policy.time_zone,
        now=desk.now,
        today=desk.today,
    )
    key = f"hold-reminder:{view.id}:mail"
    return await _letter(conn, view, reply, kind="hold_reminder_mail", key=key, always=False)


async def for_payment_applied(
    conn: AsyncConnection, fact: PaymentApplied, *, desk: Desk
) -> Letter | None:
    """Write the receipt of a payment that does not confirm a booking by itself."""
    if fact.reservation_id is None or fact.outcome is not Outcome.PARTIAL:
        return None
    view = await queries.by_id(conn, fact.reservation_id)
    due = await _due(conn, view)
    reply = stay_mails.payment_received(view, amount=fact.amount, due=due, today=desk.today)
    key = f"payment:{fact.provider_id}:mail"
    return await _letter(conn, view, reply, kind="payment_mail", key=key)


async def for_refund_finished(conn: AsyncConnection, fact: RefundFinished) -> Letter | None:
    """Write that money went back."""
    if fact.status != "done":
        return None
    reservation_id = await payments.reservation_paid(conn, provider_id=fact.payment_provider_id)
    if reservation_id is None:
        return None
    view = await queries.by_id(conn, reservation_id)
    reply = stay_mails.refunded(view, amount=fact.amount)
    key = f"refund:{fact.payment_provider_id}:{fact.amount}:mail"
    return await _letter(conn, view, reply, kind="refund_mail", key=key)


async def for_arrival(
    conn: AsyncConnection, fact: ArrivalNear, *, desk: Desk, by_mail: bool
) -> Notice | None:
    """Tell what is needed to arrive: by mail, or where the guest writes from if there is none."""
    view = await queries.by_id(conn, fact.reservation_id)
    place, due = desk.policy.place, await _due(conn, view)
    key = f"arrival:{view.id}:{view.check_in}"
    if by_mail:
        reply = stay_mails.arrival(view, place=place, due=due, today=desk.today)
        letter = await _letter(conn, view, reply, kind="arrival_mail", key=key)
        if letter is not None:
            return letter.notice
    said = replies_to_days.arrival(view, place=place, due=due, today=desk.today)
    return await notices.to_guest(conn, view, said, kind="arrival", dedupe_key=key)


async def for_stay_ended(
    conn: AsyncConnection, fact: StayEnded, *, desk: Desk, by_mail: bool
) -> Notice | None:
    """Thank: by mail, or where the guest writes from if there is none."""
    view = await queries.by_id(conn, fact.reservation_id)
    key = f"thanks:{view.id}:{view.check_out}"
    lodging = desk.policy.lodging_name
    if by_mail:
        reply = stay_mails.thanks(view, lodging=lodging)
        letter = await _letter(conn, view, reply, kind="thanks_mail", key=key)
        if letter is not None:
            return letter.notice
    said = replies_to_days.thanks(lodging=lodging)
    return await notices.to_guest(conn, view, said, kind="thanks", dedupe_key=key)


def _calendar(view: ReservationView, desk: Desk) -> str:
    return stay_calendar.entry(
        view,
        lodging=desk.policy.lodging_name,
        place=desk.policy.place,
        zone=desk.policy.time_zone,
        sequence=desk.calendars_sent,
        now=desk.now,
    )


async def _due(conn: AsyncConnection, view: ReservationView) -> int:
    """Return what is left to pay, never below zero; what is over is a person's to give back."""
    balance = await payments.balance(conn, reservation_id=view.id)
    return max(0, balance.due if balance.charged else view.total - view.deposit)


async def _letter(
    conn: AsyncConnection,
    view: ReservationView,
    reply: Reply,
    *,
    kind: str,
    key: str,
    always: bool = True,
) -> Letter | None:
    """Address a mail to where the guest writes mails from, else to the address we have."""
    to = await store.address_of(conn, guest_id=view.guest_id)
    if to is not None and to.channel == "email":
        address: str | None = to.address
    else:
        address = await queries.guest_email(conn, view.guest_id)
    if address is None:
        return None
    notice = Notice(
        channel="email",
        address=address,
        dedupe_key=key,
        kind=kind,
        reply=reply,
        reservation_id=view.id,
    )
    return Letter(notice=notice, always=always)
