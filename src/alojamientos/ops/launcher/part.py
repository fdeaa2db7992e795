"""One part of the stack, as a value: what to run, when it is ready, how it is stopped."""

import signal
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from alojamientos.ops.launcher.ports import PortUse

Probe = Callable[[], str]  # "" when ready, else what is missing; may block for a few seconds


class State(StrEnum):
    WAITING = "waiting"
    STARTING = "starting"
    READY = "ready"
    DONE = "done"  # ran once, and well
    RESTARTING = "restarting"
    STOPPED = "stopped"
    FAILED = "failed"
    OUTSIDE = "outside"  # not ours: somebody else runs it
    ABSENT = "absent"  # its program could not be had


SETTLED = frozenset({State.READY, State.DONE, State.OUTSIDE, State.ABSENT})


def always_ready() -> str:
    return ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A part and all that the supervisor needs to know of it.

    `prepare` runs before each start, `finish` once the probe is content; both may block and are
    tried again with the start when they raise. A part without a command is only shown.
    """

    name: str
    command: tuple[str, ...] = ()
    env: Mapping[str, str] = field(default_factory=dict)
    after: tuple[str, ...] = ()
    probe: Probe = always_ready
    prepare: Callable[[], object] | None = None
    finish: Callable[[], object] | None = None
    url: str = ""
    ports: tuple[PortUse, ...] = ()
    once: bool = False
    ours: bool = False  # prints our own JSON lines, already redacted
    stop_signal: int = signal.SIGTERM
    stop_seconds: float = 10.0
    ready_seconds: float = 60.0
    shown_as: State = State.WAITING
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PartStatus:
    """What is known of a part at one moment."""

    name: str
    state: State
    detail: str = ""
    pid: int | None = None
    url: str = ""
    log: str = ""
    restarts: int = 0

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> "PartStatus":
        return cls(**{**value, "state": State(value["state"])})
