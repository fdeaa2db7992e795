"""What verify knows of one item of its list, and how it goes through them."""

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Protocol

from alojamientos.kit.errors import AlojamientosError

_LOOK_AGAIN_S = 2.0


class State(StrEnum):
    """How an item ended; what is not applicable here has not passed."""

    OK = "ok"
    FAILED = "failed"
    NOT_APPLICABLE = "not applicable"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What was seen. `may_settle` marks a failure that time alone can end."""

    state: State
    evidence: str
    may_settle: bool = False


def passed(evidence: str) -> Finding:
    return Finding(state=State.OK, evidence=evidence)


def failed(evidence: str, *, may_settle: bool = False) -> Finding:
    return Finding(state=State.FAILED, evidence=evidence, may_settle=may_settle)


def not_applicable(evidence: str) -> Finding:
    return Finding(state=State.NOT_APPLICABLE, evidence=evidence)


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One item: its place in the specification's checklist, if any, and where to look."""

    name: str
    look: Callable[[], Finding]
    hint: str
    specified: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """An item's end: `hint` says where to look when it failed; `waited_s` how long it took."""

    name: str
    state: State
    evidence: str
    hint: str = ""
    specified: int | None = None
    waited_s: float = 0.0

    @property
    def ok(self) -> bool:
        return self.state is not State.FAILED


class Clock(Protocol):
    """What the waiting needs of time."""

    def monotonic(self) -> float: ...

    def sleep(self, seconds: float, /) -> None: ...


def run(
    items: Iterable[Item],
    *,
    wait_s: float,
    on_wait: Callable[[Sequence[str]], None],
    clock: Clock = time,
) -> list[Result]:
    """Look at every item; look again, for `wait_s` in all, at those that time alone can mend.

    `on_wait` is told the names that are still waited for. One that cannot be looked at has failed.
    """
    began = clock.monotonic()
    items = list(items)
    found = [_look(item) for item in items]
    waited = [0.0] * len(items)
    while open_ := [number for number, finding in enumerate(found) if _can_settle(finding)]:
        passed_s = clock.monotonic() - began
        if passed_s >= wait_s:
            break
        on_wait([items[number].name for number in open_])
        clock.sleep(_LOOK_AGAIN_S)
        for number in open_:
            found[number] = _look(items[number])
            waited[number] = clock.monotonic() - began
    return [
        _result(item, finding, seconds)
        for item, finding, seconds in zip(items, found, waited, strict=True)
    ]


def _can_settle(finding: Finding) -> bool:
    return finding.state is State.FAILED and finding.may_settle


def _look(item: Item) -> Finding:
    try:
        return item.look()
    except AlojamientosError as error:
        return failed(error.message)
    except (KeyError, ValueError, TypeError) as error:
        return failed(f"an answer could not be read: {type(error).__name__} {error}")


def _result(item: Item, finding: Finding, waited_s: float) -> Result:
    result = Result(
        name=item.name,
        state=finding.state,
        evidence=finding.evidence,
        specified=item.specified,
        waited_s=waited_s,
    )
    return replace(result, hint=item.hint) if not result.ok else result
