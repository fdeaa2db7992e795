"""One simulated guest: talks over the fake WhatsApp, reads answers, books, pays, cancels."""

import base64
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from alojamientos.kit.errors import AlojamientosError
from alojamientos.ops.simulator import voice
from alojamientos.ops.simulator.client import StackClient
from alojamientos.ops.simulator.dialog import Move, Said, Wish, asks_to_write, read
from alojamientos.telemetry import context

_MOST_TURNS = 12
_REST_S = 1.0  # a long message comes in pieces
_MOST_LOST = 3  # answers that the guest makes nothing of


class Unanswered(AlojamientosError):  # noqa: N818 - reads as a sentence where it is raised
    """The assistant did not answer in time."""


class Astray(AlojamientosError):  # noqa: N818
    """The conversation did not get where the guest wanted."""


class DatesTaken(AlojamientosError):  # noqa: N818
    """The dates are taken and there was no acceptable alternative."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line of a chat: who said it, what, what could be tapped, and how long it took."""

    who: str  # guest | assistant
    text: str
    options: tuple[str, ...] = ()
    seconds: float | None = None  # an answer: since the guest's message, by the simulator's clock


@dataclass(slots=True, kw_only=True)
class Seen:
    """What has become of one guest so far; grows while they talk."""

    code: str | None = None
    sent: int = 0
    answered: int = 0
    latencies: list[float] = field(default_factory=list)
    statuses: list[int] = field(default_factory=list)  # the application's, to our messages
    timings: dict[str, float] = field(default_factory=dict)  # seconds since the first word


async def _no_turn() -> None:
    """Let a guest that plays alone speak at once."""


class Guest:
    """One guest with their own number and one trace for the whole conversation."""

    def __init__(
        self,
        *,
        client: StackClient,
        wa_id: str,
        name: str,
        today: date,
        deadline_s: float = 30.0,
        on_line: Callable[[Line], None] | None = None,
        turn: Callable[[], Awaitable[None]] = _no_turn,
        seconds: Callable[[], float] = time.perf_counter,
    ) -> None:
        self._client = client
        self._wa_id = wa_id
        self._name = name
        self._today = today
        self._deadline_s = deadline_s
        self._on_line = on_line or (lambda _: None)
        self._turn = turn
        self._seconds = seconds  # of the time that this guest lives in
        self._cursor = 0
        self._said_at = 0.0
        self._started: float | None = None
        self.trace_id = context.new_trace_id()
        self.seen = Seen()

    async def send(self, **message: Any) -> None:
        """Send a message without waiting for an answer; `text`, `button` and options of control."""
        await self._turn()
        if self._started is None:
            self._started = self._seconds()
        shown = message.get("text") or message.get("shown", "")
        message.pop("shown", None)
        self._on_line(Line(who="guest", text=shown))
        with context.trace(self.trace_id):
            traceparent = context.traceparent()
        sent = await self._client.say(
            {"wa_id": self._wa_id, "name": self._name, "traceparent": traceparent, **message}
        )
        self.seen.sent += 1
        self.seen.statuses += sent.statuses
        self._cursor = max(self._cursor, sent.n)

    async def say(self, text: str, **options: Any) -> dict[str, Any]:
        """Send a text and return the answer; raises Unanswered."""
        await self.send(text=text, **options)
        return await self.listen(answer=True)

    async def speak(self, words: str, **options: Any) -> dict[str, Any]:
        """Say `words` in a voice note and return the answer; write them when asked to.

        Raises Unanswered.
        """
        entry = await self.record(voice.speak(words), shown=words, **options)
        return await self.say(words) if asks_to_write(entry) else entry

    async def record(self, sound: bytes, *, shown: str, **options: Any) -> dict[str, Any]:
        """Send `sound` as a voice note and return the answer; raises Unanswered."""
        content = base64.b64encode(sound).decode()
        note = {"kind": "audio", "base64": content, "mime_type": voice.MIME_TYPE}
        await self.send(media=note, shown=f"🎤 {shown}", **options)
        return await self.listen(answer=True)

    async def tap(self, entry: dict[str, Any], option_id: str) -> dict[str, Any]:
        """Tap an option of `entry` and return the answer; raises Unanswered."""
        titles = {option["id"]: option["title"] for option in entry.get("options", ())}
        title = titles.get(option_id, option_id)
        await self.send(button={"id": option_id, "title": title}, shown=f"[{title}]")
        return await self.listen(answer=True)

    async def listen(self, *, answer: bool = False, seconds: float | None = None) -> dict[str, Any]:
        """Return the next thing that the assistant says; raises Unanswered."""
        patience = self._deadline_s if seconds is None else seconds
        give_up = self._seconds() + patience
        while (left := give_up - self._seconds()) > 0:
            entries = await self._client.chat(
                self._wa_id, after=self._cursor, wait_s=min(left, 20.0)
            )
            said = next((e for e in entries if e["direction"] == "out"), None)
            if said:
                return await self._heard(said, answer=answer)
        raise Unanswered(f"No answer within {patience:g} s")

    async def _heard(self, entry: dict[str, Any], *, answer: bool) -> dict[str, Any]:
        seconds = None
        if answer:
            sent = (await self._client.chat(self._wa_id, after=self._cursor - 1))[:1]
            seconds = max(0.0, entry["at"] - sent[0]["at"]) if sent else None
            self.seen.answered += 1
            self.seen.latencies += [] if seconds is None else [seconds]
        self._cursor = entry["n"]
        titles = tuple(option["title"] for option in entry.get("options", ()))
        self._on_line(Line(who="assistant", text=entry["text"], options=titles, seconds=seconds))
        return entry

    async def hold(self, entry: dict[str, Any], wish: Wish) -> str:
        """Answer until the stay is held and its payment link is here; return the preference.

        Raises Unanswered, DatesTaken or Astray.
        """
        lost = 0
        for _ in range(_MOST_TURNS):
            move = read(entry, wish, today=self._today)
            if move.said is Said.HELD:
                self.seen.code = move.code
                self._mark("held")
                entry = await self.listen()
            elif move.said is Said.LINK and move.preference_id:
                self._mark("link")
                return move.preference_id
            elif move.said is Said.TAKEN:
                raise DatesTaken
            elif move.tap or move.text:
                entry = await self._answer(entry, move)
            elif self.seen.code is None and (lost := lost + 1) > _MOST_LOST:
                raise Astray(f"The guest could make nothing of: {entry['text'][:120]!r}")
            else:
                entry = await self._more_or_ask(wish)
        raise Astray(f"No hold after {_MOST_TURNS} turns")

    async def pay(self, preference_id: str, wish: Wish) -> dict[str, Any]:
        """Pay and return the assistant's confirmation; raises Unanswered or Astray."""
        with context.trace(self.trace_id):
            traceparent = context.traceparent()
        self.seen.statuses += await self._client.pay(preference_id, traceparent=traceparent)
        self._mark("paid")
        for _ in range(3):
            entry = await self.listen()
            if read(entry, wish, today=self._today).said is Said.CONFIRMED:
                self._mark("confirmed")
                return entry
        raise Astray("Paid, but the assistant did not confirm")

    async def cancel(self, wish: Wish) -> None:
        """Cancel the stay that is held, affirming as often as asked; raises Astray."""
        entry = await self.say(f"Quiero cancelar mi reserva {self.seen.code or ''}".strip())
        for _ in range(4):
            move = read(entry, wish, today=self._today)
            if move.said is Said.CANCELLED:
                self._mark("cancelled")
                return
            mine = next(
                (o["id"] for o in entry.get("options", ()) if o["id"].startswith("cancel:")), None
            )
            if not (choice := move.tap or mine):
                break
            entry = await self.tap(entry, choice)
        raise Astray(f"The stay was not cancelled: {entry['text'][:120]!r}")

    async def _more_or_ask(self, wish: Wish) -> dict[str, Any]:
        """Wait for the rest of what was said; when there is none, ask once more."""
        if self.seen.code is not None:  # the stay is held: the link is still to come
            return await self.listen()
        try:
            return await self.listen(seconds=_REST_S)
        except Unanswered:
            return await self.say(f"Quiero reservar {wish.words(today=self._today)}")

    async def _answer(self, entry: dict[str, Any], move: Move) -> dict[str, Any]:
        if move.tap:
            return await self.tap(entry, move.tap)
        return await self.say(move.text or "")

    def _mark(self, step: str) -> None:
        started = self._started if self._started is not None else self._seconds()
        self.seen.timings[step] = round(self._seconds() - started, 3)
