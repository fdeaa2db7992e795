"""What a drill looks at: Prometheus, Alertmanager and the mail sink, over HTTP."""

from collections.abc import Mapping
from dataclasses import dataclass
from email.header import decode_header, make_header
from types import TracebackType
from typing import Any, Self

import httpx2

from alojamientos.kit.errors import AlojamientosError

_SECONDS = 5.0
_STATES = ("inactive", "pending", "firing")


class Unreachable(AlojamientosError):  # noqa: N818 - reads as a sentence where it is raised
    """A part that the drill looks at does not answer as it should."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """A mail that the sink received."""

    id: str
    subject: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """What Alertmanager does with an alert that it holds: send it, hold it back, or wait.

    `muted` is for the time of day: it is sent when that has come, if it still holds.
    """

    active: bool = False
    inhibited: bool = False
    muted: bool = False


class Eyes:
    """Look at the monitoring from outside; every method raises Unreachable naming the part."""

    def __init__(self, *, prometheus: str, alertmanager: str, mail: str) -> None:
        self._prometheus = prometheus
        self._alertmanager = alertmanager
        self._mail = mail
        self._http = httpx2.Client(timeout=_SECONDS, trust_env=False)

    def rule_states(self) -> dict[str, str]:
        """Return what Prometheus says of every alert: inactive, pending or firing."""
        answer = self._get("Prometheus", f"{self._prometheus}/api/v1/rules", type="alert")
        states: dict[str, str] = {}
        for group in answer["data"]["groups"]:
            for rule in group["rules"]:
                name, state = str(rule["name"]), str(rule["state"])
                # Rules of two severities may share a name: the worst state counts.
                states[name] = max(states.get(name, state), state, key=_STATES.index)
        return states

    def notices(self) -> Mapping[str, Notice]:
        """Return the alerts that Alertmanager holds; active when one of the name is."""
        found: dict[str, Notice] = {}
        # By groups: only there does Alertmanager say what waits for the time of day.
        groups = self._get("Alertmanager", f"{self._alertmanager}/api/v2/alerts/groups")
        for entry in (alert for group in groups for alert in group["alerts"]):
            name, status = str(entry["labels"]["alertname"]), entry["status"]
            before = found.get(name, Notice())
            found[name] = Notice(
                active=before.active or status["state"] == "active",
                inhibited=before.inhibited or bool(status.get("inhibitedBy")),
                muted=before.muted or bool(status.get("mutedBy")),
            )
        return found

    def mails(self) -> list[Mail]:
        """Return every mail in the sink."""
        answer = self._get("the mail sink", f"{self._mail}/api/messages")
        return [
            Mail(
                id=str(entry["id"]), subject=str(make_header(decode_header(str(entry["subject"]))))
            )
            for entry in answer
        ]

    def _get(self, part: str, url: str, **params: str) -> Any:
        try:
            return self._http.get(url, params=params).raise_for_status().json()
        except (httpx2.HTTPError, ValueError) as error:
            raise Unreachable(f"{part} at {url} does not answer: {error}") from error

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._http.close()
