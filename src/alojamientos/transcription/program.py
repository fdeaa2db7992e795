"""A program that listens: run per file, without a shell, two at a time, killed at its deadline."""

import asyncio
import contextlib
import os
import signal
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from alojamientos.transcription.base import NotTranscribed, TooSlow

FILE = "{file}"
_LARGEST_OUTPUT = 64 * 1024
_AT_ONCE = 2  # listening takes whole cores
# Nothing else of ours is a program's business: the environment holds the secrets.
_PASSED_ON = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "LD_LIBRARY_PATH")


class Program:
    """Run `arguments` once per file; `{file}` in them is the file.

    Waiting for one of the two places and running share one deadline, seconds: an answer that
    comes too late is none.
    """

    def __init__(
        self,
        *,
        arguments: Sequence[str],
        deadline_s: float,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self._arguments = tuple(arguments)
        self._deadline_s = deadline_s
        source = os.environ if environment is None else environment
        self._environment = {name: source[name] for name in _PASSED_ON if name in source}
        self._places = asyncio.Semaphore(_AT_ONCE)

    async def run(self, path: Path) -> tuple[bytes, float]:
        """Return what it printed of `path`, and seconds; raises NotTranscribed, TooSlow."""
        start = time.perf_counter()
        try:
            async with asyncio.timeout(self._deadline_s), self._places:
                printed = await self._printed(path)
        except TimeoutError as error:
            raise TooSlow(f"The transcriber took more than {self._deadline_s:g} s") from error
        return printed, time.perf_counter() - start

    async def _printed(self, path: Path) -> bytes:
        arguments = [part.replace(FILE, str(path)) for part in self._arguments]
        try:
            process = await asyncio.create_subprocess_exec(
                *arguments,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.DEVNULL,
                env=self._environment,
                start_new_session=True,
            )
        except OSError as error:
            raise NotTranscribed(f"The transcriber does not start: {error.strerror}") from error
        try:
            printed = await _read(process)
            code = await process.wait()
        finally:
            await _end(process)
        if code != 0:
            raise NotTranscribed(f"The transcriber ended with {code}")
        return printed


async def _read(process: asyncio.subprocess.Process) -> bytes:
    """Return what `process` prints until its end; raises NotTranscribed when that is too much."""
    if process.stdout is None:  # pragma: no cover - it was asked for
        return b""
    printed = bytearray()
    while chunk := await process.stdout.read(_LARGEST_OUTPUT):
        printed += chunk
        if len(printed) > _LARGEST_OUTPUT:
            raise NotTranscribed("The transcriber prints without end")
    return bytes(printed)


async def _end(process: asyncio.subprocess.Process) -> None:
    """Leave nothing running, also of what the program has started itself."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    # Unread output pauses the pipe, and wait() does not return before the pipe has ended.
    while process.stdout is not None and await process.stdout.read(_LARGEST_OUTPUT):
        pass
    await process.wait()
