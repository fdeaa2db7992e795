"""The monitoring programs as parts of the native stack, with their rendered configuration."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa
from pydantic import SecretStr

from alojamientos.monitoring import generate
from alojamientos.monitoring.definitions import targets
from alojamientos.ops.launcher import config, probes, secrets
from alojamientos.ops.launcher.part import Part, State
from alojamientos.ops.launcher.ports import LOOPBACK, PortUse
from alojamientos.ops.launcher.servers import ProgramMissing
from alojamientos.ops.launcher.tools import find_tool
from alojamientos.settings import AlertSettings, Settings

PROMETHEUS, ALERTMANAGER = "prometheus", "alertmanager"
NODE, POSTGRES, REDIS, BLACKBOX = (
    f"{kind}_exporter" for kind in ("node", "postgres", "redis", "blackbox")
)
_REDIS_PORT = 6379


def build(
    settings: Settings,
    *,
    database_url: str,
    redis_url: str,
    before_prometheus: tuple[str, ...],
    before_alertmanager: tuple[str, ...],
) -> list[Part]:
    """Return the monitoring parts, writing their configuration below the state folder.

    A program that cannot be found becomes a part that is only shown, as absent.
    """
    made = _Monitors(settings, _render(settings))
    exporters = [
        made.node(),
        made.postgres(database_url),
        made.redis(redis_url),
        made.blackbox(),
    ]
    alertmanager = made.alertmanager(before_alertmanager)
    before = (*before_prometheus, ALERTMANAGER, *(part.name for part in exporters))
    return [made.prometheus(before), alertmanager, *exporters]


def _render(settings: Settings) -> generate.NativeConfig:
    stack, mail, alert = settings.stack, settings.mail, settings.alert
    folder = config.state_dir(settings)

    def kept(name: str, value: SecretStr | None) -> Path | None:
        return secrets.keep(folder, name, value.get_secret_value()) if value else None

    return generate.render_native(
        folder / "monitoring",
        generate.Addresses(
            web=f"{LOOPBACK}:{settings.app.web_port}",
            worker=f"{LOOPBACK}:{settings.app.worker_metrics_port}",
            prometheus=f"{LOOPBACK}:{stack.prometheus_port}",
            alertmanager=f"{LOOPBACK}:{stack.alertmanager_port}",
            node=f"{LOOPBACK}:{stack.node_exporter_port}",
            postgres=f"{LOOPBACK}:{stack.postgres_exporter_port}",
            redis=f"{LOOPBACK}:{stack.redis_exporter_port}",
            blackbox=f"{LOOPBACK}:{stack.blackbox_exporter_port}",
        ),
        generate.Delivery(
            mail=generate.MailTarget(
                host=mail.host,
                port=mail.port,
                sender=mail.sender,
                oncall=mail.oncall,
                devops=mail.devops,
                require_tls=mail.require_tls,
                username=mail.username,
                password_file=kept("smtp_password", mail.password),
            ),
            heartbeat_url_file=kept("heartbeat_url", alert.heartbeat_url),
            webhook_url_file=kept("alert_webhook_url", alert.webhook_url),
            telegram=_telegram(kept("telegram_bot_token", alert.telegram_bot_token), alert),
            bridge=_bridge(kept(config.BRIDGE_TOKEN, alert.bridge_token), alert),
            dashboards=alert.dashboards_url.rstrip("/"),
        ),
        env=str(settings.app.environment),
        metrics_token_file=kept(config.METRICS_TOKEN, settings.app.metrics_token),
    )


def _telegram(token_file: Path | None, alert: AlertSettings) -> generate.Telegram | None:
    if token_file is None or alert.telegram_chat_id is None:
        return None
    return generate.Telegram(bot_token_file=token_file, chat_id=alert.telegram_chat_id)


def _bridge(token_file: Path | None, alert: AlertSettings) -> generate.Bridge | None:
    if token_file is None or not alert.reaches_whatsapp:
        return None
    return generate.Bridge(address=f"{LOOPBACK}:{alert.bridge_port}", token_file=token_file)


@dataclass(frozen=True, slots=True)
class _Monitors:
    settings: Settings
    files: generate.NativeConfig

    def prometheus(self, after: tuple[str, ...]) -> Part:
        port = self.settings.stack.prometheus_port
        return self._part(
            PROMETHEUS,
            f"--config.file={self.files.prometheus}",
            f"--storage.tsdb.path={config.state_dir(self.settings) / 'prometheus'}",
            f"--storage.tsdb.retention.time={targets.RETENTION_TIME}",
            f"--storage.tsdb.retention.size={targets.RETENTION_SIZE}",
            f"--web.listen-address={LOOPBACK}:{port}",
            "--web.enable-lifecycle",
            "--log.format=json",
            after=after,
            path="/-/ready",
            use=PortUse(port, "STACK_PROMETHEUS_PORT", PROMETHEUS),
        )

    def alertmanager(self, after: tuple[str, ...]) -> Part:
        port = self.settings.stack.alertmanager_port
        return self._part(
            ALERTMANAGER,
            f"--config.file={self.files.alertmanager}",
            f"--storage.path={config.state_dir(self.settings) / 'alertmanager'}",
            f"--web.listen-address={LOOPBACK}:{port}",
            "--cluster.listen-address=",
            "--log.format=json",
            after=after,
            path="/-/ready",
            use=PortUse(port, "STACK_ALERTMANAGER_PORT", ALERTMANAGER),
        )

    def node(self) -> Part:
        port = self.settings.stack.node_exporter_port
        return self._part(
            NODE,
            f"--web.listen-address={LOOPBACK}:{port}",
            *("--no-collector.wifi", "--no-collector.systemd", "--log.format=json"),
            use=PortUse(port, "STACK_NODE_EXPORTER_PORT", NODE),
        )

    def postgres(self, database_url: str) -> Part:
        port = self.settings.stack.postgres_exporter_port
        url = sa.make_url(database_url)
        if "sslmode" not in url.query and url.host == LOOPBACK:
            url = url.update_query_dict({"sslmode": "disable"})  # its driver insists otherwise
        return self._part(
            POSTGRES,
            *(f"--web.listen-address={LOOPBACK}:{port}", "--log.format=json"),
            env={"DATA_SOURCE_NAME": url.render_as_string(hide_password=False)},
            after=("postgres",),
            use=PortUse(port, "STACK_POSTGRES_EXPORTER_PORT", POSTGRES),
        )

    def redis(self, redis_url: str) -> Part:
        port = self.settings.stack.redis_exporter_port
        url = sa.make_url(redis_url)
        env = {"REDIS_ADDR": f"{url.drivername}://{url.host}:{url.port or _REDIS_PORT}"}
        if url.username:
            env["REDIS_USER"] = url.username
        if url.password:
            env["REDIS_PASSWORD"] = str(url.password)
        return self._part(
            REDIS,
            *("-web.listen-address", f"{LOOPBACK}:{port}", "-log-format", "json"),
            env=env,
            after=("valkey",),
            use=PortUse(port, "STACK_REDIS_EXPORTER_PORT", REDIS),
        )

    def blackbox(self) -> Part:
        port = self.settings.stack.blackbox_exporter_port
        return self._part(
            BLACKBOX,
            f"--config.file={self.files.blackbox}",
            *(f"--web.listen-address={LOOPBACK}:{port}", "--log.format=json"),
            use=PortUse(port, "STACK_BLACKBOX_EXPORTER_PORT", BLACKBOX),
        )

    def _part(
        self,
        name: str,
        *arguments: str | Path,
        use: PortUse,
        after: tuple[str, ...] = (),
        env: Mapping[str, str] | None = None,
        path: str = "/",
    ) -> Part:
        try:
            program = find_tool(name, self.settings.stack.tools_dir)
        except ProgramMissing as error:
            return Part(name=name, shown_as=State.ABSENT, detail=error.message)
        return Part(
            name=name,
            command=(str(program), *map(str, arguments)),
            env={**os.environ, **(env or {})},
            after=after,
            probe=probes.http_get(use.number, path),
            url=f"http://{LOOPBACK}:{use.number}",
            ports=(use,),
        )
