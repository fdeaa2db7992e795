"""The Compose files as the real Compose understands them, in a clone that is ready to start."""

import http.client
import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from alojamientos.ops.launcher.tools import ensure_tools, find_tool

ROOT = Path(__file__).parents[3]
BIN = Path(sys.executable).parent
APPLICATION = "docker-compose.yml"
MONITORING = "docker-compose.monitoring.yml"
# What only the operator knows, as the how-to has them fill it in.
GIVEN_VARIABLES = {
    "SITE_DOMAIN": "reservas.example.com",
    "ACME_EMAIL": "owner@example.com",
    "WHATSAPP_PHONE_NUMBER_ID": "5551",
    "ALERT_WHATSAPP_TO": "5492944123456",
    "MERCADOPAGO_COLLECTOR_ID": "777",
    "SMTP_HOST": "smtp.example.com",
    "SMTP_USERNAME": "alertas",
    "SMTP_SENDER": "alertas@example.com",
    "SMTP_ONCALL": "owner@example.com",
    "SMTP_DEVOPS": "ops@example.com",
}


def filled_in(example: str) -> str:
    """Return `example` as the .env that an operator makes of it."""
    lines = example.splitlines()
    for name, value in GIVEN_VARIABLES.items():
        (at,) = [number for number, line in enumerate(lines) if line.startswith(f"{name}=")]
        lines[at] = f"{name}={value}"
    return "\n".join(lines) + "\n"


@pytest.fixture(scope="session")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of what a clone has for Docker, with .env and secrets made as the how-to says."""
    folder = tmp_path_factory.mktemp("clone")
    for name in (APPLICATION, MONITORING, "docker.env.example", "Dockerfile"):
        shutil.copy(ROOT / name, folder)
    for name in ("deploy", "monitoring", "scripts"):
        shutil.copytree(ROOT / name, folder / name)
    (folder / ".env").write_text(filled_in((folder / "docker.env.example").read_text()))
    subprocess.run(["scripts/secrets"], cwd=folder, check=True, capture_output=True)
    return folder


def compose(folder: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run the real Compose; it needs no engine for what is asked of it here."""
    return subprocess.run(
        [str(BIN / "docker-compose"), *arguments],
        cwd=folder,
        env={"PATH": "/usr/bin:/bin", "HOME": str(folder), **variables},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def _config(folder: Path, *arguments: str, **variables: str) -> dict[str, Any]:
    result = compose(folder, *arguments, "config", "--format", "json", **variables)
    assert result.returncode == 0, result.stderr
    assert "warn" not in result.stderr.lower(), result.stderr
    config: dict[str, Any] = json.loads(result.stdout)
    return config


@pytest.fixture(scope="session")
def whole(clone: Path) -> dict[str, Any]:
    """Both files together with every profile, as Compose resolves them."""
    return _config(clone, COMPOSE_PROFILES="logs")


@pytest.fixture(scope="session")
def config(clone: Path):
    """Ask Compose for its view of some files."""

    def ask(*arguments: str, **variables: str) -> dict[str, Any]:
        return _config(clone, *arguments, **variables)

    return ask


@pytest.fixture(scope="session")
def tool():
    """Find a monitoring program by name; what is missing is downloaded once."""
    ensure_tools(ROOT / ".tools", print)
    return lambda name: str(find_tool(name, ROOT / ".tools"))


def page(port: int, path: str = "/metrics") -> str:
    """Return a page of a program on this machine, or nothing while it does not answer."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", path)
        return connection.getresponse().read().decode()
    except OSError:
        return ""
    finally:
        connection.close()
