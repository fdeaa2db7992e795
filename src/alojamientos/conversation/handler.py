"""A message becomes an answer. Knows no job, no table of other rooms and no channel's format."""

import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import datetime

from alojamientos.conversation import booking, facts, own, own_replies, replies, store
from alojamientos.conversation.events import HandOverReason
from alojamientos.conversation.messages import (
    Handled,
    Hearing,
    InboundMessage,
    MessageKind,
    Reply,
)
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
from alojamientos.reservations import operations, queries
from alojamientos.reservations.domain import Accommodation, Policy

_READ = (MessageKind.TEXT, MessageKind.BUTTON, MessageKind.EDIT, MessageKind.AUDIO)
_SEEN = (MessageKind.IMAGE, MessageKind.DOCUMENT, MessageKind.VIDEO, MessageKind.UNSUPPORTED)
_ABOUT = (*(Intent.SERVICES, Intent.LOCATION, Intent.CHECKIN_INFO, Intent.PHOTOS, Intent.DISCOUNT),)
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
        if message.kind not in _READ or not message.text.strip():
            return Understood(understanding=Understanding(intents=frozenset()), cabins=cabins)
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
        guest_id = await operations.identify_guest(
            tx, kind=_identity(message), value=message.address, name=message.profile_name
        )
        paused = row.paused_until is not None and row.paused_until > now
        ignored = _is_noise(message)
        if paused or ignored:
            await store.save(
                tx.conn,
                conversation_id=row.id,
                guest_id=guest_id,
                state=row.state,
                paused_until=row.paused_until if paused else None,
            )
            outcome = "paused" if paused and not ignored else "ignored"
            return Handled(intents=understood.intents, outcome=outcome)
        turn = Turn(
            tx=tx,
            message=message,
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
        step = _greeted(turn, await _answer(turn))
        await store.save(
            tx.conn,
            conversation_id=row.id,
            guest_id=guest_id,
            state=step.state,
            paused_until=now + self._policy.pause if step.paused else None,
        )
        return Handled(
            replies=step.replies,
            intents=understood.intents,
            outcome="answered",
            reservation_id=step.reservation_id,
        )


def _names(state: State, cabins: tuple[Accommodation, ...]) -> tuple[str, ...]:
    """Return the cabins' names: those offered first, in their order, then the others."""
    names = {cabin.id: cabin.name for cabin in cabins}
    first = [names.pop(number) for number in state.offered if number in names]
    return (*first, *names.values())


def _identity(message: InboundMessage) -> str:
    if message.channel == "email":
        return "email"
    return "bsuid" if message.address == message.bsuid else "wa_id"


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
    if not first.text.startswith(hello):
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


def _wants_other_dates_for_own(turn: Turn) -> bool:
    return turn.wants(Intent.MODIFY_DATES) and not booking.is_about(turn)


async def _hand_over(turn: Turn) -> Step:
    turn.tx.emit(turn.hand_over(HandOverReason.ASKED))
    return Step(replies=(replies.handed_over(),), state=turn.state.over(), paused=True)


async def _cannot_listen(turn: Turn) -> Step:
    nobody = turn.message.heard in (None, Hearing.NOBODY)
    return _say(turn, replies.cannot_listen() if nobody else replies.heard_nothing())


async def _cannot_see(turn: Turn) -> Step:
    return _say(turn, replies.cannot_see())


async def _change_dates(turn: Turn) -> Step:
    return _say(turn, own_replies.change_dates())


async def _about(turn: Turn) -> Step:
    step = _say(turn, replies.about(turn.cabins))
    return _with_facts(turn, step)


async def _book(turn: Turn) -> Step:
    return _with_facts(turn, await booking.advance(turn))


def _with_facts(turn: Turn, step: Step) -> Step:
    """Answer what was asked beside: "del 15 al 18, ¿tienen pileta?"."""
    known = facts.answer(turn.understanding, turn.cabins)
    if not known or not step.replies:
        return step
    first, *rest = step.replies
    return replace(step, replies=(replace(first, text=f"{known}\n\n{first.text}"), *rest))


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
    (_wants_other_dates_for_own, _change_dates),
    (
        lambda turn: turn.wants(Intent.MY_RESERVATION) or turn.understanding.code is not None,
        own.show,
    ),
    (lambda turn: turn.wants(Intent.PAYMENT_INFO), own.pay),
    (booking.is_about, _book),
    (lambda turn: turn.wants(*_ABOUT), _about),
    (lambda turn: turn.wants(Intent.GREETING), _welcome),
    (lambda turn: turn.wants(Intent.THANKS, Intent.CONFIRM), _youre_welcome),
    (lambda _turn: True, _lost),
)
