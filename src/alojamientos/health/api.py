"""GET /api/v1/healthz for people and monitors, /api/v1/readyz for whoever sends traffic."""

from collections.abc import Callable, Sequence
from typing import Any

from fastapi import APIRouter
from fastapi.responses import JSONResponse

from alojamientos.health import checks
from alojamientos.health.checks import Check, Status


def create_router(
    *,
    health: Sequence[Check],
    ready: Sequence[Check],
    on_failure: Callable[[str, Exception], None] | None = None,
) -> APIRouter:
    """Build both routes. Neither answer holds an address, an error's text or anything secret."""
    router = APIRouter(tags=["health"])

    @router.get(
        "/healthz",
        summary="How this process and what it needs are doing",
        responses={503: {"description": "Something critical does not answer"}},
    )
    async def healthz() -> JSONResponse:
        found = await checks.run(health, on_failure=on_failure)
        body: dict[str, Any] = {
            "status": found.status.value,
            "components": {
                component.name: {
                    "status": "up" if component.ok else "down",
                    "critical": component.critical,
                    "latency_ms": component.latency_ms,
                }
                for component in found.components
            },
        }
        return JSONResponse(body, status_code=_status_code(found.status), headers=_NEVER_STORED)

    @router.get(
        "/readyz",
        summary="Whether this process can take requests",
        responses={503: {"description": "It cannot at the moment"}},
    )
    async def readyz() -> JSONResponse:
        found = await checks.run(ready)
        is_ready = found.status is not Status.UNHEALTHY
        return JSONResponse(
            {"ready": is_ready}, status_code=_status_code(found.status), headers=_NEVER_STORED
        )

    return router


_NEVER_STORED = {"Cache-Control": "no-store"}


def _status_code(status: Status) -> int:
    return 503 if status is Status.UNHEALTHY else 200
