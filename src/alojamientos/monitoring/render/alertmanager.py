"""Alertmanager's configuration."""

from collections.abc import Iterable
from typing import Any

from alojamientos.monitoring.model import (
    Bridge,
    Delivery,
    Inhibition,
    MailTarget,
    Receiver,
    Route,
    Telegram,
    TimeInterval,
)
from alojamientos.monitoring.render.documents import document

TEMPLATES = "templates/*.tmpl"


def configuration(
    delivery: Delivery,
    *,
    root: Route,
    receivers: Iterable[Receiver],
    inhibitions: Iterable[Inhibition],
    intervals: Iterable[TimeInterval],
) -> str:
    """Return alertmanager.yml; the templates' pattern is relative to the file."""
    return document(
        {
            "global": _mail_server(delivery.mail),
            "templates": [TEMPLATES],
            "route": _route(root),
            "time_intervals": [_interval(interval) for interval in intervals],
            "inhibit_rules": [
                {
                    "source_matchers": list(inhibition.source),
                    "target_matchers": list(inhibition.target),
                    "equal": list(inhibition.equal),
                }
                for inhibition in inhibitions
            ],
            "receivers": [_receiver(receiver, delivery) for receiver in receivers],
        }
    )


def _mail_server(mail: MailTarget) -> dict[str, Any]:
    server: dict[str, Any] = {
        "smtp_smarthost": f"{mail.host}:{mail.port}",
        "smtp_from": mail.sender,
        "smtp_require_tls": mail.require_tls,
    }
    if mail.username is not None:
        server["smtp_auth_username"] = mail.username
    if mail.password_file is not None:
        # Alertmanager expands no variables: the secret must be in a file.
        server["smtp_auth_password_file"] = str(mail.password_file)
    return server


def _route(route: Route) -> dict[str, Any]:
    rendered: dict[str, Any] = {"receiver": route.receiver}
    if route.matchers:
        rendered["matchers"] = list(route.matchers)
    if route.group_by:
        rendered["group_by"] = list(route.group_by)
    for name in ("group_wait", "group_interval", "repeat_interval"):
        if getattr(route, name):
            rendered[name] = getattr(route, name)
    if route.active:
        rendered["active_time_intervals"] = list(route.active)
    if route.routes:
        rendered["routes"] = [_route(child) for child in route.routes]
    return rendered


def _interval(interval: TimeInterval) -> dict[str, Any]:
    times = [{"start_time": interval.start, "end_time": interval.end}]
    return {
        "name": interval.name,
        "time_intervals": [{"times": times, "location": interval.location}],
    }


def _receiver(receiver: Receiver, delivery: Delivery) -> dict[str, Any]:
    rendered: dict[str, Any] = {"name": receiver.name}
    webhooks: list[dict[str, Any]] = []
    if receiver.is_heartbeat and delivery.heartbeat_url_file is not None:
        webhooks.append({"url_file": str(delivery.heartbeat_url_file), "send_resolved": False})
    if receiver.mail_to is not None:
        rendered["email_configs"] = [_mail(getattr(delivery.mail, receiver.mail_to))]
    if receiver.is_urgent:
        if delivery.bridge is not None:
            webhooks.append(_bridge(delivery.bridge))
        if delivery.webhook_url_file is not None:
            webhooks.append({"url_file": str(delivery.webhook_url_file), "send_resolved": True})
        if delivery.telegram is not None:
            rendered["telegram_configs"] = [_telegram(delivery.telegram)]
    if webhooks:
        rendered["webhook_configs"] = webhooks
    return rendered


def _mail(addresses: str) -> dict[str, Any]:
    return {
        "to": addresses,
        "send_resolved": True,
        "headers": {"Subject": '{{ template "alojamientos.subject" . }}'},
        "text": '{{ template "alojamientos.text" . }}',
        "html": '{{ template "alojamientos.html" . }}',
    }


def _bridge(bridge: Bridge) -> dict[str, Any]:
    return {
        "url": f"http://{bridge.address}/alerts",
        "send_resolved": True,
        "max_alerts": 10,
        "http_config": {
            "authorization": {"type": "Bearer", "credentials_file": str(bridge.token_file)}
        },
    }


def _telegram(telegram: Telegram) -> dict[str, Any]:
    return {
        "bot_token_file": str(telegram.bot_token_file),
        "chat_id": telegram.chat_id,
        "send_resolved": True,
        "parse_mode": "HTML",
        "message": '{{ template "alojamientos.telegram" . }}',
    }
