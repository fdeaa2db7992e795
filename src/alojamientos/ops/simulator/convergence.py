"""Play two hosts that import our calendar and publish it again, and check that nothing stays.

A stay is sold here, one at each host. Cycle after cycle both hosts import our calendar and we read
theirs. In the middle stays are cancelled, and at the end every place must hold what is still
sold, and nothing else: a night that only echoes keep closed would be lost to everybody. What the
cabin had before, on other nights, is not looked at.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any, Protocol

Nights = tuple[date, date]
HERE = "here"
HOSTS = ("airbnb", "booking")
_STAY = timedelta(days=3)
_APART = timedelta(days=5)


class Hub(Protocol):
    """What the story needs of the application and of the hosts."""

    async def sell(self, place: str, nights: Nights) -> None:
        """Sell nights here or at a host."""

    async def cancel(self, place: str, nights: Nights) -> None:
        """Cancel what was sold there."""

    async def host_imports(self, host: str) -> None:
        """Let a host fetch our calendar."""

    async def read_feeds(self) -> None:
        """Let the application read both hosts' calendars."""

    async def closed_at(self, host: str) -> list[Nights]:
        """Return the nights that a host publishes as taken."""

    async def taken_in(self) -> list[Nights]:
        """Return the nights that the application has from the hosts."""


@dataclass(slots=True, kw_only=True)
class ConvergenceReport:
    """How the story went: what was wrong where, and how long it took in cycles."""

    cycles: int
    sold: dict[str, Nights]
    cancelled: tuple[str, ...]
    told_after: int | None = None  # cycles until every place knew of every stay
    settled_after: int | None = None  # cycles after the cancellation until every place was right
    problems: list[str] = field(default_factory=list)

    def to_json(self) -> dict[str, Any]:
        return {
            "cycles": self.cycles,
            "sold": {place: [str(day) for day in nights] for place, nights in self.sold.items()},
            "cancelled": list(self.cancelled),
            "told_after_cycles": self.told_after,
            "settled_after_cycles": self.settled_after,
            "problems": self.problems,
            "ok": not self.problems,
        }


async def play(
    hub: Hub,
    *,
    first: date,
    cycles: int,
    cancelled: Sequence[str] = (HERE,),
    on_cycle: Callable[[int], None] = lambda _: None,
) -> ConvergenceReport:
    """Play the story on free nights from `first` on; `cancelled` names the places that cancel."""
    places = (HERE, *HOSTS)
    sold = {
        place: (first + n * _APART, first + n * _APART + _STAY) for n, place in enumerate(places)
    }
    span = (first, max(ends for _, ends in sold.values()))
    report = ConvergenceReport(cycles=cycles, sold=sold, cancelled=tuple(cancelled))
    for place, nights in sold.items():
        await hub.sell(place, nights)
    middle = cycles // 2
    remaining = dict(sold)
    for cycle in range(cycles):
        if cycle == middle:
            report.problems += await _wrong(hub, remaining, "before the cancellation", span=span)
            for place in cancelled:
                await hub.cancel(place, remaining.pop(place))
        for host in HOSTS:
            await hub.host_imports(host)
        await hub.read_feeds()
        right = not await _wrong(hub, remaining, "", span=span)
        if cycle < middle and right and report.told_after is None:
            report.told_after = cycle + 1
        if cycle >= middle:
            settled = report.settled_after or cycle - middle + 1
            report.settled_after = settled if right else None
        on_cycle(cycle + 1)
    report.problems += await _wrong(hub, remaining, "at the end", span=span)
    return report


async def _wrong(hub: Hub, sold: dict[str, Nights], when: str, *, span: Nights) -> list[str]:
    """Return what each place has in `span` too much or too little, given what is sold where."""
    seen = {host: await hub.closed_at(host) for host in HOSTS}
    seen[HERE] = await hub.taken_in()
    begins, ends = span
    seen = {
        place: [one for one in nights if one[0] < ends and begins < one[1]]
        for place, nights in seen.items()
    }
    wrong = []
    for place, nights in seen.items():
        wanted = sorted(taken for origin, taken in sold.items() if place != HERE or origin != HERE)
        for kind, some in (
            ("still has", sorted(set(nights) - set(wanted))),
            ("does not have", sorted(set(wanted) - set(nights))),
            ("has twice", sorted({one for one in nights if nights.count(one) > 1})),
        ):
            wrong += [f"{place} {kind} {a} to {b} {when}".strip() for a, b in some]
    return wrong
