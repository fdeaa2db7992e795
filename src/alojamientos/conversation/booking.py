"""From the first question to a hold: dates, people, cabins, choice."""

from dataclasses import replace
from datetime import date, timedelta

from alojamientos.conversation import finding, replies, wording
from alojamientos.conversation.messages import Reply
from alojamientos.conversation.state import State
from alojamientos.conversation.state import Step as Asked
from alojamientos.conversation.turn import Step, Turn
from alojamientos.nlu.values import (
    Ambiguous,
    Incomplete,
    Intent,
    InvalidDates,
    Missing,
    Resolved,
    Span,
)
from alojamientos.reservations import operations, queries
from alojamientos.reservations.domain import (
    DatesTaken,
    InvalidStay,
    LockNotAcquired,
    Stay,
    TooFewNights,
    TooManyGuests,
    TooManyHolds,
)
from alojamientos.reservations.events import HoldRequested

_BOOKING_INTENTS = (Intent.AVAILABILITY, Intent.PRICE, Intent.BOOK)


def is_about(turn: Turn) -> bool:
    """Tell whether the message belongs to looking for a stay."""
    found = turn.understanding
    asked = turn.state.step in (
        *(Asked.DATES, Asked.CONFIRM_DATES, Asked.WHICH_DATES, Asked.GUESTS, Asked.CABIN),
    )
    return (
        found.dates is not None
        or found.party is not None
        or turn.wants(*_BOOKING_INTENTS)
        or turn.button.startswith(("cabin:", "span:", "dates:", "guests:"))
        or turn.button in ("ask", "other_dates")
        or (asked and (found.cabin is not None or found.choice is not None))
        or (asked and turn.wants(Intent.CONFIRM, Intent.DENY))
    )


async def advance(turn: Turn) -> Step:
    """Take in what the message says and ask for the next missing piece, or offer, or hold."""
    chosen = _chosen(turn)
    if chosen is not None:
        return await _hold(turn, chosen)
    if turn.button in ("other_dates", "dates:no") or _denied(turn):
        state = turn.state.over().evolve(guests=turn.state.guests, pets=turn.state.pets)
        return await _ask_dates(turn, state)
    state = with_party(turn)
    span = picked_span(turn)
    if span is not None:
        return await _next(turn, with_span(state, span))
    dates = turn.understanding.dates
    if dates is None:
        return await _next(turn, state)
    return await _take_dates(turn, state, dates)


async def _take_dates(
    turn: Turn, state: State, dates: Resolved | Ambiguous | Incomplete | InvalidDates
) -> Step:
    match dates:
        case Resolved(span=span) if _may_be_misheard(turn):
            return _read_back(turn, state, span)
        case Resolved(span=span, confirm=False):
            return await _next(turn, with_span(state, span))
        case Resolved(span=span):
            asked = state.evolve(spans=(span,))
            return _ask(replies.confirm_dates(span, turn.today), asked, Asked.CONFIRM_DATES)
        case Ambiguous(options=options, label=label):
            asked = state.evolve(spans=options)
            reply = replies.which_dates(options, label, turn.today)
            return _ask(reply, asked, Asked.WHICH_DATES)
        case InvalidDates(reason=reason, quote=quote):
            asked = state.evolve(check_in=None, check_out=None, nights=None, spoken=False)
            return _ask(replies.invalid_dates(reason, quote), asked, Asked.DATES)
        case Incomplete():
            return await _take_part(turn, state, dates)


async def _take_part(turn: Turn, state: State, dates: Incomplete) -> Step:
    check_in = dates.check_in or (state.check_in if state.check_out is None else None)
    nights = dates.nights or (state.nights if state.check_out is None else None)
    if check_in is not None and nights is not None:
        span = Span(check_in=check_in, check_out=check_in + timedelta(days=nights))
        if _may_be_misheard(turn):
            return _read_back(turn, state, span)
        return await _next(turn, with_span(state, span))
    state = state.evolve(
        check_in=check_in,
        check_out=None,
        nights=nights,
        month=dates.month or state.month,
        spoken=_may_be_misheard(turn),
    )
    if check_in is not None:
        return _ask(replies.ask_check_out(check_in, turn.today), state, Asked.DATES)
    if dates.missing is Missing.DAYS:
        label = dates.label or (wording.month(*dates.month) if dates.month else "")
        return _ask(replies.ask_days(label), state, Asked.DATES)
    return _ask(replies.ask_check_in(nights), state, Asked.DATES)


def _may_be_misheard(turn: Turn) -> bool:
    """Tell whether any of the dates was only heard: numbers are what speech gets wrong most."""
    return turn.message.is_speech or turn.state.spoken


def _read_back(turn: Turn, state: State, span: Span) -> Step:
    """Ask whether `span` is what was said, and use nothing of it before the answer."""
    reply = replies.read_back(span, state.guests, turn.today)
    return _ask(reply, state.evolve(spans=(span,)), Asked.CONFIRM_DATES)


def with_party(turn: Turn) -> State:
    """Return the state with the people, animals and cabin that the message names."""
    party = turn.understanding.party
    state = turn.state.evolve(pets=turn.understanding.pets or turn.state.pets)
    wanted = _named(turn)
    if wanted is not None:
        state = state.evolve(wanted=wanted)
    count = number_in(turn.button) if turn.button.startswith("guests:") else None
    if party is not None:
        count = party.total
    return state if count is None else state.evolve(guests=count)


def with_span(state: State, span: Span) -> State:
    """Return the state in which these dates are the ones."""
    return state.evolve(
        check_in=span.check_in,
        check_out=span.check_out,
        nights=None,
        month=None,
        spans=(),
        spoken=False,
    )


def _named(turn: Turn) -> int | None:
    """Return the cabin that the text names, or None."""
    name = turn.understanding.cabin
    return next((cabin.id for cabin in turn.cabins if cabin.name == name), None)


def picked_span(turn: Turn) -> Span | None:
    """Return the dates that the guest picked among those that we proposed, or None."""
    state = turn.state
    number = None
    if turn.button.startswith("span:"):
        number = number_in(turn.button)
    elif (
        state.step in (Asked.WHICH_DATES, Asked.CONFIRM_DATES) and turn.understanding.dates is None
    ):
        number = turn.understanding.choice
        agreed = turn.button == "dates:yes" or turn.wants(Intent.CONFIRM)
        if number is None and agreed and len(state.spans) == 1:
            number = 1
    return state.spans[number - 1] if number and 1 <= number <= len(state.spans) else None


def _denied(turn: Turn) -> bool:
    return (
        turn.state.step in (Asked.CONFIRM_DATES, Asked.WHICH_DATES)
        and turn.wants(Intent.DENY)
        and turn.understanding.dates is None
    )


def _chosen(turn: Turn) -> int | None:
    """Return the cabin that the guest chose among those offered, or None."""
    if turn.button.startswith("cabin:"):
        return number_in(turn.button)
    found, state = turn.understanding, turn.state
    if state.step is not Asked.CABIN or found.dates is not None or found.party is not None:
        return None
    if found.choice is not None and 1 <= found.choice <= len(state.offered):
        return state.offered[found.choice - 1]
    named = _named(turn)
    if named in state.offered:
        return named
    if len(state.offered) == 1 and turn.wants(Intent.CONFIRM, Intent.BOOK):
        return state.offered[0]
    return None


def number_in(button: str) -> int | None:
    """Return the number in the choice "<action>:<number>", or None when there is none."""
    digits = button.partition(":")[2]
    return int(digits) if digits.isascii() and digits.isdigit() and len(digits) < 10 else None  # noqa: PLR2004


async def _next(turn: Turn, state: State) -> Step:
    """Ask for what is missing; offer when nothing is."""
    if state.check_in is None and state.nights is not None:
        return _ask(replies.ask_check_in(state.nights), state, Asked.DATES)
    if state.check_in is None:
        return await _ask_dates(turn, state)
    if state.check_out is None:
        return _ask(replies.ask_check_out(state.check_in, turn.today), state, Asked.DATES)
    if state.guests is None:
        reply = replies.ask_guests(
            state.check_in, state.check_out, turn.today, most=_most_guests(turn)
        )
        return _ask(reply, state, Asked.GUESTS)
    return await _offer(turn, state, state.check_in, state.check_out, state.guests)


async def _offer(turn: Turn, state: State, check_in: date, check_out: date, guests: int) -> Step:
    stay = Stay(check_in, check_out)
    try:
        stay.check_bookable(today=turn.today)
    except InvalidStay:
        return await _ask_dates(turn, state.over())
    found = await finding.offers(turn, stay, guests)
    if not found:
        return await _cannot(turn, state, stay, guests)
    wanted = [offer for offer in found if offer.accommodation.id == state.wanted]
    shown = wanted or found
    reply = replies.offers(
        shown,
        check_in=check_in,
        check_out=check_out,
        guests=guests,
        pets=state.pets,
        today=turn.today,
    )
    offered = tuple(offer.accommodation.id for offer in shown)
    totals = tuple(offer.quote.total if offer.quote else 0 for offer in shown)
    return _ask(reply, state.evolve(offered=offered, totals=totals, wanted=None), Asked.CABIN)


async def _cannot(turn: Turn, state: State, stay: Stay, guests: int) -> Step:
    """Say why nothing can be offered, and what could be."""
    fitting = [cabin for cabin in turn.cabins if cabin.capacity >= guests]
    if not fitting:
        reply = replies.too_many_guests(_most_guests(turn))
        return _ask(reply, state.evolve(guests=None), Asked.GUESTS)
    least = min(cabin.min_nights_on(stay.check_in) for cabin in fitting)
    if stay.nights < least:
        asked = state.evolve(check_out=None, nights=None)
        return _ask(replies.too_few_nights(least), asked, Asked.DATES)
    alternatives = await finding.nearby(turn, stay, guests)
    reply = replies.nothing_free(
        check_in=stay.check_in,
        check_out=stay.check_out,
        guests=guests,
        alternatives=alternatives,
        today=turn.today,
    )
    step = Asked.WHICH_DATES if alternatives else Asked.DATES
    asked = state.evolve(check_in=None, check_out=None, spans=tuple(alternatives))
    return _ask(reply, asked, step)


async def _ask_dates(turn: Turn, state: State) -> Step:
    free = await finding.weekends(turn, state.guests or 1)
    return _ask(replies.ask_dates(free), state.evolve(spans=tuple(free)), Asked.DATES)


def _most_guests(turn: Turn) -> int:
    return max((cabin.capacity for cabin in turn.cabins), default=0)


async def _hold(turn: Turn, cabin_id: int) -> Step:
    """Hold the chosen cabin, or say why not."""
    state = turn.state
    if turn.cabin(cabin_id) is None or not (state.check_in and state.check_out and state.guests):
        return await _next(turn, state)
    stay = Stay(state.check_in, state.check_out)
    if await finding.costs_something_else(turn, cabin_id, stay, state.guests):
        step = await _next(turn, state)
        first, *rest = step.replies
        return replace(step, replies=(replies.price_changed(first), *rest))
    turn.tx.emit(HoldRequested(channel=turn.channel))
    try:
        view = await operations.hold(
            turn.tx,
            accommodation_id=cabin_id,
            stay=stay,
            guests=state.guests,
            guest_id=turn.guest_id,
            channel=turn.channel,
            policy=turn.booking,
            locks=turn.locks,
            today=turn.today,
            idempotency_key=f"{turn.message.channel}:{turn.message.external_id}",
        )
    except (DatesTaken, LockNotAcquired, TooManyHolds) as refusal:
        turn.tx.emit(refusal)
        return await _refused(turn, refusal)
    except (TooManyGuests, TooFewNights, InvalidStay) as refusal:
        # The offer was made for a state that has changed since: look again from there.
        turn.tx.emit(refusal)
        return await _next(turn, state)
    reply = replies.held(view, zone=turn.policy.time_zone, now=turn.now, today=turn.today)
    return Step(replies=(reply,), state=state.over(), reservation_id=view.id)


async def _refused(turn: Turn, refusal: DatesTaken | LockNotAcquired | TooManyHolds) -> Step:
    if isinstance(refusal, DatesTaken):
        return _ask(replies.just_taken(), turn.state.evolve(offered=()), Asked.CABIN)
    if isinstance(refusal, LockNotAcquired):
        return _ask(replies.busy(), turn.state, Asked.CABIN)
    views = await queries.open_for_guest(turn.tx.conn, guest_id=turn.guest_id)
    return Step(replies=(replies.too_many_holds(views),), state=turn.state)


def _ask(reply: Reply, state: State, step: Asked) -> Step:
    return Step(replies=(reply,), state=state.evolve(step=step))
