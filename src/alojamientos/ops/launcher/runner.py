"""The life of one part: started when its turn has come, watched, restarted, stopped."""

import asyncio
import contextlib
import os
import signal
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

from alojamientos.ops.launcher import orphans
from alojamientos.ops.launcher.part import SETTLED, Part, PartStatus, State
from alojamientos.ops.launcher.pump import LineMaker, LogFile, pump

STARTED = "supervisor.part_started"
READY = "supervisor.part_ready"
DIED = "supervisor.part_died"
STOPPED = "supervisor.part_stopped"

_FIRST_WAIT_S = 0.5
_LONGEST_WAIT_S = 30.0
_STEADY_S = 30.0  # who has lived this long is restarted at once again
_TRIES_BEFORE_READY = 3  # a part that was never ready is given up after this many starts
_PROBE_EVERY_S = 0.05
_PIPE_CLOSES_S = 1.0  # what a child left behind may hold its output open

Event = Callable[..., None]


class Runner:
    """Run `part`; `on_change` is told after every change of its state.

    The log and the process id are kept below `folder`.
    """

    def __init__(
        self,
        part: Part,
        *,
        folder: Path,
        redact: Callable[[str], str],
        on_change: Callable[[PartStatus], None],
    ) -> None:
        self.part = part
        self.settled = asyncio.Event()
        self.ended = asyncio.Event()  # given up, or stopped
        self.log_path = folder / "logs" / f"{part.name}.log"
        self._pids = folder / "run"
        self._maker = LineMaker(part.name, ours=part.ours, redact=redact)
        self._on_change = on_change
        self._state = part.shown_as
        self._detail = part.detail
        self._restarts = 0
        self._was_ready = False
        self._unwanted = asyncio.Event()
        self._process: asyncio.subprocess.Process | None = None
        self._life: asyncio.Task[None] | None = None
        if self._state in SETTLED:
            self.settled.set()

    @property
    def status(self) -> PartStatus:
        process = self._process
        return PartStatus(
            name=self.part.name,
            state=self._state,
            detail=self._detail,
            pid=process.pid if process else None,
            url=self.part.url,
            log=str(self.log_path) if self.part.command else "",
            restarts=self._restarts,
        )

    def start(self) -> None:
        """Begin the part's life, unless it lives already or is only shown."""
        if not self.part.command or (self._life and not self._life.done()):
            return
        self._unwanted.clear()
        self.ended.clear()
        self.settled.clear()
        self._was_ready = False
        self._life = asyncio.create_task(self._live(), name=self.part.name)

    async def stop(self, *, kill: bool = False) -> None:
        """End the part's life: by its own signal, by force after its deadline or with `kill`."""
        self._unwanted.set()
        if self._life is None or self._life.done():
            if self._state is State.WAITING:
                self._change(State.STOPPED)
            return
        deadline = 0.0 if kill else self.part.stop_seconds
        self._signal(signal.SIGKILL if kill else self.part.stop_signal)
        done, _ = await asyncio.wait({self._life}, timeout=deadline)
        if not done:
            self._signal(signal.SIGKILL)
            await self._life

    def _signal(self, number: int) -> None:
        if self._process is None:
            return
        if number == signal.SIGKILL:
            orphans.kill_group(self._process.pid)
        else:
            with contextlib.suppress(ProcessLookupError):
                self._process.send_signal(number)

    async def _live(self) -> None:
        log = LogFile(self.log_path)
        try:
            await self._tries(log)
        finally:
            log.close()
            self.ended.set()

    async def _tries(self, log: LogFile) -> None:
        wait, tries = _FIRST_WAIT_S, 0
        loop = asyncio.get_running_loop()
        while not self._unwanted.is_set():
            tries += 1
            born = loop.time()
            problem = await self._one_life(log)
            self.settled.clear()
            if self._unwanted.is_set():
                break
            if self.part.once and not problem:
                self._change(State.DONE)
                return
            if self.part.once or (not self._was_ready and tries >= _TRIES_BEFORE_READY):
                self._change(State.FAILED, problem)
                return
            if loop.time() - born >= _STEADY_S:
                wait = _FIRST_WAIT_S
            self._restarts += 1
            self._change(State.RESTARTING, f"{problem}, again in {wait:g} s")
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._unwanted.wait(), wait)
            wait = min(wait * 2, _LONGEST_WAIT_S)
        self._change(State.STOPPED)
        self._event(log, STOPPED)

    async def _one_life(self, log: LogFile) -> str:
        """Start the part and see it to its end; return what ended it, "" for exit 0."""
        self._change(State.STARTING)
        try:
            if self.part.prepare:
                await asyncio.to_thread(self.part.prepare)
            if self._unwanted.is_set():
                return ""
            process, output = await self._spawn(log)
        except Exception as error:  # noqa: BLE001 - whatever a start runs into is the part's failure
            problem = f"could not start: {error}"
            self._event(log, DIED, level="error", reason=problem)
            return problem
        self._process = process
        if self._unwanted.is_set():  # while it was being born
            self._signal(self.part.stop_signal)
        watch = asyncio.create_task(self._await_ready(log))
        code = await process.wait()
        watch.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await watch
        orphans.kill_group(process.pid)
        await asyncio.wait({output}, timeout=_PIPE_CLOSES_S)
        output.cancel()
        await asyncio.gather(output, return_exceptions=True)
        self._process = None
        orphans.forget(self._pids, self.part.name)
        if code == 0:
            return "" if self.part.once else "ended by itself"
        how = f"died of {signal.Signals(-code).name}" if code < 0 else f"ended with exit {code}"
        if not self._unwanted.is_set():
            self._event(log, DIED, level="error", reason=how)
        return how

    async def _spawn(self, log: LogFile) -> tuple[asyncio.subprocess.Process, asyncio.Task[None]]:
        # A pipe of our own: asyncio's would keep wait() back while a grandchild holds it open.
        read_end, write_end = os.pipe()
        pipe = os.fdopen(read_end, "rb", buffering=0)
        try:
            process = await asyncio.create_subprocess_exec(
                *self.part.command,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=write_end,
                stderr=write_end,
                env=dict(self.part.env),
                start_new_session=True,
            )
        except BaseException:
            pipe.close()
            raise
        finally:
            os.close(write_end)
        orphans.remember(self._pids, self.part.name, process.pid, self.part.stop_signal)
        self._event(log, STARTED, pid=process.pid)
        output = asyncio.create_task(self._copy_output(pipe, log))
        return process, output

    async def _copy_output(self, pipe: IO[bytes], log: LogFile) -> None:
        with pipe:
            reader = asyncio.StreamReader()
            transport, _ = await asyncio.get_running_loop().connect_read_pipe(
                lambda: asyncio.StreamReaderProtocol(reader), pipe
            )
            try:
                await pump(reader, self._maker, log)
            finally:
                transport.close()

    async def _await_ready(self, log: LogFile) -> None:
        if self.part.once:
            return
        while True:
            problem = await asyncio.to_thread(self._ready_problem)
            if not problem:
                break
            if problem != self._detail:
                self._change(State.STARTING, problem)
            await asyncio.sleep(_PROBE_EVERY_S)
        self._was_ready = True
        self._event(log, READY)
        self._change(State.READY)

    def _ready_problem(self) -> str:
        try:
            problem = self.part.probe()
            if not problem and self.part.finish:
                self.part.finish()
        except Exception as error:  # noqa: BLE001 - told as the part's problem, and tried again
            return f"{type(error).__name__}: {error}"
        return problem

    def _change(self, state: State, detail: str = "") -> None:
        self._state, self._detail = state, detail
        if state in SETTLED:
            self.settled.set()
        if state is State.FAILED:
            self.ended.set()
        self._on_change(self.status)

    def _event(self, log: LogFile, name: str, *, level: str = "info", **fields: Any) -> None:
        log.write(self._maker.event(name, now=datetime.now(UTC), level=level, **fields))
