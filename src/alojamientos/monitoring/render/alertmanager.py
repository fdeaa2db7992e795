"""Alertmanager's configuration and the mails that it writes."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from alojamientos.monitoring.conventions import HEADER
from alojamientos.monitoring.model import Inhibition, MailTarget, Receiver, Route
from alojamientos.monitoring.render.documents import document

TEMPLATES = "templates/*.tmpl"

# An owner reads the first line; an operator the rest. Escaped by Alertmanager in the HTML part.
MAIL_TEMPLATE = (
    "{{/* " + HEADER + " */}}\n"
    '{{ define "alojamientos.mood" -}}\n'
    '{{ if eq .Status "resolved" }}✅ RESOLVED'
    '{{ else if eq .CommonLabels.severity "critical" }}🚨 CRITICAL'
    "{{ else }}⚠️ WARNING{{ end }}\n"
    "{{- end }}\n"
    '{{ define "alojamientos.subject" -}}\n'
    '{{ template "alojamientos.mood" . }}: {{ .GroupLabels.alertname }}'
    "{{ with .CommonLabels.service }} ({{ . }}){{ end }}"
    "{{ with .CommonLabels.env }} [{{ . }}]{{ end }}\n"
    "{{- end }}\n"
    '{{ define "alojamientos.owner" -}}\n'
    '{{ if eq .Status "resolved" }}Ya está resuelto. El aviso era: «{{ end }}'
    "{{ (index .Alerts 0).Annotations.owner_es }}"
    '{{ if eq .Status "resolved" }}»{{ end }}\n'
    "{{- end }}\n"
    '{{ define "alojamientos.text" -}}\n'
    '{{ template "alojamientos.owner" . }}\n'
    "{{ range .Alerts }}\n"
    "[{{ .Status }}] {{ .Annotations.summary }}\n"
    "{{ .Annotations.description }}\n"
    'Since {{ .StartsAt.UTC.Format "2006-01-02 15:04:05" }} UTC'
    '{{ if eq .Status "resolved" }}'
    ', until {{ .EndsAt.UTC.Format "2006-01-02 15:04:05" }} UTC{{ end }}\n'
    "Runbook: {{ .Annotations.runbook_url }}\n"
    "{{ end }}\n"
    "{{- end }}\n"
    '{{ define "alojamientos.html" -}}\n'
    '<p lang="es"><strong>{{ template "alojamientos.owner" . }}</strong></p>\n'
    "{{ range .Alerts }}\n"
    "<p>[{{ .Status }}] <strong>{{ .Annotations.summary }}</strong><br>\n"
    "{{ .Annotations.description }}<br>\n"
    'Since {{ .StartsAt.UTC.Format "2006-01-02 15:04:05" }} UTC'
    '{{ if eq .Status "resolved" }}'
    ', until {{ .EndsAt.UTC.Format "2006-01-02 15:04:05" }} UTC{{ end }}<br>\n'
    "Runbook: {{ .Annotations.runbook_url }}</p>\n"
    "{{ end }}\n"
    "{{- end }}\n"
)


def configuration(
    *,
    mail: MailTarget,
    root: Route,
    receivers: Iterable[Receiver],
    inhibitions: Iterable[Inhibition],
    heartbeat_url_file: Path | None,
) -> str:
    """Return alertmanager.yml; the templates' pattern is relative to the file."""
    return document(
        {
            "global": _mail_server(mail),
            "templates": [TEMPLATES],
            "route": _route(root),
            "inhibit_rules": [
                {
                    "source_matchers": list(inhibition.source),
                    "target_matchers": list(inhibition.target),
                    "equal": list(inhibition.equal),
                }
                for inhibition in inhibitions
            ],
            "receivers": [_receiver(receiver, mail, heartbeat_url_file) for receiver in receivers],
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
    if route.routes:
        rendered["routes"] = [_route(child) for child in route.routes]
    return rendered


def _receiver(
    receiver: Receiver, mail: MailTarget, heartbeat_url_file: Path | None
) -> dict[str, Any]:
    if receiver.is_heartbeat:
        if heartbeat_url_file is None:
            return {"name": receiver.name}
        webhook = {"url_file": str(heartbeat_url_file), "send_resolved": False}
        return {"name": receiver.name, "webhook_configs": [webhook]}
    return {
        "name": receiver.name,
        "email_configs": [
            {
                "to": getattr(mail, receiver.mail_to or "devops"),
                "send_resolved": True,
                "headers": {"Subject": '{{ template "alojamientos.subject" . }}'},
                "text": '{{ template "alojamientos.text" . }}',
                "html": '{{ template "alojamientos.html" . }}',
            }
        ],
    }
