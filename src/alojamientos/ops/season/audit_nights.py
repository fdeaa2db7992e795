"""What must be true of the nights of a season: sold once, and known to every host. Pure."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import date
from itertools import combinations

from alojamientos.ops.season.evidence import Block, Evidence, Stay, nights_between

SOLD = frozenset({"pre_reserved", "confirmed", "completed"})


def overlaps(evidence: Evidence) -> Iterator[str]:
    """Nobody sleeps where somebody else does, unless it is told as a conflict with a calendar."""
    by_unit: defaultdict[int, list[Stay]] = defaultdict(list)
    for stay in evidence.stays:
        if stay.status in SOLD:
            by_unit[stay.unit].append(stay)
    for stays in by_unit.values():
        for one, other in combinations(stays, 2):
            if one.check_in < other.check_out and other.check_in < one.check_out:
                yield f"{one.code} and {other.code} share nights in cabin {one.unit}"
    yield from _elsewhere(evidence, by_unit)


def _elsewhere(evidence: Evidence, by_unit: Mapping[int, list[Stay]]) -> Iterator[str]:
    for block in evidence.blocks:
        for stay in by_unit.get(block.unit, ()):
            if _collide(stay, block, today=evidence.today) and stay.id not in block.conflicts:
                yield f"{stay.code} and {block.uid} of feed {block.feed} share nights, untold"
    for kept in evidence.kept:
        for stay in by_unit.get(kept.unit, ()):
            if stay.check_in < kept.ends_on and kept.starts_on < stay.check_out:
                yield f"{stay.code} is on nights that the owner keeps in cabin {kept.unit}"


def _collide(stay: Stay, block: Block, *, today: date) -> bool:
    """Tell whether a guest of ours and one of a host are both to come to the same nights."""
    if block.kind == "block" or min(block.ends_on, stay.check_out) <= today:
        return False
    # A host that does not say what it closed may have closed our own stay.
    if block.kind == "unknown" and (block.starts_on, block.ends_on) == (
        stay.check_in,
        stay.check_out,
    ):
        return False
    return stay.check_in < block.ends_on and block.starts_on < stay.check_out


def not_converged(evidence: Evidence) -> Iterator[str]:
    """What hosts publish is what is imported, no more and no less."""
    for feed in evidence.feeds:
        if feed.failures:
            yield f"feed {feed.label} failed the last {feed.failures} times"
        here = {
            block.uid: (block.starts_on, block.ends_on)
            for block in evidence.blocks
            if block.feed == feed.id and block.ends_on > evidence.today
        }
        for uid in feed.events.keys() - here.keys():
            yield f"feed {feed.label}: {uid} is at the host and not here"
        for uid in here.keys() - feed.events.keys():
            yield f"feed {feed.label}: {uid} is here and not at the host"
        for uid in here.keys() & feed.events.keys():
            if here[uid] != feed.events[uid]:
                yield f"feed {feed.label}: {uid} has other nights here"


def not_exported(evidence: Evidence) -> Iterator[str]:
    """What is sold here is closed at each host of the cabin, and nothing else is for our sake."""
    for feed in evidence.feeds:
        # What came from that host is not sent back to it.
        sold = {
            night
            for stay in evidence.stays
            if stay.unit == feed.unit and stay.status in SOLD
            for night in nights_between(stay.check_in, stay.check_out)
        } | {
            night
            for block in evidence.blocks
            if block.unit == feed.unit and block.feed != feed.id
            for night in nights_between(block.starts_on, block.ends_on)
        }
        sold |= {
            night
            for kept in evidence.kept
            if kept.unit == feed.unit
            for night in nights_between(kept.starts_on, kept.ends_on)
        }
        sold = {night for night in sold if night >= evidence.today}
        if open_nights := sold - feed.closed:
            yield f"{feed.label}: {len(open_nights)} nights that are taken can be sold there"
        if lost := feed.closed - sold:
            yield f"{feed.label}: {len(lost)} nights are closed there for nothing"
