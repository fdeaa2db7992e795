"""docker-compose.yml: the application, its servers and the way in."""

from alojamientos.monitoring.compose import Health, Mount, Service, Stack, secret
from alojamientos.monitoring.conventions import READYZ
from alojamientos.monitoring.definitions import compose_shared as shared

_WEB_PORT, _WORKER_PORT, _BRIDGE_PORT = 8000, 8001, 8002
_DATABASE = "alojamientos_db"
_SECRETS_OF_SETTINGS = (
    *("api_token", "owner_token", "metrics_token", "database_url", "redis_url"),
    *("whatsapp_app_secret", "whatsapp_verify_token", "whatsapp_access_token"),
    *("mercadopago_access_token", "mercadopago_webhook_secret"),
    *("smtp_password", "imap_password"),
    "alert_bridge_token",
)
_SERVERS = ("database_url", "redis_url")
_ENVIRONMENT = {
    "ENVIRONMENT": "production",
    "VERSION": "${VERSION:-dev}",
    "PUBLIC_BASE_URL": f"https://{shared.SITE_DOMAIN}",
    "WEB_HOST": "0.0.0.0",
    "TRUSTED_PROXIES": str(shared.EDGE_SUBNET),
    "WHATSAPP_BASE_URL": "https://graph.facebook.com",
    "MERCADOPAGO_BASE_URL": "https://api.mercadopago.com",
    "MERCADOPAGO_LIVE_MODE": "true",
    "SMTP_REQUIRE_TLS": "true",
    **{f"{name.upper()}_FILE": secret(name) for name in _SECRETS_OF_SETTINGS},
}


def _answers(port: int, path: str = READYZ) -> Health:
    """Ask with what the image has: Python, and neither curl nor wget."""
    code = f"import urllib.request as r; r.urlopen('http://127.0.0.1:{port}{path}', timeout=4)"
    return Health(test=("CMD", "python", "-c", code))


_PROXY = Service(
    name="proxy",
    image=shared.IMAGES["proxy"],
    networks=(shared.EDGE,),
    memory="128M",
    cpus="0.50",
    ports=("80:80", "443:443", "443:443/udp"),
    environment={
        "SITE_DOMAIN": str(shared.SITE_DOMAIN),
        "ACME_EMAIL": str(shared.ACME_EMAIL),
    },
    mounts=(
        Mount(source="./deploy/caddy/Caddyfile", target="/etc/caddy/Caddyfile"),
        Mount(source="caddy_data", target="/data", read_only=False),
        Mount(source="caddy_config", target="/config", read_only=False),
    ),
    capabilities=("NET_BIND_SERVICE",),  # its program file has it, and cannot be run without
    depends_on={"backend": "service_healthy"},
    health=Health(test=("CMD", "wget", "-q", "-O", "/dev/null", "http://127.0.0.1:2020/")),
)
_BACKEND = Service(
    name="backend",
    image=shared.APPLICATION_IMAGE,
    ours=True,
    command=("serve",),
    networks=(shared.EDGE, shared.DATA, shared.MONITORING),
    memory="512M",
    cpus="1.00",
    environment=_ENVIRONMENT,
    secrets=_SECRETS_OF_SETTINGS,
    tmpfs=("/tmp",),  # noqa: S108 - the container's own
    depends_on={
        "migrations": "service_completed_successfully",
        "redis": "service_healthy",
    },
    health=_answers(_WEB_PORT),
    stop_grace="30s",
)
_WORKER = Service(
    name="worker",
    image=shared.APPLICATION_IMAGE,
    ours=True,
    command=("worker",),
    networks=(shared.DATA, shared.EGRESS, shared.MONITORING),
    memory="512M",
    cpus="1.00",
    environment={**_ENVIRONMENT, "JOURNEY_WEB_URL": f"http://backend:{_WEB_PORT}"},
    secrets=_SECRETS_OF_SETTINGS,
    tmpfs=("/tmp",),  # noqa: S108
    depends_on={
        "migrations": "service_completed_successfully",
        "redis": "service_healthy",
    },
    health=_answers(_WORKER_PORT),
    stop_grace="60s",
)
_BRIDGE = Service(
    name="bridge",
    image=shared.APPLICATION_IMAGE,
    ours=True,
    command=("bridge",),
    # Neither database nor cache: it speaks when they are down.
    networks=(shared.EGRESS, shared.MONITORING),
    memory="256M",
    cpus="0.25",
    environment={
        **{
            name: value
            for name, value in _ENVIRONMENT.items()
            if name not in {f"{secret.upper()}_FILE" for secret in _SERVERS}
        },
        "ALERT_BRIDGE_HOST": "0.0.0.0",
    },
    secrets=tuple(name for name in _SECRETS_OF_SETTINGS if name not in _SERVERS),
    tmpfs=("/tmp",),  # noqa: S108
    health=_answers(_BRIDGE_PORT, "/healthz"),
)
_MIGRATIONS = Service(
    name="migrations",
    image=shared.APPLICATION_IMAGE,
    ours=True,
    once=True,
    command=("migrate",),
    networks=(shared.DATA,),
    memory="256M",
    cpus="0.50",
    environment={"DATABASE_URL_FILE": secret("database_url")},
    secrets=("database_url",),
    tmpfs=("/tmp",),  # noqa: S108
    depends_on={"postgres": "service_healthy"},
)
_POSTGRES = Service(
    name="postgres",
    image=shared.IMAGES["postgres"],
    user="postgres",
    networks=(shared.DATA,),
    memory="1G",
    cpus="1.00",
    command=(
        "postgres",
        *("-c", "shared_buffers=256MB"),
        *("-c", "timezone=UTC", "-c", "log_timezone=UTC"),
        # DETAIL and STATEMENT would show guests' data.
        *("-c", "log_error_verbosity=terse", "-c", "log_min_error_statement=panic"),
    ),
    environment={
        "POSTGRES_DB": _DATABASE,
        "POSTGRES_PASSWORD_FILE": secret("postgres_password"),
        "POSTGRES_INITDB_ARGS": "--locale=C --encoding=UTF8 --auth-host=scram-sha-256",
    },
    secrets=("postgres_password", "database_password", "monitoring_password"),
    mounts=(
        # From version 18 on the image keeps its data below this folder, and not in …/data.
        Mount(source="postgres_data", target="/var/lib/postgresql", read_only=False),
        Mount(
            source="./deploy/postgres/10-roles.sh",
            target="/docker-entrypoint-initdb.d/10-roles.sh",
        ),
    ),
    tmpfs=("/tmp", "/run/postgresql"),  # noqa: S108
    # By TCP: while the image initialises its data, the server answers on its socket only.
    health=Health(
        test=("CMD", "pg_isready", "-q", "-h", "127.0.0.1", "-U", "postgres", "-d", _DATABASE),
        start_period="60s",
    ),
    stop_grace="60s",
    extra={"shm_size": "128m"},
)
_VALKEY_ANSWERS = (  # it exits 0 without the password too, so its answer is read
    f"REDISCLI_AUTH=$$(sed -n 's/^requirepass //p' {secret('redis_conf')})"
    " valkey-cli ping | grep -q PONG"
)
_REDIS = Service(
    name="redis",
    image=shared.IMAGES["redis"],
    user="valkey",
    networks=(shared.DATA,),
    memory="128M",
    cpus="0.50",
    # A cache: what it holds may be lost at any time.
    command=(
        *("valkey-server", secret("redis_conf")),
        *("--save", "", "--appendonly", "no"),
        *("--maxmemory", "64mb", "--maxmemory-policy", "allkeys-lru"),
    ),
    secrets=("redis_conf",),
    tmpfs=("/data",),
    health=Health(test=("CMD-SHELL", _VALKEY_ANSWERS)),
)

APPLICATION = Stack(
    path="docker-compose.yml",
    about=(
        "The application, its servers and the way in. How to: docs/howto/docker.md",
        "Only the proxy is published. Variables: docker.env.example. Secrets: scripts/secrets",
    ),
    services=(_PROXY, _BACKEND, _WORKER, _BRIDGE, _MIGRATIONS, _POSTGRES, _REDIS),
    networks=shared.NETWORKS,
)
