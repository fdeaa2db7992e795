"""All parts together: started in order of readiness, stopped in reverse."""

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path

import orjson

from alojamientos.kit.errors import AlojamientosError, NotFound
from alojamientos.ops.launcher.part import Part, PartStatus, State
from alojamientos.ops.launcher.runner import Runner

_LINES_SHOWN = 8


class StartFailed(AlojamientosError):  # noqa: N818 - reads as a sentence where it is raised
    """A part did not become ready."""


class Supervisor:
    """Run `parts`, keeping logs and process ids below `folder`."""

    def __init__(
        self,
        parts: Sequence[Part],
        *,
        folder: Path,
        redact: Callable[[str], str],
        on_change: Callable[[PartStatus], None],
    ) -> None:
        self._runners = {
            part.name: Runner(part, folder=folder, redact=redact, on_change=on_change)
            for part in parts
        }

    def statuses(self) -> list[PartStatus]:
        return [runner.status for runner in self._runners.values()]

    async def start(self) -> None:
        """Start every part, each once those before it are ready; return when all are.

        Raises StartFailed with the last lines of the log of the part that was not.
        """
        tasks = [asyncio.create_task(self._start_in_turn(r)) for r in self._runners.values()]
        try:
            await asyncio.gather(*tasks)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def stop(self) -> None:
        """Stop every part, each once those after it have stopped."""
        stopped = {name: asyncio.Event() for name in self._runners}

        async def in_turn(runner: Runner) -> None:
            for later in self._runners.values():
                if runner.part.name in later.part.after:
                    await stopped[later.part.name].wait()
            try:
                await runner.stop()
            finally:
                stopped[runner.part.name].set()

        await asyncio.gather(*(in_turn(runner) for runner in self._runners.values()))

    async def start_part(self, name: str) -> PartStatus:
        """Start one part and wait until it is ready; raises StartFailed when it does not get so."""
        runner = self._runner(name)
        runner.start()
        await self._until_ready(runner)
        return runner.status

    async def stop_part(self, name: str, *, kill: bool = False) -> PartStatus:
        """Stop one part, with SIGKILL if `kill`; it stays stopped until it is started again."""
        runner = self._runner(name)
        await runner.stop(kill=kill)
        return runner.status

    async def restart_part(self, name: str) -> PartStatus:
        await self.stop_part(name)
        return await self.start_part(name)

    def _runner(self, name: str) -> Runner:
        if name not in self._runners:
            raise NotFound(f"there is no part {name!r}; there are {', '.join(self._runners)}")
        runner = self._runners[name]
        if not runner.part.command:
            raise NotFound(f"{name} is not run by this stack ({runner.status.state})")
        return runner

    async def _start_in_turn(self, runner: Runner) -> None:
        for earlier in runner.part.after:
            if earlier in self._runners:
                await self._runners[earlier].settled.wait()
        runner.start()
        await self._until_ready(runner)

    async def _until_ready(self, runner: Runner) -> None:
        settled = asyncio.create_task(runner.settled.wait())
        ended = asyncio.create_task(runner.ended.wait())
        try:
            await asyncio.wait(
                {settled, ended},
                timeout=runner.part.ready_seconds,
                return_when=asyncio.FIRST_COMPLETED,
            )
        finally:
            settled.cancel()
            ended.cancel()
        if runner.settled.is_set():
            return
        status = runner.status
        what = status.detail or status.state
        if status.state is not State.FAILED:
            what = f"not ready within {runner.part.ready_seconds:g} s ({what})"
        raise StartFailed(f"{runner.part.name}: {what}{_last_lines(runner.log_path)}")


def _last_lines(path: Path) -> str:
    if not path.is_file():
        return ""
    lines = path.read_text(encoding="utf-8", errors="replace").splitlines()[-_LINES_SHOWN:]
    return f"\nThe end of {path}:\n" + "\n".join(f"  {_text(line)[:300]}" for line in lines)


def _text(line: str) -> str:
    """Return what a child printed, without what the log adds to it."""
    try:
        value = orjson.loads(line)
        return str(value["message"])
    except (ValueError, KeyError, TypeError):
        return line
