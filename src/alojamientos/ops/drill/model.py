"""What a fault is: what is done to the stack, how it is undone, and who must be told."""

from dataclasses import dataclass, replace
from typing import Any, Protocol

from alojamientos.ops.drill.outside import Outside


class Application(Protocol):
    """What a fault may do to the application and to what it talks to; raises AlojamientosError."""

    def sql(self, statement: str) -> None:
        """Run `statement` in the stack's own database."""

    def simulate(self, method: str, path: str, **body: Any) -> Any:
        """Ask the simulators' control API and return its answer."""

    def ask(
        self,
        method: str,
        path: str,
        *,
        content: bytes | None = None,
        headers: dict[str, str] | None = None,
    ) -> int:
        """Ask the application, with the API's token, and return the answer's status."""


class Hands(Protocol):
    """What a fault may do to the stack."""

    @property
    def application(self) -> Application: ...

    @property
    def outside(self) -> Outside: ...

    def stop_part(self, name: str, *, kill: bool = False) -> object: ...

    def start_part(self, name: str) -> object: ...

    def freeze_part(self, name: str) -> None:
        """Stop the clock of a part's processes: they live, and do nothing."""

    def thaw_part(self, name: str) -> None:
        """Let a frozen part go on; does nothing to one that is not frozen."""

    def post_alert(self) -> None:
        """Hand Alertmanager a test alert, so that it has something to send."""


class Trouble(Protocol):
    """What is done to the stack, and how it is undone; `end` may be called again."""

    def begin(self, hands: Hands) -> None: ...

    def end(self, hands: Hands) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One fault.

    `expected` must fire, and be mailed unless `mailed` is False because mail is what is broken.
    `held` may fire, and must then be held back. `aftermath` may fire as well, be held back while
    what is worse holds, and be mailed once that is over. `allowed` may fire and be mailed or not:
    that depends on what the stack lived through before. `lingers` may as well, and may still hold
    for hours when the drill is over. Nothing else may fire. `within_s` is from
    the fault to the last mail, or to firing where none can be sent; `recovery_s` from the mending
    until all is quiet and told. With `heartbeat_stops` Alertmanager must lose the Watchdog too, and
    so fall silent towards the service that waits for its heartbeat.
    """

    name: str
    summary: str
    expected: tuple[str, ...]
    held: tuple[str, ...] = ()
    aftermath: tuple[str, ...] = ()
    allowed: tuple[str, ...] = ()
    lingers: tuple[str, ...] = ()
    within_s: float
    recovery_s: float = 780  # a warning's recovery waits for its group's next turn, 10 minutes
    mailed: bool = True
    heartbeat_stops: bool = False
    trouble: Trouble

    def limited_to(self, seconds: float) -> "Fault":
        """Return the same fault with another limit."""
        return replace(self, within_s=seconds)
