"""Play one guest through one scenario, and say how it ended."""

import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from alojamientos.kit.errors import AlojamientosError
from alojamientos.ops.simulator.client import StackClient
from alojamientos.ops.simulator.dialog import Wish
from alojamientos.ops.simulator.guest import Astray, DatesTaken, Guest, Line, Unanswered
from alojamientos.ops.simulator.scenarios import SCENARIOS, Ending, Scenario

_NAMES = ("Ana", "Bruno", "Carla", "Diego", "Elena", "Facundo", "Gabriela", "Hernán", "Inés")
_FIRST_WEEK, _LAST_WEEK = 3, 70  # bookings are taken 18 months ahead
_MOST_TRIES = 25
BOOKING = next(scenario for scenario in SCENARIOS if scenario.name == "booking_paid")
VOICE_BOOKING = next(scenario for scenario in SCENARIOS if scenario.name == "voice_note")


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """How a guest's conversation ended, and why when it went wrong.

    `outcome` is answered, confirmed, held, cancelled, dates_taken, refused, unanswered or astray.
    """

    outcome: str
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BookingReport:
    """One booking from the first word to the end, for people and programs."""

    outcome: str
    reason: str | None
    code: str | None
    trace_id: str
    wa_id: str
    check_in: date
    check_out: date
    guests: int
    timings: dict[str, float]
    reply_seconds: list[float]

    def to_json(self) -> dict[str, Any]:
        return {
            **{name: getattr(self, name) for name in self.__slots__},
            "check_in": self.check_in.isoformat(),
            "check_out": self.check_out.isoformat(),
            "reply_seconds": [round(seconds, 3) for seconds in self.reply_seconds],
        }


def new_number() -> str:
    """Return a guest's number that nobody used before; a seed decides what is said, not by whom."""
    return f"549294{random.SystemRandom().randrange(10**7):07d}"


def new_name(rng: random.Random) -> str:
    return rng.choice(_NAMES)


def draw_wish(rng: random.Random, *, today: date, guests: int | None = None) -> Wish:
    """Draw a stay of three to five nights, three weeks to sixteen months ahead."""
    days = rng.randrange(_FIRST_WEEK * 7, _LAST_WEEK * 7)
    check_in = today + timedelta(days=days)
    nights = rng.randint(3, 5)
    return Wish(
        check_in=check_in,
        check_out=check_in + timedelta(days=nights),
        guests=guests or rng.randint(1, 6),
    )


async def find_wish(client: StackClient, rng: random.Random, *, today: date) -> Wish:
    """Draw stays until one is free; raises DatesTaken after 25."""
    for _ in range(_MOST_TRIES):
        wish = draw_wish(rng, today=today)
        if await client.is_free(
            check_in=wish.check_in, check_out=wish.check_out, guests=wish.guests
        ):
            return wish
    raise DatesTaken(f"Nothing was free in {_MOST_TRIES} stays drawn at random")


async def play(
    guest: Guest, scenario: Scenario, wish: Wish, *, rng: random.Random, today: date
) -> Ended:
    """Play `scenario`; what goes wrong in the conversation is its outcome, not an exception."""
    said = [
        words.format(stay=wish.words(today=today), guests=wish.guests)
        for words in rng.choice(scenario.openings)
    ]
    try:
        return await _ENDINGS[scenario.ending](guest, scenario, said, wish)
    except DatesTaken:
        return Ended(outcome="dates_taken")
    except Unanswered as error:
        return Ended(outcome="unanswered", reason=error.message)
    except Astray as error:
        return Ended(outcome="astray", reason=error.message)


async def _answered(guest: Guest, scenario: Scenario, said: list[str], _: Wish) -> Ended:
    for words in said:
        await guest.say(words, **_options(scenario))
    return Ended(outcome="answered")


async def _refused(guest: Guest, scenario: Scenario, said: list[str], _: Wish) -> Ended:
    await guest.send(text=said[0], **_options(scenario))
    return Ended(outcome="refused")


async def _held(guest: Guest, scenario: Scenario, said: list[str], wish: Wish) -> str:
    begin = guest.speak if scenario.voice else guest.say
    entry = await begin(said[0], **_options(scenario))
    for words in said[1:]:
        entry = await guest.say(words)
    return await guest.hold(entry, wish)


async def _abandoned(guest: Guest, scenario: Scenario, said: list[str], wish: Wish) -> Ended:
    await _held(guest, scenario, said, wish)
    return Ended(outcome="held")


async def _cancelled(guest: Guest, scenario: Scenario, said: list[str], wish: Wish) -> Ended:
    await _held(guest, scenario, said, wish)
    await guest.cancel(wish)
    return Ended(outcome="cancelled")


async def _paid(guest: Guest, scenario: Scenario, said: list[str], wish: Wish) -> Ended:
    await guest.pay(await _held(guest, scenario, said, wish), wish)
    return Ended(outcome="confirmed")


_ENDINGS = {
    Ending.ANSWERED: _answered,
    Ending.REFUSED: _refused,
    Ending.ABANDONED: _abandoned,
    Ending.CANCELLED: _cancelled,
    Ending.PAID: _paid,
}


def _options(scenario: Scenario) -> dict[str, Any]:
    options: dict[str, Any] = {}
    if scenario.duplicates:
        options["duplicate"] = scenario.duplicates
    if scenario.signature != "valid":
        options["signature"] = scenario.signature
    return options


async def book(
    client: StackClient,
    *,
    seed: int | None,
    today: date,
    deadline_s: float,
    on_line: Callable[[Line], None],
    spoken: bool = False,
) -> BookingReport:
    """Play one guest from the first word to a confirmed stay, and check it with the API.

    With `spoken` the first word is a voice note.
    """
    rng = random.Random(seed)
    wish = await find_wish(client, rng, today=today)
    number = new_number()
    guest = Guest(
        client=client,
        wa_id=number,
        name=new_name(rng),
        today=today,
        deadline_s=deadline_s,
        on_line=on_line,
    )
    ended = await play(guest, VOICE_BOOKING if spoken else BOOKING, wish, rng=rng, today=today)
    if ended.outcome == "confirmed":
        ended = await _checked(client, guest)
    seen = guest.seen
    return BookingReport(
        outcome=ended.outcome,
        reason=ended.reason or (None if ended.outcome == "confirmed" else ended.outcome),
        code=seen.code,
        trace_id=guest.trace_id,
        wa_id=number,
        check_in=wish.check_in,
        check_out=wish.check_out,
        guests=wish.guests,
        timings=seen.timings,
        reply_seconds=seen.latencies,
    )


async def _checked(client: StackClient, guest: Guest) -> Ended:
    if guest.seen.code is None:
        return Ended(outcome="astray", reason="No reservation code was told")
    try:
        status = (await client.reservation(guest.seen.code)).get("status")
    except AlojamientosError as error:
        return Ended(outcome="astray", reason=error.message)
    if status != "confirmed":
        reason = f"The guest was told that it is confirmed, but the API says {status}"
        return Ended(outcome="astray", reason=reason)
    return Ended(outcome="confirmed")
