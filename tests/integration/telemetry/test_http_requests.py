"""Every request over real HTTP: its metrics, its trace, its line."""

import asyncio
import re
from collections.abc import AsyncIterator
from typing import Annotated, Any

import httpx2
import pytest
import structlog
from fastapi import APIRouter, BackgroundTasks, Body, FastAPI, Response
from prometheus_client import CollectorRegistry
from prometheus_fastapi_instrumentator import Instrumentator
from starlette.responses import StreamingResponse
from starlette.routing import Mount, Route
from tests.integration.telemetry.conftest import serving

from alojamientos.entrypoints import errors
from alojamientos.kit.events import Bus
from alojamientos.telemetry import catalogue, context, http, log_events
from alojamientos.telemetry.recorder import Recorder

TRACE = "0af7651916cd43dd8448eb211c80319c"
HEADER = f"00-{TRACE}-b7ad6b7169203331-01"


class Stage:
    """An application with routes of every kind, what it recorded and what it logged."""

    def __init__(self) -> None:
        self.recorder = Recorder.for_tests()
        self.log = structlog.testing.CapturingLogger()
        self.released = asyncio.Event()
        self.entered = asyncio.Event()
        self.background_done = asyncio.Event()
        self.app = FastAPI(title="stage", openapi_url=None)
        errors.install(self.app, bus=Bus())
        self._add_routes()
        http.instrument(self.app, instruments=self.recorder.instruments, log=self.log)
        self.client: httpx2.AsyncClient

    def _add_routes(self) -> None:  # noqa: C901 - a route each
        inner = APIRouter()

        @inner.get("/rooms/{number}")
        async def room(number: int) -> dict[str, Any]:
            return {"number": number, "trace": context.current_trace_id()}

        @inner.get("/rooms/best")
        async def hidden() -> None:
            """Answer nothing: the parameter before takes this path."""

        @inner.get("/crash")
        async def crash() -> None:
            raise RuntimeError("no one translated this")

        @inner.get("/wait")
        async def wait() -> str:
            self.entered.set()
            await self.released.wait()
            return "done"

        @inner.get("/later")
        async def later(tasks: BackgroundTasks) -> str:
            tasks.add_task(self._work)
            return "accepted"

        @inner.get("/stream")
        async def stream() -> Response:
            return StreamingResponse(self._chunks())

        @inner.get("/healthz")
        async def healthz() -> str:
            return "ok"

        outer = APIRouter(prefix="/lodgings/{lodging}")
        outer.include_router(inner)
        self.app.include_router(outer, prefix="/api/v1")

        mounted = FastAPI(openapi_url=None)
        mounted.include_router(inner, prefix="/inside")
        self.app.mount("/mounted", mounted)

        async def raw(scope: Any, receive: Any, send: Any) -> None:
            await Response("raw")(scope, receive, send)

        async def plain(_request: Any) -> Response:
            return Response("plain")

        self.app.router.routes.append(Mount("/raw", app=raw))
        self.app.router.routes.append(Route("/plain/{number:int}", plain))

        @self.app.get("/direct")
        async def direct() -> str:
            return "direct"

        @self.app.post("/direct")
        async def posted() -> str:
            return "posted"

    async def _work(self) -> None:
        await self.released.wait()
        self.background_done.set()

    async def _chunks(self) -> AsyncIterator[bytes]:
        yield b"first"
        await self.released.wait()
        yield b"last"

    def handlers(self) -> set[tuple[str, str, str]]:
        return {
            (sample.labels["handler"], sample.labels["method"], sample.labels["status"])
            for family in self.recorder.instruments.registry.collect()
            for sample in family.samples
            if sample.name == "http_requests_total"
        }

    def lines(self, event: str = log_events.HTTP_REQUEST) -> list[Any]:
        return [call for call in self.log.calls if call.args == (event,)]

    async def line(self) -> Any:
        """Return the one line of the one request, which may end after its response."""
        async with asyncio.timeout(5):
            while not self.lines():
                await asyncio.sleep(0)
        (line,) = self.lines()
        return line


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    stage = Stage()
    async with serving(stage.app) as client:
        stage.client = client
        yield stage
        stage.released.set()


@pytest.mark.parametrize(
    ("path", "handler"),
    [
        ("/direct", "/direct"),
        ("/api/v1/lodgings/x/rooms/7", "/api/v1/lodgings/{lodging}/rooms/{number}"),
        ("/mounted/inside/rooms/7", "/mounted/inside/rooms/{number}"),
        ("/raw/whatever/5491155550000", "/raw"),
        ("/plain/7", "/plain/{number:int}"),
    ],
)
async def test_a_request_is_counted_and_told_by_its_full_template(
    stage: Stage, path: str, handler: str
):
    response = await stage.client.get(path)

    assert response.status_code == 200
    line = await stage.line()
    assert stage.handlers() == {(handler, "GET", "200")}
    assert line.kwargs["handler"] == handler
    assert line.kwargs["method"] == "GET"
    assert line.kwargs["status"] == 200
    assert line.kwargs["duration_ms"] > 0


async def test_a_literal_path_behind_a_parameter_is_the_parameters(stage: Stage):
    response = await stage.client.get("/api/v1/lodgings/x/rooms/best")

    assert response.status_code == 422
    await stage.line()
    assert stage.handlers() == {("/api/v1/lodgings/{lodging}/rooms/{number}", "GET", "422")}


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/wp-login.php", 404),
        ("GET", "/mounted/nothing/here", 404),
        ("GET", "/mounted/direct", 404),
        ("PROPFIND", "/direct", 405),
        ("DELETE", "/api/v1/lodgings/x/rooms/7", 405),
        ("GET", "/api/v1/lodgings/5491155550000/rooms/7/", 307),
        ("GET", "/plain/letters", 404),
    ],
)
async def test_what_a_client_makes_up_makes_no_series(
    stage: Stage, method: str, path: str, status: int
):
    response = await stage.client.request(method, path)

    assert response.status_code == status
    line = await stage.line()
    assert stage.handlers() == set()
    assert line.kwargs["handler"] == "none"
    assert line.kwargs["status"] == status


async def test_a_method_of_the_same_path_has_series_of_its_own(stage: Stage):
    await stage.client.post("/direct")
    await stage.line()

    assert stage.handlers() == {("/direct", "POST", "200")}


async def test_health_is_not_counted_and_its_line_is_for_debugging(stage: Stage):
    await stage.client.get("/api/v1/lodgings/x/healthz")

    assert (await stage.line()).method_name == "debug"
    assert stage.handlers() == set()


async def test_a_crash_is_counted_told_under_its_trace_and_answered(stage: Stage):
    response = await stage.client.get("/api/v1/lodgings/x/crash", headers={"traceparent": HEADER})

    assert response.status_code == 500
    assert response.headers["x-trace-id"] == TRACE
    assert (await stage.line()).kwargs["status"] == 500
    (crash,) = stage.lines(log_events.HTTP_CRASHED)
    assert crash.method_name == "exception"
    assert stage.handlers() == {("/api/v1/lodgings/{lodging}/crash", "GET", "500")}


async def test_requests_in_progress_are_on_the_registry_of_everything_else(stage: Stage):
    labels = {"handler": "/api/v1/lodgings/{lodging}/wait", "method": "GET"}
    request = asyncio.create_task(stage.client.get("/api/v1/lodgings/x/wait"))
    await stage.entered.wait()

    during = stage.recorder.value("http_requests_inprogress", **labels)
    stage.released.set()
    await request
    await stage.line()

    assert during == 1
    assert stage.recorder.value("http_requests_inprogress", **labels) == 0


@pytest.mark.parametrize("kind", ["later", "stream"])
async def test_what_follows_the_start_of_a_response_is_not_its_latency(stage: Stage, kind: str):
    loop = asyncio.get_running_loop()
    loop.call_later(2.0, stage.released.set)

    await stage.client.get(f"/api/v1/lodgings/x/{kind}")
    line = await stage.line()

    labels = {"handler": f"/api/v1/lodgings/{{lodging}}/{kind}", "method": "GET"}
    latency = stage.recorder.value("http_request_duration_seconds_sum", **labels)
    assert latency is not None
    # However slow the machine: what came after the start is in the line and not in the latency.
    assert line.kwargs["duration_ms"] / 1000 - latency > 1.0


async def test_a_request_without_a_response_counts_as_long_as_it_took():
    recorder = Recorder.for_tests()
    app = FastAPI(openapi_url=None)

    @app.get("/crash")
    async def crash() -> None:
        await asyncio.sleep(0.05)
        raise RuntimeError

    http.instrument(
        app,
        instruments=recorder.instruments,
        log=structlog.testing.CapturingLogger(),
    )
    async with serving(app) as client:
        await client.get("/crash")

    latency = recorder.value("http_request_duration_seconds_sum", handler="/crash", method="GET")
    assert latency is not None
    assert latency >= 0.05


async def test_the_callers_trace_is_joined_and_given_back(stage: Stage):
    response = await stage.client.get("/api/v1/lodgings/x/rooms/7", headers={"traceparent": HEADER})

    assert response.json()["trace"] == TRACE
    assert response.headers["x-trace-id"] == TRACE


@pytest.mark.parametrize("header", [{}, {"traceparent": "garbage"}])
async def test_a_request_without_a_usable_trace_gets_a_new_one(
    stage: Stage, header: dict[str, str]
):
    response = await stage.client.get("/api/v1/lodgings/x/rooms/7", headers=header)

    assert re.fullmatch(r"[0-9a-f]{32}", response.headers["x-trace-id"])
    assert response.json()["trace"] == response.headers["x-trace-id"]


async def test_requests_side_by_side_keep_their_traces_apart(stage: Stage):
    responses = await asyncio.gather(
        *(stage.client.get(f"/api/v1/lodgings/x/rooms/{number}") for number in range(50))
    )

    traces = {response.headers["x-trace-id"] for response in responses}
    assert len(traces) == 50
    assert all(response.json()["trace"] == response.headers["x-trace-id"] for response in responses)


async def test_without_metrics_there_is_still_a_trace_and_a_line():
    recorder, log = Recorder.for_tests(), structlog.testing.CapturingLogger()
    app = FastAPI(openapi_url=None)

    @app.get("/direct")
    async def direct() -> str:
        return "x"

    http.instrument(app, instruments=recorder.instruments, log=log, enabled=False)
    async with serving(app) as client:
        response = await client.get("/direct")

    assert "x-trace-id" in response.headers
    assert [call.kwargs["handler"] for call in log.calls] == ["/direct"]
    assert recorder.value("http_request_duration_highr_seconds_count") == 0


async def test_what_is_recorded_is_what_the_library_records_by_itself():
    def routes(app: FastAPI) -> FastAPI:
        @app.get("/items/{item}")
        async def item(item: int) -> str:
            return "x" * item

        @app.post("/items")
        async def create(name: Annotated[str, Body()]) -> Response:
            return Response(name, status_code=201)

        return app

    async def measured(app: FastAPI, registry: CollectorRegistry) -> dict[tuple[str, str], float]:
        async with serving(app) as client:
            await client.get("/items/7")
            await client.get("/items/seven")
            await client.post("/items", json="cabin")
            await client.get("/nowhere")
        return {
            (sample.name, str(sorted(sample.labels.items()))): sample.value
            for family in registry.collect()
            for sample in family.samples
            if sample.name.startswith("http_")
            and not sample.name.endswith(("_created", "_seconds_sum"))
            and "inprogress" not in sample.name
            # How fast each request was is the machine's; that it was counted is ours.
            and (not sample.name.endswith("_seconds_bucket") or sample.labels["le"] == "+Inf")
        }

    theirs = CollectorRegistry()
    reference = routes(FastAPI(openapi_url=None))
    Instrumentator(
        should_group_status_codes=False,
        should_ignore_untemplated=True,
        excluded_handlers=["/metrics", "/healthz"],
        registry=theirs,
    ).instrument(
        reference,
        latency_highr_buckets=catalogue.LATENCY_BUCKETS,
        latency_lowr_buckets=catalogue.LATENCY_BUCKETS,
    )
    instruments = Recorder.for_tests().instruments
    ours = routes(FastAPI(openapi_url=None))
    http.instrument(ours, instruments=instruments, log=structlog.testing.CapturingLogger())

    assert await measured(ours, instruments.registry) == await measured(reference, theirs)


async def test_a_latency_carries_the_trace_of_its_request(stage: Stage):
    await stage.client.get("/direct", headers={"traceparent": HEADER})
    await stage.line()

    assert {
        sample.exemplar.labels["trace_id"]
        for family in stage.recorder.instruments.registry.collect()
        for sample in family.samples
        if sample.name == "http_request_duration_seconds_bucket" and sample.exemplar
    } == {TRACE}


async def test_below_a_root_path_templates_are_the_applications_own():
    recorder, log = Recorder.for_tests(), structlog.testing.CapturingLogger()
    app = FastAPI(openapi_url=None)

    @app.get("/direct/{name}")
    async def direct(name: str) -> str:
        return name

    http.instrument(app, instruments=recorder.instruments, log=log)
    async with serving(app, root_path="/behind") as client:
        assert (await client.get("/direct/x")).status_code == 200

    assert [call.kwargs["handler"] for call in log.calls] == ["/direct/{name}"]
