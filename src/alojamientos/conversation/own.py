"""A guest's own bookings: show them, pay them, cancel them (asked twice)."""

from alojamientos.conversation import own_replies
from alojamientos.conversation.events import HandOverReason
from alojamientos.conversation.state import Step as Asked
from alojamientos.conversation.turn import Step, Turn
from alojamientos.conversation.wording import listed
from alojamientos.nlu.values import Intent
from alojamientos.payments import queries as payments
from alojamientos.reservations import operations, queries
from alojamientos.reservations.domain import NoSuchReservation, NotCancellable
from alojamientos.reservations.events import Status
from alojamientos.reservations.views import ReservationView

_CANCELLING = (Asked.WHICH_CANCEL, Asked.CANCEL, Asked.CANCEL_SURE)
_CANCELLABLE = (Status.PRE_RESERVED, Status.CONFIRMED)
_MINUTES_IN_HOUR = 60


async def show(turn: Turn) -> Step:
    """Show the guest's bookings, or the one whose code they gave if it is theirs."""
    code = turn.understanding.code or code_in(turn.button, "booking")
    views = await _mine(turn)
    if code is not None:
        own = await _own_by_code(turn, code)
        views = [own] if own is not None else []
    if not views:
        return Step(replies=(own_replies.none_found(code),), state=turn.state)
    reply = own_replies.own(views, zone=turn.policy.time_zone, now=turn.now, today=turn.today)
    return Step(replies=(reply,), state=turn.state)


async def pay(turn: Turn) -> Step:
    """Give the link of the guest's unpaid hold again, or explain how paying works."""
    code = code_in(turn.button, "pay")
    views = [view for view in await _mine(turn) if code in (None, view.code)]
    unpaid = next((view for view in views if view.status is Status.PRE_RESERVED), None)
    if unpaid is None:
        paid = next((view for view in views if view.status is Status.CONFIRMED), None)
        reply = (
            own_replies.nothing_to_pay(paid)
            if paid
            else own_replies.how_to_pay(turn.booking.deposit_percent, _hold_length(turn))
        )
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


async def change_dates(turn: Turn) -> Step:
    """Say how the dates of a booking are changed."""
    code = code_in(turn.button, "change")
    view = await _own_by_code(turn, code) if code is not None else None
    return Step(replies=(own_replies.change_dates(view),), state=turn.state)


def code_in(button: str, action: str) -> str | None:
    """Return the booking's code in the choice "<action>:<code>", or None for another choice."""
    prefix, _, code = button.partition(":")
    return code if prefix == action and code else None


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
    views = [view for view in await _mine(turn) if view.status in _CANCELLABLE]
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
    state = turn.state.over().evolve(step=Asked.CANCEL, codes=(views[0].code,))
    return Step(replies=(own_replies.cancel_first(views[0], turn.today),), state=state)


def _answers(turn: Turn) -> bool:
    return turn.button in ("cancel:yes", "cancel:no") or (
        not turn.button and turn.wants(Intent.CONFIRM, Intent.DENY, Intent.CANCEL)
    )


async def _answered(turn: Turn) -> Step:
    code = turn.state.codes[0]
    view = await _own_by_code(turn, code)
    no = turn.button == "cancel:no" or (not turn.button and turn.wants(Intent.DENY))
    if no or view is None:
        return Step(replies=(own_replies.kept(view),), state=turn.state.over())
    if turn.state.step is Asked.CANCEL:
        return Step(
            replies=(own_replies.cancel_second(view),),
            state=turn.state.evolve(step=Asked.CANCEL_SURE),
        )
    try:
        await operations.cancel(turn.tx, reservation_id=view.id, reason="guest")
        if view.status is Status.CONFIRMED:
            turn.tx.emit(turn.hand_over(HandOverReason.REFUND))
    except NotCancellable as refusal:
        turn.tx.emit(refusal)
        return Step(replies=(own_replies.not_cancellable(view),), state=turn.state.over())
    return Step(
        replies=(own_replies.cancelled(view),),
        state=turn.state.over(),
        reservation_id=view.id,
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


async def _mine(turn: Turn) -> list[ReservationView]:
    return list(await queries.open_for_guest(turn.tx.conn, guest_id=turn.guest_id))


async def _own_by_code(turn: Turn, code: str) -> ReservationView | None:
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
