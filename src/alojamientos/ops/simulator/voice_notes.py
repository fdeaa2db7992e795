"""What can become of a voice note, each played by a guest of their own."""

import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from alojamientos.kit.errors import AlojamientosError
from alojamientos.ops.simulator import voice
from alojamientos.ops.simulator.client import StackClient
from alojamientos.ops.simulator.dialog import Wish, asks_to_write
from alojamientos.ops.simulator.guest import Astray, Guest, Line
from alojamientos.ops.simulator.journeys import find_wish, new_name, new_number

_QUIET_S = 2.0  # an answer too many comes right after the first
_TIMES = 3

Played = Callable[[Guest, Wish, Wish, date], Awaitable[None]]


@dataclass(slots=True, kw_only=True)
class VoiceReport:
    """How each episode ended: "well", or what was wrong; and what the audit found."""

    episodes: dict[str, str] = field(default_factory=dict)
    reply_seconds: list[float] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)

    @property
    def is_well(self) -> bool:
        return not self.broken and set(self.episodes.values()) == {"well"}

    def to_json(self) -> dict[str, Any]:
        return {
            "episodes": self.episodes,
            "reply_seconds": [round(seconds, 3) for seconds in self.reply_seconds],
            "broken_invariants": self.broken,
        }


async def play_voice_notes(
    client: StackClient,
    *,
    seed: int | None,
    today: date,
    deadline_s: float,
    on_line: Callable[[Line], None],
    on_episode: Callable[[str], None],
) -> VoiceReport:
    """Play every episode, and ask the application whether its invariants hold."""
    rng = random.Random(seed)
    report = VoiceReport()
    for name, episode in EPISODES.items():
        on_episode(name)
        guest = Guest(
            client=client,
            wa_id=new_number(),
            name=new_name(rng),
            today=today,
            deadline_s=deadline_s,
            on_line=on_line,
        )
        try:
            wish = await find_wish(client, rng, today=today)
            other = await find_wish(client, rng, today=today)
            await episode(guest, wish, other, today)
            report.episodes[name] = "well"
        except AlojamientosError as error:
            report.episodes[name] = error.message or type(error).__name__
        report.reply_seconds += guest.seen.latencies
    found = await client.invariants()
    report.broken = [one["name"] for one in found.get("invariants", []) if one.get("violations")]
    return report


async def _booked(guest: Guest, wish: Wish, _: Wish, today: date) -> None:
    entry = await guest.record(voice.speak(_asking(wish, today)), shown=_asking(wish, today))
    _expect("dates:yes" in _ids(entry), "the dates that were heard were not read back", entry)
    await guest.pay(await guest.hold(entry, wish), wish)


async def _corrected(guest: Guest, wish: Wish, other: Wish, today: date) -> None:
    entry = await guest.record(voice.speak(_asking(wish, today)), shown=_asking(wish, today))
    _expect("other_dates" in _ids(entry), "there is no way to say that it was misheard", entry)
    await guest.tap(entry, "other_dates")
    await guest.hold(await guest.say(f"no, {other.words(today=today)} para {other.guests}"), other)


async def _silent(guest: Guest, wish: Wish, _: Wish, today: date) -> None:
    entry = await guest.record(voice.speak(""), shown="(silence)")
    _expect(asks_to_write(entry), "the guest was not asked to write", entry)
    await guest.hold(await guest.say(_asking(wish, today)), wish)


async def _broken(guest: Guest, *_: object) -> None:
    entry = await guest.record(b"OggS and then nothing that is sound", shown="(broken file)")
    _expect(asks_to_write(entry), "the guest was not asked to write", entry)


async def _delivered_thrice(guest: Guest, wish: Wish, _: Wish, today: date) -> None:
    words = _asking(wish, today)
    entry = await guest.record(voice.speak(words), shown=words, duplicate=_TIMES - 1)
    try:
        second = await guest.listen(seconds=_QUIET_S)
    except AlojamientosError:
        _expect("dates:yes" in _ids(entry), "the dates that were heard were not read back", entry)
    else:
        _expect(False, "one note was answered twice", second)


def _asking(wish: Wish, today: date) -> str:
    return f"hola buenas tardes hay lugar {wish.words(today=today)} somos {wish.guests}"


def _ids(entry: dict[str, Any]) -> set[str]:
    """Return what can be picked; what it is bound to, behind "~", is nothing to a guest."""
    return {option["id"].partition("~")[0] for option in entry.get("options", ())}


def _expect(holds: bool, otherwise: str, entry: dict[str, Any]) -> None:
    if not holds:
        raise Astray(f"{otherwise}: {entry.get('text', '')[:120]!r}")


EPISODES: dict[str, Played] = {
    "spoken, read back, held and paid": _booked,
    "heard wrong, corrected in writing": _corrected,
    "silent, so asked to write": _silent,
    "no sound at all, so asked to write": _broken,
    "delivered three times, answered once": _delivered_thrice,
}
