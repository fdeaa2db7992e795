"""What a drill does to a stack: through its supervisor, and to Alertmanager over HTTP."""

import secrets
from datetime import UTC, datetime, timedelta

import httpx2

from alojamientos.kit.errors import AlojamientosError
from alojamientos.ops.drill.calendar import DrillCalendar
from alojamientos.ops.drill.disk import NodeExporterDisk
from alojamientos.ops.drill.outside import Outside
from alojamientos.ops.drill.wire import PrometheusWire
from alojamientos.ops.launcher import config
from alojamientos.ops.launcher.control import Client
from alojamientos.ops.launcher.part import PartStatus
from alojamientos.ops.launcher.ports import LOOPBACK
from alojamientos.settings import Settings

_SECONDS = 5.0


def outside(settings: Settings, control: Client) -> Outside:
    """Return what is around a native stack; `settings` are those that it runs with."""
    stack, database = settings.stack, settings.database.url
    folder = config.state_dir(settings)
    return Outside(
        calendar=DrillCalendar(
            database=database.get_secret_value() if database else "",
            simulators=f"http://{LOOPBACK}:{stack.simulator_port}",
            web=f"http://{LOOPBACK}:{settings.app.web_port}",
            api_token=settings.app.api_token.get_secret_value(),
        ),
        disk=NodeExporterDisk(
            control=control,
            folder=folder,
            tools_dir=stack.tools_dir,
            port=stack.node_exporter_port,
        ),
        wire=PrometheusWire(
            file=folder / "monitoring" / "prometheus" / "prometheus.yml",
            prometheus=f"http://{LOOPBACK}:{stack.prometheus_port}",
        ),
    )


class StackHands:
    """The hands of `drill.fault.Hands` on a native stack."""

    def __init__(self, *, control: Client, alertmanager: str, outside: Outside) -> None:
        self.outside = outside
        self._control = control
        self._alertmanager = alertmanager

    def stop_part(self, name: str, *, kill: bool = False) -> PartStatus:
        return self._control.stop_part(name, kill=kill)

    def start_part(self, name: str) -> PartStatus:
        return self._control.start_part(name)

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
