"""The mails that follow from what happens to a booking, addressed to a guest who has an address."""

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from alojamientos.conversation import (
    money_replies,
    notices,
    replies_to_days,
    stay_calendar,
    stay_mails,
    store,
)
from alojamientos.conversation.messages import Reply
from alojamientos.conversation.notices import BY_GUEST, Notice
from alojamientos.conversation.turn import ConversationPolicy
from alojamientos.kit.clock import today_in
from alojamientos.payments import queries as payments
from alojamientos.payments.events import CancellationSettled
from alojamientos.reservations import queries
from alojamientos.reservations.events import (
    ArrivalNear,
    HoldReminded,
    ReservationChanged,
    ReservationMoved,
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

    def calendar(self, view: ReservationView) -> str:
        """Return the stay as a calendar entry, which replaces those that were sent before."""
        return stay_calendar.entry(
            view,
            lodging=self.policy.lodging_name,
            facts=self.policy.stay,
            zone=self.policy.time_zone,
            sequence=self.calendars_sent,
            now=self.now,
        )


async def for_reservation_changed(
    conn: AsyncConnection,
    fact: ReservationChanged,
    *,
    desk: Desk,
    settled: CancellationSettled | None,
) -> Letter | None:
    """Write of a confirmation, an expiry, or a cancellation with what it gives back."""
    if fact.status not in (Status.CONFIRMED, Status.EXPIRED, Status.CANCELLED):
        return None
    view = await queries.by_id(conn, fact.reservation_id)
    key = f"reservation:{view.id}:{fact.status}:mail"
    if fact.status is Status.CONFIRMED:
        reply = stay_mails.confirmation(
            view,
            lodging=desk.policy.lodging_name,
            facts=desk.policy.stay,
            paid=await _paid(conn, view),
            today=desk.today,
            calendar=desk.calendar(view),
        )
        return await addressed(conn, view, reply, kind="confirmation_mail", key=key)
    if fact.status is Status.EXPIRED:
        reply = stay_mails.hold_expired(view, today=desk.today)
        return await addressed(conn, view, reply, kind="expiry_mail", key=key, always=False)
    was_confirmed = fact.previous is Status.CONFIRMED
    if not was_confirmed and settled is None:
        return None
    by_guest = fact.reason == BY_GUEST
    if by_guest and await _writes_mails(conn, view):
        return None  # the conversation's answer is the mail
    reply = stay_mails.cancelled(
        view,
        by_guest=by_guest,
        back=money_replies.what_goes_back(settled) if settled else "",
        today=desk.today,
        calendar=desk.calendar(view) if was_confirmed else "",
    )
    return await addressed(conn, view, reply, kind="cancellation_mail", key=key)


async def for_reservation_moved(
    conn: AsyncConnection, fact: ReservationMoved, *, desk: Desk
) -> Letter | None:
    """Write what a confirmed booking is now, with the entry that replaces the calendar's."""
    if fact.status is not Status.CONFIRMED:
        return None
    view = await queries.by_id(conn, fact.reservation_id)
    if fact.actor == BY_GUEST and await _writes_mails(conn, view):
        return None  # the conversation's answer is the mail
    reply = stay_mails.moved(
        view,
        facts=desk.policy.stay,
        paid=await _paid(conn, view),
        today=desk.today,
        calendar=desk.calendar(view),
    )
    # Moved there and back again is told each time.
    key = f"reservation:{view.id}:moved:{desk.calendars_sent}:mail"
    return await addressed(conn, view, reply, kind="moved_mail", key=key)


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
    return await addressed(conn, view, reply, kind="hold_reminder_mail", key=key, always=False)


async def for_arrival(
    conn: AsyncConnection, fact: ArrivalNear, *, desk: Desk, by_mail: bool
) -> Notice | None:
    """Tell what is needed to arrive: by mail, or where the guest writes from if there is none."""
    view = await queries.by_id(conn, fact.reservation_id)
    facts, due = desk.policy.stay, await _due(conn, view)
    key = f"arrival:{view.id}:{view.check_in}"
    if by_mail:
        reply = stay_mails.arrival(view, facts=facts, due=due, today=desk.today)
        letter = await addressed(conn, view, reply, kind="arrival_mail", key=key)
        if letter is not None:
            return letter.notice
    said = replies_to_days.arrival(view, facts=facts, due=due, today=desk.today)
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
        letter = await addressed(conn, view, reply, kind="thanks_mail", key=key)
        if letter is not None:
            return letter.notice
    said = replies_to_days.thanks(lodging=lodging)
    return await notices.to_guest(conn, view, said, kind="thanks", dedupe_key=key)


async def _writes_mails(conn: AsyncConnection, view: ReservationView) -> bool:
    """Tell whether the guest last wrote a mail, so that a mail is what answered them."""
    to = await store.address_of(conn, guest_id=view.guest_id)
    return to is not None and to.channel == "email"


async def _paid(conn: AsyncConnection, view: ReservationView) -> int:
    return (await payments.balance(conn, reservation_id=view.id)).paid


async def _due(conn: AsyncConnection, view: ReservationView) -> int:
    """Return what is left to pay, never below zero; what is over is a person's to give back."""
    return max(0, view.total - await _paid(conn, view))


async def addressed(
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
