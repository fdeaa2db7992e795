"""Many guests at a steady rate of messages, whatever the application's pace."""

import asyncio
import itertools
import random
import time
from collections import Counter, deque
from collections.abc import Callable
from datetime import date
from typing import Any

from alojamientos.kit.errors import AlojamientosError
from alojamientos.ops.simulator.client import StackClient
from alojamientos.ops.simulator.dialog import Wish
from alojamientos.ops.simulator.guest import Guest
from alojamientos.ops.simulator.journeys import Ended, draw_wish, new_name, new_number, play
from alojamientos.ops.simulator.report import SERVER_ERROR, TrafficPlan, TrafficReport, judge
from alojamientos.ops.simulator.scenarios import SCENARIOS, Ending, Scenario

_CLIENT_ERROR = 400
_REFUSED = (401, 403)


class _Over(Exception):  # noqa: N818 - not an error: the time is up
    """No message goes out any more."""


class _Pacer:
    """One turn every 1/rate seconds: to a guest that waits for one, or else to a new guest."""

    def __init__(self, plan: TrafficPlan) -> None:
        self._plan = plan
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._over = False

    async def turn(self) -> None:
        """Wait for a turn; raises _Over when the time is up."""
        if self._over:
            raise _Over
        waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(waiter)
        await waiter

    async def run(self, *, more_guests: Callable[[], None], on_turn: Callable[[int], None]) -> None:
        """Give turns until the time is up, never slower because of the application."""
        count = max(1, round(self._plan.rate * self._plan.seconds))
        start = time.perf_counter()
        for number in range(count):
            await asyncio.sleep(max(0.0, start + number / self._plan.rate - time.perf_counter()))
            if not self._waiting:
                more_guests()
                await asyncio.sleep(0)  # they queue up for their turn
            if self._waiting:
                self._waiting.popleft().set_result(None)
            on_turn(number + 1)
        self._over = True
        for waiter in self._waiting:
            waiter.set_exception(_Over())


class Traffic:
    """Play many guests against a running stack."""

    def __init__(self, *, client: StackClient, plan: TrafficPlan, today: date) -> None:
        self._client = client
        self._plan = plan
        self._today = today
        self._random = random.Random(plan.seed)
        self._pacer = _Pacer(plan)
        self._taken: set[date] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self.report = TrafficReport(plan=plan)

    async def run(self, *, on_turn: Callable[[int], None] = lambda _: None) -> TrafficReport:
        """Play until the time is up and every answer is in or late; raises NotReachable."""
        before = Counter(await self._client.webhook_statuses())
        start = time.perf_counter()
        await self._pacer.run(more_guests=self._start_conversation, on_turn=on_turn)
        results = await asyncio.gather(*self._tasks, return_exceptions=True)
        self.report.seconds = time.perf_counter() - start
        for error in results:
            if isinstance(error, AlojamientosError):
                self.report.outcomes["broke_off"] += 1
                self.report.reasons[error.message] += 1
            elif isinstance(error, Exception):
                raise error
        self.report.statuses = Counter(await self._client.webhook_statuses()) - before
        await self._check_invariants()
        judge(self.report)
        return self.report

    def _start_conversation(self) -> None:
        scenario = self._random.choices(SCENARIOS, [s.weight for s in SCENARIOS])[0]
        self.report.conversations[scenario.name] += 1
        wish = self._wish(scenario)
        for _ in range(scenario.parties):
            rng = random.Random(self._random.random())
            self._tasks.add(asyncio.create_task(self._play(scenario, wish, rng)))

    def _wish(self, scenario: Scenario) -> Wish:
        """Draw a stay; one that will be held avoids the nights of the others while it can."""
        wish = draw_wish(self._random, today=self._today, guests=scenario.party_size)
        if scenario.ending in (Ending.ANSWERED, Ending.REFUSED):
            return wish
        for _ in range(20):
            if wish.check_in not in self._taken and wish.last_night not in self._taken:
                break
            wish = draw_wish(self._random, today=self._today, guests=scenario.party_size)
        self._taken.update(wish.nights())
        return wish

    async def _play(self, scenario: Scenario, wish: Wish, rng: random.Random) -> None:
        number = new_number()
        guest = Guest(
            client=self._client,
            wa_id=number,
            name=new_name(rng),
            today=self._today,
            deadline_s=self._plan.deadline_s,
            turn=self._pacer.turn,
        )
        try:
            ended = await play(guest, scenario, wish, rng=rng, today=self._today)
        except _Over:
            ended = Ended(outcome="cut_short")
        finally:
            self._count(guest, scenario)
        self.report.outcomes[ended.outcome] += 1
        self.report.unanswered += ended.outcome == "unanswered"
        if ended.reason:
            self.report.reasons[f"{scenario.name}: {ended.reason}"] += 1
        self.report.doubled += _doubled(await self._client.chat(number))

    def _count(self, guest: Guest, scenario: Scenario) -> None:
        report, seen = self.report, guest.seen
        forged = scenario.ending is Ending.REFUSED
        report.sent += seen.sent
        report.forged += seen.sent if forged else 0
        report.answered += seen.answered
        report.latencies += seen.latencies
        for status in seen.statuses:
            right = status in _REFUSED if forged else status < _CLIENT_ERROR
            if not right and status < SERVER_ERROR:
                report.unexpected_4xx += 1

    async def _check_invariants(self) -> None:
        try:
            self.report.invariants = await self._client.invariants()
        except AlojamientosError as error:
            self.report.invariants = {"ok": False, "invariants": [], "problem": error.message}


def _doubled(entries: list[dict[str, Any]]) -> int:
    """Count answers that came twice in a row, word for word."""
    pairs = itertools.pairwise(entries)
    return sum(
        a["direction"] == b["direction"] == "out" and a["text"] == b["text"] for a, b in pairs
    )
