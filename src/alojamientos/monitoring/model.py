"""What monitoring is made of, as values; each says what it lacks before it is rendered."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from alojamientos.monitoring import conventions
from alojamientos.monitoring.conventions import Severity
from alojamientos.monitoring.promql import Expr, is_duration

_ALERT_NAME = re.compile(r"[A-Z][A-Za-z0-9]+")
_RECORD_NAME = re.compile(r"[a-z][a-z0-9_]*:[a-z0-9_]+:[a-z0-9_]+")
_TEMPLATED_LABEL = re.compile(r"\$labels\.([A-Za-z_]+)")
_BARE_VALUE = re.compile(r"\{\{\s*\$value\s*\}\}")
_CLOCK = re.compile(r"(?:[01]\d|2[0-3]):[0-5]\d|24:00")
_MATCHER = re.compile(r'([a-z_]+)(=|!=|=~|!~)"[^"]*"')


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertRule:
    """One alert; `hold` is its `for`, empty to fire at once."""

    name: str
    expr: Expr
    hold: str
    severity: Severity
    service: str
    summary: str
    description: str
    owner_es: str
    dashboard: str = "overview"
    depends_on: tuple[str, ...] = ()
    labels: Mapping[str, str] = field(default_factory=dict)

    def all_labels(self) -> dict[str, str]:
        """Return the labels that the rule stamps on its alert, in their order."""
        labels = {
            "severity": str(self.severity),
            "service": self.service,
            "env": conventions.ENV_TEMPLATE,
            **self.labels,
        }
        if self.depends_on:
            labels["depends_on"] = conventions.depends_on(self.depends_on)
        return labels

    def annotations(self) -> dict[str, str]:
        return {
            "summary": self.summary,
            "description": self.description,
            "owner_es": self.owner_es,
            "runbook_url": conventions.runbook(self.name),
            "dashboard_url": conventions.dashboard(self.dashboard),
        }

    def validate(self) -> list[str]:
        """List what is missing or wrong."""
        return [f"alert {self.name}: {problem}" for problem in self._problems()]

    def _problems(self) -> Iterator[str]:
        if _ALERT_NAME.fullmatch(self.name) is None:
            yield "its name is not in CamelCase"
        if self.hold and not is_duration(self.hold):
            yield f"{self.hold!r} is not a duration like 1m"
        if self.severity not in conventions.SEVERITIES:
            yield f"severity {self.severity!r} is none of {', '.join(conventions.SEVERITIES)}"
        yield from self._service_problems()
        if self.dashboard not in conventions.DASHBOARDS:
            yield f"dashboard {self.dashboard!r} is none of {', '.join(conventions.DASHBOARDS)}"
        for name in ("summary", "description", "owner_es"):
            if not getattr(self, name).strip():
                yield f"{name} is missing"
        if "{{" in self.summary:
            yield "summary holds a value; values belong in the description"
        yield from self._template_problems()

    def _service_problems(self) -> Iterator[str]:
        for service in (self.service, *self.depends_on):
            if service == conventions.SERVICE_OF_SERIES:
                if "service" not in self.expr.labels:
                    yield "its expression does not keep the label 'service' that names its service"
            elif service not in conventions.SERVICES:
                yield f"service {service!r} is none of {', '.join(conventions.SERVICES)}"

    def _template_problems(self) -> Iterator[str]:
        for name in ("description", "owner_es"):
            text = getattr(self, name)
            if _BARE_VALUE.search(text):
                yield f"{name} shows $value unformatted; pipe it through humanize or printf"
            for label in _TEMPLATED_LABEL.findall(text):
                if label not in self.expr.labels:
                    yield f"{name} shows the label {label!r}, which the expression does not keep"
        for label, value in self.labels.items():
            if "$value" in value:
                yield f"label {label!r} holds $value: every change would be a new alert"


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordingRule:
    """One recorded series, named level:metric:operations."""

    record: str
    expr: Expr
    labels: Mapping[str, str] = field(default_factory=dict)

    def validate(self) -> list[str]:
        """List what is missing or wrong."""
        if _RECORD_NAME.fullmatch(self.record) is None:
            return [f"recording {self.record}: its name is not level:metric:operations"]
        return []


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleGroup:
    """Rules that are evaluated together.

    `file` is in the folder `alerts`, or in `rules` when the group only records.
    """

    name: str
    file: str
    interval: str
    alerts: tuple[AlertRule, ...] = ()
    recordings: tuple[RecordingRule, ...] = ()

    @property
    def path(self) -> str:
        """Where the group's file is, from Prometheus' folder."""
        return f"{'alerts' if self.alerts else 'rules'}/{self.file}"

    def validate(self) -> list[str]:
        """List what is missing or wrong, also in its rules."""
        problems = [problem for rule in self.recordings for problem in rule.validate()]
        problems += [problem for rule in self.alerts for problem in rule.validate()]
        if not is_duration(self.interval):
            problems.append(f"group {self.name}: {self.interval!r} is not a duration like 15s")
        if not self.alerts and not self.recordings:
            problems.append(f"group {self.name}: it has no rule")
        return problems


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """What a blackbox job asks for: a path at an address, judged by a module."""

    module: str
    address: str
    path: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ScrapeJob:
    """One scrape job; `address` names a field of Addresses.

    `is_ours` marks our own processes: a token may be wanted, and limits stop a runaway label.
    """

    name: str
    address: str
    interval: str
    timeout: str
    path: str = "/metrics"
    is_ours: bool = False
    probe: Probe | None = None

    def validate(self) -> list[str]:
        """List what is missing or wrong."""
        problems = []
        if self.name not in conventions.JOBS:
            problems.append(f"job {self.name}: it is none of {', '.join(conventions.JOBS)}")
        addresses = [self.address] if self.probe is None else [self.address, self.probe.address]
        problems += [
            f"job {self.name}: there is no address {address!r}"
            for address in addresses
            if address not in Addresses.__slots__
        ]
        problems += [
            f"job {self.name}: {duration!r} is not a duration like 10s"
            for duration in (self.interval, self.timeout)
            if not is_duration(duration)
        ]
        return problems


@dataclass(frozen=True, slots=True, kw_only=True)
class Receiver:
    """Who is told: a list of addresses of MailTarget, or the outside heartbeat.

    `is_urgent` adds every way of Delivery that reaches a pocket at night, where it is configured.
    """

    name: str
    mail_to: Literal["oncall", "devops"] | None = None
    is_heartbeat: bool = False
    is_urgent: bool = False

    def validate(self) -> list[str]:
        """List what is missing or wrong."""
        if (self.mail_to is None) != self.is_heartbeat:
            return [f"receiver {self.name}: it needs either mail_to or is_heartbeat"]
        return []


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeInterval:
    """The hours of every day, by the clock of `location`, in which a route may send."""

    name: str
    start: str
    end: str
    location: str

    def validate(self) -> list[str]:
        """List what is missing or wrong."""
        problems = [
            f"time interval {self.name}: {clock!r} is not a time like 08:00"
            for clock in (self.start, self.end)
            if _CLOCK.fullmatch(clock) is None
        ]
        if not problems and self.start >= self.end:
            problems.append(f"time interval {self.name}: it ends before it starts")
        return problems


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """One branch of the routing tree; the root has no matchers and groups for all.

    `active` names the time intervals in which it sends; without any, it always does.
    """

    receiver: str
    matchers: tuple[str, ...] = ()
    group_by: tuple[str, ...] = ()
    group_wait: str = ""
    group_interval: str = ""
    repeat_interval: str = ""
    active: tuple[str, ...] = ()
    routes: tuple["Route", ...] = ()

    def walk(self) -> Iterator["Route"]:
        """Yield this route and all below it."""
        yield self
        for route in self.routes:
            yield from route.walk()

    def validate(self) -> list[str]:
        """List what is missing or wrong, also below."""
        problems = []
        for route in self.walk():
            problems += _matcher_problems(f"route to {route.receiver}", route.matchers)
            durations = (route.group_wait, route.group_interval, route.repeat_interval)
            problems += [
                f"route to {route.receiver}: {duration!r} is not a duration like 10s"
                for duration in durations
                if duration and not is_duration(duration)
            ]
            if route.group_wait in ("0s", "0m"):
                problems.append(
                    f"route to {route.receiver}: without group_wait, what should be inhibited"
                    " is sent before what inhibits it has arrived"
                )
        if self.active:
            problems.append("the root route must always send; it has time intervals")
        if self.matchers:
            problems.append("the root route must take every alert; it has matchers")
        return problems


@dataclass(frozen=True, slots=True, kw_only=True)
class Inhibition:
    """While `source` fires, `target` is not sent, if the labels `equal` agree.

    Two alerts that both lack a label agree in it: so `equal` must be labels that every alert
    carries, or both sides must be of a measure, or of a service level, whose alerts are labelled
    alike.
    """

    source: tuple[str, ...]
    target: tuple[str, ...]
    equal: tuple[str, ...]

    def validate(self) -> list[str]:
        """List what is missing or wrong."""
        where = f"inhibition by {', '.join(self.source)}"
        problems = _matcher_problems(where, (*self.source, *self.target))
        if not self.source or not self.target:
            problems.append(f"{where}: source and target must both say whom they mean")
        of_a_measure = conventions.OF_A_MEASURE in self.source and (
            conventions.OF_A_MEASURE in self.target and conventions.MEASURE in self.equal
        )
        sides = (self.source, self.target)
        burning = all(any(m.startswith(conventions.BURN) for m in side) for side in sides)
        of_a_level = (conventions.SLO,) if burning else ()
        problems += [
            f"{where}: not every alert carries the label {label!r}"
            for label in self.equal
            if label not in {*conventions.ALERT_LABELS, *of_a_level} and not of_a_measure
        ]
        return problems


def _matcher_problems(where: str, matchers: tuple[str, ...]) -> list[str]:
    return [
        f'{where}: {matcher!r} is not a matcher like severity="critical"'
        for matcher in matchers
        if _MATCHER.fullmatch(matcher) is None
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class Addresses:
    """Where each part listens, as host:port."""

    web: str
    worker: str
    prometheus: str
    alertmanager: str
    node: str
    postgres: str
    redis: str
    blackbox: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MailTarget:
    """The mail server that alerts leave by, and who gets them (comma-separated)."""

    host: str
    port: int
    sender: str
    oncall: str
    devops: str
    require_tls: bool
    username: str | None = None
    password_file: Path | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Telegram:
    """A chat that a bot may write to."""

    bot_token_file: Path
    chat_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Bridge:
    """Our own small process that passes critical alerts on as WhatsApp messages."""

    address: str
    token_file: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """Every way in which alerts leave; secrets are in files, which Alertmanager reads itself.

    `dashboards` is where the dashboards are served, without a slash at its end; mails link there.
    """

    mail: MailTarget
    heartbeat_url_file: Path | None = None
    webhook_url_file: Path | None = None
    telegram: Telegram | None = None
    bridge: Bridge | None = None
    dashboards: str = ""
