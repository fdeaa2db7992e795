"""What a fault is, and what it may do to the stack."""

from dataclasses import dataclass, replace
from typing import Protocol

from alojamientos.ops.drill.outside import Outside


class Hands(Protocol):
    """What a fault may do to the stack."""

    @property
    def outside(self) -> Outside:
        """What is around the application."""

    def stop_part(self, name: str, *, kill: bool = False) -> object: ...

    def start_part(self, name: str) -> object: ...

    def post_alert(self) -> None:
        """Hand Alertmanager a test alert, so that it has something to send."""


class Trouble(Protocol):
    """What is done to the stack, and how it is undone."""

    def begin(self, hands: Hands) -> None: ...

    def end(self, hands: Hands) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One fault.

    `expected` must fire, and be mailed unless `mailed` is False because mail is what is broken.
    `held` may fire, and must then be held back. Nothing else may fire. `within_s` is from the
    fault to the last mail, or to firing where none can be sent. With `heartbeat_stops`
    Alertmanager must lose the Watchdog too, and so the call that a heartbeat service waits for.
    """

    name: str
    summary: str
    expected: tuple[str, ...]
    held: tuple[str, ...] = ()
    within_s: float
    mailed: bool = True
    heartbeat_stops: bool = False
    trouble: Trouble

    def limited_to(self, seconds: float) -> "Fault":
        """Return the same fault with another limit."""
        return replace(self, within_s=seconds)
