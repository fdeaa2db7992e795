"""What a simulated guest can reach: the control API, and the application's public endpoints."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Self

import httpx2

from alojamientos.kit.clock import utc_now
from alojamientos.kit.errors import AlojamientosError

_LISTS = ("offers", "accommodations", "availability", "results", "items")


class NotReachable(AlojamientosError):  # noqa: N818 - reads as a sentence where it is raised
    """A part of the stack cannot be reached; start it with `make up`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """One message on its way: its number in the chat, and what the application answered to it."""

    n: int
    statuses: tuple[int, ...]


class StackClient:
    """HTTP to the simulators and to the application; use it as an async context manager."""

    def __init__(self, *, simulator_url: str, application_url: str, api_token: str) -> None:
        limits = httpx2.Limits(max_connections=200, max_keepalive_connections=100)
        self._http = httpx2.AsyncClient(timeout=70, limits=limits, trust_env=False)
        self._simulator = simulator_url
        self._application = application_url
        self._headers = {"Authorization": f"Bearer {api_token}"}

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._http.aclose()

    async def say(self, message: dict[str, Any]) -> Sent:
        """Send a guest's message through the fake WhatsApp; raises NotReachable."""
        data = await self._control("POST", "/_control/whatsapp/inbound", json=message)
        return Sent(n=data["n"], statuses=tuple(a["status"] for a in data["attempts"]))

    async def chat(
        self, wa_id: str, *, after: int = 0, wait_s: float = 0.0
    ) -> list[dict[str, Any]]:
        """Return the chat's entries after a number, waiting for one at most `wait_s`."""
        path = f"/_control/whatsapp/chats/{wa_id}?after={after}&wait={wait_s:.3f}"
        entries: list[dict[str, Any]] = (await self._control("GET", path))["entries"]
        return entries

    async def write_as_owner(self, wa_id: str, text: str) -> None:
        """Let the owner write to a guest from the phone."""
        path = f"/_control/whatsapp/chats/{wa_id}/echo"
        await self._control("POST", path, json={"text": text})

    async def pay(self, preference_id: str, *, traceparent: str) -> tuple[int, ...]:
        """Pay a preference; return what the application answered to the notification."""
        body = {"preference_id": preference_id, "traceparent": traceparent}
        data = await self._control("POST", "/_control/mercadopago/pay", json=body)
        return tuple(attempt["status"] for attempt in data["attempts"])

    async def is_link_open(self, preference_id: str) -> bool:
        """Tell whether a payment link can still be paid."""
        found = (await self._control("GET", "/_control/mercadopago"))["preferences"][preference_id]
        end = found.get("expiration_date_to")
        return end is None or datetime.fromisoformat(end) > utc_now()

    async def webhook_statuses(self) -> dict[str, int]:
        """Return how often the application answered which status: `provider:status` → count."""
        statuses: dict[str, int] = (await self._control("GET", "/_control/stats"))["webhooks"]
        return statuses

    async def refusals(self) -> int:
        """Return how many messages the fake WhatsApp has refused because of what they were."""
        counts: dict[str, int] = (await self._control("GET", "/_control/stats"))["whatsapp"]
        return sum(count for name, count in counts.items() if name.startswith("refused_"))

    async def is_free(self, *, check_in: date, check_out: date, guests: int) -> bool:
        """Ask the application whether anything is free; raises NotReachable."""
        data = await self._api(
            f"/api/v1/availability?check_in={check_in}&check_out={check_out}&guests={guests}"
        )
        return any(item.get("available") for item in _items(data))

    async def reservation(self, code: str) -> dict[str, Any]:
        """Return a reservation as the API shows it; raises NotReachable."""
        return dict(await self._api(f"/api/v1/reservations/{code}"))

    async def invariants(self) -> dict[str, Any]:
        """Return the invariants' state; raises NotReachable."""
        return dict(await self._api("/api/v1/invariants"))

    async def _control(self, method: str, path: str, *, json: Any = None) -> Any:
        response = await self._call(method, self._simulator + path, json=json)
        if response.status_code >= 400:  # noqa: PLR2004 - the first error status
            raise AlojamientosError(f"The simulators refused: {response.text[:300]}")
        return response.json()

    async def _api(self, path: str) -> Any:
        response = await self._call("GET", self._application + path, headers=self._headers)
        if response.status_code >= 400:  # noqa: PLR2004 - the first error status
            endpoint = path.partition("?")[0]
            raise AlojamientosError(
                f"GET {endpoint} answered {response.status_code}: {response.text[:300]}"
            )
        return response.json()

    async def _call(
        self, method: str, url: str, *, json: Any = None, headers: dict[str, str] | None = None
    ) -> httpx2.Response:
        try:
            return await self._http.request(method, url, json=json, headers=headers)
        except httpx2.TransportError as error:
            base = "/".join(url.split("/")[:3])
            raise NotReachable(
                f"{base} cannot be reached; start the stack with `make up`"
            ) from error


def _items(data: Any) -> list[dict[str, Any]]:
    if isinstance(data, dict):
        data = next((data[name] for name in _LISTS if isinstance(data.get(name), list)), [])
    return [item for item in data if isinstance(item, dict)]
