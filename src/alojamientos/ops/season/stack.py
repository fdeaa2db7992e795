"""A stack of the season's own: real processes, private servers, in a folder that goes away."""

import asyncio
import os
import random
import secrets
import signal
import socket
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import ExitStack, asynccontextmanager, suppress
from dataclasses import replace
from pathlib import Path

import orjson
from pydantic import SecretStr

from alojamientos.kit.errors import AlojamientosError
from alojamientos.ops.launcher import config, parts
from alojamientos.ops.launcher.part import Part, PartStatus, State
from alojamientos.ops.launcher.ports import LOOPBACK
from alojamientos.ops.launcher.supervisor import Supervisor
from alojamientos.ops.season import clock
from alojamientos.ops.season.clock import SeasonClock
from alojamientos.settings import Settings, variable_name
from alojamientos.telemetry.logs import redact

_PORTS = (
    *(("app", "web_port"), ("app", "worker_metrics_port"), ("mail", "port")),
    *(("stack", name) for name in ("postgres_port", "redis_port", "simulator_port")),
    *(("stack", name) for name in ("mail_http_port", "imap_port")),
)
_BELOW_OUTGOING = (20_000, 32_000)  # where no outgoing connection takes one away meanwhile
_UNHURRIED = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
_SECONDS_BACK = 120.0  # a machine may be busy with something else


class Stack:
    """The running processes: what to talk to, and how to kill one."""

    def __init__(self, *, settings: Settings, season_clock: SeasonClock, folder: Path) -> None:
        self.settings = settings
        self.clock = season_clock
        self.folder = folder
        self._supervisor: Supervisor | None = None
        self._env: Mapping[str, str] = {}
        self.schedule: dict[str, str] = {}  # the cron line of each job that runs by itself

    @property
    def dsn(self) -> str:
        url = self.settings.database.url
        return url.get_secret_value() if url else ""

    @property
    def simulators(self) -> str:
        return f"http://{LOOPBACK}:{self.settings.stack.simulator_port}"

    @property
    def mail(self) -> str:
        return f"http://{LOOPBACK}:{self.settings.stack.mail_http_port}"

    @property
    def web(self) -> str:
        return f"http://{LOOPBACK}:{self.settings.app.web_port}"

    @property
    def api_token(self) -> str:
        return self.settings.app.api_token.get_secret_value()

    @property
    def owner_token(self) -> str:
        token = self.settings.app.owner_token
        return token.get_secret_value() if token else ""

    async def kill(self, name: str) -> None:
        """Kill a part with SIGKILL and return when its parent has it running again.

        Raises AlojamientosError when it does not come back.
        """
        before = self._status(name)
        if before.pid is None:
            raise AlojamientosError(f"{name} is not running")
        os.killpg(before.pid, signal.SIGKILL)
        try:
            async with asyncio.timeout(_SECONDS_BACK):
                while True:
                    now = self._status(name)
                    if now.state is State.READY and now.pid != before.pid:
                        return
                    await asyncio.sleep(0.05)
        except TimeoutError as error:
            raise AlojamientosError(
                f"{name} was killed and is not back after {_SECONDS_BACK:g} s:"
                f" it is {self._status(name).state}"
            ) from error

    async def command(self, *arguments: str) -> str:
        """Run `alojamientos` as the owner of this stack would; return what it printed.

        Raises AlojamientosError with what it said when it fails.
        """
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "alojamientos", *arguments),
            env=dict(self._env),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        printed, said = await process.communicate()
        if process.returncode:
            raise AlojamientosError(f"alojamientos {arguments[0]}: {said.decode()[-500:]}")
        return printed.decode()

    def _status(self, name: str) -> PartStatus:
        if self._supervisor is None:
            raise AlojamientosError("the season's stack is not running")
        return next(status for status in self._supervisor.statuses() if status.name == name)

    @asynccontextmanager
    async def running(self, env: Mapping[str, str]) -> AsyncIterator[None]:
        """Start everything, and stop it in the end."""
        made = [_adapted(part, self.settings) for part in parts.unwatched(self.settings, env=env)]
        self.settings = config.running(self.settings)
        (self.folder / "run").mkdir(exist_ok=True)
        self._supervisor = Supervisor(
            made, folder=self.folder, redact=redact, on_change=lambda _status: None
        )
        try:
            await self._supervisor.start()
            await asyncio.to_thread(clock.release_queue, self.dsn)
            self._env = next(part for part in made if part.name == parts.WEB).env
            listed: dict[str, str | None] = orjson.loads(await self.command("worker", "--list"))
            self.schedule = {name: cron for name, cron in listed.items() if cron is not None}
            yield
        finally:
            await self._supervisor.stop()


def create(folder: Path) -> tuple[Stack, dict[str, str]]:
    """Describe a stack in `folder`; nothing that this process was configured with goes in."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    clock_file = folder / "clock"
    season_clock = SeasonClock(clock_file)
    defaults = Settings(
        **{name: group.model_construct() for name, group in Settings.groups.items()}
    )
    changes: dict[str, dict[str, object]] = {
        "app": {
            "simulated_clock": clock_file,
            "rate_limit_per_minute": 1_000_000,
            "owner_token": SecretStr(secrets.token_urlsafe(32)),
        },
        "alert": {"whatsapp_to": "none"},
        "journey": {"enabled": False},  # it rehearses once a real minute
        "stack": {"state_dir": folder},
        # Deadlines that a season can wait for.
        "whatsapp": {"timeout_s": 2.0, "notice_template": "aviso_reserva"},
        "mercadopago": {"timeout_s": 2.0},
        "ical": {"timeout_s": 5.0},
    }
    for (group, field), port in zip(_PORTS, _free_ports(len(_PORTS)), strict=True):
        changes.setdefault(group, {})[field] = port
    settings = defaults.evolve(**changes)
    known = {
        variable + suffix
        for group in Settings.groups.values()
        for field in group.model_fields
        for variable in (variable_name(group, field),)
        for suffix in ("", "_FILE")
    }
    env = {name: value for name, value in os.environ.items() if name not in known}
    env |= config.environment(defaults, settings)
    return Stack(settings=settings, season_clock=season_clock, folder=folder), env


def _adapted(part: Part, settings: Settings) -> Part:
    """Let the database follow the season's clock, and the worker's queue the real one."""
    server = config.own_postgres(settings)
    if part.name == parts.POSTGRES and server is not None and part.finish is not None:
        make_database = part.finish

        def finish() -> None:
            make_database()
            clock.install(server.dsn())

        settings_ = [o for k, v in _UNHURRIED.items() for o in ("-c", f"{k}={v}")]
        return replace(
            part,
            finish=finish,
            command=(*part.command, *settings_),
            prepare=lambda: server.initialise(durable=False),
        )
    if part.name == parts.WORKER:
        # Only the queue's sessions bring no options of their own.
        return replace(part, env={**part.env, "PGOPTIONS": clock.REAL_TIME})
    return part


def _free_ports(count: int) -> list[int]:
    with ExitStack() as held:
        found: list[int] = []
        while len(found) < count:
            sock = held.enter_context(socket.socket())
            port = random.randint(*_BELOW_OUTGOING)
            with suppress(OSError):
                sock.bind((LOOPBACK, port))
                found.append(port)
        return found
