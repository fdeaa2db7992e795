"""A guest changes a booking of theirs: other dates, people or cabin, priced first, done on a yes.

Whatever they say is read back with its price before anything is done, so a part of the dates is
enough: a day of arrival keeps the nights, a number of nights keeps the arrival.
"""

import re
from dataclasses import replace
from datetime import timedelta

from alojamientos.conversation import booking, finding, own, own_replies
from alojamientos.conversation import changing_replies as replies
from alojamientos.conversation.changing_terms import do, hindrance_of, propose, say
from alojamientos.conversation.state import State
from alojamientos.conversation.state import Step as Asked
from alojamientos.conversation.turn import Step, Turn
from alojamientos.nlu.values import Ambiguous, Incomplete, Intent, InvalidDates, Resolved, Span
from alojamientos.reservations.views import ReservationView

_Dates = Resolved | Ambiguous | Incomplete | InvalidDates | None
_SEARCHING = (Asked.CONFIRM_DATES, Asked.WHICH_DATES, Asked.GUESTS, Asked.CABIN)
_OTHER_PEOPLE = re.compile(
    r"\b(?:cambi|modific|correg)\w*\b.{0,30}\b(?:personas|hu[eé]spedes)\b"
    r"|\b(?:sum|agreg)\w+\b.{0,12}\b(?:personas?|hu[eé]sped(?:es)?)\b",
    re.IGNORECASE,
)


def is_about(turn: Turn) -> bool:
    """Tell whether the message belongs to changing a booking that there is."""
    if turn.button.startswith("change:"):
        return True
    state, found = turn.state, turn.understanding
    if state.step is Asked.WHICH_CHANGE:
        return found.choice is not None or found.code is not None
    if state.changing is not None:
        if turn.button:
            return turn.button == "other_dates" or turn.button.startswith(("span:", "cabin:"))
        answers = state.step is Asked.CHANGE and turn.wants(Intent.CONFIRM, Intent.DENY)
        return answers or booking.is_about(turn) or _wishes(turn)
    return not turn.button and _wishes(turn) and not _is_searching(turn)


def _wishes(turn: Turn) -> bool:
    other_people = _OTHER_PEOPLE.search(turn.message.text) is not None
    return turn.wants(Intent.MODIFY_DATES) or other_people


def _is_searching(turn: Turn) -> bool:
    """Tell whether a new stay is being looked for: then it is that which is to be different."""
    state = turn.state
    if turn.wants(Intent.MY_RESERVATION) or turn.understanding.code is not None:
        return False
    begun = state.check_in or state.nights or state.month
    return state.step in _SEARCHING or (state.step is Asked.DATES and bool(begun))


async def advance(turn: Turn) -> Step:
    """Find out which booking and what is to be different; read it back, and do it on a yes."""
    if _keeps(turn):
        code = turn.state.changing
        view = await own.by_code(turn, code) if code else None
        return Step(replies=(own_replies.kept(view),), state=turn.state.over())
    views = await own.open_bookings(turn)
    named = _code(turn)
    if named is not None:
        views = [view for view in views if view.code == named]
    if not views and named is None and booking.is_about(turn):
        return await booking.advance(turn)  # there is nothing but the search to be different
    if not views:
        return Step(replies=(own_replies.none_found(named),), state=turn.state.over())
    if len(views) > 1:
        return _which(turn, views)
    view = views[0]
    if turn.state.changing != view.code:
        turn = replace(turn, state=_begun(turn, view))
    if _agrees(turn):
        return await do(turn, view)
    return await _hear(turn, view)


def _keeps(turn: Turn) -> bool:
    if turn.button:
        return turn.button == "change:no"
    found = turn.understanding
    news = found.dates or found.party or found.cabin or found.choice
    asked = turn.state.step in (Asked.CHANGE, Asked.DATES) and turn.state.changing is not None
    return asked and turn.wants(Intent.DENY) and not news


def _agrees(turn: Turn) -> bool:
    if turn.state.step is not Asked.CHANGE:
        return False
    if turn.button:
        return turn.button == "change:yes"
    found = turn.understanding
    return turn.wants(Intent.CONFIRM) and found.dates is None and found.party is None


def _code(turn: Turn) -> str | None:
    """Return the code of the booking that is meant, as far as that has been said."""
    tapped = own.code_in(turn.button, "change")
    if tapped is not None and tapped not in ("yes", "no"):
        return tapped
    if turn.understanding.code is not None:
        return turn.understanding.code
    choice, codes = turn.understanding.choice, turn.state.codes
    if turn.state.step is Asked.WHICH_CHANGE and choice and 1 <= choice <= len(codes):
        return codes[choice - 1]
    return turn.state.changing


def _which(turn: Turn, views: list[ReservationView]) -> Step:
    """Ask which booking is meant; what was said of the change is kept for then."""
    state = booking.with_party(replace(turn, state=turn.state.over()))
    dates = turn.understanding.dates
    if isinstance(dates, Resolved):
        state = booking.with_span(state, dates.span)
    codes = tuple(view.code for view in views)
    state = state.evolve(step=Asked.WHICH_CHANGE, codes=codes)
    return Step(replies=(own_replies.which_to_change(views),), state=state)


def _begun(turn: Turn, view: ReservationView) -> State:
    """Return the state in which a change of `view` begins, with what was said when asked which."""
    fresh = turn.state.over().evolve(changing=view.code)
    if turn.state.step is not Asked.WHICH_CHANGE:
        return fresh
    said = turn.state
    return fresh.evolve(
        check_in=said.check_in, check_out=said.check_out, guests=said.guests, wanted=said.wanted
    )


async def _hear(turn: Turn, view: ReservationView) -> Step:
    """Take in what the message says of the change."""
    state = booking.with_party(turn)
    if turn.button == "other_dates" or _none_of_them(turn):
        return await _ask(turn, view, state.evolve(check_in=None, check_out=None, month=None))
    if turn.button.startswith("cabin:"):
        state = state.evolve(wanted=booking.number_in(turn.button))
    span = booking.picked_span(turn)
    dates = turn.understanding.dates if span is None else Resolved(span=span)
    return await _take(turn, view, state, dates)


async def _take(turn: Turn, view: ReservationView, state: State, dates: _Dates) -> Step:
    """Read the dates back with what they come to, or ask for what they leave open."""
    match dates:
        case Resolved(span=span):
            return await propose(turn, view, booking.with_span(state, span))
        case Ambiguous(options=options, label=label):
            reply = replies.which(options, label, turn.today)
            return say(reply, state.evolve(spans=options), Asked.WHICH_DATES)
        case InvalidDates(reason=reason, quote=quote):
            return say(replies.not_dates(reason, quote), state, Asked.DATES)
        case Incomplete() as part:
            return await _take_part(turn, view, state, part)
        case None:
            said = state.check_in or state.guests or state.wanted
            return await (propose if said else _ask)(turn, view, state)


async def _take_part(turn: Turn, view: ReservationView, state: State, part: Incomplete) -> Step:
    """Take what was left out from the booking; a month alone is asked about."""
    if part.check_in is None and part.nights is None:
        state = state.evolve(month=part.month or state.month)
        return say(replies.ask_days(part.label), state, Asked.DATES)
    check_in = part.check_in or view.check_in
    check_out = check_in + timedelta(days=part.nights or view.stay.nights)
    span = Span(check_in=check_in, check_out=check_out)
    return await propose(turn, view, booking.with_span(state, span))


def _none_of_them(turn: Turn) -> bool:
    denied = turn.wants(Intent.DENY) and turn.understanding.dates is None
    return denied and turn.state.step is Asked.WHICH_DATES and not turn.button


async def _ask(turn: Turn, view: ReservationView, state: State) -> Step:
    free = await finding.weekends(turn, state.guests or view.guests, view)
    hindrance = await hindrance_of(turn, view)
    reply = replies.ask(view, free, hindrance=hindrance, today=turn.today)
    return say(reply, state.evolve(spans=tuple(free)), Asked.DATES)
