"""Bring the stack up, in this process or behind it, and take it down again."""

import asyncio
import contextlib
import fcntl
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import orjson
import psutil

from alojamientos.kit.errors import AlojamientosError
from alojamientos.ops.launcher import orphans, ports
from alojamientos.ops.launcher.control import Client, NotRunning, Server, StackStatus
from alojamientos.ops.launcher.part import Part, PartStatus
from alojamientos.ops.launcher.supervisor import Supervisor

_RUN = "run"
_POLL_S = 0.05
_SECONDS_TO_START = 300.0
_SECONDS_TO_STOP = 90.0


class AlreadyStarted(AlojamientosError):  # noqa: N818 - reads as a sentence where it is raised
    """Another process is starting or stopping this stack at the moment."""


def run(
    folder: Path,
    build: Callable[[], Sequence[Part]],
    *,
    redact: Callable[[str], str],
    on_change: Callable[[PartStatus], None],
    on_ready: Callable[[StackStatus], None],
) -> None:
    """Start the parts that `build` makes and keep them running until a signal or client ends it.

    SIGINT, SIGTERM and SIGHUP end it; its state is kept in `folder`.
    Raises PortTaken, StartFailed or AlreadyStarted; nothing is left running then.
    """
    with _locked(folder):
        orphans.sweep(folder / _RUN)
        made = build()
        ports.refuse_taken(use for part in made for use in part.ports)
        supervisor = Supervisor(made, folder=folder, redact=redact, on_change=on_change)
        asyncio.run(_supervise(supervisor, folder, on_ready))


async def _supervise(
    supervisor: Supervisor, folder: Path, on_ready: Callable[[StackStatus], None]
) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, stop.set)
    server = Server(supervisor, folder=folder, shutdown=stop.set)
    await server.open()
    start = asyncio.create_task(supervisor.start())
    stopping = asyncio.create_task(stop.wait())
    try:
        await asyncio.wait({start, stopping}, return_when=asyncio.FIRST_COMPLETED)
        if start.done():
            start.result()
            server.phase = "up"
            on_ready(StackStatus(phase="up", pid=os.getpid(), parts=supervisor.statuses()))
            await stopping
    finally:
        server.phase = "stopping"
        for task in (start, stopping):
            task.cancel()
        await asyncio.gather(start, stopping, return_exceptions=True)
        await supervisor.stop()
        server.close()


def run_behind(
    folder: Path, command: Sequence[str], on_change: Callable[[PartStatus], None]
) -> StackStatus:
    """Start `command`, which calls `run`, as a process of its own; return when all is ready.

    Raises AlojamientosError with what it said when it ended instead.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    (folder / _RUN).mkdir(exist_ok=True, mode=0o700)
    said = folder / _RUN / "up.txt"
    with said.open("wb") as output:
        process = subprocess.Popen(
            list(command),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    try:
        status = await_up(Client(folder), on_change, alive=lambda: process.poll() is None)
    except NotRunning:
        text = "\n" + said.read_text(encoding="utf-8", errors="replace")
        reason = text.partition("\nError: ")[2] or text
        raise AlojamientosError(reason.strip() or f"it ended: see {said}") from None
    except BaseException:
        process.terminate()
        process.wait(_SECONDS_TO_STOP)
        raise
    process.returncode = 0  # it goes on without us: subprocess need not warn of that
    return status


def await_up(
    client: Client,
    on_change: Callable[[PartStatus], None],
    alive: Callable[[], bool] = lambda: True,
    seconds: float = _SECONDS_TO_START,
) -> StackStatus:
    """Tell every change of a part until the stack is up; raises NotRunning when it ends first."""
    known: dict[str, PartStatus] = {}
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            status = client.status()
        except NotRunning:
            if not alive():
                raise
        else:
            for part in status.parts:
                before = known.get(part.name)
                if before is None or (before.state, before.detail) != (part.state, part.detail):
                    on_change(part)
                known[part.name] = part
            if status.phase == "up":
                return status
        time.sleep(_POLL_S)
    raise AlojamientosError(f"the stack was not up within {seconds:g} s")


def stop(folder: Path) -> bool:
    """Stop the stack in `folder` and whatever a killed one left; return whether anything ran."""
    supervisor = _lock_holder(folder)
    if supervisor:
        try:
            Client(folder).shutdown()
        except NotRunning:
            with contextlib.suppress(psutil.NoSuchProcess):
                supervisor.terminate()
        if orphans.wait_gone([supervisor], _SECONDS_TO_STOP):
            with contextlib.suppress(psutil.NoSuchProcess):
                supervisor.kill()
            orphans.wait_gone([supervisor], _SECONDS_TO_STOP)
    left = orphans.sweep(folder / _RUN)
    (folder / _RUN / "control.json").unlink(missing_ok=True)
    return bool(supervisor or left)


@contextlib.contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Hold the stack's lock, with our process id in it; raises AlreadyStarted."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    (folder / _RUN).mkdir(exist_ok=True, mode=0o700)
    with (folder / _RUN / "lock").open("a+b") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise AlreadyStarted from None
        lock.truncate(0)
        created = psutil.Process().create_time()
        lock.write(orjson.dumps({"pid": os.getpid(), "created": created}))
        lock.flush()
        try:
            yield
        finally:
            lock.truncate(0)


def _lock_holder(folder: Path) -> psutil.Process | None:
    try:
        entry = orjson.loads((folder / _RUN / "lock").read_bytes())
        process = psutil.Process(entry["pid"])
        same = abs(process.create_time() - entry["created"]) < 1
    except (FileNotFoundError, ValueError, psutil.NoSuchProcess):
        return None
    return process if same and not orphans.gone(process) else None
