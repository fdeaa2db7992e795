"""What a change that a guest wants comes to: read back with its price, and made on a yes.

Nothing is taken from a booking before the new nights are its own: both are one transaction, under
the lock that every booking of the cabin takes.
"""

from dataclasses import replace
from datetime import date

from alojamientos.conversation import changing_replies as replies
from alojamientos.conversation import finding, stay_calendar, store
from alojamientos.conversation.changing_replies import Wish
from alojamientos.conversation.events import HandOverReason
from alojamientos.conversation.messages import Reply
from alojamientos.conversation.state import State
from alojamientos.conversation.state import Step as Asked
from alojamientos.conversation.turn import Step, Turn
from alojamientos.payments import changing, giving_back
from alojamientos.payments.changing import Changed, Hindrance
from alojamientos.reservations.domain import (
    Accommodation,
    DatesTaken,
    InvalidStay,
    Stay,
    TooFewNights,
    TooManyGuests,
    check_fits,
)
from alojamientos.reservations.events import Channel
from alojamientos.reservations.moving import ChangedMeanwhile, NotMovable, PriceChanged
from alojamientos.reservations.views import Offer, ReservationView


async def hindrance_of(turn: Turn, view: ReservationView) -> Hindrance | None:
    """Return why the owner has to decide, or None."""
    return await changing.hindrance(
        turn.tx.conn, view, policy=turn.booking.cancellation, today=turn.today
    )


def _wish(turn: Turn, view: ReservationView, state: State) -> Wish:
    cabin = turn.cabin(state.wanted or view.accommodation_id)
    return Wish(
        stay=Stay(state.check_in or view.check_in, state.check_out or view.check_out),
        guests=state.guests or view.guests,
        cabin=cabin.name if cabin else view.accommodation_name,
    )


async def propose(
    turn: Turn, view: ReservationView, state: State, *, changed: bool = False
) -> Step:
    """Say what the change comes to and ask whether to make it, or why it cannot be made."""
    wish = _wish(turn, view, state)
    target = state.wanted or view.accommodation_id
    if (wish.stay, wish.guests, target) == (view.stay, view.guests, view.accommodation_id):
        return say(replies.same(view, turn.today), _fresh(state), Asked.DATES)
    offers = await finding.offers(turn, wish.stay, wish.guests, view)
    offer = next((one for one in offers if one.accommodation.id == target), None)
    cabin = turn.cabin(target)
    hindrance = await hindrance_of(turn, view)
    if hindrance is not None or cabin is None:
        return _leave_to_owner(turn, view, wish, offer, hindrance)
    refusal = _refusal(cabin, wish, state, today=turn.today)
    if refusal is not None:
        return refusal
    if offer is None or offer.quote is None:
        return await _not_free(turn, view, state, just_now=False)
    terms = await changing.terms(turn.tx.conn, view, offer.quote, now=turn.now)
    rules = giving_back.agreed(view, turn.booking.cancellation)
    reply = replies.propose(
        view,
        wish,
        terms,
        later_percent=rules.percent(check_in=wish.stay.check_in, today=turn.today),
        zone=turn.policy.time_zone,
        now=turn.now,
        today=turn.today,
        changed=changed,
    )
    return say(reply, state.evolve(terms=terms.shown, spans=()), Asked.CHANGE)


def _refusal(cabin: Accommodation, wish: Wish, state: State, *, today: date) -> Step | None:
    """Say what speaks against such a stay in `cabin`, whoever has its nights; None if nothing."""
    try:
        wish.stay.check_bookable(today=today)
        check_fits(cabin, wish.stay, guests=wish.guests)
    except InvalidStay:
        return say(replies.not_bookable(), _fresh(state), Asked.DATES)
    except TooManyGuests:
        reply = replies.too_many(cabin.name, cabin.capacity)
        return say(reply, state.evolve(guests=None), Asked.DATES)
    except TooFewNights:
        least = cabin.min_nights_on(wish.stay.check_in)
        return say(replies.too_few_nights(cabin.name, least), _fresh(state), Asked.DATES)
    return None


def _fresh(state: State) -> State:
    """Return the state without the dates that cannot be had."""
    return state.evolve(check_in=None, check_out=None, spans=(), offered=())


async def _not_free(turn: Turn, view: ReservationView, state: State, *, just_now: bool) -> Step:
    wish = _wish(turn, view, state)
    nearby = await finding.nearby(turn, wish.stay, wish.guests, view)
    others = await finding.offers(turn, wish.stay, wish.guests, view)
    reply = replies.not_free(
        view, wish, nearby=nearby, others=others, just_now=just_now, today=turn.today
    )
    state = state.evolve(spans=tuple(nearby))
    return say(reply, state, Asked.WHICH_DATES if nearby else Asked.DATES)


def _leave_to_owner(
    turn: Turn,
    view: ReservationView,
    wish: Wish,
    offer: Offer | None,
    hindrance: Hindrance | None,
) -> Step:
    price = offer.quote.total if offer is not None and offer.quote is not None else None
    words = replies.wish_in_words(view, wish, price=price, today=turn.today)
    turn.tx.emit(turn.hand_over(HandOverReason.CHANGE, wish=words))
    return Step(
        replies=(replies.left_to_owner(view, hindrance),),
        state=turn.state.over(),
        reservation_id=view.id,
        paused=True,
    )


async def do(turn: Turn, view: ReservationView) -> Step:
    """Make the change that was read back, or say why not and what there is instead."""
    state = turn.state
    wish = _wish(turn, view, state)
    offers = await finding.offers(turn, wish.stay, wish.guests, view)
    target = state.wanted or view.accommodation_id
    offer = next((one for one in offers if one.accommodation.id == target), None)
    if offer is not None and offer.quote is not None:
        terms = await changing.terms(turn.tx.conn, view, offer.quote, now=turn.now)
        if terms.shown != state.terms or await hindrance_of(turn, view) is not None:
            return await propose(turn, view, state, changed=True)
    cabin = turn.cabin(target)
    try:
        done = await changing.change(
            turn.tx,
            reservation_id=view.id,
            stay=wish.stay,
            guests=wish.guests,
            cabin=cabin.slug if cabin and state.wanted else None,
            agreed=state.terms[0],
            policy=turn.booking,
            today=turn.today,
            now=turn.now,
        )
    except DatesTaken as refusal:
        turn.tx.emit(refusal)
        return await _not_free(turn, view, state, just_now=True)
    except NotMovable:
        return Step(replies=(replies.not_any_more(view),), state=state.over())
    except (ChangedMeanwhile, PriceChanged, TooManyGuests, TooFewNights, InvalidStay):
        return await propose(turn, view, state, changed=True)
    if done.terms.by_hand:
        turn.tx.emit(turn.hand_over(HandOverReason.REFUND))
    return Step(replies=(await _told(turn, done),), state=state.over(), reservation_id=view.id)


async def _told(turn: Turn, done: Changed) -> Reply:
    reply = replies.done(done, zone=turn.policy.time_zone, now=turn.now, today=turn.today)
    if not done.after.is_confirmed or turn.channel is not Channel.EMAIL:
        return reply
    # Who writes mails is told by this answer alone: it carries the calendar's new entry.
    calendar = stay_calendar.entry(
        done.after,
        lodging=turn.policy.lodging_name,
        facts=turn.policy.stay,
        zone=turn.policy.time_zone,
        sequence=await store.calendars_sent(turn.tx.conn, reservation_id=done.after.id),
        now=turn.now,
    )
    return replace(reply, calendar=calendar)


def say(reply: Reply, state: State, step: Asked) -> Step:
    """Say `reply`, and know that `step` was asked."""
    return Step(replies=(reply,), state=state.evolve(step=step))
