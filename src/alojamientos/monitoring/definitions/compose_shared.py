"""What both Compose files share: networks, variables, secrets, versions of images."""

from collections.abc import Mapping
from typing import Any

from alojamientos.monitoring.compose import Secret, Variable

APPLICATION_IMAGE = "alojamientos:${VERSION:-dev}"
# Tags and not digests: a digest is known only where the registry was asked. PostgreSQL, Valkey and
# Caddy by their line, within which only fixes come; the others publish no such tags.
IMAGES = {
    "postgres": "postgres:18",
    "redis": "valkey/valkey:8.1",
    "proxy": "caddy:2.11",
    "prometheus": "prom/prometheus:v3.13.2",
    "alertmanager": "prom/alertmanager:v0.33.1",
    "grafana": "grafana/grafana:13.1.3",
    "node-exporter": "prom/node-exporter:v1.12.1",
    "blackbox-exporter": "prom/blackbox-exporter:v0.28.0",
    "postgres-exporter": "prometheuscommunity/postgres-exporter:v0.20.1",
    # The plain tag is FROM scratch: nothing in it could check its health.
    "redis-exporter": "oliver006/redis_exporter:v1.91.1-alpine",
    "loki": "grafana/loki:3.7.8",
    "alloy": "grafana/alloy:v1.21.2",
}

EDGE, DATA, EGRESS, MONITORING = "edge", "data", "egress", "monitoring"

SITE_DOMAIN = Variable(
    name="SITE_DOMAIN",
    about="The name that guests and providers reach; its DNS must point to this machine",
    example="reservas.example.com",
)
ACME_EMAIL = Variable(
    name="ACME_EMAIL",
    about="Where Let's Encrypt writes when a certificate cannot be renewed",
    example="you@example.com",
)
EDGE_SUBNET = Variable(
    name="EDGE_SUBNET",
    about="Addresses between proxy and application; whose X-Forwarded-For is believed",
    default="172.30.42.0/24",
)
PROMETHEUS_PORT = Variable(
    name="PROMETHEUS_PORT", about="Prometheus, on 127.0.0.1 only", default="9090"
)
ALERTMANAGER_PORT = Variable(
    name="ALERTMANAGER_PORT", about="Alertmanager, on 127.0.0.1 only", default="9093"
)
GRAFANA_PORT = Variable(name="GRAFANA_PORT", about="Grafana, on 127.0.0.1 only", default="3000")
# Named by hand in two places that Compose itself evaluates: which images, which log source.
VERSION = Variable(
    name="VERSION", about="Tag of the image that is built, shown in app_build_info", default="dev"
)
COMPOSE_FILE = Variable(
    name="COMPOSE_FILE",
    about="Which files `docker compose` takes; leave the second out to run without monitoring",
    example="docker-compose.yml:docker-compose.monitoring.yml",
)
COMPOSE_PROFILES = Variable(
    name="COMPOSE_PROFILES",
    about="logs adds Loki and Grafana Alloy: 30 days of searchable logs",
    default="none",
)

VARIABLES = (
    SITE_DOMAIN,
    ACME_EMAIL,
    COMPOSE_FILE,
    COMPOSE_PROFILES,
    VERSION,
    EDGE_SUBNET,
    PROMETHEUS_PORT,
    ALERTMANAGER_PORT,
    GRAFANA_PORT,
    Variable(
        name="WHATSAPP_PHONE_NUMBER_ID",
        about="Meta for Developers, your app, WhatsApp, API setup: the number's id, not the number",
        setting=True,
    ),
    Variable(
        name="MERCADOPAGO_COLLECTOR_ID",
        about="Your account's number at Mercado Pago",
        setting=True,
    ),
    Variable(name="SMTP_HOST", about="Mail server that alerts leave by", setting=True),
    Variable(name="SMTP_PORT", about="Its port", example="587", setting=True),
    Variable(name="SMTP_USERNAME", about="Account there", setting=True),
    Variable(name="SMTP_SENDER", about="From address", setting=True),
    Variable(name="SMTP_ONCALL", about="Who gets critical alerts, comma-separated", setting=True),
    Variable(name="SMTP_DEVOPS", about="Who gets the others", setting=True),
    Variable(
        name="ALERT_WHATSAPP_TO",
        about="The owner's number for critical alerts, digits only; or none",
        setting=True,
    ),
    Variable(
        name="LODGING_NAME",
        about="How the lodging calls itself to guests",
        default="Cabañas del Lago",
        setting=True,
    ),
)

NETWORKS: Mapping[str, Mapping[str, Any]] = {
    # Proxy and application, and nothing else; a known range, so that the proxy is known by it.
    EDGE: {"ipam": {"config": [{"subnet": str(EDGE_SUBNET)}]}},
    # The servers with the data: no way out of it, no way in but through its members.
    DATA: {"internal": True},
    # The worker's way to WhatsApp and Mercado Pago.
    EGRESS: {},
    # Prometheus and what it scrapes; not internal, for alerts leave through it.
    MONITORING: {},
}

SECRETS = (
    Secret(name="api_token", about="API calls that write or show a person's data"),
    Secret(name="owner_token", about="the owner's API, /api/v1/owner"),
    Secret(name="alert_bridge_token", about="Alertmanager shows it to the bridge to WhatsApp"),
    Secret(name="metrics_token", about="Prometheus shows it to /metrics"),
    Secret(name="postgres_password", about="PostgreSQL's superuser, for repairs only"),
    Secret(name="database_password", about="the application's role"),
    Secret(name="database_url", about="made from database_password"),
    Secret(name="monitoring_password", about="the exporter's role, which only reads statistics"),
    Secret(name="redis_conf", about="Valkey's password as a line of its configuration"),
    Secret(name="redis_url", about="made from the same password"),
    Secret(name="redis_passwords_json", about="the same, as the exporter wants it"),
    Secret(name="grafana_admin_password", about="Grafana's user admin"),
    Secret(name="whatsapp_verify_token", about="copy it into Meta's webhook form"),
    Secret(name="whatsapp_app_secret", about="Meta: App settings, Basic, App secret", made=False),
    Secret(name="whatsapp_access_token", about="Meta: a system user's permanent token", made=False),
    Secret(
        name="mercadopago_access_token", about="Mercado Pago: production credentials", made=False
    ),
    Secret(
        name="mercadopago_webhook_secret", about="Mercado Pago: Webhooks, secret key", made=False
    ),
    Secret(name="smtp_password", about="the mail account's, or an app password", made=False),
    Secret(
        name="imap_password",
        about="optional: of the mailbox that guests write to, with IMAP_HOST",
        made=False,
    ),
    Secret(
        name="heartbeat_url",
        about="optional: called while alerting works, so that its silence is noticed",
        made=False,
    ),
)
