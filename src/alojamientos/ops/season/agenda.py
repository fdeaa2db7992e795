"""Who acts when: actors sleep until an instant of the season, or wait for an answer."""

import asyncio
import heapq
import itertools
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any


class Agenda:
    """Keep the actors of a season; the driver moves the clock while none of them is busy."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._heap: list[tuple[datetime, int, asyncio.Future[None], bool]] = []
        self._numbers = itertools.count()
        self._tasks: set[asyncio.Task[None]] = set()
        self._idle = 0
        self.moves = 0  # grows whenever an actor wakes up: tells the driver that it was too quick
        self.errors: list[BaseException] = []

    def spawn(self, actor: Coroutine[Any, Any, None]) -> None:
        """Let `actor` act from now on."""
        task = asyncio.create_task(actor)
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    async def until(
        self,
        instant: datetime,
        *,
        quietly: bool = False,
        bells: set[asyncio.Future[None]] | None = None,
    ) -> None:
        """Sleep until `instant` of the season; return at once when it has passed.

        Nothing that an actor does who sleeps `quietly` needs to be looked after. Whoever has
        `bells` can `ring` them and wake the actor earlier.
        """
        if instant <= self._now():
            return
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._heap, (instant, next(self._numbers), future, quietly))
        with self.waiting():
            if bells is not None:
                bells.add(future)
            await future

    @contextmanager
    def waiting(self) -> Iterator[None]:
        """Mark the actor inside as one that can only go on once something else happens."""
        self._idle += 1
        try:
            yield
        finally:
            self._idle -= 1
            self.moves += 1

    @property
    def busy(self) -> int:
        """How many actors are doing something at the moment."""
        return len(self._tasks) - self._idle

    def next_at(self) -> datetime | None:
        """Return when the next sleeping actor wants to wake up."""
        while self._heap and self._heap[0][2].done():  # was woken earlier
            heapq.heappop(self._heap)
        return self._heap[0][0] if self._heap else None

    def wake(self) -> bool:
        """Wake every actor whose instant has come; tell whether one of them slept not quietly."""
        now = self._now()
        loud = False
        while self._heap and self._heap[0][0] <= now:
            _, _, future, quietly = heapq.heappop(self._heap)
            if not future.done():
                future.set_result(None)
                loud = loud or not quietly
        return loud

    def ring(self, bells: set[asyncio.Future[None]]) -> None:
        """Wake everybody who sleeps on `bells`."""
        for future in bells:
            if not future.done():
                future.set_result(None)
        bells.clear()

    async def close(self) -> None:
        """Send everybody home."""
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        self.moves += 1
        if not task.cancelled() and (error := task.exception()):
            self.errors.append(error)
