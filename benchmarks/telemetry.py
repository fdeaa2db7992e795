"""What telemetry costs a request, beside the bare route in the same run; and what /metrics takes.

    python -m benchmarks.telemetry [--quick]

CPU time of this process, so that what else runs on the machine counts as little as it can.
"""

import argparse
import asyncio
import statistics
import sys
import time
from pathlib import Path

import httpx2
from benchmarks import _servers
from fastapi import FastAPI
from pydantic import SecretStr

from alojamientos.entrypoints import container as containers
from alojamientos.entrypoints import web
from alojamientos.settings import load_settings
from alojamientos.telemetry import http, logs
from alojamientos.telemetry.instruments import Instruments
from alojamientos.telemetry.recorder import Recorder

ROUTES = 12  # as many as the application has, the measured one in the middle


def bare() -> FastAPI:
    app = FastAPI(openapi_url=None)
    for number in range(ROUTES):

        @app.get(f"/api/v1/things/{number}/{{code}}")
        async def thing(code: str) -> dict[str, str]:
            return {"code": code}

    return app


def instrumented(output: Path) -> FastAPI:
    recorder = Recorder(Instruments(process="web"))
    logs.configure(
        process="web",
        on_line=lambda level: recorder.log_event(level=level),
        file=output.open("wb", buffering=0),
    )
    app = bare()
    http.instrument(app, instruments=recorder.instruments, log=logs.get_logger())
    return app


async def microseconds(app: FastAPI, rounds: int) -> float:
    """Return the CPU time of one request, µs."""
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "GET",
        "path": f"/api/v1/things/{ROUTES // 2}/AAAA",
        "raw_path": b"",
        "query_string": b"",
        "root_path": "",
        "scheme": "http",
        "headers": [(b"host", b"test"), (b"user-agent", b"bench")],
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 8000),
    }

    async def receive() -> dict[str, object]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(_message: object) -> None:
        return None

    start = time.process_time()
    for _ in range(rounds):
        await app(dict(scope), receive, send)
    return (time.process_time() - start) / rounds * 1e6


async def per_request(
    folder: Path, *, rounds: int, repeats: int
) -> tuple[list[float], list[float]]:
    """Measure both in turns, so that a slow minute slows both."""
    apps = (bare(), instrumented(folder / "log"))
    for app in apps:
        await microseconds(app, 200)
    found: tuple[list[float], list[float]] = ([], [])
    for _ in range(repeats):
        for app, values in zip(apps, found, strict=True):
            values.append(await microseconds(app, rounds))
    return found


async def exposition(dsn: str, redis_url: str, *, repeats: int) -> tuple[list[float], int]:
    """Return the milliseconds that /metrics takes in the real application, and its series."""
    settings = load_settings(check_production=False).evolve(
        app={"log_level": "ERROR"},
        database={"url": SecretStr(dsn)},
        redis={"url": SecretStr(redis_url)},
    )
    container = containers.build(settings, process="web")
    async with container.running():
        transport = httpx2.ASGITransport(app=web.create_app(container))
        async with httpx2.AsyncClient(transport=transport, base_url="http://test") as client:
            times = []
            text = ""
            for _ in range(repeats):
                start = time.perf_counter()
                text = (await client.get("/metrics")).text
                times.append((time.perf_counter() - start) * 1000)
    series = sum(1 for line in text.splitlines() if line and not line.startswith("#"))
    return times[1:], series


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer rounds, coarser figures")
    quick = parser.parse_args().quick
    with _servers.servers() as servers:
        plain, full = asyncio.run(
            per_request(servers.folder, rounds=500 if quick else 3000, repeats=3 if quick else 7)
        )
        times, series = asyncio.run(
            exposition(servers.dsn, servers.redis_url, repeats=6 if quick else 31)
        )
    cost = [with_it - without for without, with_it in zip(plain, full, strict=True)]
    rows = [
        ("what", "median (spread)", "bar"),
        ("CPU of a bare route", _servers.spread(plain, " µs"), ""),
        ("CPU with metrics, trace and log line", _servers.spread(full, " µs"), ""),
        ("telemetry's cost", _servers.spread(cost, " µs"), "<= 100 µs"),
        (
            "ratio to the bare route",
            f"{statistics.median(full) / statistics.median(plain):.2f}",
            "",
        ),
        ("/metrics of web", _servers.spread(times, " ms"), "<= 20 ms"),
        ("series of web", str(series), "<= 1500"),
    ]
    _servers.table(rows)
    return 0


if __name__ == "__main__":
    sys.exit(main())
