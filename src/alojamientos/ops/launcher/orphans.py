"""Process ids on disk, so that what a killed supervisor left behind is found and stopped."""

import contextlib
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import orjson
import psutil

_CLOCK_TICKS_S = 0.05  # start times are read from the kernel with this uncertainty
_SECONDS_TO_END = 10.0
_POLL_S = 0.02


def remember(folder: Path, name: str, pid: int, stop_signal: int) -> None:
    """Write down that the part `name` runs as `pid`, the leader of its own session."""
    try:
        created = psutil.Process(pid).create_time()
    except psutil.NoSuchProcess:
        return
    folder.mkdir(parents=True, exist_ok=True)
    temporary = folder / f".{name}.pid"
    temporary.write_bytes(orjson.dumps({"pid": pid, "created": created, "signal": stop_signal}))
    temporary.replace(folder / f"{name}.pid")


def forget(folder: Path, name: str) -> None:
    (folder / f"{name}.pid").unlink(missing_ok=True)


def alive(folder: Path) -> Iterator[tuple[str, psutil.Process, int]]:
    """Yield each remembered part that still runs: its name, process and stop signal."""
    for path in sorted(folder.glob("*.pid")):
        try:
            entry = orjson.loads(path.read_bytes())
            process = psutil.Process(entry["pid"])
            same = abs(process.create_time() - entry["created"]) <= _CLOCK_TICKS_S
            if same and not gone(process):
                yield path.stem, process, entry["signal"]
        except (psutil.NoSuchProcess, ValueError, KeyError):
            continue


def sweep(folder: Path, seconds: float = _SECONDS_TO_END) -> list[str]:
    """Stop every remembered process that still runs, by force after `seconds`; return their names.

    A number that meanwhile belongs to another process is left alone.
    """
    found = list(alive(folder))
    everyone: list[psutil.Process] = []
    for _, process, stop_signal in found:
        with contextlib.suppress(psutil.NoSuchProcess):
            everyone += [process, *process.children(recursive=True)]
            process.send_signal(stop_signal)
    for process in wait_gone(everyone, seconds):
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()
    wait_gone(everyone, seconds)
    for _, process, _ in found:
        kill_group(process.pid)
    for path in folder.glob("*.pid"):
        path.unlink(missing_ok=True)
    return [name for name, _, _ in found]


def gone(process: psutil.Process) -> bool:
    """Say whether `process` has ended, be it that nobody has collected it yet."""
    try:
        return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def wait_gone(processes: list[psutil.Process], seconds: float) -> list[psutil.Process]:
    """Wait until all `processes` have ended; return those that have not within `seconds`."""
    deadline = time.monotonic() + seconds
    while left := [process for process in processes if not gone(process)]:
        if time.monotonic() > deadline:
            break
        time.sleep(_POLL_S)
    return left


def kill_group(pid: int) -> None:
    """Kill what is left of the process group that `pid` led."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)
