"""The hands of a drill on the application, its database and the simulated providers."""

from typing import Any

import httpx2
import psycopg

from alojamientos.kit.errors import AlojamientosError

_SECONDS = 30.0
_LOCK_TIMEOUT = "5s"  # a drill may not queue up behind the work that it is to disturb


class ApplicationHands:
    """The hands of `drill.model.Application` on a native stack, whose own database `dsn` names."""

    def __init__(self, *, url: str, api_token: str, simulators: str, dsn: str) -> None:
        self._simulators = simulators
        self._dsn = dsn
        self._application = httpx2.Client(
            base_url=url,
            headers={"Authorization": f"Bearer {api_token}"},
            timeout=_SECONDS,
            trust_env=False,
        )
        self._control = httpx2.Client(base_url=simulators, timeout=_SECONDS, trust_env=False)

    def sql(self, statement: str) -> None:
        """Run `statement` in the stack's own database; raises AlojamientosError."""
        try:
            with psycopg.connect(
                self._dsn, connect_timeout=5, options=f"-c lock_timeout={_LOCK_TIMEOUT}"
            ) as conn:
                conn.execute(statement.encode())
        except psycopg.Error as error:
            raise AlojamientosError(f"The database refused: {error}") from error

    def simulate(self, method: str, path: str, **body: Any) -> Any:
        """Ask the simulators' control API and return its answer; raises AlojamientosError."""
        try:
            response = self._control.request(method, path, json=body or None)
        except httpx2.HTTPError as error:
            raise AlojamientosError(f"The simulators do not answer: {error}") from error
        if not response.is_success:
            raise AlojamientosError(f"The simulators refused: {response.text[:300]}")
        return response.json()

    def ask(
        self,
        method: str,
        path: str,
        *,
        content: bytes | None = None,
        headers: dict[str, str] | None = None,
    ) -> int:
        """Ask the application and return its status, whichever; raises AlojamientosError."""
        try:
            return self._application.request(
                method, path, content=content, headers=headers
            ).status_code
        except httpx2.HTTPError as error:
            raise AlojamientosError(f"The application does not answer: {error}") from error

    def close(self) -> None:
        self._application.close()
        self._control.close()
