import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from alojamientos.ops.season.agenda import Agenda

START = datetime(2027, 1, 1, tzinfo=UTC)


class Clock:
    def __init__(self) -> None:
        self.at = START

    def __call__(self) -> datetime:
        return self.at


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def agenda(clock):
    agenda = Agenda(clock)
    yield agenda
    await agenda.close()


async def turn() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def test_actors_wake_up_once_their_instant_has_come(agenda, clock):
    woken = []

    async def act(hours: int) -> None:
        await agenda.until(START + timedelta(hours=hours))
        woken.append(hours)

    for hours in (3, 1, 2):
        agenda.spawn(act(hours))
    await turn()
    assert agenda.next_at() == START + timedelta(hours=1)

    clock.at = START + timedelta(hours=2)
    agenda.wake()
    await turn()

    assert woken == [1, 2]
    assert agenda.next_at() == START + timedelta(hours=3)


async def test_who_sleeps_or_waits_is_not_busy(agenda):
    answer = asyncio.Event()

    async def listen() -> None:
        with agenda.waiting():
            await answer.wait()
        await asyncio.Event().wait()  # something that takes its time

    async def sleep() -> None:
        await agenda.until(START + timedelta(hours=1))

    agenda.spawn(listen())
    agenda.spawn(sleep())
    await turn()
    assert agenda.busy == 0
    moves = agenda.moves

    answer.set()
    await turn()

    assert agenda.busy == 1
    assert agenda.moves > moves


async def test_an_instant_that_has_passed_is_not_waited_for(agenda):
    await agenda.until(START - timedelta(seconds=1))

    assert agenda.next_at() is None


async def test_what_an_actor_breaks_on_is_kept(agenda):
    async def stumble() -> None:
        raise LookupError("lost")

    agenda.spawn(stumble())
    await turn()

    assert [type(error) for error in agenda.errors] == [LookupError]
    assert agenda.busy == 0


async def test_who_slept_quietly_is_not_told_of(agenda, clock):
    async def sleep(hours: int, *, quietly: bool) -> None:
        await agenda.until(START + timedelta(hours=hours), quietly=quietly)

    agenda.spawn(sleep(1, quietly=True))
    agenda.spawn(sleep(2, quietly=False))
    await turn()

    clock.at = START + timedelta(hours=1)
    assert not agenda.wake()

    clock.at = START + timedelta(hours=2)
    assert agenda.wake()


async def test_a_bell_wakes_who_sleeps_on_it_and_nobody_else(agenda, clock):
    bells: set[asyncio.Future[None]] = set()
    woken = []

    async def sleep(name: str, bells: set[asyncio.Future[None]] | None) -> None:
        await agenda.until(START + timedelta(hours=1), bells=bells)
        woken.append(name)

    agenda.spawn(sleep("rung", bells))
    agenda.spawn(sleep("asleep", None))
    await turn()
    agenda.ring(bells)
    await turn()

    assert woken == ["rung"]
    assert agenda.busy == 0
    assert agenda.next_at() == START + timedelta(hours=1)
    clock.at = START + timedelta(hours=1)
    agenda.wake()
    await turn()
    assert woken == ["rung", "asleep"]
    assert agenda.next_at() is None
