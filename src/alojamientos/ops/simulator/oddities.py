"""What happens on WhatsApp besides talking: the owner's own words, late mail, guests unnamed."""

import random
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

from alojamientos.ops.simulator.checks import Check
from alojamientos.ops.simulator.client import StackClient
from alojamientos.ops.simulator.guest import Guest, Line, Unanswered
from alojamientos.ops.simulator.journeys import new_number

_SILENCE_S = 3.0  # without an answer: there will be none
_SETTLE_S = 1.0  # for a pause to be heeded
_OWNER = "Hola, soy Marta, la dueña. Te escribo yo."


async def play_oddities(
    client: StackClient, *, today: date, deadline_s: float, on_line: Callable[[Line], None]
) -> list[Check]:
    """Play each and tell what was found."""

    def guest(number: str, name: str) -> Guest:
        return Guest(
            client=client,
            wa_id=number,
            name=name,
            today=today,
            deadline_s=deadline_s,
            on_line=on_line,
        )

    return [
        await _owner_writes(client, guest(number := new_number(), "Olga"), number),
        await _late(guest(new_number(), "Tomás")),
        await _too_late(guest(new_number(), "Tobías")),
        await _without_number(guest(_scoped_id(), "Uma")),
    ]


async def _owner_writes(client: StackClient, guest: Guest, number: str) -> Check:
    name = "the owner's own words silence the assistant"
    try:
        await guest.say("Hola")
    except Unanswered as error:
        return Check(name=name, ok=False, found=error.message)
    await client.write_as_owner(number, _OWNER)
    heard = await guest.listen(seconds=_SETTLE_S)
    silent, found = await _says_nothing(guest, "¿Hay lugar del 15 al 18 de enero para 2?")
    return Check(name=name, ok=silent and heard["text"] == _OWNER, found=found)


async def _late(guest: Guest) -> Check:
    name = "what comes eight hours late is asked about"
    try:
        entry = await guest.say("Hola, ¿hay lugar hoy para 2?", sent_at=_ago(hours=8))
    except Unanswered as error:
        return Check(name=name, ok=False, found=error.message)
    text = str(entry["text"])
    return Check(name=name, ok="Recién me llega" in text, found=text[:60])


async def _too_late(guest: Guest) -> Check:
    await guest.send(text="Hola, ¿hay lugar para 2?", sent_at=_ago(hours=48))
    # WhatsApp would refuse words: a template, a mail or the owner is what is left.
    silent, found = await _says_nothing(guest, None)
    only_template = silent or found.startswith("aviso_reserva")
    return Check(name="two days late, no words are tried", ok=only_template, found=found)


def _ago(*, hours: int) -> str:
    return (datetime.now(UTC) - timedelta(hours=hours)).isoformat()


async def _without_number(guest: Guest) -> Check:
    name = "a guest without a number is answered"
    try:
        entry = await guest.say("Hola, ¿cómo se paga la seña?")
    except Unanswered as error:
        return Check(name=name, ok=False, found=error.message)
    return Check(name=name, ok=True, found=str(entry["text"])[:60])


async def _says_nothing(guest: Guest, words: str | None) -> tuple[bool, str]:
    if words is not None:
        await guest.send(text=words)
    try:
        entry = await guest.listen(seconds=_SILENCE_S)
    except Unanswered:
        return True, "silent"
    return False, str(entry["text"])[:120]


def _scoped_id() -> str:
    return f"AR.{random.SystemRandom().randrange(10**16, 10**17)}"
