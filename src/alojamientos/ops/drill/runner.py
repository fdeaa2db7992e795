"""Play a fault, watch who is told and who is not, mend it, watch that they know."""

import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Literal

from alojamientos.kit.errors import AlojamientosError
from alojamientos.ops.drill.clients import Eyes, Unreachable
from alojamientos.ops.drill.model import Fault, Hands

Stage = Literal[
    "pending",
    "firing",
    "active",
    "muted",
    "mailed",
    "quiet",
    "recovery mailed",
    # Of the Watchdog, as Alertmanager hears it.
    "silent",
    "heard again",
]
Since = Literal["fault", "mending"]

_LOOK_EVERY_S = 0.5
_RESOLVED = "RESOLVED"
# Our own signs of life and test alerts are no one's fault.
WATCHDOG = "Watchdog"
_NOT_ALERTS = (WATCHDOG, "VerifyMail", "DrillMail")


class DrillRefused(AlojamientosError):  # noqa: N818 - reads as a sentence where it is raised
    """The stack is not quiet: what a drill saw would mean nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One alert reached one stage, `seconds` after the fault or after the mending began."""

    alert: str
    stage: Stage
    since: Since
    seconds: float


@dataclass(slots=True, kw_only=True)
class Report:
    """What a drill saw; `problems` is empty when all went as it should."""

    fault: Fault
    steps: list[Step] = field(default_factory=list)
    inhibited: set[str] = field(default_factory=set)
    unexpected: set[str] = field(default_factory=set)
    problems: list[str] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        return not self.problems

    def seconds(self, alert: str, stage: Stage) -> float | None:
        """Return when `alert` reached `stage`, None if it did not."""
        found = (s.seconds for s in self.steps if s.alert == alert and s.stage == stage)
        return next(found, None)

    def told(self, alert: str, stage: Stage) -> float | None:
        """Return when a mail told of `alert`, or would have if it had not been muted at night."""
        if self.seconds(alert, "muted") is not None:
            stage = "firing" if stage == "mailed" else "quiet"
        return self.seconds(alert, stage)

    @property
    def detected_s(self) -> float | None:
        """Seconds from the fault until every expected alert was mailed, or fired if none can be."""
        last = self._last("mailed" if self.fault.mailed else "firing")
        return None if None in last else max(filter(None, last))

    @property
    def recovered_s(self) -> float | None:
        """Seconds from the mending until all was told, or quiet where no mail was sent."""
        last = self._last("recovery mailed" if self.fault.mailed else "quiet")
        return None if None in last else max(filter(None, last))

    def _last(self, stage: Stage) -> list[float | None]:
        return [self.told(alert, stage) for alert in self.fault.expected]


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long a drill waits for what should not fire, and for quiet; how often it looks.

    `before_s` is what a drill may wait for the one before it to be forgotten.
    """

    before_s: float = 0.0
    settle_s: float = 20.0
    quiet_s: float = 45.0
    look_every_s: float = _LOOK_EVERY_S


class Drill:
    """One fault on one stack; what `despite` names may be loud for reasons of its own."""

    def __init__(
        self,
        *,
        eyes: Eyes,
        hands: Hands,
        fault: Fault,
        on_step: Callable[[Step], None],
        on_wait: Callable[[str], None] = lambda _: None,
        patience: Patience | None = None,
        despite: Collection[str] = (),
    ) -> None:
        self._eyes = eyes
        self._hands = hands
        self._fault = fault
        self._on_step = on_step
        self._on_wait = on_wait
        self._told: set[str] = set()
        self._patience = patience or Patience()
        self._ignored = frozenset((*_NOT_ALERTS, *despite))
        self._began = 0.0
        self._since: Since = "fault"
        self._known: set[str] = set()
        self._blind = ""  # what did not answer at the last look
        self.report = Report(fault=fault)

    def run(self) -> Report:
        """Run it, and mend the fault whatever happens, Ctrl-C included."""
        broken = False
        try:
            self._wait_for_the_one_before()
            self._refuse_unless_quiet()
            self._known = {mail.id for mail in self._eyes.mails()}
            self._start_clock("fault")
            broken = True
            self._fault.trouble.begin(self._hands)
            self._watch_it_break()
            self._start_clock("mending")
            self._fault.trouble.end(self._hands)
            broken = False
            self._watch_it_heal()
        except AlojamientosError as error:
            self.report.problems.append(error.message)
        finally:
            # A drill must not become the outage that it plays.
            if broken:
                self._mend()
        return self.report

    def _mend(self) -> None:
        try:
            self._fault.trouble.end(self._hands)
        except AlojamientosError as error:
            self.report.problems.append(f"not mended: {error.message}")

    def _wait_for_the_one_before(self) -> None:
        self._start_clock("fault")
        told = ""
        while self._elapsed() < self._patience.before_s:
            loud = ", ".join(self._loud(self._eyes.rule_states()))
            if not loud:
                return
            if loud != told:
                self._on_wait(f"waiting for {loud} to be quiet")
                told = loud
            time.sleep(self._patience.look_every_s)

    def _refuse_unless_quiet(self) -> None:
        states = self._eyes.rule_states()
        missing = [name for name in self._fault.expected if name not in states]
        if missing:
            raise DrillRefused(f"Prometheus has no alert {', '.join(missing)}")
        if loud := self._loud(states):
            raise DrillRefused(
                f"{', '.join(loud)}: not quiet; wait, or repair what is broken first"
                f" (alojamientos status); if you know why: --despite {' --despite '.join(loud)}"
            )
        if self._fault.heartbeat_stops and WATCHDOG not in self._eyes.notices():
            raise DrillRefused(f"Alertmanager has not heard of {WATCHDOG} yet; wait a minute")

    def _watch_it_break(self) -> None:
        deadline = self._fault.within_s
        while missing := self._missing("mailed" if self._fault.mailed else "firing", "silent"):
            if self._elapsed() > deadline:
                self._problem(f"{missing} within {deadline:g} s{self._blind}")
                break
            self._look()
        settled = self._elapsed() + self._patience.settle_s
        while self._elapsed() < settled:
            self._look()
        self._tell_unexpected()

    def _watch_it_heal(self) -> None:
        stage: Stage = "recovery mailed" if self._fault.mailed else "quiet"
        while missing := self._missing(stage, "heard again"):
            if self._elapsed() > self._fault.recovery_s:
                self._problem(
                    f"{missing} within {self._fault.recovery_s:g} s of the mending{self._blind}"
                )
                return
            self._look()
        self._wait_for_quiet()
        self._tell_unexpected()

    def _wait_for_quiet(self) -> None:
        """Wait until nothing is left for a while: the next drill wants to begin on a quiet stack.

        What rules are made of arrives a scrape and an evaluation late: quiet once is not yet over.
        """
        quiet_since: float | None = None
        while quiet_since is None or self._elapsed() - quiet_since < self._patience.quiet_s:
            left = self._left()
            if left and self._elapsed() > self._fault.recovery_s:
                self._problem(f"{left} {self._fault.recovery_s:g} s after the mending")
                return
            if left:
                quiet_since = None
            elif quiet_since is None:
                quiet_since = self._elapsed()
            self._look()

    def _tell_unexpected(self) -> None:
        """Report what fired and should not have, each once."""
        new = sorted(self.report.unexpected - self._told)
        self._told.update(new)
        if new:
            self._problem(f"fired and should not have: {', '.join(new)}")

    def _missing(self, stage: Stage, of_watchdog: Stage) -> str:
        """Say what has not come about yet; nothing when all has."""
        missing = [a for a in self._fault.expected if self.report.told(a, stage) is None]
        said = [f"{', '.join(missing)}: not {stage}"] if missing else []
        if self._fault.heartbeat_stops and self.report.seconds(WATCHDOG, of_watchdog) is None:
            said.append(f"{WATCHDOG}: not {of_watchdog}")
        return "; ".join(said)

    def _loud(self, states: Mapping[str, str]) -> list[str]:
        return sorted(n for n, s in states.items() if s != "inactive" and n not in self._ignored)

    def _left(self) -> str:
        """Say what is not as it was before; "" when all is quiet."""
        try:
            loud = self._loud(self._eyes.rule_states())
        except Unreachable as error:
            return error.message
        loud = [name for name in loud if name not in self._fault.lingers]
        return f"{', '.join(loud)}: still not quiet" if loud else ""

    def _look(self) -> None:
        """Take one look at everything that answers; what is broken may be what is looked at."""
        self._blind = ""
        for look in (self._look_at_rules, self._look_at_notices, self._look_at_mails):
            try:
                look()
            except Unreachable as error:
                self._blind = f"; {error.message}"
        time.sleep(self._patience.look_every_s)

    def _look_at_rules(self) -> None:
        fault = self._fault
        told = (*fault.expected, *fault.held, *fault.aftermath, *fault.allowed, *fault.lingers)
        allowed = {*told, *self._ignored}
        for alert, state in self._eyes.rule_states().items():
            if alert in fault.expected:
                if self._since == "mending":
                    if state == "inactive":
                        self._reached(alert, "quiet")
                elif state in ("pending", "firing"):
                    self._reached(alert, "pending")
                    if state == "firing":
                        self._reached(alert, "firing")
            elif state == "firing" and alert not in allowed:
                self.report.unexpected.add(alert)

    def _look_at_notices(self) -> None:
        notices = self._eyes.notices()
        if self._fault.heartbeat_stops:
            self._look_at_heartbeat(heard=WATCHDOG in notices)
        for alert, notice in notices.items():
            if notice.inhibited:
                self.report.inhibited.add(alert)
            if alert in self._fault.expected and self._since == "fault":
                if notice.active:
                    self._reached(alert, "active")
                if notice.muted:
                    self._reached(alert, "muted")

    def _look_at_heartbeat(self, *, heard: bool) -> None:
        if self._since == "mending" and heard:
            self._reached(WATCHDOG, "heard again")
        elif self._since == "fault" and not heard:
            self._reached(WATCHDOG, "silent")

    def _look_at_mails(self) -> None:
        for mail in self._eyes.mails():
            if mail.id in self._known:
                continue
            words = mail.subject.replace(":", " ").split()
            resolved = _RESOLVED in mail.subject
            for alert in self._fault.expected:
                # What could not be sent is sent after the mending; that is not "mailed".
                if alert in words and (resolved or self._since == "fault"):
                    self._reached(alert, "recovery mailed" if resolved else "mailed")
            for alert in self._to_be_held():
                if alert in words and not resolved:
                    self._known.add(mail.id)
                    self._problem(f"{alert}: mailed, and should have been held back")

    def _to_be_held(self) -> tuple[str, ...]:
        """Return what may not be mailed now: once the worst is over, its aftermath may."""
        fault = self._fault
        return (*fault.held, *(fault.aftermath if self._since == "fault" else ()))

    def _reached(self, alert: str, stage: Stage) -> None:
        if self.report.seconds(alert, stage) is not None:
            return
        step = Step(alert=alert, stage=stage, since=self._since, seconds=self._elapsed())
        self.report.steps.append(step)
        self._on_step(step)

    def _problem(self, text: str) -> None:
        self.report.problems.append(text)

    def _start_clock(self, since: Since) -> None:
        self._since, self._began = since, time.monotonic()

    def _elapsed(self) -> float:
        return time.monotonic() - self._began
