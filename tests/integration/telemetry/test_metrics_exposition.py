"""GET /metrics over real HTTP, read back by the parsers of both formats."""

import asyncio
import threading
from collections.abc import Iterable, Iterator

import httpx2
import pytest
from fastapi import FastAPI
from prometheus_client import Metric as Family
from prometheus_client.openmetrics.parser import text_string_to_metric_families as openmetrics
from prometheus_client.parser import text_string_to_metric_families as text_format
from tests.integration.telemetry.conftest import serving

from alojamientos.entrypoints import errors
from alojamientos.kit.events import Bus
from alojamientos.telemetry import catalogue, context, exposition
from alojamientos.telemetry.recorder import Recorder
from alojamientos.telemetry.sampler import Collector, Sample, Sampler

OPENMETRICS = "application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.3"
TRACE = "0af7651916cd43dd8448eb211c80319c"


async def queue() -> Iterable[Sample]:
    return [
        Sample(metric=catalogue.JOBS_QUEUED, value=4),
        Sample(metric=catalogue.APP_BUILD_INFO, value=1, labels=("0.1.0", "abc")),
    ]


async def broken() -> Iterable[Sample]:
    raise ConnectionError


def application(recorder: Recorder, *collectors: Collector, token: str | None = None) -> FastAPI:
    app = FastAPI(openapi_url=None)
    errors.install(app, bus=Bus())
    app.include_router(
        exposition.create_router(
            registry=recorder.instruments.registry, sampler=Sampler(collectors), token=token
        )
    )
    return app


def values(families: Iterable[Family]) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    found = [
        ((sample.name, tuple(sorted(sample.labels.items()))), sample.value)
        for family in families
        for sample in family.samples
    ]
    assert len(found) == len(dict(found)), "a series is there twice"
    return dict(found)


@pytest.fixture
def recorder() -> Recorder:
    recorder = Recorder.for_tests()
    with context.trace(TRACE):
        recorder.reservation_changed(status="confirmed", channel="whatsapp")
        recorder.webhook_processed(source="whatsapp", event_type="text", seconds=0.2)
    return recorder


CREATED = ("reservations_created_total", (("channel", "whatsapp"), ("status", "confirmed")))
UNTOUCHED = ("reservations_created_total", (("channel", "api"), ("status", "confirmed")))


async def test_text_is_what_is_given_to_whoever_asks_for_nothing_else(recorder: Recorder):
    async with serving(application(recorder, Collector(name="jobs", read=queue))) as client:
        response = await client.get("/metrics")

    assert response.headers["content-type"].startswith("text/plain; version=")
    found = values(text_format(response.text))
    assert found[CREATED] == 1
    assert found[UNTOUCHED] == 0
    assert found[("jobs_queued", ())] == 4
    assert found[("collector_success", (("collector", "jobs"),))] == 1
    assert found[("process_start_time_seconds", ())] > 0


async def test_openmetrics_carries_exemplars_with_the_trace(recorder: Recorder):
    async with serving(application(recorder, Collector(name="jobs", read=queue))) as client:
        response = await client.get("/metrics", headers={"Accept": OPENMETRICS})

    assert response.headers["content-type"].startswith(
        "application/openmetrics-text; version=1.0.0"
    )
    assert response.text.endswith("# EOF\n")
    families = list(openmetrics(response.text))
    assert values(families)[CREATED] == 1
    assert [
        sample.exemplar.labels
        for family in families
        for sample in family.samples
        if sample.exemplar is not None
    ] == [{"trace_id": TRACE}]


@pytest.mark.parametrize("accept", ["", "*/*", "application/openmetrics-text; version=0.0.1"])
async def test_any_wish_gets_an_answer_that_says_what_it_is(recorder: Recorder, accept: str):
    async with serving(application(recorder)) as client:
        response = await client.get("/metrics", headers={"Accept": accept})

    parser = openmetrics if "openmetrics" in response.headers["content-type"] else text_format
    assert values(parser(response.text))[CREATED] == 1


async def test_a_source_that_cannot_be_read_leaves_the_rest(recorder: Recorder):
    app = application(
        recorder, Collector(name="jobs", read=queue), Collector(name="money", read=broken)
    )
    async with serving(app) as client:
        response = await client.get("/metrics")

    found = values(text_format(response.text))
    assert response.status_code == 200
    assert found[("collector_success", (("collector", "money"),))] == 0
    assert found[("jobs_queued", ())] == 4
    assert found[CREATED] == 1


async def test_a_scrape_is_rendered_off_the_event_loop(recorder: Recorder):
    rendered_in: list[threading.Thread] = []

    class Witness:
        def collect(self) -> Iterator[Family]:
            rendered_in.append(threading.current_thread())
            return iter(())

    recorder.instruments.registry.register(Witness())
    rendered_in.clear()
    await exposition.render(registry=recorder.instruments.registry, sampler=Sampler([]), accept="")

    assert rendered_in
    assert threading.main_thread() not in rendered_in


async def test_scrapes_side_by_side_and_counting_meanwhile_do_no_harm(recorder: Recorder):
    async with serving(application(recorder, Collector(name="jobs", read=queue))) as client:

        async def count() -> None:
            for _ in range(500):
                recorder.reservation_changed(status="confirmed", channel="whatsapp")
                await asyncio.sleep(0)

        counting = asyncio.create_task(count())
        responses = await asyncio.gather(*(client.get("/metrics") for _ in range(5)))
        await counting
        last = await client.get("/metrics")

    assert all(1 <= values(text_format(r.text))[CREATED] <= 501 for r in responses)
    assert values(text_format(last.text))[CREATED] == 501


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": "Bearer wrong"},
        {"Authorization": "Basic scrape-me"},
        {"Authorization": "scrape-me"},
        {"Authorization": "Bearer scrape-me-not"},
    ],
)
async def test_with_a_token_only_its_bearer_gets_metrics(
    recorder: Recorder, headers: dict[str, str]
):
    async with serving(application(recorder, token="scrape-me")) as client:
        response = await client.get("/metrics", headers=headers)

    assert response.status_code == 401
    assert response.headers["content-type"] == "application/problem+json"
    assert response.headers["www-authenticate"] == "Bearer"
    assert response.json()["code"] == "unauthorized"
    assert "reservations" not in response.text


async def test_the_bearer_of_the_token_gets_metrics(recorder: Recorder):
    async with serving(application(recorder, token="scrape-me")) as client:
        response: httpx2.Response = await client.get(
            "/metrics", headers={"Authorization": "Bearer scrape-me"}
        )

    assert response.status_code == 200
    assert values(text_format(response.text))[CREATED] == 1
