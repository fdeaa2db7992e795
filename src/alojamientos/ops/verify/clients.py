"""What verify asks: the application, Prometheus and Alertmanager, over HTTP with a deadline."""

from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

import httpx2

from alojamientos.kit.errors import ProviderUnavailable

_TIMEOUT_S = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Addresses:
    """Where a running stack answers: base URLs, and the token for what is not public."""

    web: str
    worker: str
    prometheus: str
    alertmanager: str
    api_token: str
    metrics_token: str | None = None


class Stack:
    """Ask a running stack. Every method raises ProviderUnavailable when nobody answers."""

    def __init__(self, addresses: Addresses) -> None:
        self.addresses = addresses
        self._client = httpx2.Client(timeout=_TIMEOUT_S, trust_env=False)

    def get(self, url: str, *, token: str | None = None, **params: str) -> httpx2.Response:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        try:
            return self._client.get(url, params=params, headers=headers)
        except httpx2.TransportError as error:
            raise ProviderUnavailable(f"{url} does not answer: {type(error).__name__}") from error

    def api(self, path: str) -> httpx2.Response:
        """Get a path of the application with the API token."""
        return self.get(self.addresses.web + path, token=self.addresses.api_token)

    def metrics(self, base: str) -> str:
        """Return what a process exposes for Prometheus."""
        response = self.get(f"{base}/metrics", token=self.addresses.metrics_token)
        if response.status_code != httpx2.codes.OK:
            raise ProviderUnavailable(f"{base}/metrics answered {response.status_code}")
        return str(response.text)

    def query(self, expression: str) -> list[dict[str, Any]]:
        """Return the samples of an instant query."""
        response = self.get(f"{self.addresses.prometheus}/api/v1/query", query=expression)
        result: list[dict[str, Any]] = response.json()["data"]["result"]
        return result

    def targets(self) -> list[dict[str, Any]]:
        response = self.get(f"{self.addresses.prometheus}/api/v1/targets", state="active")
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
