"""The bridge process: Alertmanager's critical alerts to the owner's WhatsApp.

Its own small path on purpose: no database, no queue, no worker, for these may be what is down.
It answers Alertmanager only when WhatsApp has accepted the message, so that Alertmanager's own
retries and its count of failed notifications stay true.
"""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, FastAPI
from pydantic import BaseModel, ConfigDict, Field
from structlog.typing import FilteringBoundLogger

from alojamientos.channels.whatsapp import template
from alojamientos.entrypoints import deps, errors, serving
from alojamientos.kit.errors import ProviderError, ProviderUnavailable
from alojamientos.kit.events import Bus
from alojamientos.kit.http import HttpClient
from alojamientos.settings import Settings, SettingsError
from alojamientos.telemetry import context, log_events, logs

_LANGUAGE = "es_AR"
_TIMEOUT_S = 8.0  # Alertmanager waits 10 s by default


class _Body(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)


class Annotations(_Body):
    """What an alert says; alerts of others may say less."""

    summary: str = ""
    owner_es: str = ""


class Alert(_Body):
    """One alert of the group."""

    annotations: Annotations = Annotations()


class Labels(_Body):
    """What the group's alerts have in common."""

    alertname: str = "?"


class Notification(_Body):
    """Alertmanager's webhook, version 4: https://prometheus.io/docs/alerting/latest/configuration/#webhook_config."""

    status: Literal["firing", "resolved"]
    group_labels: Annotated[Labels, Field(alias="groupLabels")] = Labels()
    alerts: Annotated[tuple[Alert, ...], Field(min_length=1)]

    def parameters(self) -> tuple[str, str, str]:
        """Return what the template is filled with: state, what it means, and which alert."""
        says = self.alerts[0].annotations
        state = "Resuelto" if self.status == "resolved" else "Alerta"
        return state, says.owner_es or says.summary, self.group_labels.alertname


class AlertNotSent(ProviderError):  # noqa: N818 - reads as a sentence where it is raised
    """WhatsApp did not take the alert."""

    code = "alert_not_sent"


def create_app(
    *,
    http: HttpClient,
    path: str,
    to: str,
    template_name: str,
    token: str,
    log: FilteringBoundLogger,
) -> FastAPI:
    """Build the application: one route for Alertmanager, one that says that it is there."""

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        async with http:
            yield

    app = FastAPI(title="Alojamientos bridge", openapi_url=None, lifespan=lifespan)
    errors.install(app, bus=Bus())
    router = APIRouter()

    @router.post("/alerts", dependencies=[Depends(deps.require_token(token))])
    async def alerts(notification: Notification) -> dict[str, str]:
        message = template.body(
            to=to, name=template_name, language=_LANGUAGE, parameters=notification.parameters()
        )
        alert = notification.group_labels.alertname
        with context.trace():
            problem = await _send(http, path, message)
            if problem:
                log.error(log_events.ALERT_NOT_SENT, alert=alert, error=problem)
                raise AlertNotSent(problem)
            log.info(log_events.ALERT_SENT, alert=alert, status=notification.status)
        return {"status": "sent"}

    @router.get("/healthz")
    async def healthz() -> dict[str, str]:
        return {"status": "healthy"}

    app.include_router(router)
    return app


async def _send(http: HttpClient, path: str, message: dict[str, Any]) -> str:
    """Send it; return what went wrong, "" when nothing did."""
    try:
        response = await http.request("POST", path, operation="send_message", json=message)
    except ProviderUnavailable as error:
        return error.message
    return "" if response.ok else f"WhatsApp answered HTTP {response.status}"


def run(settings: Settings) -> None:
    """Serve until SIGTERM or SIGINT."""
    logs.configure(process="bridge", level=settings.app.log_level, format=settings.app.log_format)
    serving.run(_serve(settings))


async def _serve(settings: Settings) -> None:
    alert, whatsapp = settings.alert, settings.whatsapp
    if not alert.reaches_whatsapp:
        raise SettingsError(["ALERT_WHATSAPP_TO is none: set the number that alerts go to"])
    log = logs.get_logger()
    app = create_app(
        http=HttpClient(
            provider="whatsapp",
            base_url=whatsapp.base_url,
            timeout_s=min(whatsapp.timeout_s, _TIMEOUT_S),
            headers={"Authorization": f"Bearer {whatsapp.access_token.get_secret_value()}"},
            trace_headers=context.trace_headers,
        ),
        path=f"/{whatsapp.api_version}/{whatsapp.phone_number_id}/messages",
        to=alert.whatsapp_to,
        template_name=alert.whatsapp_template,
        token=alert.bridge_token.get_secret_value(),
        log=log,
    )
    server = serving.create_server(app, host=alert.bridge_host, port=alert.bridge_port)
    stopped = serving.until_signalled()
    stopped.add_done_callback(lambda _future: setattr(server, "should_exit", True))
    log.info(
        log_events.PROCESS_STARTED,
        version=settings.app.version,
        host=alert.bridge_host,
        port=alert.bridge_port,
        pid=os.getpid(),
    )
    await server.serve()
    log.info(log_events.PROCESS_STOPPED, reason=stopped.result() if stopped.done() else "ended")
