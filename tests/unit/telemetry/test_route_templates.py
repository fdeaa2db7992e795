from typing import Any

from fastapi import APIRouter, FastAPI, WebSocket
from starlette.applications import Starlette
from starlette.responses import Response
from starlette.routing import Host, Mount, Route

from alojamientos.telemetry.routes import Routes, handler_of


async def endpoint(_request: Any) -> Response:
    return Response()


def scope_of(path: str, method: str = "GET", **more: str) -> dict[str, Any]:
    return {"type": "http", "path": path, "method": method, **more}


def test_the_template_stays_with_the_request():
    app = Starlette(routes=[Route("/a/{b}", endpoint)])
    scope = scope_of("/a/x")

    assert handler_of(scope) == "none"
    assert Routes(app).handler(scope) == "/a/{b}"
    assert handler_of(scope) == "/a/{b}"


def test_the_first_route_that_allows_the_method_is_taken():
    app = Starlette(
        routes=[
            Route("/a/b", endpoint, methods=["POST"]),
            Route("/a/{b}", endpoint, methods=["GET"]),
            Route("/a/b", endpoint, methods=["GET", "DELETE"]),
        ]
    )
    routes = Routes(app)

    assert routes.handler(scope_of("/a/b", "POST")) == "/a/b"
    assert routes.handler(scope_of("/a/b", "GET")) == "/a/{b}"
    assert routes.handler(scope_of("/a/b", "DELETE")) == "/a/b"
    assert routes.handler(scope_of("/a/b", "PUT")) == "none"


def test_mounts_within_mounts_have_the_whole_template():
    inner = Starlette(routes=[Route("/c/{d}", endpoint)])
    middle = Starlette(routes=[Mount("/b/{x}", app=inner)])
    routes = Routes(Starlette(routes=[Mount("/a", app=middle), Route("/a/b/1/late", endpoint)]))

    assert routes.handler(scope_of("/a/b/1/c/2")) == "/a/b/{x}/c/{d}"
    assert routes.handler(scope_of("/a/b/1/late")) == "none"


def test_what_is_no_plain_http_route_has_no_template():
    app = FastAPI(openapi_url=None)
    router = APIRouter()

    @router.websocket("/socket")
    async def socket(_socket: WebSocket) -> None:
        """Answer nothing."""

    app.include_router(router)
    app.router.routes.append(Host("elsewhere", app=Starlette()))

    assert Routes(app).handler(scope_of("/socket")) == "none"


def test_the_root_path_is_not_part_of_the_template():
    routes = Routes(Starlette(routes=[Route("/a/{b}", endpoint)]))

    assert routes.handler(scope_of("/behind/a/1", root_path="/behind")) == "/a/{b}"
    assert routes.handler(scope_of("/a/1", root_path="/behind")) == "/a/{b}"
    assert routes.handler(scope_of("/behind2/a/1", root_path="/behind")) == "none"
