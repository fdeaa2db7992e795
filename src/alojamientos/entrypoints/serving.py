"""Serve an application until SIGTERM or SIGINT, then let its requests end."""

import asyncio
import contextlib
import gc
import signal
from collections.abc import Coroutine, Generator
from typing import Any

import uvicorn
import uvloop
from starlette.types import ASGIApp

_GRACE_S = 10
_COLLECT_AFTER = 10_000  # objects; the default of 700 makes every other request pay for a round


class _Server(uvicorn.Server):
    """Leave signals to `until_signalled`: uvicorn would raise them again once it has stopped."""

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None]:
        yield


def create_server(app: ASGIApp, *, host: str, port: int) -> uvicorn.Server:
    """Build the server; lines and metrics are the application's own."""
    return _Server(
        uvicorn.Config(
            app,
            host=host,
            port=port,
            http="httptools",
            log_config=None,
            access_log=False,
            proxy_headers=False,
            server_header=False,
            timeout_graceful_shutdown=_GRACE_S,
            lifespan="on",
        )
    )


def run(main: Coroutine[Any, Any, None]) -> None:
    """Run `main` to its end on an event loop of uvloop's."""
    _spare_the_collector()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main)


def _spare_the_collector() -> None:
    """Leave what was built at the start, which stays for good, out of garbage collection."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(_COLLECT_AFTER)


def until_signalled() -> asyncio.Future[str]:
    """Return a future that holds the name of the first SIGTERM or SIGINT."""
    loop = asyncio.get_running_loop()
    future: asyncio.Future[str] = loop.create_future()

    def stop(name: str) -> None:
        if not future.done():
            future.set_result(name)

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop, number.name)
    return future
