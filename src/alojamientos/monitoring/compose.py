"""What a Compose file is made of, as values; a service cannot be said without its limits."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any, Literal

Condition = Literal["service_healthy", "service_completed_successfully"]
SECRETS = PurePosixPath("/run/secrets")


@dataclass(frozen=True, slots=True, kw_only=True)
class Mount:
    """A file or folder of the repository or the host (a path), or a named volume."""

    source: str
    target: str
    read_only: bool = True
    propagation: str | None = None

    @property
    def is_volume(self) -> bool:
        return not self.source.startswith((".", "/", "$"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """A command that exits 0 while the service is well; it must be in the service's image."""

    test: tuple[str, ...]
    interval: str = "15s"
    timeout: str = "5s"
    retries: int = 4
    start_period: str = "30s"


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """One container: unprivileged, on a read-only root, with limits and bounded logs."""

    name: str
    image: str
    networks: tuple[str, ...]
    memory: str
    cpus: str
    pids: int = 200
    health: Health | None = None
    command: tuple[str, ...] = ()
    user: str | None = None
    environment: Mapping[str, str] = field(default_factory=dict)
    secrets: tuple[str, ...] = ()
    mounts: tuple[Mount, ...] = ()
    tmpfs: tuple[str, ...] = ()
    ports: tuple[str, ...] = ()
    depends_on: Mapping[str, Condition] = field(default_factory=dict)
    capabilities: tuple[str, ...] = ()
    profile: str | None = None
    stop_grace: str = "10s"
    ours: bool = False  # built from this repository, configured by the settings in .env
    once: bool = False  # ends by itself
    extra: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stack:
    """One Compose file."""

    path: str
    about: tuple[str, ...]
    services: tuple[Service, ...]
    networks: Mapping[str, Mapping[str, Any]]

    def networks_used(self) -> list[str]:
        return [name for name in self.networks if any(name in s.networks for s in self.services)]

    def volumes_used(self) -> list[str]:
        mounts = [mount for service in self.services for mount in service.mounts]
        return list(dict.fromkeys(mount.source for mount in mounts if mount.is_volume))

    def secrets_used(self) -> list[str]:
        return sorted({secret for service in self.services for secret in service.secrets})


@dataclass(frozen=True, slots=True, kw_only=True)
class Variable:
    """A variable that the operator sets in .env; `default` None means that it must be set."""

    name: str
    about: str
    default: str | None = None
    example: str = ""
    setting: bool = False  # read by the application and not by the Compose files

    def __str__(self) -> str:
        if self.default is None:
            return f"${{{self.name}:?set {self.name} in .env}}"
        return f"${{{self.name}:-{self.default}}}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Secret:
    """A file of the folder secrets/: made at random, made from others, or given by a person."""

    name: str
    about: str
    made: bool = True


def secret(name: str) -> str:
    """Return where a container finds the secret `name`."""
    return str(SECRETS / name)
