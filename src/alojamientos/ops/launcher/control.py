"""Talk to the running supervisor: status, stop, start and restart a part, shut down.

A TCP port on loopback with a token that only the owner of the state folder can read: a Unix
socket's path may not be longer than 107 bytes, and the state folder's may.
"""

import asyncio
import contextlib
import hmac
import os
import secrets
import socket
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import orjson

from alojamientos.kit.errors import AlojamientosError
from alojamientos.ops.launcher.part import PartStatus, State
from alojamientos.ops.launcher.ports import LOOPBACK
from alojamientos.ops.launcher.supervisor import Supervisor

_FILE = Path("run") / "control.json"
_SECONDS = 120.0  # a part may take its time to become ready
_MAX_REQUEST = 2**16


class NotRunning(AlojamientosError):  # noqa: N818 - reads as a sentence where it is raised
    """The stack is not running; start it with: make up."""


class ControlRefused(AlojamientosError):  # noqa: N818
    """The supervisor did not do what was asked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StackStatus:
    """The whole stack at one moment; `phase` is starting, up or stopping."""

    phase: str
    pid: int
    parts: list[PartStatus]

    def part(self, name: str) -> PartStatus:
        return next(part for part in self.parts if part.name == name)


class Server:
    """Answer clients on behalf of `supervisor`; `shutdown` is called when one asks for the end."""

    def __init__(
        self, supervisor: Supervisor, *, folder: Path, shutdown: Callable[[], None]
    ) -> None:
        self.phase = "starting"
        self._supervisor = supervisor
        self._path = folder / _FILE
        self._shutdown = shutdown
        self._token = secrets.token_urlsafe(24)
        self._server: asyncio.Server | None = None

    async def open(self) -> None:
        self._server = await asyncio.start_server(
            self._serve, host=LOOPBACK, port=0, limit=_MAX_REQUEST
        )
        port = self._server.sockets[0].getsockname()[1]
        entry = {"port": port, "token": self._token}
        temporary = self._path.with_name(".control.json")
        temporary.unlink(missing_ok=True)
        with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as f:
            f.write(orjson.dumps(entry))
        temporary.replace(self._path)

    def close(self) -> None:
        self._path.unlink(missing_ok=True)
        if self._server:
            self._server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, ValueError, asyncio.IncompleteReadError):
            request = orjson.loads(await reader.readuntil(b"\n"))
            writer.write(orjson.dumps(await self._answer(request)) + b"\n")
            await writer.drain()
        writer.close()

    async def _answer(self, request: dict[str, Any]) -> dict[str, Any]:
        if not hmac.compare_digest(str(request.get("token")), self._token):
            return {"error": "wrong token"}
        verbs: dict[str, Callable[[], Awaitable[object]]] = {
            "status": self._status,
            "shutdown": self._end,
            "start": lambda: self._supervisor.start_part(request["part"]),
            "restart": lambda: self._supervisor.restart_part(request["part"]),
            "stop": lambda: self._supervisor.stop_part(request["part"], kill=request["kill"]),
        }
        try:
            return {"result": await verbs[request["verb"]]()}
        except AlojamientosError as error:
            return {"error": error.message}

    async def _status(self) -> dict[str, Any]:
        parts = [asdict(status) for status in self._supervisor.statuses()]
        return {"phase": self.phase, "pid": os.getpid(), "parts": parts}

    async def _end(self) -> None:
        self._shutdown()


class Client:
    """Ask the supervisor of the stack in `folder`.

    Every method raises NotRunning when there is none, and ControlRefused with the reason when it
    cannot do what was asked.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / _FILE

    def status(self) -> StackStatus:
        value = self._ask("status")
        return StackStatus(
            phase=value["phase"],
            pid=value["pid"],
            parts=[PartStatus.from_json(part) for part in value["parts"]],
        )

    def stop_part(self, name: str, *, kill: bool = False) -> PartStatus:
        """Stop a part, with SIGKILL if `kill`; it stays stopped until it is started again."""
        return PartStatus.from_json(self._ask("stop", part=name, kill=kill))

    def start_part(self, name: str) -> PartStatus:
        """Start a part and return when it is ready."""
        return PartStatus.from_json(self._ask("start", part=name))

    def restart_part(self, name: str) -> PartStatus:
        """Stop a part, start it and return when it is ready."""
        return PartStatus.from_json(self._ask("restart", part=name))

    def shutdown(self) -> None:
        """Ask for the end of the whole stack; return at once."""
        self._ask("shutdown")

    def is_up(self) -> bool:
        """Say whether every part is as it should be."""
        try:
            status = self.status()
        except NotRunning:
            return False
        return status.phase == "up" and all(
            part.state in (State.READY, State.DONE, State.OUTSIDE, State.ABSENT)
            for part in status.parts
        )

    def _ask(self, verb: str, **arguments: Any) -> Any:
        try:
            entry = orjson.loads(self._path.read_bytes())
            with socket.create_connection((LOOPBACK, entry["port"]), timeout=_SECONDS) as sock:
                request = {"token": entry["token"], "verb": verb, **arguments}
                sock.sendall(orjson.dumps(request) + b"\n")
                with sock.makefile("rb") as stream:
                    answer = orjson.loads(stream.readline())
        except TimeoutError as error:
            raise ControlRefused(f"the supervisor did not answer within {_SECONDS:g} s") from error
        except (OSError, ValueError) as error:
            raise NotRunning from error
        if "error" in answer:
            raise ControlRefused(answer["error"])
        return answer["result"]
