"""How a stranger's URL is fetched: where to, how far, how much."""

import gzip
from collections.abc import Iterator
from datetime import timedelta
from email.utils import format_datetime

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route
from tests.conftest import free_port
from tests.simulators.running import running_app

from alojamientos.channels.ical.client import MAX_BYTES, FeedClient
from alojamientos.channels.ical.domain import ErrorType, FeedError
from alojamientos.kit import http
from alojamientos.kit.addresses import Target
from alojamientos.kit.clock import utc_now

CALENDAR = b"BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n"
ELSEWHERE = {
    "file": "file:///etc/passwd",
    "named": "http://me:pw@127.0.0.1/",
    "none": "http://[broken",
    "nowhere": "http://no-such-host.invalid/",
}


async def _packed(_: Request) -> Response:
    return Response(gzip.compress(CALENDAR), headers={"Content-Encoding": "gzip"})


async def _bomb(_: Request) -> Response:
    packed = gzip.compress(b"0" * 200_000_000)
    assert len(packed) < MAX_BYTES
    return Response(packed, headers={"Content-Encoding": "gzip"})


async def _torn(_: Request) -> Response:
    return Response(b"\x1f\x8bhola", headers={"Content-Encoding": "gzip"})


async def _asked(request: Request) -> Response:
    return JSONResponse({"url": str(request.url), "headers": dict(request.headers)})


async def _go(request: Request) -> Response:
    return RedirectResponse(ELSEWHERE[request.path_params["where"]], status_code=302)


async def _hops(request: Request) -> Response:
    left = int(request.path_params["left"])
    return RedirectResponse(f"/hops/{left - 1}") if left else Response(CALENDAR)


async def _busy(_: Request) -> Response:
    later = format_datetime(utc_now() + timedelta(minutes=30), usegmt=True)
    return Response(status_code=429, headers={"Retry-After": later})


async def _lost(_: Request) -> Response:
    return Response(status_code=302)


@pytest.fixture
def server() -> Iterator[str]:
    routes = [
        Route("/packed", _packed),
        Route("/bomb", _bomb),
        Route("/torn", _torn),
        Route("/asked", _asked),
        Route("/go/{where}", _go),
        Route("/hops/{left}", _hops),
        Route("/lost", _lost),
        Route("/busy", _busy),
    ]
    port = free_port()
    with running_app(Starlette(routes=routes), port=port):
        yield f"http://localhost:{port}"


async def fetch(url: str):
    return await FeedClient(timeout_s=10, allow_private=True).fetch(
        url, etag=None, last_modified=None
    )


async def failed(url: str) -> ErrorType:
    with pytest.raises(FeedError) as caught:
        await fetch(url)
    return caught.value.error_type


async def test_the_host_is_asked_by_its_name_and_the_whole_address(server):
    import orjson

    fetched = await fetch(f"{server}/asked?s=a%2Fb&t=1#part")

    assert fetched.content is not None
    seen = orjson.loads(fetched.content)
    assert seen["url"] == f"{server}/asked?s=a%2Fb&t=1"
    assert seen["headers"]["host"] == server.removeprefix("http://")
    assert "Mozilla" in seen["headers"]["user-agent"]
    assert "traceparent" not in seen["headers"]


async def test_a_host_is_asked_at_its_other_address_when_the_first_does_not_answer(server):
    target = Target(
        url=f"{server}/packed",
        scheme="http",
        host="localhost",
        port=int(server.rpartition(":")[2]),
        addresses=("127.0.0.2", "127.0.0.1"),
    )
    response = await http.fetch(target, headers={}, timeout_s=10, max_bytes=100)

    assert response.content == CALENDAR


async def test_a_packed_answer_is_unpacked(server):
    assert (await fetch(f"{server}/packed")).content == CALENDAR


async def test_a_bomb_does_not_go_off(server):
    assert await failed(f"{server}/bomb") is ErrorType.TOO_LARGE


async def test_what_cannot_be_unpacked_did_not_arrive(server):
    assert await failed(f"{server}/torn") is ErrorType.UNREACHABLE


async def test_three_redirects_are_followed_and_a_fourth_is_not(server):
    assert (await fetch(f"{server}/hops/3")).content == CALENDAR
    assert await failed(f"{server}/hops/4") is ErrorType.REDIRECT


@pytest.mark.parametrize(
    ("where", "error_type"),
    [
        ("file", ErrorType.ADDRESS_REFUSED),
        ("named", ErrorType.ADDRESS_REFUSED),
        ("none", ErrorType.REDIRECT),
        ("nowhere", ErrorType.UNREACHABLE),
    ],
)
async def test_a_redirect_is_checked_as_the_first_address_was(server, where, error_type):
    assert await failed(f"{server}/go/{where}") is error_type


async def test_a_redirect_without_a_target_is_one_to_nowhere(server):
    assert await failed(f"{server}/lost") is ErrorType.REDIRECT


async def test_how_long_to_wait_may_be_said_as_an_instant(server):
    with pytest.raises(FeedError) as caught:
        await fetch(f"{server}/busy")

    assert caught.value.error_type is ErrorType.RATE_LIMITED
    assert caught.value.retry_after_s is not None
    assert 1_700 < caught.value.retry_after_s <= 1_801
