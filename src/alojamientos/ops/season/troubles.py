"""What goes wrong in a season, and when: drawn from a seed alone, nothing else."""

import random
from dataclasses import dataclass, field
from datetime import timedelta

from alojamientos.ops.launcher import parts

# Faults of the simulators: provider, mode, share of the calls or webhooks, seconds of delay.
_FAULTS: tuple[tuple[str, str, float, float | None], ...] = (
    ("whatsapp", "500", 0.5, None),
    ("whatsapp", "down", 1.0, None),
    ("whatsapp", "429", 0.5, None),
    ("whatsapp", "timeout_after_accept", 0.1, 2.5),  # longer than a call's deadline
    ("whatsapp", "duplicate_webhooks", 0.5, None),
    ("whatsapp", "reorder_webhooks", 0.5, 0.2),
    ("mercadopago", "500", 0.5, None),
    ("mercadopago", "down", 1.0, None),
    ("mercadopago", "429", 0.5, None),
    ("mercadopago", "timeout_after_accept", 0.2, 2.5),
    ("mercadopago", "lose_webhooks", 0.6, None),
    ("mercadopago", "duplicate_webhooks", 0.7, None),
    ("mercadopago", "reorder_webhooks", 0.7, 0.2),
)
CALENDAR_MODES = ("500", "404", "429", "garbage", "blank", "empty", "truncated")
_A_DAY = 0.8  # faults of providers
_SHORTEST_H, _LONGEST_H = 0.5, 3.0
_KILLED_EVERY_DAYS = {parts.WORKER: 5, parts.WEB: 7, parts.VALKEY: 10}
_CLOSED_EVERY_DAYS = 4  # the mailbox
_AWAKE = (9.0, 22.0)  # hours in which something that goes wrong is noticed


@dataclass(frozen=True, slots=True, kw_only=True)
class Outage:
    """A fault of a provider, in force for a while."""

    starts: timedelta
    lasts: timedelta
    provider: str
    mode: str
    share: float
    delay_s: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Kill:
    """A process that is killed, `after_s` real seconds after something began at `at`."""

    at: timedelta
    part: str
    after_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Closure:
    """A while in which the lodging's mailbox lets nobody in; mails go on arriving."""

    starts: timedelta
    lasts: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Troubles:
    """All that goes wrong; calendars' own troubles are with the calendars."""

    outages: list[Outage] = field(default_factory=list)
    kills: list[Kill] = field(default_factory=list)
    closures: list[Closure] = field(default_factory=list)


def troubles(*, seed: int, days: int, busy: list[timedelta]) -> Troubles:
    """Return the troubles of a season; processes are killed at some of the `busy` instants."""
    rng = random.Random(f"troubles:{seed}")
    found = Troubles()
    # A pack of cards: in a month each fault has its turn.
    pack: list[tuple[str, str, float, float | None]] = []
    for day in range(days):
        if rng.random() > _A_DAY:
            continue
        if not pack:
            pack = rng.sample(_FAULTS, len(_FAULTS))
        provider, mode, share, delay_s = pack.pop()
        found.outages.append(
            Outage(
                starts=timedelta(days=day, hours=rng.uniform(*_AWAKE)),
                lasts=timedelta(hours=rng.uniform(_SHORTEST_H, _LONGEST_H)),
                provider=provider,
                mode=mode,
                share=share,
                delay_s=delay_s,
            )
        )
    for first in range(0, days, _CLOSED_EVERY_DAYS):
        found.closures.append(
            Closure(
                starts=timedelta(days=first, hours=rng.uniform(0, 24)),
                lasts=timedelta(hours=rng.uniform(_SHORTEST_H, _LONGEST_H)),
            )
        )
    for part, every in _KILLED_EVERY_DAYS.items():
        for _ in range(max(1, days // every)):
            if busy:
                after_s = rng.uniform(0.05, 0.6)
                found.kills.append(Kill(at=rng.choice(busy), part=part, after_s=after_s))
    return found
