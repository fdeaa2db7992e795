"""State at scrape time: all of a source, or nothing of it and a 0 that says so."""

import asyncio
from collections.abc import Iterable

import pytest

from alojamientos.kit.errors import AlojamientosError
from alojamientos.telemetry import catalogue
from alojamientos.telemetry.sampler import Collector, Sample, Sampler


async def queue() -> Iterable[Sample]:
    return [Sample(metric=catalogue.JOBS_QUEUED, value=4)]


async def half() -> Iterable[Sample]:
    def samples() -> Iterable[Sample]:
        yield Sample(metric=catalogue.OUTBOX_OPEN, value=1)
        raise ConnectionError("5491155550000")

    return samples()


async def never() -> Iterable[Sample]:
    await asyncio.Event().wait()
    return []


async def told(sampler: Sampler) -> dict[tuple[str, str], float]:
    return {
        (sample.name, sample.labels.get("collector", "")): sample.value
        for family in await sampler.sample()
        for sample in family.samples
        if sample.name != "collector_duration_seconds"
    }


async def test_what_a_source_tells_is_sampled_and_its_success_said():
    sampler = Sampler([Collector(name="jobs", read=queue)])

    assert await told(sampler) == {("jobs_queued", ""): 4, ("collector_success", "jobs"): 1}


async def test_a_source_that_fails_half_way_tells_nothing_and_the_others_do():
    failures: list[tuple[str, str]] = []
    sampler = Sampler(
        [Collector(name="messages", read=half), Collector(name="jobs", read=queue)],
        on_failure=lambda name, error: failures.append((name, type(error).__name__)),
    )

    assert await told(sampler) == {
        ("jobs_queued", ""): 4,
        ("collector_success", "messages"): 0,
        ("collector_success", "jobs"): 1,
    }
    assert failures == [("messages", "ConnectionError")]


async def test_a_source_that_does_not_answer_is_given_up_at_its_deadline():
    sampler = Sampler(
        [Collector(name="stuck", read=never), Collector(name="jobs", read=queue)], deadline_s=0.05
    )

    found = await asyncio.wait_for(told(sampler), 5)

    assert found[("collector_success", "stuck")] == 0
    assert found[("collector_success", "jobs")] == 1


async def test_sources_are_read_side_by_side():
    both = asyncio.Barrier(2)

    async def meet() -> Iterable[Sample]:
        await both.wait()
        return []

    sampler = Sampler([Collector(name="a", read=meet), Collector(name="b", read=meet)])

    assert set((await told(sampler)).values()) == {1}


async def test_the_time_that_a_source_took_is_told():
    sampler = Sampler([Collector(name="stuck", read=never)], deadline_s=0.05)

    (duration,) = [
        sample.value
        for family in await sampler.sample()
        for sample in family.samples
        if sample.name == "collector_duration_seconds"
    ]

    assert 0.04 < duration < 5


def test_a_sample_with_the_wrong_number_of_labels_is_refused():
    with pytest.raises(AlojamientosError, match="feed_url"):
        Sample(metric=catalogue.ICAL_LAST_SYNC_AGE, value=1)
