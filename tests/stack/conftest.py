"""The whole native stack on free ports and a folder of its own, started by the real command."""

import contextlib
import os
import random
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pytest

from alojamientos.ops.launcher import config
from alojamientos.ops.launcher.control import Client
from alojamientos.ops.launcher.tools import ensure_tools
from alojamientos.settings import Settings, load_settings

ROOT = Path(__file__).parents[2]
PORTS = (
    *("WEB_PORT", "WORKER_METRICS_PORT", "ALERT_BRIDGE_PORT", "SMTP_PORT"),
    *("STACK_POSTGRES_PORT", "STACK_REDIS_PORT", "STACK_SIMULATOR_PORT", "STACK_MAIL_HTTP_PORT"),
    *("STACK_PROMETHEUS_PORT", "STACK_ALERTMANAGER_PORT", "STACK_NODE_EXPORTER_PORT"),
    *("STACK_POSTGRES_EXPORTER_PORT", "STACK_REDIS_EXPORTER_PORT", "STACK_IMAP_PORT"),
    "STACK_BLACKBOX_EXPORTER_PORT",
)
_FOREIGN = {name for name in os.environ if name.startswith(("DATABASE_", "REDIS_", "STACK_"))}
_SECONDS_UP = 120  # the bar for a start with nothing there


def free_ports(count: int) -> list[int]:
    """Return that many different free ports: all are held before any is let go.

    They are below those that the kernel gives to outgoing connections, which would take one away
    between here and the start of its part.
    """
    with ExitStack() as held:
        ports: list[int] = []
        while len(ports) < count:
            sock = held.enter_context(socket.socket())
            port = random.randint(20_000, 32_000)
            with suppress(OSError):
                sock.bind(("127.0.0.1", port))
                ports.append(port)
        return ports


@dataclass(frozen=True)
class Stack:
    """A stack of the tests: where it answers, its secrets, and the command that controls it."""

    folder: Path
    ports: dict[str, int]
    env: dict[str, str]

    @property
    def state_dir(self) -> Path:
        return self.folder / "state"

    @property
    def logs(self) -> Path:
        return self.state_dir / "logs"

    @property
    def control(self) -> Client:
        """Status, stop_part(name, kill=…), start_part, restart_part of the running stack."""
        return Client(self.state_dir)

    @cached_property
    def settings(self) -> Settings:
        """The settings that the running stack has, with its generated secrets and addresses."""
        with pytest.MonkeyPatch.context() as patch:
            for name in _FOREIGN - self.env.keys():
                patch.delenv(name)
            for name, value in self.env.items():
                patch.setenv(name, value)
            patch.chdir(self.folder)
            return config.running(load_settings())

    @property
    def web(self) -> str:
        return self._url("WEB_PORT")

    @property
    def worker(self) -> str:
        return self._url("WORKER_METRICS_PORT")

    @property
    def simulator(self) -> str:
        return self._url("STACK_SIMULATOR_PORT")

    @property
    def mail(self) -> str:
        return self._url("STACK_MAIL_HTTP_PORT")

    @property
    def prometheus(self) -> str:
        return self._url("STACK_PROMETHEUS_PORT")

    @property
    def alertmanager(self) -> str:
        return self._url("STACK_ALERTMANAGER_PORT")

    @property
    def api_token(self) -> str:
        return self.settings.app.api_token.get_secret_value()

    @property
    def metrics_token(self) -> str:
        token = self.settings.app.metrics_token
        return token.get_secret_value() if token else ""

    @property
    def database_url(self) -> str:
        url = self.settings.database.url
        return url.get_secret_value() if url else ""

    @property
    def redis_url(self) -> str:
        url = self.settings.redis.url
        return url.get_secret_value() if url else ""

    def cli(
        self, *arguments: str, check: bool = True, timeout: float = _SECONDS_UP
    ) -> subprocess.CompletedProcess[str]:
        """Run `alojamientos` with `arguments` against this stack."""
        result = subprocess.run(
            [sys.executable, "-m", "alojamientos", *arguments],
            cwd=self.folder,
            env=self.env,
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )
        if check and result.returncode != 0:
            pytest.fail(
                f"alojamientos {' '.join(arguments)}: exit {result.returncode}\n"
                f"{result.stdout[-3000:]}\n{result.stderr[-6000:]}"
            )
        return result

    def _url(self, port: str) -> str:
        return f"http://127.0.0.1:{self.ports[port]}"


@contextlib.contextmanager
def a_stack(folder: Path) -> Iterator[Stack]:
    """Describe a stack in `folder` that is not started yet; nothing of it runs afterwards."""
    ensure_tools(ROOT / ".tools", print)
    ports = dict(zip(PORTS, free_ports(len(PORTS)), strict=True))
    env = {name: value for name, value in os.environ.items() if name not in _FOREIGN}
    env |= {name: str(port) for name, port in ports.items()}
    env |= {
        "STACK_STATE_DIR": str(folder / "state"),
        "STACK_TOOLS_DIR": str(ROOT / ".tools"),
        "RATE_LIMIT_PER_MINUTE": "100000",
    }
    stack = Stack(folder, ports, env)
    try:
        yield stack
    finally:
        stack.cli("down")


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A whole stack that is up; put right whatever a test breaks in it."""
    with a_stack(tmp_path_factory.mktemp("stack")) as stack:
        stack.cli("up", "--detach")
        yield stack
