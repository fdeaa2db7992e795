"""Applications served over real HTTP."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

import httpx2
import uvicorn
from fastapi import FastAPI
from tests.conftest import free_port


@contextlib.asynccontextmanager
async def serving(app: FastAPI, *, root_path: str = "") -> AsyncIterator[httpx2.AsyncClient]:
    """Serve `app` on a port of its own; yields a client of it."""
    port = free_port()
    server = uvicorn.Server(
        uvicorn.Config(
            app,
            port=port,
            http="httptools",
            log_config=None,
            access_log=False,
            root_path=root_path,
        )
    )
    task = asyncio.create_task(server.serve())
    async with asyncio.timeout(10):
        while not server.started:
            await asyncio.sleep(0.01)
    async with httpx2.AsyncClient(base_url=f"http://127.0.0.1:{port}", trust_env=False) as client:
        yield client
    server.should_exit = True
    await task
