"""What a drill does to a stack: through its supervisor, and to Alertmanager over HTTP."""

import os
import secrets
import signal
from datetime import UTC, datetime, timedelta

import httpx2

from alojamientos.kit.errors import AlojamientosError
from alojamientos.ops.drill.application_hands import ApplicationHands
from alojamientos.ops.drill.outside import Outside
from alojamientos.ops.launcher.control import Client
from alojamientos.ops.launcher.part import PartStatus

_SECONDS = 5.0


class StackHands:
    """The hands of `drill.model.Hands` on a native stack."""

    def __init__(
        self,
        *,
        control: Client,
        alertmanager: str,
        application: ApplicationHands,
        outside: Outside,
    ) -> None:
        self.application = application
        self.outside = outside
        self._control = control
        self._alertmanager = alertmanager

    def stop_part(self, name: str, *, kill: bool = False) -> PartStatus:
        return self._control.stop_part(name, kill=kill)

    def start_part(self, name: str) -> PartStatus:
        return self._control.start_part(name)

    def freeze_part(self, name: str) -> None:
        """Stop the processes of a part where they stand; raises AlojamientosError."""
        self._signal(name, signal.SIGSTOP)

    def thaw_part(self, name: str) -> None:
        """Let the processes of a part go on; raises AlojamientosError."""
        self._signal(name, signal.SIGCONT)

    def _signal(self, name: str, number: signal.Signals) -> None:
        pid = self._control.status().part(name).pid
        if pid is None:
            raise AlojamientosError(f"{name} is not running")
        os.killpg(pid, number)  # the supervisor starts each part as the leader of a group

    def post_alert(self) -> None:
        """Hand Alertmanager a test alert of a group of its own; raises AlojamientosError."""
        alert = {
            "labels": {
                "alertname": "DrillMail",
                "severity": "test",
                "service": f"drill-{secrets.token_hex(4)}",
            },
            "annotations": {
                "summary": "A test alert of a drill",
                "description": "Nothing is wrong.",
                "owner_es": "Aviso de un simulacro: no hay nada que hacer.",
            },
            "endsAt": (datetime.now(UTC) + timedelta(minutes=15)).isoformat(),
        }
        url = f"{self._alertmanager}/api/v2/alerts"
        try:
            httpx2.post(url, json=[alert], timeout=_SECONDS, trust_env=False).raise_for_status()
        except httpx2.HTTPError as error:
            raise AlojamientosError(f"Alertmanager did not take the test alert: {error}") from error
