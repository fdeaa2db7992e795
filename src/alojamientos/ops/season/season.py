"""A season: its clock, its actors and the driver that lets time pass when nothing is under way."""

import asyncio
import contextlib
from collections import Counter
from collections.abc import AsyncIterator, Callable
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from croniter import croniter

from alojamientos.kit.errors import AlojamientosError
from alojamientos.ops.launcher import parts
from alojamientos.ops.season.agenda import Agenda
from alojamientos.ops.season.evidence import Taken
from alojamientos.ops.season.hands import Hands
from alojamientos.ops.season.post import Post
from alojamientos.ops.season.queue import READ_MAIL, SWEEP, Queue
from alojamientos.ops.season.stack import Stack
from alojamientos.ops.simulator.mail_guest import sink_client

_POLL_S = 0.008
_QUIET_LOOKS = 2  # a message may be between two processes at the first
_SECONDS_TO_SETTLE = 120.0
_LONGEST_STEP = timedelta(hours=1)
_LOOK_AGAIN = (timedelta(minutes=5), timedelta(minutes=15))  # after somebody did something
_EXACT_FROM = timedelta(hours=2)  # jobs as rare as this are never late
_RETRY_STEP = (timedelta(seconds=5), timedelta(minutes=2))
_GRID = timedelta(minutes=5)
WIND_DOWN = timedelta(days=2)


class NotSettling(AlojamientosError):  # noqa: N818 - reads as a sentence where it is raised
    """The application does not come to rest."""


class Season:
    """What every actor is given, and the loop that moves the clock."""

    def __init__(
        self,
        *,
        stack: Stack,
        queue: Queue,
        agenda: Agenda,
        hands: Hands,
        post: Post,
        seed: int,
        days: int,
    ) -> None:
        self.stack = stack
        self.clock = stack.clock
        self.agenda = agenda
        self.hands = hands
        self.post = post
        self.seed = seed
        self.days = days
        self.zone = stack.settings.app.time_zone
        self.counts: Counter[str] = Counter()  # what happened, for the report
        self.notes: list[str] = []  # what went otherwise than its actor wanted
        self.acts: Counter[str] = Counter()  # of the owner, by their names in the audit trail
        self.cash_box: list[Taken] = []  # what the owner took by hand
        self.left_to_owner: set[str] = set()  # addresses whose conversation was paused
        self.ended_by_owner: set[str] = set()  # codes of bookings
        self._queue = queue
        midnight = self.clock.now().astimezone(ZoneInfo(self.zone)) + timedelta(days=1)
        self.starts_at = midnight.replace(hour=0, minute=0, second=0, microsecond=0)
        self.ends_at = self.starts_at + timedelta(days=days)
        self.stops = 0
        self._looks: set[datetime] = set()
        self._last_run: dict[str, datetime] = {}
        self._retry_step = _RETRY_STEP[0]

    def at(self, offset: timedelta) -> datetime:
        """Return the instant that is `offset` after the season's first midnight."""
        return self.starts_at + offset

    def today(self) -> date:
        """Return what the calendar on the lodging's wall shows."""
        return self.clock.now().astimezone(ZoneInfo(self.zone)).date()

    async def sleep(self, span: timedelta) -> None:
        """Let an actor sleep for `span` of the season."""
        await self.agenda.until(self.clock.now() + span)

    def note(self, line: str) -> None:
        """Keep what went otherwise than its actor wanted, with when."""
        self.notes.append(f"{self.clock.now().astimezone(ZoneInfo(self.zone)):%d/%m %H:%M} {line}")

    def did(self, action: str) -> None:
        """Keep what the owner did, as the audit trail calls it."""
        self.acts[action] += 1

    def excuses(self, address: str, code: str | None) -> str | None:
        """Return why a guest cannot get on by no fault of the assistant's, or None."""
        if address in self.left_to_owner:
            return "left to the owner"
        return "the owner was quicker" if code in self.ended_by_owner else None

    async def kill(self, part: str) -> None:
        """Kill web or worker and wait until it is back."""
        self.counts[f"{part} killed"] += 1
        newest = await self._queue.newest_worker()
        back = asyncio.create_task(self.stack.kill(part))
        await asyncio.sleep(0)
        if part == parts.WORKER:
            await self._queue.forget_killed(newest)
        await back

    async def run(self, *, on_stop: Callable[[datetime], None]) -> None:
        """Let the season pass, to its end and until everything has come to rest.

        Raises NotSettling, or what an actor broke on.
        """
        until = self.ends_at + WIND_DOWN
        while True:
            await self._settle()
            if self.agenda.errors:
                raise self.agenda.errors[0]
            stop = await self._next_stop()
            if stop > until:
                return
            await self._jump(stop)
            self.stops += 1
            on_stop(min(stop, self.ends_at))

    async def _settle(self) -> None:
        """Return once no actor acts, no job could run and no webhook or mail is on its way."""
        quiet, moves = 0, -1
        deadline = asyncio.get_running_loop().time() + _SECONDS_TO_SETTLE
        while quiet < _QUIET_LOOKS:
            busy = {"actors": self.agenda.busy}
            if not busy["actors"]:
                jobs = (await self._queue.state()).busy
                busy |= {
                    "jobs": jobs,
                    "webhooks": await self.hands.under_way(),
                    "mails": await self._unread(read=not jobs),
                }
            calm = not any(busy.values()) and self.agenda.moves == moves
            quiet = quiet + 1 if calm else 0
            moves = self.agenda.moves
            if asyncio.get_running_loop().time() > deadline:
                left = ", ".join(f"{count} {what}" for what, count in busy.items() if count)
                raise NotSettling(f"Still under way after {_SECONDS_TO_SETTLE:g} s: {left}")
            await asyncio.sleep(_POLL_S)

    async def _unread(self, *, read: bool) -> int:
        """Return how many mails wait to be read; with `read` have them read, as in life."""
        unread = await self.post.unread()
        if not unread:
            return 0
        now = self.clock.now()
        rests_until = await self._queue.mailbox_rests_until()
        if rests_until is not None and rests_until > now:
            return 0
        if read:
            await self._queue.put(READ_MAIL, due=now)
        return unread

    async def _next_stop(self) -> datetime:
        now = self.clock.now()
        stops = [now + _LONGEST_STEP, *self._looks]
        if (acts := self.agenda.next_at()) is not None:
            stops.append(acts)
        if (ends := await self._queue.next_hold_end()) is not None:
            # The job that ends it comes with the next minute.
            stops += [_next_minute(ends), _next_minute(ends - timedelta(minutes=15))]
        if (tried := await self._queue.mailbox_rests_until()) is not None:
            stops.append(tried)
        stops += [
            rare
            for name, cron in self.stack.schedule.items()
            if (rare := _next_rare(cron, self._last_run.get(name, now))) is not None
        ]
        later = [stop for stop in stops if stop > now]
        retry = (await self._queue.state()).next_in
        first = min(later)
        if retry is not None and now + max(retry, self._retry_step) < first:
            step = max(retry, self._retry_step)
            self._retry_step = min(self._retry_step * 2, _RETRY_STEP[1])
            return now + step
        self._retry_step = _RETRY_STEP[0]
        return first

    async def _jump(self, stop: datetime) -> None:
        by = stop - self.clock.now()
        if by > timedelta(0):
            await self._queue.advance(by)
            self.clock.advance(by)
        now = self.clock.now()
        self._looks = {look for look in self._looks if look > now}
        await self._queue_periodic(now)
        await self._queue.call()
        if self.agenda.wake():
            self._looks.update(_on_grid(now + later) for later in _LOOK_AGAIN)
        await asyncio.sleep(0)

    async def _queue_periodic(self, now: datetime) -> None:
        for name, cron in self.stack.schedule.items():
            due: datetime = croniter(cron, now + timedelta(microseconds=1)).get_prev(datetime)
            if name != SWEEP and due > self._last_run.get(name, self.starts_at - _LONGEST_STEP):
                self._last_run[name] = due
                await self._queue.put(name, due=due)


def _next_rare(cron: str, last: datetime) -> datetime | None:
    """Return when a job comes next that is too rare to be late; None for the others."""
    times = croniter(cron, last)
    first: datetime = times.get_next(datetime)
    second: datetime = times.get_next(datetime)
    return first if second - first >= _EXACT_FROM else None


def _next_minute(instant: datetime) -> datetime:
    return instant.replace(second=0, microsecond=0) + timedelta(minutes=1)


def _on_grid(instant: datetime) -> datetime:
    hour = instant.replace(minute=0, second=0, microsecond=0)
    return hour + -(-(instant - hour) // _GRID) * _GRID


@contextlib.asynccontextmanager
async def opened(stack: Stack, *, seed: int, days: int) -> AsyncIterator[Season]:
    """Open a season on a running stack."""
    agenda = Agenda(stack.clock.now)
    queue = await Queue.connect(stack.dsn)
    hands = Hands(
        agenda=agenda,
        simulator_url=stack.simulators,
        application_url=stack.web,
        api_token=stack.api_token,
        owner_token=stack.owner_token,
    )
    try:
        async with hands, sink_client() as http:
            yield Season(
                stack=stack,
                queue=queue,
                agenda=agenda,
                hands=hands,
                post=Post(agenda=agenda, url=stack.mail, http=http),
                seed=seed,
                days=days,
            )
    finally:
        await agenda.close()
        await queue.close()
