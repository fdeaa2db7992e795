"""What actors of a season can reach: the simulators and the application's public endpoints."""

from datetime import date
from typing import Any

from alojamientos.kit.errors import AlojamientosError
from alojamientos.ops.season.agenda import Agenda
from alojamientos.ops.simulator.client import StackClient

_OWNER = "/api/v1/owner"
_WAITS_S = 2.0  # who waits for less is about to act


class Refused(AlojamientosError):  # noqa: N818 - reads as a sentence where it is raised
    """The application does not do what it was asked for; `answer` is the HTTP status."""

    def __init__(self, message: str, *, answer: int | None) -> None:
        self.answer = answer
        super().__init__(message)


class Hands(StackClient):
    """A `StackClient` that tells the agenda who only waits."""

    def __init__(
        self,
        *,
        agenda: Agenda,
        simulator_url: str,
        application_url: str,
        api_token: str,
        owner_token: str,
    ) -> None:
        super().__init__(
            simulator_url=simulator_url, application_url=application_url, api_token=api_token
        )
        self._agenda = agenda
        self._owner_headers = {"Authorization": f"Bearer {owner_token}"}

    async def chat(
        self, wa_id: str, *, after: int = 0, wait_s: float = 0.0
    ) -> list[dict[str, Any]]:
        if wait_s < _WAITS_S:
            return await super().chat(wa_id, after=after, wait_s=wait_s)
        with self._agenda.waiting():
            return await super().chat(wa_id, after=after, wait_s=wait_s)

    async def control(self, method: str, path: str, **body: Any) -> Any:
        """Ask the simulators' control API; raises AlojamientosError."""
        return await self._control(method, path, json=body or None)

    async def api(self, method: str, path: str, **body: Any) -> Any:
        """Ask the application as the lodging's page does; raises Refused or NotReachable."""
        return await self._ask(method, path, body, headers=self._headers)

    async def owner(self, method: str, path: str, **body: Any) -> Any:
        """Ask the owner's API; raises Refused or NotReachable."""
        return await self._ask(method, _OWNER + path, body, headers=self._owner_headers)

    async def _ask(
        self, method: str, path: str, body: dict[str, Any], *, headers: dict[str, str]
    ) -> Any:
        url = self._application + path
        response = await self._call(method, url, json=body or None, headers=headers)
        if not response.is_success:
            raise Refused(
                f"{method} {path} answered {response.status_code}", answer=response.status_code
            )
        return response.json()

    async def under_way(self) -> int:
        """Return how many webhooks the providers still have to deliver."""
        return int((await self._control("GET", "/_control/stats"))["waiting"])

    async def book_elsewhere(self, listing: str, *, starts_on: date, ends_on: date) -> str:
        """Book nights at a host and return the event's uid."""
        event = await self.control(
            "POST",
            f"/_control/calendars/{listing}/events",
            starts_on=starts_on.isoformat(),
            ends_on=ends_on.isoformat(),
        )
        return str(event["uid"])
