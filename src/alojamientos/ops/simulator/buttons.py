"""A stay booked, moved, paid and cancelled by pressing alone; old buttons pressed; an audit."""

import asyncio
import itertools
import random
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass, field
from datetime import date
from typing import Any

from alojamientos.kit.errors import AlojamientosError
from alojamientos.ops.simulator.checks import Check
from alojamientos.ops.simulator.client import StackClient
from alojamientos.ops.simulator.dialog import Said, Wish, read
from alojamientos.ops.simulator.guest import Astray, Guest, Line, Unanswered
from alojamientos.ops.simulator.journeys import new_name, new_number
from alojamientos.ops.simulator.oddities import play_oddities

GUESTS = 2
_SILENCE_S = 3.0  # without an answer: the assistant leaves the guest to a person
_LOOK_AGAIN_S = 0.5
_OLD = "ya no vale"
_Pressed = tuple[dict[str, Any], str]  # under which message, and the id


@dataclass(slots=True, kw_only=True)
class ButtonsReport:
    """What was pressed and what the audit found; `problems` is empty when all is well."""

    trace_id: str
    pressed: list[str] = field(default_factory=list)
    code: str | None = None
    replaced: str | None = None  # the preference of the link that moving the stay made void
    reply_seconds: list[float] = field(default_factory=list)
    audit: list[Check] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    def to_json(self) -> dict[str, Any]:
        return {
            **asdict(self),
            "reply_seconds": [round(seconds, 3) for seconds in self.reply_seconds],
        }


class _Presser:
    """A guest who writes one word and presses from then on."""

    def __init__(self, guest: Guest, report: ButtonsReport, today: date) -> None:
        self._guest = guest
        self._report = report
        # Nothing is wished for: the words of answers are read, no choice is made by them.
        self._wish = Wish(check_in=today, check_out=today, guests=GUESTS)
        self._today = today
        self.entry: dict[str, Any] = {}

    async def hello(self) -> None:
        self.entry = await self._guest.say("Hola")

    def find(self, action: str) -> str:
        """Return the id of the first choice that begins with `action`; raises Astray."""
        for option in self.entry.get("options", ()):
            if option["id"].startswith(action):
                return str(option["id"])
        raise Astray(f"Nothing to press for {action!r} under {self.entry.get('text', '')[:120]!r}")

    async def press(self, action: str, *, expect: str) -> _Pressed:
        """Press the choice for `action`, want `expect` in the answer; return what was pressed."""
        pressed = (self.entry, self.find(action))
        self.entry = await self._guest.tap(*pressed)
        self._report.pressed.append(action)
        self._want(expect)
        return pressed

    async def press_old(self, pressed: _Pressed, what: str) -> None:
        """Press what was offered before the talk moved on."""
        self.entry = await self._guest.tap(*pressed)
        self._report.pressed.append(what)
        self._want(_OLD)

    async def press_under(self, entry: dict[str, Any], action: str, *, expect: str) -> None:
        """Scroll back to `entry` and press there what is good at any time."""
        self.entry = entry
        await self.press(action, expect=expect)

    def note_code(self) -> None:
        """Remember the code of the stay that is held."""
        self._report.code = read(self.entry, self._wish, today=self._today).code

    async def link(self) -> str:
        """Wait for the link that comes by itself, and return what it pays."""
        self.entry = await self._guest.listen()
        move = read(self.entry, self._wish, today=self._today)
        if move.said is not Said.LINK or not move.preference_id:
            raise Astray(f"No link to pay: {self.entry['text'][:120]!r}")
        if self.entry["type"] != "interactive":
            raise Astray("The link is in the text, not behind a button")
        return move.preference_id

    async def pay(self, preference_id: str) -> None:
        """Pay, and wait for the confirmation."""
        self.entry = await self._guest.pay(preference_id, self._wish)
        self._report.pressed.append("pay the deposit")

    def _want(self, words: str) -> None:
        if words.casefold() not in str(self.entry["text"]).casefold():
            raise Astray(f"{words!r} was not said, but {self.entry['text'][:160]!r}")


async def play_buttons(
    client: StackClient,
    *,
    seed: int | None,
    today: date,
    deadline_s: float,
    on_line: Callable[[Line], None],
) -> ButtonsReport:
    """Play it all; what goes wrong is in the report's `problems`, not an exception."""
    rng = random.Random(seed)
    refused_before = await client.refusals()
    guest = Guest(
        client=client,
        wa_id=(number := new_number()),
        name=new_name(rng),
        today=today,
        deadline_s=deadline_s,
        on_line=on_line,
    )
    report = ButtonsReport(trace_id=guest.trace_id)
    await _watched(report, lambda: _book_and_cancel(_Presser(guest, report, today), report))
    shy = Guest(
        client=client,
        wa_id=(other := new_number()),
        name=new_name(rng),
        today=today,
        deadline_s=deadline_s,
        on_line=on_line,
    )
    await _watched(report, lambda: _ask_for_a_person(_Presser(shy, report, today), shy))
    report.reply_seconds = [*guest.seen.latencies, *shy.seen.latencies]
    entries = [await client.chat(each) for each in (number, other)]
    odd = await play_oddities(client, today=today, deadline_s=deadline_s, on_line=on_line)
    closed = await _is_closed(client, report.replaced, deadline_s=deadline_s)
    report.audit = [
        *await _audit(client, report, entries, refused_before),
        Check(
            name="the link of before the change is closed",
            ok=closed,
            found="closed" if closed else "open, or never made",
        ),
        *odd,
    ]
    report.problems += [f"{check.name}: {check.found}" for check in report.audit if not check.ok]
    return report


async def _watched(report: ButtonsReport, play: Callable[[], Awaitable[None]]) -> None:
    try:
        await play()
    except (Astray, Unanswered) as error:
        step = report.pressed[-1] if report.pressed else "hello"
        report.problems.append(f"after {step!r}: {error.message}")


async def _book_and_cancel(guest: _Presser, report: ButtonsReport) -> None:
    await guest.hello()
    welcome = guest.entry
    await guest.press("ask", expect="¿Qué día llegarían")
    await guest.press("span:", expect="¿Cuántas personas")
    await guest.press(f"guests:{GUESTS}", expect="Hay lugar")
    cabin = await guest.press("cabin:", expect="Te guardé")
    guest.note_code()
    report.replaced = await guest.link()
    await guest.press_under(welcome, "mine", expect="guardada")
    await guest.press("change:", expect="¿A qué fechas")
    await guest.press("span:", expect="¿La cambio?")
    moved = await guest.press("change:yes", expect="Cambié tu reserva")
    await guest.pay(await guest.link())
    await guest.press("booking:", expect="confirmada")
    await guest.press_old(moved, "the yes to the change again")
    await guest.press("cancel:", expect="¿Querés cancelar")
    yes = await guest.press("cancel:yes", expect="¿Seguro?")
    await guest.press("cancel:yes", expect="cancelé la reserva")
    await guest.press_old(cabin, "the cabin again")
    await guest.press_old(yes, "the first yes again")
    if report.code is None:
        raise Astray("No reservation code was told")


async def _ask_for_a_person(guest: _Presser, shy: Guest) -> None:
    await guest.hello()
    await guest.press("cabins", expect="nuestras cabañas")
    await guest.press("human", expect="le aviso a una persona")
    await shy.send(text="¿Hola?")
    try:
        said = await shy.listen(seconds=_SILENCE_S)
    except Unanswered:
        return
    raise Astray(f"The assistant talked while a person has the word: {said['text'][:80]!r}")


async def _is_closed(client: StackClient, preference_id: str | None, *, deadline_s: float) -> bool:
    """Tell whether a link can be paid no more; that is a job's work, and may take a moment."""
    if preference_id is None:
        return False
    for _ in range(max(1, round(deadline_s / _LOOK_AGAIN_S))):
        if not await client.is_link_open(preference_id):
            return True
        await asyncio.sleep(_LOOK_AGAIN_S)
    return False


async def _audit(
    client: StackClient,
    report: ButtonsReport,
    chats: list[list[dict[str, Any]]],
    refused_before: int,
) -> list[Check]:
    status = "no code"
    if report.code is not None:
        try:
            status = str((await client.reservation(report.code)).get("status"))
        except AlojamientosError as error:
            status = error.message
    refused = await client.refusals() - refused_before
    doubled = sum(
        a["direction"] == b["direction"] == "out" and a["text"] == b["text"]
        for entries in chats
        for a, b in itertools.pairwise(entries)
    )
    try:
        invariants = await client.invariants()
    except AlojamientosError as error:
        invariants = {"ok": False, "problem": error.message}
    broken = [str(one["name"]) for one in invariants.get("invariants", ()) if one["violations"]]
    return [
        Check(name="the booking is cancelled", ok=status == "cancelled", found=status),
        Check(
            name="WhatsApp's limits were kept", ok=refused == 0, found=f"{refused} messages refused"
        ),
        Check(name="nothing was said twice", ok=doubled == 0, found=f"{doubled} answers doubled"),
        Check(
            name="every invariant holds",
            ok=bool(invariants.get("ok")),
            found=", ".join(broken) or str(invariants.get("problem", "all hold")),
        ),
    ]
