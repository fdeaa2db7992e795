"""What verify asks: the application, Prometheus and Alertmanager, over HTTP with a deadline."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from email.header import decode_header, make_header
from types import TracebackType
from typing import Any, Self

import httpx2

from alojamientos.kit.errors import ProviderUnavailable

_TIMEOUT_S = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Addresses:
    """Where a running stack answers: base URLs, and the tokens for what is not public.

    `mail` is the mail sink, None when mail leaves the machine; `grafana` is None without one.
    """

    web: str
    worker: str
    prometheus: str
    alertmanager: str
    api_token: str
    metrics_token: str | None = None
    mail: str | None = None
    grafana: str | None = None
    grafana_token: str | None = None


class Stack:
    """Ask a running stack. Every method raises ProviderUnavailable when nobody answers."""

    def __init__(self, addresses: Addresses) -> None:
        self.addresses = addresses
        self.processes = {"web": addresses.web, "worker": addresses.worker}
        self._client = httpx2.Client(timeout=_TIMEOUT_S, trust_env=False)

    def get(
        self,
        url: str,
        *,
        token: str | None = None,
        headers: Mapping[str, str] | None = None,
        params: Mapping[str, str] | None = None,
    ) -> httpx2.Response:
        return self.send("GET", url, token=token, headers=headers, params=params)

    def send(
        self,
        method: str,
        url: str,
        *,
        token: str | None = None,
        headers: Mapping[str, str] | None = None,
        params: Mapping[str, str] | None = None,
        json: object = None,
    ) -> httpx2.Response:
        """Send a request and return whatever the answer is."""
        sent = {**(headers or {}), **({"Authorization": f"Bearer {token}"} if token else {})}
        try:
            return self._client.request(method, url, params=params, headers=sent, json=json)
        except httpx2.TransportError as error:
            raise ProviderUnavailable(f"{url} does not answer: {type(error).__name__}") from error

    def api(self, path: str) -> httpx2.Response:
        """Get a path of the application with the API token."""
        return self.get(self.addresses.web + path, token=self.addresses.api_token)

    def metrics(self, base: str, *, accept: str = "text/plain") -> str:
        """Return what a process exposes for Prometheus."""
        response = self.get(
            f"{base}/metrics", token=self.addresses.metrics_token, headers={"Accept": accept}
        )
        if response.status_code != httpx2.codes.OK:
            raise ProviderUnavailable(f"{base}/metrics answered {response.status_code}")
        return str(response.text)

    def query(self, expression: str) -> list[dict[str, Any]]:
        """Return the samples of an instant query."""
        problem, result = self.try_query(expression)
        if problem:
            raise ProviderUnavailable(f"Prometheus refused {expression}: {problem}")
        return result

    def try_query(self, expression: str) -> tuple[str, list[dict[str, Any]]]:
        """Return why Prometheus refused an instant query, or "", and its samples."""
        url = f"{self.addresses.prometheus}/api/v1/query"
        answer = self.get(url, params={"query": expression}).json()
        if answer["status"] != "success":
            return str(answer.get("error", answer["status"])), []
        return "", answer["data"]["result"]

    def sample_times(self, selector: str) -> list[float]:
        """Return the times of the samples of the first series of a range selector."""
        result = self.query(selector)
        return [float(time) for time, _ in result[0]["values"]] if result else []

    def label_values(self, label: str) -> list[str]:
        """Return every value of a label that Prometheus has stored."""
        url = f"{self.addresses.prometheus}/api/v1/label/{label}/values"
        values: list[str] = self.get(url).json()["data"]
        return values

    def targets(self) -> list[dict[str, Any]]:
        url = f"{self.addresses.prometheus}/api/v1/targets"
        response = self.get(url, params={"state": "active"})
        result: list[dict[str, Any]] = response.json()["data"]["activeTargets"]
        return result

    def rules(self) -> list[dict[str, Any]]:
        """Return every rule that Prometheus has loaded."""
        groups = self.get(f"{self.addresses.prometheus}/api/v1/rules").json()["data"]["groups"]
        return [rule for group in groups for rule in group["rules"]]

    def alerts(self) -> list[dict[str, Any]]:
        """Return the alerts that Alertmanager holds."""
        result: list[dict[str, Any]] = self.get(
            f"{self.addresses.alertmanager}/api/v2/alerts"
        ).json()
        return result

    def post_alert(
        self, *, labels: Mapping[str, str], annotations: Mapping[str, str], ends_at: datetime
    ) -> None:
        """Hand an alert to Alertmanager as Prometheus does."""
        alert = {"labels": labels, "annotations": annotations, "endsAt": ends_at.isoformat()}
        url = f"{self.addresses.alertmanager}/api/v2/alerts"
        response = self.send("POST", url, json=[alert])
        if response.status_code != httpx2.codes.OK:
            raise ProviderUnavailable(f"Alertmanager answered {response.status_code}")

    def mail_subjects(self) -> list[str]:
        """Return the subjects in the mail sink, decoded."""
        mails = self.get(f"{self.addresses.mail}/api/messages").json()
        return [str(make_header(decode_header(str(mail["subject"])))) for mail in mails]

    def grafana(self, path: str) -> Any:
        """Return what Grafana answers; raises ProviderUnavailable when it refuses."""
        url = f"{self.addresses.grafana}{path}"
        response = self.get(url, token=self.addresses.grafana_token)
        if response.status_code != httpx2.codes.OK:
            raise ProviderUnavailable(f"Grafana answered {response.status_code} to {path}")
        return response.json()

    def close(self) -> None:
        self._client.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()
