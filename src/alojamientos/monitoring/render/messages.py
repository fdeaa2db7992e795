"""What alerts look like when they arrive: mails in text and HTML, and Telegram.

An owner reads the first line, in Spanish; an operator the rest. Alertmanager escapes what it puts
into the HTML part. Read on a phone: one column, no image, nothing that must load.
"""

from alojamientos.monitoring.conventions import HEADER

_OWN = "{{/* " + HEADER + " */}}\n"
_SINCE = (
    'Since {{ .StartsAt.UTC.Format "2006-01-02 15:04" }} UTC'
    '{{ if eq .Status "resolved" }}, until {{ .EndsAt.UTC.Format "2006-01-02 15:04" }} UTC{{ end }}'
)
_MOOD = (
    '{{ define "alojamientos.mood" -}}\n'
    '{{ if eq .Status "resolved" }}✅ RESOLVED'
    '{{ else if eq .CommonLabels.severity "critical" }}🚨 CRITICAL'
    '{{ else if eq .CommonLabels.severity "info" }}INFO'
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
)
_COLOUR = (
    '{{ define "alojamientos.colour" -}}\n'
    '{{ if eq .Status "resolved" }}#1a7f37'
    '{{ else if eq .CommonLabels.severity "critical" }}#b42318'
    "{{ else }}#9a6700{{ end }}\n"
    "{{- end }}\n"
)
_FONT = "font:16px/1.5 -apple-system,'Segoe UI',Roboto,Arial,sans-serif"


def mail(dashboards: str) -> str:
    """Return the templates of the mails; `dashboards` is the address that boards are linked to."""
    board_text = board_html = ""
    if dashboards:
        address = dashboards + "{{ .Annotations.dashboard_url }}"
        board_text = f"Dashboard: {address}\n"
        board_html = f'<br>\n<a href="{address}" style="color:#0969da">Dashboard</a>'
    text = (
        '{{ define "alojamientos.text" -}}\n'
        '{{ template "alojamientos.owner" . }}\n'
        "{{ range .Alerts }}\n"
        "[{{ .Status }}] {{ .Annotations.summary }}\n"
        "{{ .Annotations.description }}\n"
        f"{_SINCE}\n"
        "Runbook: {{ .Annotations.runbook_url }}\n"
        f"{board_text}"
        "{{ end }}\n"
        "{{- end }}\n"
    )
    html = (
        '{{ define "alojamientos.html" -}}\n'
        "<!doctype html>\n"
        '<html lang="es"><head><meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width,initial-scale=1"></head>\n'
        f'<body style="margin:0;padding:16px;background:#ffffff;color:#1f2328;{_FONT}">\n'
        '<div style="max-width:600px;margin:0 auto">\n'
        '<p style="margin:0 0 16px;padding:12px 16px;'
        'border-left:6px solid {{ template "alojamientos.colour" . }};background:#f6f8fa">'
        '<strong>{{ template "alojamientos.owner" . }}</strong></p>\n'
        '<div lang="en">{{ range .Alerts }}\n'
        '<p style="margin:0 0 16px">[{{ .Status }}] <strong>{{ .Annotations.summary }}</strong>'
        "<br>\n{{ .Annotations.description }}<br>\n"
        f'<span style="color:#59636e">{_SINCE}</span><br>\n'
        "Runbook: {{ .Annotations.runbook_url }}"
        f"{board_html}</p>\n"
        "{{ end }}</div>\n"
        "</div></body></html>\n"
        "{{- end }}\n"
    )
    return _OWN + _MOOD + _COLOUR + text + html


TELEGRAM = _OWN + (
    '{{ define "alojamientos.telegram" -}}\n'
    '<b>{{ template "alojamientos.subject" . }}</b>\n'
    '{{ template "alojamientos.owner" . }}\n'
    "{{ range .Alerts }}\n"
    "{{ .Annotations.summary }}: {{ .Annotations.description }}\n"
    f"<i>{_SINCE}</i>\n"
    "{{ end }}\n"
    "{{- end }}\n"
)
