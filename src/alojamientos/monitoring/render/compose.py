"""Compose files, and the example of the .env that they read."""

from collections.abc import Iterable
from typing import Any

from alojamientos.monitoring.compose import Health, Mount, Service, Stack, Variable
from alojamientos.monitoring.conventions import HEADER
from alojamientos.monitoring.render.documents import document

PROJECT = "alojamientos"
# 250 MB a container: hours of a busy day to weeks; what must last longer goes to Loki.
_LOGGING = {
    "driver": "json-file",
    # The label goes into every line, so that a shipper knows the service without Docker's socket.
    "options": {"max-size": "50m", "max-file": "5", "labels": "com.docker.compose.service"},
}


def file(stack: Stack) -> str:
    """Return the text of the Compose file of `stack`."""
    whole: dict[str, Any] = {
        "name": PROJECT,
        "services": {service.name: _service(service) for service in stack.services},
        # A fixed name: whichever of the files is started first makes the network.
        "networks": {
            name: {"name": f"{PROJECT}_{name}", **stack.networks[name]}
            for name in stack.networks_used()
        },
        "volumes": {name: {} for name in stack.volumes_used()},
        "secrets": {name: {"file": f"./secrets/{name}"} for name in stack.secrets_used()},
    }
    header, body = document(whole).split("\n", 1)
    return "\n".join([header, *(f"# {line}".rstrip() for line in stack.about), body])


def env_example(variables: Iterable[Variable]) -> str:
    """Return docker.env.example: each variable with its meaning, set where it must be."""
    lines = [
        f"# {HEADER}",
        "# Copy to .env. Docker Compose reads it, and so does the application in its containers:",
        "# every setting of .env.example may be added, but no secret: those are files in secrets/.",
    ]
    for variable in variables:
        lines += ["", f"# {variable.about}"]
        if variable.default is None:
            lines.append(f"{variable.name}={variable.example}")
        else:
            lines.append(f"#{variable.name}={variable.default}")
    return "\n".join(lines) + "\n"


def _service(service: Service) -> dict[str, Any]:
    rendered: dict[str, Any] = {"image": service.image}
    if service.ours:
        rendered["build"] = {"context": ".", "args": {"VERSION": "${VERSION:-dev}"}}
    rendered |= _present(
        profiles=[service.profile] if service.profile else [],
        user=service.user,
        command=list(service.command),
        env_file=[".env"] if service.ours else [],
        environment=dict(service.environment),
        secrets=list(service.secrets),
        volumes=[_mount(mount) for mount in service.mounts],
        tmpfs=list(service.tmpfs),
        ports=list(service.ports),
    )
    rendered["networks"] = list(service.networks)
    if service.depends_on:
        rendered["depends_on"] = {
            name: {"condition": condition} for name, condition in service.depends_on.items()
        }
    if service.health is not None:
        rendered["healthcheck"] = _health(service.health)
    return {
        **rendered,
        "restart": "no" if service.once else "unless-stopped",
        "stop_grace_period": service.stop_grace,
        "read_only": True,
        "cap_drop": ["ALL"],
        **_present(cap_add=list(service.capabilities)),
        "security_opt": ["no-new-privileges:true"],
        "deploy": {
            "resources": {
                "limits": {"cpus": service.cpus, "memory": service.memory, "pids": service.pids}
            }
        },
        "logging": _LOGGING,
        **service.extra,
    }


def _present(**values: Any) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value}


def _mount(mount: Mount) -> dict[str, Any]:
    if mount.is_volume:
        rendered: dict[str, Any] = {
            "type": "volume",
            "source": mount.source,
            "target": mount.target,
        }
        return rendered | _present(read_only=mount.read_only)
    # Without this, Docker makes an empty folder of whatever path is not there.
    bind: dict[str, Any] = {"create_host_path": False, **_present(propagation=mount.propagation)}
    return {
        "type": "bind",
        "source": mount.source,
        "target": mount.target,
        **_present(read_only=mount.read_only),
        "bind": bind,
    }


def _health(health: Health) -> dict[str, Any]:
    return {
        "test": list(health.test),
        "interval": health.interval,
        "timeout": health.timeout,
        "retries": health.retries,
        "start_period": health.start_period,
    }
