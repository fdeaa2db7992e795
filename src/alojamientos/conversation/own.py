"""A guest's own bookings: show them, pay them, cancel them (asked twice)."""

import re
from dataclasses import replace

from alojamientos.conversation import money_replies, own_replies, stay_calendar, store
from alojamientos.conversation.events import HandOverReason
from alojamientos.conversation.state import Step as Asked
from alojamientos.conversation.turn import Step, Turn
from alojamientos.conversation.wording import listed
from alojamientos.nlu.values import Intent
from alojamientos.payments import giving_back, links
from alojamientos.payments import queries as payments
from alojamientos.payments.events import Purpose
from alojamientos.payments.giving_back import RefundChanged
from alojamientos.payments.plans import Settlement
from alojamientos.reservations import queries
from alojamientos.reservations.cancellation import CancellationPolicy
from alojamientos.reservations.domain import NoSuchReservation, NotCancellable
from alojamientos.reservations.events import Channel, Status
from alojamientos.reservations.views import ReservationView

_CANCELLING = (Asked.WHICH_CANCEL, Asked.CANCEL, Asked.CANCEL_SURE)
_CANCELLABLE = (Status.PRE_RESERVED, Status.CONFIRMED)
_MINUTES_IN_HOUR = 60
_POLICY = re.compile(
    r"\b(?:pol[ií]ticas?\b.{0,20}\bcancel|si (?:lo |la )?cancel(?:o|amos|ara|áramos)\b"
    r"|se puede cancelar\b|(?:me|nos) devuelven\b|reembolso)",
    re.IGNORECASE,
)
_BALANCE = re.compile(
    r"\b(?:saldo|el resto|lo que (?:falta|queda|resta|debo|debemos)|(?:falta|queda) pagar)\b",
    re.IGNORECASE,
)


async def show(turn: Turn) -> Step:
    """Show the guest's bookings, or the one whose code they gave if it is theirs."""
    code = turn.understanding.code or code_in(turn.button, "booking")
    views = await open_bookings(turn)
    if code is not None:
        own = await by_code(turn, code)
        views = [own] if own is not None else []
    if not views:
        return Step(replies=(own_replies.none_found(code),), state=turn.state)
    reply = own_replies.own(views, zone=turn.policy.time_zone, now=turn.now, today=turn.today)
    return Step(replies=(reply,), state=turn.state)


async def pay(turn: Turn) -> Step:
    """Give the link of the guest's unpaid hold again, or explain how paying works."""
    code = code_in(turn.button, "pay")
    views = [view for view in await open_bookings(turn) if code in (None, view.code)]
    unpaid = next((view for view in views if view.status is Status.PRE_RESERVED), None)
    if unpaid is None:
        paid = next((view for view in views if view.status is Status.CONFIRMED), None)
        if paid is not None:
            return await _balance(turn, paid)
        reply = own_replies.how_to_pay(turn.booking.deposit_percent, _hold_length(turn))
        return Step(replies=(reply,), state=turn.state)
    link = await payments.link_for(turn.tx.conn, reservation_id=unpaid.id)
    reply = (
        own_replies.pay_here(
            unpaid, link.url, link.amount, zone=turn.policy.time_zone, now=turn.now
        )
        if link
        else own_replies.link_on_its_way(unpaid)
    )
    return Step(replies=(reply,), state=turn.state, reservation_id=unpaid.id)


def code_in(button: str, action: str) -> str | None:
    """Return the booking's code in the choice "<action>:<code>", or None for another choice."""
    prefix, _, code = button.partition(":")
    return code if prefix == action and code else None


def asks_for_policy(turn: Turn) -> bool:
    """Tell whether the guest asks what happens if they cancel, and does not cancel."""
    asked = _POLICY.search(turn.message.text) is not None
    return asked and not turn.wants(Intent.CANCEL) and turn.state.step not in _CANCELLING


async def tell_policy(turn: Turn) -> Step:
    """Tell what goes back when a booking is cancelled: of their own, what they booked under."""
    own = next((view.quote.cancellation for view in await open_bookings(turn)), "")
    rules = CancellationPolicy.parse(own) if own else turn.booking.cancellation
    return Step(replies=(money_replies.policy(rules),), state=turn.state)


def is_about_balance(turn: Turn) -> bool:
    """Tell whether the guest asks for what is left to pay."""
    return turn.button.startswith("pay:") or _BALANCE.search(turn.message.text) is not None


async def pay_balance(turn: Turn) -> Step:
    """Give the link to pay what is left of a confirmed booking."""
    views = [view for view in await open_bookings(turn) if view.status is Status.CONFIRMED]
    pressed = code_in(turn.button, "pay")
    code = pressed or turn.understanding.code
    named = [view for view in views if view.code == code] or ([] if pressed else views)
    if not named:
        return await pay(turn)
    return await _balance(turn, named[0], wanted=True)


async def _balance(turn: Turn, view: ReservationView, *, wanted: bool = False) -> Step:
    """Tell what is left to pay; give the link, or have it made, when the guest wants one."""
    left = (await payments.balance(turn.tx.conn, reservation_id=view.id)).due
    if left <= 0 or not wanted:
        reply = money_replies.balance(view, left)
        return Step(replies=(reply,), state=turn.state, reservation_id=view.id)
    link = await payments.link_for(turn.tx.conn, reservation_id=view.id, purpose=Purpose.BALANCE)
    if link is not None and link.amount == left:
        reply = money_replies.pay_balance(
            view, link.url, left, link.expires_at, turn.policy.time_zone
        )
    else:
        await links.ask_for_balance_link(turn.tx, reservation_id=view.id)
        reply = money_replies.balance_link_on_its_way(view, left)
    return Step(replies=(reply,), state=turn.state, reservation_id=view.id)


def is_cancelling(turn: Turn) -> bool:
    """Tell whether the message answers a question of ours about cancelling."""
    if turn.button.startswith("cancel:"):
        return True
    if turn.state.step is Asked.WHICH_CANCEL:
        return turn.understanding.choice is not None or turn.understanding.code is not None
    return turn.state.step in _CANCELLING and turn.wants(Intent.CONFIRM, Intent.DENY, Intent.CANCEL)


async def cancel(turn: Turn) -> Step:
    """Ask which, ask whether, ask again, then cancel."""
    if turn.state.step in (Asked.CANCEL, Asked.CANCEL_SURE) and _answers(turn):
        return await _answered(turn)
    views = [view for view in await open_bookings(turn) if view.status in _CANCELLABLE]
    named = _named_code(turn)
    if named is not None:
        views = [view for view in views if view.code == named]
    if not views:
        return Step(replies=(own_replies.none_found(named),), state=turn.state.over())
    if len(views) > 1:
        state = turn.state.over().evolve(
            step=Asked.WHICH_CANCEL, codes=tuple(view.code for view in views)
        )
        return Step(replies=(own_replies.which_to_cancel(views),), state=state)
    return await _ask_first(turn, views[0])


async def _ask_first(turn: Turn, view: ReservationView) -> Step:
    """Ask whether to cancel, and say what goes back of what was paid."""
    found = await _settlement(turn, view)
    state = turn.state.over().evolve(step=Asked.CANCEL, codes=(view.code,), refund=found.refund)
    back = money_replies.what_goes_back(found)
    return Step(replies=(own_replies.cancel_first(view, turn.today, back),), state=state)


async def _settlement(turn: Turn, view: ReservationView) -> Settlement:
    return await giving_back.settlement(
        turn.tx.conn,
        view,
        policy=turn.booking.cancellation,
        today=turn.today,
        now=turn.now,
    )


def _answers(turn: Turn) -> bool:
    return turn.button in ("cancel:yes", "cancel:no") or (
        not turn.button and turn.wants(Intent.CONFIRM, Intent.DENY, Intent.CANCEL)
    )


async def _answered(turn: Turn) -> Step:
    code = turn.state.codes[0]
    view = await by_code(turn, code)
    no = turn.button == "cancel:no" or (not turn.button and turn.wants(Intent.DENY))
    if no or view is None:
        return Step(replies=(own_replies.kept(view),), state=turn.state.over())
    if turn.state.step is Asked.CANCEL:
        found = await _settlement(turn, view)
        if found.refund != turn.state.refund:
            return await _ask_first(turn, view)
        back = money_replies.what_goes_back(found)
        return Step(
            replies=(own_replies.cancel_second(back),),
            state=turn.state.evolve(step=Asked.CANCEL_SURE),
        )
    try:
        found = await giving_back.cancel(
            turn.tx,
            reservation_id=view.id,
            reason="guest",
            policy=turn.booking.cancellation,
            today=turn.today,
            now=turn.now,
            shown=turn.state.refund,
        )
    except RefundChanged:
        return await _ask_first(turn, view)
    except NotCancellable as refusal:
        turn.tx.emit(refusal)
        return Step(replies=(own_replies.not_cancellable(view),), state=turn.state.over())
    if found.by_hand:
        turn.tx.emit(turn.hand_over(HandOverReason.REFUND))
    reply = own_replies.cancelled(view, money_replies.what_goes_back(found))
    if view.is_confirmed and turn.channel is Channel.EMAIL:
        reply = replace(reply, calendar=await _without_it(turn, view))
    return Step(
        replies=(reply,),
        state=turn.state.over(),
        reservation_id=view.id,
    )


async def _without_it(turn: Turn, view: ReservationView) -> str:
    """Return the calendar entry that takes a cancelled stay out of the guest's calendar."""
    return stay_calendar.entry(
        replace(view, status=Status.CANCELLED),
        lodging=turn.policy.lodging_name,
        facts=turn.policy.stay,
        zone=turn.policy.time_zone,
        sequence=await store.calendars_sent(turn.tx.conn, reservation_id=view.id),
        now=turn.now,
    )


def _named_code(turn: Turn) -> str | None:
    """Return the code that the guest tapped, wrote, or picked by its number; None if none."""
    tapped = code_in(turn.button, "cancel")
    if tapped is not None and tapped not in ("yes", "no"):
        return tapped
    if turn.understanding.code is not None:
        return turn.understanding.code
    choice, codes = turn.understanding.choice, turn.state.codes
    if turn.state.step is Asked.WHICH_CANCEL and choice and 1 <= choice <= len(codes):
        return codes[choice - 1]
    return None


async def open_bookings(turn: Turn) -> list[ReservationView]:
    """Return the guest's live holds and confirmed stays."""
    return list(await queries.open_for_guest(turn.tx.conn, guest_id=turn.guest_id))


async def by_code(turn: Turn, code: str) -> ReservationView | None:
    """Return the guest's booking with this code; somebody else's is as good as none."""
    try:
        view = await queries.by_code(turn.tx.conn, code)
    except NoSuchReservation:
        return None
    return view if view.guest_id == turn.guest_id else None


def _hold_length(turn: Turn) -> str:
    minutes = int(turn.booking.hold.total_seconds() // 60)
    hours, rest = divmod(minutes, _MINUTES_IN_HOUR)
    parts = []
    if hours:
        parts.append("1 hora" if hours == 1 else f"{hours} horas")
    if rest:
        parts.append(f"{rest} minutos")
    return listed(parts)
