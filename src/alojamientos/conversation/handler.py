"""A message becomes an answer. Knows no job, no table of other rooms and no channel's format."""

import time
from collections.abc import Awaitable, Callable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from alojamientos.conversation import (
    booking,
    changing,
    choices,
    facts,
    identity,
    own,
    own_replies,
    place,
    replies,
    store,
)
from alojamientos.conversation.events import HandOverReason
from alojamientos.conversation.messages import (
    Handled,
    Hearing,
    InboundMessage,
    MessageKind,
    Reply,
)
from alojamientos.conversation.pausing import PauseReason
from alojamientos.conversation.state import State
from alojamientos.conversation.state import Step as Asked
from alojamientos.conversation.turn import ConversationPolicy, Step, Turn
from alojamientos.kit.clock import today_in
from alojamientos.kit.db import Database, Transaction
from alojamientos.kit.locks import UnitLocks
from alojamientos.nlu import parser
from alojamientos.nlu.holidays import Holidays
from alojamientos.nlu.values import (
    Ambiguous,
    Incomplete,
    Intent,
    InvalidDates,
    Resolved,
    Understanding,
)
from alojamientos.reservations import queries
from alojamientos.reservations.domain import Accommodation, Policy

_READ = (MessageKind.TEXT, MessageKind.BUTTON, MessageKind.EDIT, MessageKind.AUDIO)
_SEEN = (
    *(MessageKind.IMAGE, MessageKind.DOCUMENT, MessageKind.VIDEO, MessageKind.UNSUPPORTED),
    *(MessageKind.LOCATION, MessageKind.CONTACTS),
)
_LATE_TOGETHER = timedelta(minutes=30)
_NOTHING = Understanding(intents=frozenset())
_DATES_RESULTS = {
    Resolved: "resolved",
    Ambiguous: "ambiguous",
    Incomplete: "incomplete",
    InvalidDates: "invalid",
    type(None): "none",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Understood:
    """What reading a message gave, and what the metrics say of it."""

    understanding: Understanding
    cabins: tuple[Accommodation, ...]
    nlu_seconds: float | None = None
    dates_result: str | None = None
    intents: tuple[str, ...] = ()


class Handler:
    """Understand first, with no transaction open; then decide and write in the caller's."""

    def __init__(
        self,
        *,
        database: Database,
        policy: ConversationPolicy,
        booking_policy: Policy,
        locks: UnitLocks,
        holidays: Holidays,
    ) -> None:
        self._database = database
        self._policy = policy
        self._booking = booking_policy
        self._locks = locks
        self._holidays = holidays

    async def understand(self, message: InboundMessage, *, now: datetime) -> Understood:
        """Read the message in the light of what the conversation knows."""
        async with self._database.read() as conn:
            state = await store.peek(conn, channel=message.channel, address=message.address)
            cabins = tuple(await queries.accommodations(conn))
        pick = choices.picked(message, state)
        if message.kind not in _READ or pick is not None or not message.text.strip():
            return Understood(understanding=_NOTHING, cabins=cabins)
        start = time.perf_counter()
        found = parser.understand(
            message.text,
            today=today_in(self._policy.time_zone, now),
            context=state.context(cabins=_names(state, cabins)),
            holidays=self._holidays,
        )
        return Understood(
            understanding=found,
            cabins=cabins,
            nlu_seconds=time.perf_counter() - start,
            dates_result=_DATES_RESULTS[type(found.dates)],
            intents=tuple(sorted(found.intents)),
        )

    async def act(
        self, message: InboundMessage, understood: Understood, *, tx: Transaction, now: datetime
    ) -> Handled:
        """Decide what to answer and write what it means, in `tx`."""
        row = await store.open_for_update(
            tx.conn,
            channel=message.channel,
            address=message.address,
            heard_at=message.sent_at or now,
        )
        guest_id = await identity.whose(tx, message)
        await identity.move(tx, message, guest_id=guest_id)
        paused = row.paused_until is not None and row.paused_until > now
        ignored = _is_noise(message) or self._is_answered_late(message, row.state, now)
        if paused or ignored:
            await store.save(
                tx.conn,
                conversation_id=row.id,
                guest_id=guest_id,
                state=row.state,
                paused_until=row.paused_until if paused else None,
                pause_reason=row.pause_reason if paused else None,
            )
            outcome = "paused" if paused and not ignored else "ignored"
            return Handled(intents=understood.intents, outcome=outcome)
        pick = choices.picked(message, row.state)
        turn = Turn(
            tx=tx,
            message=replace(message, button_id=pick.action if pick else None),
            understanding=understood.understanding,
            state=row.state,
            guest_id=guest_id,
            cabins=understood.cabins,
            now=now,
            today=today_in(self._policy.time_zone, now),
            policy=self._policy,
            booking=self._booking,
            locks=self._locks,
        )
        step = await self._step(turn, stale=pick is not None and pick.stale)
        state, said = choices.bind(row.state, step.state, step.replies, cause=message.external_id)
        await store.save(
            tx.conn,
            conversation_id=row.id,
            guest_id=guest_id,
            state=state,
            paused_until=now + self._policy.pause if step.paused else None,
            pause_reason=PauseReason.ASKED.value if step.paused else None,
        )
        return Handled(
            replies=said,
            intents=understood.intents,
            outcome="answered",
            reservation_id=step.reservation_id,
        )

    async def _step(self, turn: Turn, *, stale: bool) -> Step:
        sent_at = turn.message.sent_at
        if sent_at is not None and turn.now - sent_at > self._policy.late:
            reply = replies.late(sent_at, zone=self._policy.time_zone, now=turn.now)
            return Step(replies=(reply,), state=turn.state.evolve(late_at=turn.now))
        if stale:
            return await _old_choice(turn)
        return _greeted(turn, await _answer(turn))

    def _is_answered_late(self, message: InboundMessage, state: State, now: datetime) -> bool:
        """Tell whether a late message came along with one that was answered: once is enough."""
        sent_at, said_at = message.sent_at, state.late_at
        if sent_at is None or said_at is None:
            return False
        return now - sent_at > self._policy.late and now - said_at < _LATE_TOGETHER


def _names(state: State, cabins: tuple[Accommodation, ...]) -> tuple[str, ...]:
    """Return the cabins' names: those offered first, in their order, then the others."""
    names = {cabin.id: cabin.name for cabin in cabins}
    first = [names.pop(number) for number in state.offered if number in names]
    return (*first, *names.values())


def _is_noise(message: InboundMessage) -> bool:
    """Tell whether a message wants no answer: reactions, stickers, what the system says."""
    if message.kind is MessageKind.EDIT:
        return not message.text.strip()
    return message.kind in (
        *(MessageKind.REACTION, MessageKind.STICKER, MessageKind.REVOKE, MessageKind.SYSTEM),
    )


def _greeted(turn: Turn, step: Step) -> Step:
    """Introduce ourselves before the first answer, once."""
    if turn.state.greeted or not step.replies:
        return step
    hello = replies.hello(turn.policy.lodging_name)
    first, *rest = step.replies
    if first.images or first.place:  # they come before their words
        first, rest = Reply(text=hello.strip()), list(step.replies)
    elif not first.text.startswith(hello):
        first = replace(first, text=hello + first.text)
    return replace(step, replies=(first, *rest), state=step.state.evolve(greeted=True))


async def _answer(turn: Turn) -> Step:
    for applies, answer in _ROUTES:
        if applies(turn):
            step = await answer(turn)
            if step.state.lost == turn.state.lost:
                step = replace(step, state=step.state.evolve(lost=0))
            return step
    raise AssertionError  # pragma: no cover - the last route always applies


def _wants_person(turn: Turn) -> bool:
    return turn.button == "human" or turn.wants(Intent.HUMAN, Intent.COMPLAINT)


def _wants_cancel(turn: Turn) -> bool:
    return own.is_cancelling(turn) or turn.wants(Intent.CANCEL)


def _wants_own(turn: Turn) -> bool:
    return (
        turn.button == "mine"
        or turn.button.startswith("booking:")
        or turn.wants(Intent.MY_RESERVATION)
        or turn.understanding.code is not None
    )


def _wants_to_pay(turn: Turn) -> bool:
    return turn.button.startswith("pay:") or turn.wants(Intent.PAYMENT_INFO)


async def _hand_over(turn: Turn) -> Step:
    turn.tx.emit(turn.hand_over(HandOverReason.ASKED))
    return Step(replies=(replies.handed_over(),), state=turn.state.over(), paused=True)


async def _cannot_listen(turn: Turn) -> Step:
    nobody = turn.message.heard in (None, Hearing.NOBODY)
    return _say(turn, replies.cannot_listen() if nobody else replies.heard_nothing())


async def _cannot_see(turn: Turn) -> Step:
    return _say(turn, replies.cannot_see())


async def _old_choice(turn: Turn) -> Step:
    """Do nothing; whoever presses an old yes to a change is shown what their booking is."""
    views = await own.open_bookings(turn) if turn.button.startswith("change:") else []
    if not views:
        return _say(turn, replies.old_choice())
    shown = own_replies.own(views, zone=turn.policy.time_zone, now=turn.now, today=turn.today)
    return _say(turn, replies.old_choice_of(shown))


async def _change(turn: Turn) -> Step:
    return _with_facts(turn, await changing.advance(turn))


async def _book(turn: Turn) -> Step:
    if turn.state.changing is not None:  # another stay is looked for now
        turn = replace(turn, state=turn.state.over())
    return _with_facts(turn, await booking.advance(turn))


async def _about(turn: Turn) -> Step:
    step, shown = await place.answer(turn)
    return _with_facts(turn, step, shown=shown)


def _with_facts(turn: Turn, step: Step, *, shown: AbstractSet[Intent] = frozenset()) -> Step:
    """Answer what was asked beside: "del 15 al 18, ¿tienen pileta?"; `shown` is answered."""
    asked = replace(turn.understanding, intents=turn.understanding.intents - shown)
    known = facts.answer(asked, turn.cabins, told=_told(turn))
    if not known or not step.replies:
        return step
    first, *rest = step.replies
    return replace(step, replies=(replace(first, text=f"{known}\n\n{first.text}"), *rest))


def _told(turn: Turn) -> Mapping[Intent, str]:
    """Return what the lodging says of itself, by what it answers."""
    stay = turn.policy.stay
    told = {Intent.CHECKIN_INFO: stay.hours()}
    return {**told, Intent.LOCATION: stay.where()} if stay.has_place else told


async def _welcome(turn: Turn) -> Step:
    state = turn.state.over().evolve(step=Asked.DATES)
    return Step(replies=(replies.welcome(turn.policy.lodging_name),), state=state)


async def _youre_welcome(turn: Turn) -> Step:
    return _say(turn, replies.youre_welcome())


async def _lost(turn: Turn) -> Step:
    times = turn.state.lost + 1
    speech = turn.message.is_speech and times == 1  # most likely heard wrong
    reply = replies.heard_nothing() if speech else replies.lost(times)
    return Step(replies=(reply,), state=turn.state.evolve(lost=times))


def _say(turn: Turn, reply: Reply) -> Step:
    return Step(replies=(reply,), state=turn.state)


# The first that applies answers.
_ROUTES: tuple[tuple[Callable[[Turn], bool], Callable[[Turn], Awaitable[Step]]], ...] = (
    (lambda turn: turn.message.is_speech and not turn.message.text, _cannot_listen),
    (lambda turn: turn.message.kind in _SEEN, _cannot_see),
    (_wants_person, _hand_over),
    (_wants_cancel, own.cancel),
    (changing.is_about, _change),
    (_wants_own, own.show),
    (own.asks_for_policy, own.tell_policy),
    (own.is_about_balance, own.pay_balance),
    (_wants_to_pay, own.pay),
    (place.is_to_be_shown, _about),
    (booking.is_about, _book),
    (place.is_about, _about),
    (lambda turn: turn.wants(Intent.GREETING), _welcome),
    (lambda turn: turn.wants(Intent.THANKS, Intent.CONFIRM), _youre_welcome),
    (lambda _turn: True, _lost),
)
