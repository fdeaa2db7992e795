"""From the settings to those of a native stack: its own servers, secrets and addresses."""

import shlex
import shutil
import subprocess
import sys
from importlib.metadata import version as package_version
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from alojamientos.kit.errors import AlojamientosError
from alojamientos.ops.launcher import secrets
from alojamientos.ops.launcher.servers import Postgres, Valkey
from alojamientos.settings import DEV, AppSettings, Settings, variable_name

API_TOKEN = "api_token"  # noqa: S105 - the name of a secret
METRICS_TOKEN = "metrics_token"  # noqa: S105
BRIDGE_TOKEN = "bridge_token"  # noqa: S105
DATABASE_PASSWORD = "database_password"  # noqa: S105
MONITORING_PASSWORD = "monitoring_password"  # noqa: S105
MAILBOX_PASSWORD = "mailbox_password"  # noqa: S105
_LOOPBACK = ("127.0.0.1", "localhost", "::1")
_MARKER = ".alojamientos-state"


def prepared(settings: Settings) -> Settings:
    """Return the settings of the stack in the state folder, making folder and secrets.

    What the environment sets wins: an outside DATABASE_URL or REDIS_URL, tokens, base URLs.
    """
    folder = state_dir(settings)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    for name in (
        *(DATABASE_PASSWORD, MONITORING_PASSWORD, API_TOKEN, METRICS_TOKEN, BRIDGE_TOKEN),
        MAILBOX_PASSWORD,
    ):
        secrets.generated(folder, name)
    (folder / _MARKER).touch()
    return running(settings)


def running(settings: Settings) -> Settings:
    """Return `settings` with what the native stack has added to them, if it was ever started.

    For programs that talk to the stack: addresses and tokens are the ones that it runs with.
    """
    folder = state_dir(settings)
    app: dict[str, Any] = {"version": _version(settings.app.version)}
    groups: dict[str, dict[str, Any]] = {"app": app, **_simulated(settings)}
    groups["stack"] = {"state_dir": folder, "tools_dir": settings.stack.tools_dir.absolute()}
    if settings.app.public_base_url == AppSettings.model_fields["public_base_url"].default:
        app["public_base_url"] = f"http://127.0.0.1:{settings.app.web_port}"
    token = secrets.stored(folder, API_TOKEN)
    if token and settings.app.api_token.get_secret_value().startswith(DEV):
        app["api_token"] = SecretStr(token)
    token = secrets.stored(folder, METRICS_TOKEN)
    if token and settings.app.metrics_token is None:
        app["metrics_token"] = SecretStr(token)
    token = secrets.stored(folder, BRIDGE_TOKEN)
    if token and settings.alert.bridge_token.get_secret_value().startswith(DEV):
        groups["alert"] = {"bridge_token": SecretStr(token)}
    postgres = own_postgres(settings)
    if postgres and postgres.password:
        groups["database"] = {"url": SecretStr(postgres.dsn())}
    valkey = own_valkey(settings)
    if valkey:
        groups["redis"] = {"url": SecretStr(valkey.url)}
    return settings.evolve(**groups)


def state_dir(settings: Settings) -> Path:
    return settings.stack.state_dir.absolute()


def own_postgres(settings: Settings) -> Postgres | None:
    """Return the stack's own PostgreSQL, or None when DATABASE_URL names another."""
    if settings.database.url is not None:
        return None
    return Postgres(
        data=state_dir(settings) / "postgres",
        port=settings.stack.postgres_port,
        password=secrets.stored(state_dir(settings), DATABASE_PASSWORD) or "",
    )


def own_valkey(settings: Settings) -> Valkey | None:
    """Return the stack's own Valkey, or None when REDIS_URL names another."""
    if settings.redis.url is not None:
        return None
    return Valkey(directory=state_dir(settings) / "valkey", port=settings.stack.redis_port)


def own_mail_sink(settings: Settings) -> bool:
    """Say whether mail goes to the sink: to this machine, with no account."""
    return settings.mail.host in _LOOPBACK and settings.mail.username is None


def environment(settings: Settings, effective: Settings) -> dict[str, str]:
    """Return the variables that tell a child what `effective` has beyond `settings`."""
    return {
        variable_name(group, field): _plain(value)
        for name, group in Settings.groups.items()
        for field in group.model_fields
        if (value := getattr(getattr(effective, name), field))
        != getattr(getattr(settings, name), field)
    }


def wipe(settings: Settings) -> None:
    """Delete the state folder with all data; raises AlojamientosError when it is not one."""
    folder = state_dir(settings)
    if not folder.exists() or not any(folder.iterdir()):
        return
    if not (folder / _MARKER).exists():
        raise AlojamientosError(
            f"{folder} was not made by this program, so it is not deleted;"
            " delete it yourself, or set STACK_STATE_DIR to another folder"
        )
    shutil.rmtree(folder)


def _simulated(settings: Settings) -> dict[str, dict[str, Any]]:
    """Point the providers that are still at their defaults to the simulators' port."""
    if not settings.stack.simulate_providers:
        return _mailed(settings)
    url = f"http://127.0.0.1:{settings.stack.simulator_port}"
    groups: dict[str, dict[str, Any]] = _mailed(settings)
    groups["ical"] = {"allow_private_hosts": True}  # the fake hosts are on this machine
    groups |= {
        name: {"base_url": url}
        for name in ("whatsapp", "mercadopago")
        if getattr(settings, name).base_url
        == Settings.groups[name].model_fields["base_url"].default
    }
    if not {"transcriber", "transcriber_command"} & settings.speech.model_fields_set:
        # Simulated guests' voice notes hold their words where only this reads them.
        reads = shlex.join((sys.executable, "-m", "alojamientos.ops.simulator.voice"))
        groups["speech"] = {"transcriber": "command", "transcriber_command": reads}
    return groups


def _mailed(settings: Settings) -> dict[str, dict[str, Any]]:
    """Mail guests and the owner while all mail ends in the sink, and nobody said otherwise."""
    given = settings.guest_mail.model_fields_set
    if not own_mail_sink(settings) or "mail_enabled" in given:
        return {}
    owner = {} if "owner_email" in given else {"owner_email": settings.mail.oncall.split(",")[0]}
    groups: dict[str, dict[str, Any]] = {"guest_mail": {"mail_enabled": True, **owner}}
    password = secrets.stored(state_dir(settings), MAILBOX_PASSWORD)
    if settings.mailbox.host is None and password:
        groups["mailbox"] = {
            "host": "127.0.0.1",
            "port": settings.stack.imap_port,
            "username": settings.guest_mail.mail_sender,
            "password": SecretStr(password),
            "require_tls": False,
            "poll_s": 1,
        }
    return groups


def own_mailbox(effective: Settings) -> bool:
    """Say whether the mailbox that is read is the sink's own."""
    mailbox = effective.mailbox
    return mailbox.host in _LOOPBACK and mailbox.port == effective.stack.imap_port


def _plain(value: object) -> str:
    return value.get_secret_value() if isinstance(value, SecretStr) else str(value)


def _version(configured: str) -> str:
    if configured != AppSettings.model_fields["version"].default:
        return configured
    version = package_version("alojamientos")
    git = shutil.which("git")
    if git is None:
        return version
    commit = subprocess.run(
        [git, "-C", str(Path(__file__).parent), "rev-parse", "--short", "HEAD"],
        capture_output=True,
        text=True,
        check=False,
        timeout=5,
    )
    return f"{version}+g{commit.stdout.strip()}" if commit.returncode == 0 else version
