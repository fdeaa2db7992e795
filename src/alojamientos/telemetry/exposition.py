"""GET /metrics: state read now, text or OpenMetrics as asked, rendered off the event loop."""

import asyncio
import hmac
from collections.abc import Iterator, Sequence

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import Response
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import choose_encoder
from prometheus_client.metrics_core import Metric as Family

from alojamientos.telemetry.sampler import Sampler


class _Snapshot:
    """The registry's metrics and the families that were sampled for this scrape."""

    def __init__(self, registry: CollectorRegistry, sampled: Sequence[Family]) -> None:
        self._registry = registry
        self._sampled = sampled

    def collect(self) -> Iterator[Family]:
        yield from self._registry.collect()
        yield from self._sampled


async def render(
    *, registry: CollectorRegistry, sampler: Sampler, accept: str
) -> tuple[bytes, str]:
    """Return what is exposed now and its content type, as `accept` asks."""
    encoder, content_type = choose_encoder(accept)
    snapshot = _Snapshot(registry, await sampler.sample())
    # A thousand series take milliseconds that the event loop must not lose.
    body: bytes = await asyncio.to_thread(encoder, snapshot)
    return body, content_type


def create_router(
    *, registry: CollectorRegistry, sampler: Sampler, token: str | None = None
) -> APIRouter:
    """Build the route of /metrics; with a `token` it must come as a bearer."""
    router = APIRouter()

    @router.get("/metrics", include_in_schema=False)
    async def metrics(request: Request) -> Response:
        if token is not None and not _authorised(request, token):
            raise HTTPException(
                401, "Send METRICS_TOKEN as a bearer token", headers={"WWW-Authenticate": "Bearer"}
            )
        body, content_type = await render(
            registry=registry, sampler=sampler, accept=request.headers.get("accept", "")
        )
        return Response(body, headers={"Content-Type": content_type})

    return router


def _authorised(request: Request, token: str) -> bool:
    given = request.headers.get("authorization", "")
    return hmac.compare_digest(given.encode(), f"Bearer {token}".encode())
