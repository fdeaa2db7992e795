"""Write everything that is derived from the definitions, or compare it with what is there."""

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from alojamientos.kit.errors import AlojamientosError
from alojamientos.monitoring import definitions
from alojamientos.monitoring.conventions import HEADER
from alojamientos.monitoring.definitions import compose_shared, dashboards, routes, slos, targets
from alojamientos.monitoring.definitions.compose_application import APPLICATION
from alojamientos.monitoring.definitions.compose_monitoring import OBSERVABILITY
from alojamientos.monitoring.model import (
    Addresses,
    Bridge,
    Delivery,
    MailTarget,
    Telegram,
)
from alojamientos.monitoring.render import (
    alertmanager,
    blackbox,
    compose,
    grafana,
    log_reference,
    messages,
    metric_reference,
    openslo,
    prometheus,
    reference,
    reference_boards,
)
from alojamientos.monitoring.render import slos as slo_page

__all__ = [
    "Addresses",
    "Bridge",
    "Delivery",
    "InvalidDefinition",
    "MailTarget",
    "NativeConfig",
    "Telegram",
    "artefacts",
    "check",
    "render_alertmanager",
    "render_native",
    "write",
]

_DOCKER = Addresses(
    web="backend:8000",
    worker="worker:8001",
    prometheus="prometheus:9090",
    alertmanager="alertmanager:9093",
    node="node-exporter:9100",
    postgres="postgres-exporter:9187",
    redis="redis-exporter:9121",
    blackbox="blackbox-exporter:9115",
)
_RULE_FOLDERS = ("alerts", "rules")
_SECRETS = Path("/run/secrets")
_DOCKER_DELIVERY = Delivery(
    mail=MailTarget(
        host="smtp.gmail.com",
        port=587,
        sender="alertas@reservas.com",
        oncall="oncall@reservas.com,cto@reservas.com",
        devops="devops@reservas.com",
        require_tls=True,
        username="alertas@reservas.com",
        password_file=_SECRETS / "smtp_password",
    ),
    heartbeat_url_file=_SECRETS / "heartbeat_url",
    bridge=Bridge(address="bridge:8002", token_file=_SECRETS / "alert_bridge_token"),
    dashboards="http://localhost:3000",
)


class InvalidDefinition(AlojamientosError):  # noqa: N818 - reads as a sentence where it is raised
    """A monitoring definition is incomplete or contradicts another."""


class _Definition(Protocol):
    def validate(self) -> list[str]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class NativeConfig:
    """The configuration files of a native stack."""

    prometheus: Path
    alertmanager: Path
    blackbox: Path


def problems() -> list[str]:
    """List what is missing or contradictory in the definitions."""
    found: list[str] = []
    for group in definitions.RULE_GROUPS:
        found += group.validate()
    definite: tuple[_Definition, ...] = (
        *targets.SCRAPE_JOBS,
        *routes.RECEIVERS,
        routes.ROOT,
        *routes.INHIBITIONS,
        *routes.TIME_INTERVALS,
        *dashboards.DASHBOARDS,
        *dashboards.MARKS,
    )
    for item in definite:
        found += item.validate()
    found += _repeated("dashboard", (board.name for board in dashboards.DASHBOARDS))
    for slo in slos.SLOS:
        found += slo.validate(slos.POLICIES, slos.OUTAGE)
    found += _repeated("slo", (slo.name for slo in slos.SLOS))
    found += _repeated("alert", (r.name for g in definitions.RULE_GROUPS for r in g.alerts))
    found += _repeated("rule group", (group.name for group in definitions.RULE_GROUPS))
    found += _repeated("scrape job", (job.name for job in targets.SCRAPE_JOBS))
    known = {receiver.name for receiver in routes.RECEIVERS}
    used = {route.receiver for route in routes.ROOT.walk()}
    found += [f"route: there is no receiver {name!r}" for name in sorted(used - known)]
    intervals = {interval.name for interval in routes.TIME_INTERVALS}
    found += [
        f"route to {route.receiver}: there is no time interval {name!r}"
        for route in routes.ROOT.walk()
        for name in route.active
        if name not in intervals
    ]
    found += [f"receiver {name}: no route leads to it" for name in sorted(known - used)]
    return found


def _repeated(what: str, names: Iterable[str]) -> list[str]:
    seen: set[str] = set()
    repeated = [name for name in names if name in seen or seen.add(name)]  # type: ignore[func-returns-value] # add returns None
    return [f"{what} {name}: it is defined twice" for name in repeated]


def _refuse_problems() -> None:
    found = problems()
    if found:
        raise InvalidDefinition("The monitoring definitions are not usable:\n" + "\n".join(found))


def artefacts() -> dict[str, str]:
    """Return every committed file, by its path from the root of the repository.

    Raises InvalidDefinition naming all that is missing.
    """
    _refuse_problems()
    files = {
        "monitoring/prometheus/prometheus.yml": prometheus.configuration(
            jobs=targets.SCRAPE_JOBS,
            addresses=_DOCKER,
            rule_files=[f"/etc/prometheus/{folder}/*.yml" for folder in _RULE_FOLDERS],
            external_labels={"cluster": "alojamientos-prod", "env": "production"},
            metrics_token_file=_SECRETS / "metrics_token",
        ),
        "monitoring/alertmanager/alertmanager.yml": alertmanager.configuration(
            _DOCKER_DELIVERY,
            root=routes.ROOT,
            receivers=routes.RECEIVERS,
            inhibitions=routes.INHIBITIONS,
            intervals=routes.TIME_INTERVALS,
        ),
        "monitoring/alertmanager/templates/mail.tmpl": messages.mail(_DOCKER_DELIVERY.dashboards),
        "monitoring/alertmanager/templates/telegram.tmpl": messages.TELEGRAM,
        "monitoring/blackbox/blackbox.yml": blackbox.configuration(),
        "docs/reference/alerts.md": reference.alerts(definitions.RULE_GROUPS),
        "docs/reference/dashboards.md": reference_boards.page(
            dashboards.DASHBOARDS, dashboards.MARKS, definitions.RULE_GROUPS
        ),
        **_grafana(),
        "docs/reference/slos.md": slo_page.page(slos.SLOS, slos.POLICIES, slos.OUTAGE),
        **{f"monitoring/openslo/{name}": text for name, text in openslo.files(slos.SLOS).items()},
        "docs/reference/logs.md": log_reference.page(),
        "docs/reference/metrics.md": metric_reference.page(),
        **{stack.path: compose.file(stack) for stack in (APPLICATION, OBSERVABILITY)},
        "docker.env.example": compose.env_example(compose_shared.VARIABLES),
    }
    for name, text in prometheus.rules(definitions.RULE_GROUPS).items():
        files[f"monitoring/prometheus/{name}"] = text
    return dict(sorted(files.items()))


def _grafana() -> dict[str, str]:
    folder = "monitoring/grafana"
    files = {
        f"{folder}/datasources/prometheus.yml": grafana.datasource(
            _DOCKER.prometheus, targets.SCRAPE_JOBS
        ),
        f"{folder}/dashboards/provider.yml": grafana.provider(),
    }
    for board in dashboards.DASHBOARDS:
        files[f"{folder}/dashboards/{board.name}.json"] = grafana.board(
            board, dashboards.MARKS, definitions.RULE_GROUPS
        )
    return files


def write(root: Path, others: Mapping[str, str] | None = None) -> list[Path]:
    """Bring the committed files below `root` up to date; return those that changed.

    `others` are rendered elsewhere, by their paths from the root.
    """
    wanted = {**artefacts(), **(others or {})}
    changed = [root / path for path, text in wanted.items() if _read(root / path) != text]
    for path in changed:
        _put(path, wanted[path.relative_to(root).as_posix()])
    for path in _stale(root, wanted):
        path.unlink()
        changed.append(path)
    return changed


def check(root: Path, others: Mapping[str, str] | None = None) -> list[str]:
    """Return a unified diff for each committed file below `root` that is not current.

    `others` are rendered elsewhere, by their paths from the root.
    """
    wanted = {**artefacts(), **(others or {})}
    pairs = [(path, _read(root / path) or "", text) for path, text in wanted.items()]
    pairs += [
        (path.relative_to(root).as_posix(), _read(path) or "", "") for path in _stale(root, wanted)
    ]
    return [
        "".join(
            difflib.unified_diff(
                present.splitlines(keepends=True),
                text.splitlines(keepends=True),
                fromfile=path,
                tofile=f"{path} (rendered)",
            )
        )
        for path, present, text in pairs
        if present != text
    ]


def render_alertmanager(out_dir: Path, delivery: Delivery) -> None:
    """Write Alertmanager's configuration for `delivery` into `out_dir`, as its container mounts it.

    Raises InvalidDefinition naming all that is missing.
    """
    _refuse_problems()
    _put(out_dir / "templates" / "mail.tmpl", messages.mail(delivery.dashboards))
    _put(out_dir / "templates" / "telegram.tmpl", messages.TELEGRAM)
    _put(
        out_dir / "alertmanager.yml",
        alertmanager.configuration(
            delivery,
            root=routes.ROOT,
            receivers=routes.RECEIVERS,
            inhibitions=routes.INHIBITIONS,
            intervals=routes.TIME_INTERVALS,
        ),
    )


def render_native(
    out_dir: Path,
    addresses: Addresses,
    delivery: Delivery,
    *,
    env: str = "development",
    metrics_token_file: Path | None = None,
) -> NativeConfig:
    """Write the configuration of a stack at `addresses` below `out_dir`.

    Raises InvalidDefinition naming all that is missing.
    """
    _refuse_problems()
    config = NativeConfig(
        prometheus=out_dir / "prometheus" / "prometheus.yml",
        alertmanager=out_dir / "alertmanager" / "alertmanager.yml",
        blackbox=out_dir / "blackbox" / "blackbox.yml",
    )
    folder = config.prometheus.parent
    templates = config.alertmanager.parent / "templates"
    wanted = {
        config.prometheus: prometheus.configuration(
            jobs=targets.SCRAPE_JOBS,
            addresses=addresses,
            rule_files=[f"{folder}/*.yml" for folder in _RULE_FOLDERS],
            external_labels={"cluster": "alojamientos-native", "env": env},
            metrics_token_file=metrics_token_file and metrics_token_file.absolute(),
        ),
        config.alertmanager: alertmanager.configuration(
            delivery,
            root=routes.ROOT,
            receivers=routes.RECEIVERS,
            inhibitions=routes.INHIBITIONS,
            intervals=routes.TIME_INTERVALS,
        ),
        templates / "mail.tmpl": messages.mail(delivery.dashboards),
        templates / "telegram.tmpl": messages.TELEGRAM,
        config.blackbox: blackbox.configuration(),
        **{folder / name: t for name, t in prometheus.rules(definitions.RULE_GROUPS).items()},
    }
    for path, text in wanted.items():
        _put(path, text)
    for rules in _RULE_FOLDERS:
        for path in (folder / rules).glob("*.yml"):
            if path not in wanted:
                path.unlink()
    return config


def _stale(root: Path, wanted: dict[str, str]) -> list[Path]:
    """Return generated files that no definition stands behind any more."""
    return [
        path
        for path in sorted((root / "monitoring").rglob("*"))
        if path.is_file()
        and path.relative_to(root).as_posix() not in wanted
        and HEADER in (_read(path) or "")
    ]


def _read(path: Path) -> str | None:
    return path.read_text(encoding="utf-8") if path.is_file() else None


def _put(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f"{path.name}.new")
    temporary.write_text(text, encoding="utf-8")
    temporary.replace(path)
