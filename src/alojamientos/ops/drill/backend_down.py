"""Kill a process, wait until somebody has been told, bring it back, wait until they know."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal, Protocol

from alojamientos.kit.errors import AlojamientosError
from alojamientos.monitoring.definitions.alerts_critical import SERVICE_DOWN, WORKER_DOWN
from alojamientos.ops.drill.clients import Eyes, Mail, Unreachable

ALERTS: Mapping[str, str] = {"web": SERVICE_DOWN.name, "worker": WORKER_DOWN.name}
Since = Literal["kill", "restore"]

_LOOK_EVERY_S = 0.5
_RESOLVED = "RESOLVED"


class DrillFailed(AlojamientosError):  # noqa: N818 - reads as a sentence where it is raised
    """The drill could not begin, or what should have happened did not in time."""


class Control(Protocol):
    """Hold a part down, and start it again; ops.launcher.control.Client is one."""

    def status(self) -> object: ...

    def stop_part(self, name: str, *, kill: bool = False) -> object: ...

    def start_part(self, name: str) -> object: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One thing that happened, `seconds` after the kill or after the restoring began."""

    name: str
    since: Since
    seconds: float


@dataclass(slots=True, kw_only=True)
class Report:
    """What a drill saw; `problem` is empty when all went as it should."""

    target: str
    alert: str
    steps: list[Step] = field(default_factory=list)
    problem: str = ""

    def seconds(self, since: Since) -> float | None:
        """Return the seconds to the last step since `since`, None without one."""
        return max((step.seconds for step in self.steps if step.since == since), default=None)


class BackendDown:
    """The drill: SIGKILL to a process of ours that then stays down until the mail is there."""

    def __init__(
        self,
        *,
        eyes: Eyes,
        control: Control,
        target: str,
        timeout_s: float,
        on_step: Callable[[Step], None],
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        self._eyes = eyes
        self._control = control
        self._timeout_s = timeout_s
        self._on_step = on_step
        self._pause = pause
        self._began = 0.0
        self._is_down = False
        self._since: Since = "kill"
        self.report = Report(target=target, alert=ALERTS[target])

    def run(self) -> Report:
        """Run the drill, and leave the part running whatever happens, Ctrl-C included."""
        try:
            self._refuse_unless_quiet()
            known = {mail.id for mail in self._eyes.mails()}
            self._break(known)
            self._restore(known)
        except AlojamientosError as error:
            self.report.problem = error.message
        finally:
            # A drill must not become the outage that it plays.
            if self._is_down:
                self._start_again()
        return self.report

    def _start_again(self) -> None:
        try:
            self._control.start_part(self.report.target)
        except AlojamientosError as error:
            self.report.problem += f"; {self.report.target} did not start again: {error.message}"

    def _refuse_unless_quiet(self) -> None:
        self._control.status()
        state = self._eyes.rule_state(self.report.alert)
        if state != "inactive" or self._eyes.is_notified(self.report.alert):
            raise DrillFailed(
                f"{self.report.alert} is {state} already: wait until it is quiet, or repair what"
                " is broken (alojamientos status)"
            )

    def _break(self, known: set[str]) -> None:
        alert, eyes = self.report.alert, self._eyes
        self._start_clock("kill")
        self._is_down = True
        self._control.stop_part(self.report.target, kill=True)
        self._done("killed")
        self._wait("pending in Prometheus", lambda: eyes.rule_state(alert) in ("pending", "firing"))
        self._wait("firing in Prometheus", lambda: eyes.rule_state(alert) == "firing")
        self._wait("active in Alertmanager", lambda: eyes.is_notified(alert))
        self._wait("alert mail received", lambda: self._has_mail(known, resolved=False))

    def _restore(self, known: set[str]) -> None:
        alert, eyes = self.report.alert, self._eyes
        self._start_clock("restore")
        self._control.start_part(self.report.target)
        self._is_down = False
        self._done("ready again")
        self._wait("inactive in Prometheus", lambda: eyes.rule_state(alert) == "inactive")
        self._wait("recovery mail received", lambda: self._has_mail(known, resolved=True))

    def _has_mail(self, known: set[str], *, resolved: bool) -> bool:
        return any(
            mail.id not in known
            and self._is_about_it(mail)
            and (_RESOLVED in mail.subject) is resolved
            for mail in self._eyes.mails()
        )

    def _is_about_it(self, mail: Mail) -> bool:
        return self.report.alert in mail.subject.replace(":", " ").split()

    def _start_clock(self, since: Since) -> None:
        self._since, self._began = since, time.monotonic()

    def _done(self, name: str) -> None:
        step = Step(name=name, since=self._since, seconds=time.monotonic() - self._began)
        self.report.steps.append(step)
        self._on_step(step)

    def _wait(self, name: str, happened: Callable[[], bool]) -> None:
        problem = ""
        while True:
            try:
                if happened():
                    self._done(name)
                    return
                problem = ""
            except Unreachable as error:  # may be back at the next look
                problem = f"; {error.message}"
            if time.monotonic() - self._began > self._timeout_s:
                raise DrillFailed(
                    f"not {name} within {self._timeout_s:g} s of the {self._since};"
                    f" last seen: {self.report.steps[-1].name}{problem}"
                )
            self._pause(_LOOK_EVERY_S)
