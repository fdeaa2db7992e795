"""Every part of the native stack, from its settings."""

import os
import signal
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

import psycopg
import sqlalchemy as sa
from psycopg import sql
from pydantic import SecretStr

from alojamientos.ops.launcher import config, monitors, probes, secrets
from alojamientos.ops.launcher.part import Part, Probe, State, always_ready
from alojamientos.ops.launcher.ports import LOOPBACK, PortUse
from alojamientos.ops.launcher.servers import Postgres
from alojamientos.settings import Settings

POSTGRES, VALKEY, MIGRATE, WEB, WORKER = "postgres", "valkey", "migrate", "web", "worker"
SIMULATORS, MAIL, TRAFFIC, BRIDGE = "simulators", "mail", "traffic", "bridge"
_MONITOR = "monitoring"  # the role that the PostgreSQL exporter logs in as
_POSTGRES_LOGGING = {
    "log_line_prefix": "",
    "log_error_verbosity": "terse",  # DETAIL and STATEMENT would show guests' data
    "log_min_error_statement": "panic",
    "log_checkpoints": "off",
}


def build(settings: Settings, *, traffic: str = "") -> list[Part]:
    """Return the parts for `settings`, making the state folder, secrets and configuration files.

    `traffic` is a rate such as 1/s at which simulated guests write, or "" for none.
    """
    effective = config.prepared(settings)
    own = _Own(effective, {**os.environ, **config.environment(settings, effective)})
    postgres = config.own_postgres(settings)
    monitoring_dsn = (
        postgres.dsn().replace(
            f"{postgres.user}:{postgres.password}@", f"{_MONITOR}:{_monitoring_password(settings)}@"
        )
        if postgres
        else _revealed(effective.database.url)
    )
    return [
        _postgres(settings, postgres),
        _valkey(settings),
        own.migrate(),
        *([own.simulators()] if settings.stack.simulate_providers else []),
        *([own.mail()] if config.own_mail_sink(settings) else []),
        own.web(),
        own.worker(),
        *([own.bridge()] if settings.alert.reaches_whatsapp else []),
        *([own.traffic(traffic)] if traffic else []),
        *monitors.build(
            effective,
            database_url=monitoring_dsn,
            redis_url=_revealed(effective.redis.url),
            before_prometheus=(WEB, WORKER),
            before_alertmanager=(MAIL, BRIDGE),
        ),
    ]


def unwatched(settings: Settings, *, env: Mapping[str, str]) -> list[Part]:
    """Return what takes bookings alone: servers, simulators, mail sink, web and worker.

    Each gets `env` and nothing else, with what the stack adds to `settings`.
    """
    effective = config.prepared(settings)
    own = _Own(effective, {**env, **config.environment(settings, effective)})
    return [
        _postgres(settings, config.own_postgres(settings)),
        _valkey(settings),
        own.migrate(),
        own.simulators(),
        own.mail(),
        own.web(),
        own.worker(),
    ]


def _postgres(settings: Settings, server: Postgres | None) -> Part:
    if server is None:
        return _outside(POSTGRES, _revealed(settings.database.url), "DATABASE_URL")
    return Part(
        name=POSTGRES,
        command=tuple(server.command(settings=_POSTGRES_LOGGING)),
        env=os.environ,
        prepare=server.initialise,
        probe=probes.sql(server.dsn("postgres")),
        finish=partial(_make_database, server, _monitoring_password(settings)),
        url=_without_password(server.dsn()),
        ports=(PortUse(server.port, "STACK_POSTGRES_PORT", POSTGRES),),
        stop_signal=signal.SIGINT,  # fast shutdown: SIGTERM would wait for clients to leave
        stop_seconds=20,
    )


def _valkey(settings: Settings) -> Part:
    server = config.own_valkey(settings)
    if server is None:
        return _outside(VALKEY, _revealed(settings.redis.url), "REDIS_URL")
    return Part(
        name=VALKEY,
        command=tuple(server.command()),
        env=os.environ,
        prepare=partial(server.directory.mkdir, parents=True, exist_ok=True),
        probe=probes.ping(server.url),
        url=server.url,
        ports=(PortUse(server.port, "STACK_REDIS_PORT", VALKEY),),
    )


@dataclass(frozen=True, slots=True)
class _Own:
    """The processes that are this program itself, with other arguments."""

    settings: Settings
    env: Mapping[str, str]

    def migrate(self) -> Part:
        return self._part(MIGRATE, "migrate", "--demo", after=(POSTGRES,), once=True)

    def simulators(self) -> Part:
        port = self.settings.stack.simulator_port
        return self._part(
            SIMULATORS,
            *("simulators", "providers"),
            probe=probes.tcp(port),
            url=f"http://{LOOPBACK}:{port}",
            ports=(PortUse(port, "STACK_SIMULATOR_PORT", SIMULATORS),),
        )

    def mail(self) -> Part:
        smtp, page = self.settings.mail.port, self.settings.stack.mail_http_port
        imap = self.settings.stack.imap_port
        mailbox = (PortUse(imap, "STACK_IMAP_PORT", MAIL),)
        return self._part(
            MAIL,
            *("simulators", "mail"),
            probe=probes.all_of(probes.tcp(smtp), probes.http_get(page, "/")),
            url=f"http://{LOOPBACK}:{page}",
            ports=(
                PortUse(smtp, "SMTP_PORT", MAIL),
                PortUse(page, "STACK_MAIL_HTTP_PORT", MAIL),
                *(mailbox if config.own_mailbox(self.settings) else ()),
            ),
        )

    def web(self) -> Part:
        port = self.settings.app.web_port
        return self._part(
            WEB,
            "serve",
            after=(MIGRATE, VALKEY, SIMULATORS),
            probe=probes.http_get(port, "/api/v1/readyz"),
            url=f"http://{LOOPBACK}:{port}/docs",
            ports=(PortUse(port, "WEB_PORT", WEB),),
        )

    def worker(self) -> Part:
        port = self.settings.app.worker_metrics_port
        token = self.settings.app.metrics_token
        headers = {"Authorization": f"Bearer {token.get_secret_value()}"} if token else {}
        return self._part(
            WORKER,
            "worker",
            after=(MIGRATE, VALKEY, SIMULATORS),
            probe=probes.http_get(port, "/metrics", headers),
            url=f"http://{LOOPBACK}:{port}/metrics",
            ports=(PortUse(port, "WORKER_METRICS_PORT", WORKER),),
        )

    def bridge(self) -> Part:
        port = self.settings.alert.bridge_port
        return self._part(
            BRIDGE,
            "bridge",
            after=(SIMULATORS,),
            probe=probes.http_get(port, "/healthz"),
            url=f"http://{LOOPBACK}:{port}/healthz",
            ports=(PortUse(port, "ALERT_BRIDGE_PORT", BRIDGE),),
        )

    def traffic(self, rate: str) -> Part:
        return self._part(
            TRAFFIC,
            *("simulate", "traffic", "--rate", rate, "--minutes", "1440"),
            after=(WEB, WORKER, SIMULATORS),
        )

    def _part(
        self,
        name: str,
        *arguments: str,
        after: tuple[str, ...] = (),
        probe: Probe = always_ready,
        url: str = "",
        ports: tuple[PortUse, ...] = (),
        once: bool = False,
    ) -> Part:
        return Part(
            name=name,
            command=(sys.executable, "-m", "alojamientos", *arguments),
            env={**self.env, "PYTHONUNBUFFERED": "1"},
            after=after,
            probe=probe,
            url=url,
            ports=ports,
            once=once,
            ours=True,
            stop_seconds=20,
        )


def _outside(name: str, url: str, setting: str) -> Part:
    return Part(
        name=name, shown_as=State.OUTSIDE, url=_without_password(url), detail=f"from {setting}"
    )


def _make_database(server: Postgres, monitoring_password: str) -> None:
    """Make the application's database and the exporter's role, where they are not there yet."""
    name = server.dsn().rpartition("/")[2]
    with psycopg.connect(server.dsn("postgres"), autocommit=True) as admin:
        for what, query, value in (
            ("ROLE", "SELECT FROM pg_roles WHERE rolname = %s", _MONITOR),
            ("DATABASE", "SELECT FROM pg_database WHERE datname = %s", name),
        ):
            if admin.execute(query, (value,)).fetchone() is None:
                admin.execute(sql.SQL("CREATE " + what + " {}").format(sql.Identifier(value)))
        admin.execute(
            sql.SQL("ALTER ROLE {} LOGIN PASSWORD {}").format(
                sql.Identifier(_MONITOR), sql.Literal(monitoring_password)
            )
        )
        admin.execute(sql.SQL("GRANT pg_monitor TO {}").format(sql.Identifier(_MONITOR)))


def _monitoring_password(settings: Settings) -> str:
    return secrets.generated(config.state_dir(settings), config.MONITORING_PASSWORD)


def _revealed(url: SecretStr | None) -> str:
    return url.get_secret_value() if url else ""


def _without_password(url: str) -> str:
    """Return `url` as it may be shown."""
    parsed = sa.make_url(url)
    shown = parsed.set(username=None, password=None, query={})
    return shown.render_as_string(hide_password=True)
