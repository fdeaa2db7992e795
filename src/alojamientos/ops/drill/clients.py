"""What a drill looks at: Prometheus, Alertmanager and the mail sink, over HTTP."""

from dataclasses import dataclass
from email.header import decode_header, make_header
from types import TracebackType
from typing import Any, Self

import httpx2

from alojamientos.kit.errors import AlojamientosError

_SECONDS = 5.0


class Unreachable(AlojamientosError):  # noqa: N818 - reads as a sentence where it is raised
    """A part that the drill looks at does not answer as it should."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """A mail that the sink received."""

    id: str
    subject: str


class Eyes:
    """Look at the monitoring from outside; every method raises Unreachable naming the part."""

    def __init__(self, *, prometheus: str, alertmanager: str, mail: str) -> None:
        self._prometheus = prometheus
        self._alertmanager = alertmanager
        self._mail = mail
        self._http = httpx2.Client(timeout=_SECONDS, trust_env=False)

    def rule_state(self, alert: str) -> str:
        """Return what Prometheus says of an alert: inactive, pending or firing.

        Raises Unreachable also when Prometheus has no such rule.
        """
        answer = self._get("Prometheus", f"{self._prometheus}/api/v1/rules", type="alert")
        for group in answer["data"]["groups"]:
            for rule in group["rules"]:
                if rule["name"] == alert:
                    return str(rule["state"])
        raise Unreachable(f"Prometheus at {self._prometheus} has no alert {alert}")

    def is_notified(self, alert: str) -> bool:
        """Tell whether Alertmanager has the alert, and does not hold it back."""
        answer = self._get(
            "Alertmanager",
            f"{self._alertmanager}/api/v2/alerts",
            filter=f'alertname="{alert}"',
        )
        return any(entry["status"]["state"] == "active" for entry in answer)

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
