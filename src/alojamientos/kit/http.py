"""The one client for outside HTTP: a deadline on every call, errors mapped, every call told of."""

import asyncio
import time
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

import httpx2
import orjson

from alojamientos.kit.addresses import Target
from alojamientos.kit.errors import ProviderError, ProviderUnavailable

_CONNECT_S = 5.0
_GZIP = 16 + zlib.MAX_WBITS


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpCall:
    """One finished call, for metrics: `outcome` is 2xx…5xx, timeout or unreachable."""

    provider: str
    operation: str
    outcome: str
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpResponse:
    status: int
    headers: Mapping[str, str]
    content: bytes

    @property
    def ok(self) -> bool:
        return self.status < 400  # noqa: PLR2004 - the first error status

    def json(self) -> Any:
        """Return the body as JSON; raises ValueError when it is none."""
        return orjson.loads(self.content)


@dataclass(slots=True)
class _Outcome:
    """How a call is going: the status that came back, or that the time ran out."""

    status: int | None = None
    timed_out: bool = False

    @property
    def label(self) -> str:
        if self.timed_out:
            return "timeout"
        return "unreachable" if self.status is None else f"{self.status // 100}xx"


class TooLarge(ProviderError):  # noqa: N818 - reads as a sentence where it is raised
    """What the other side sends is larger than we take."""

    code = "answer_too_large"


class HttpClient:
    """Call one provider. `trace_headers` gives the headers that carry the trace on."""

    def __init__(
        self,
        *,
        provider: str,
        base_url: str,
        timeout_s: float,
        headers: Mapping[str, str] | None = None,
        trace_headers: Callable[[], Mapping[str, str]] | None = None,
        on_call: Callable[[HttpCall], None] | None = None,
        max_connections: int = 20,
    ) -> None:
        self._provider = provider
        self._trace_headers = trace_headers
        self._on_call = on_call
        self._client = httpx2.AsyncClient(
            base_url=base_url,
            headers=dict(headers or {}),
            timeout=httpx2.Timeout(timeout_s),
            limits=httpx2.Limits(
                max_connections=max_connections, max_keepalive_connections=max_connections
            ),
            follow_redirects=False,
            trust_env=False,
        )

    async def request(
        self,
        method: str,
        path: str,
        *,
        operation: str,
        json: Any = None,
        content: bytes | None = None,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> HttpResponse:
        """Make one call and return whatever status came back.

        `content` is a body that must arrive as it is, for instance because it was signed.
        Raises ProviderUnavailable when nothing came back in time; its extra `ambiguous` is True
        when the request may have reached the provider all the same.
        """
        sent = {**self._traced(), **(headers or {})}
        if json is not None:
            content = orjson.dumps(json)
            sent["Content-Type"] = "application/json"
        with self._told(operation) as outcome:
            response = await self._client.request(
                method, path, params=params, headers=sent, content=content
            )
            outcome.status = response.status_code
            return HttpResponse(
                status=response.status_code,
                headers=dict(response.headers),
                content=response.content,
            )

    async def download(
        self, url: str, *, operation: str, most_bytes: int, deadline_s: float
    ) -> HttpResponse:
        """Fetch an absolute `url` with the provider's credentials: check its host first.

        Raises TooLarge as soon as it is, however large it claims to be, and ProviderUnavailable
        when it is not here in `deadline_s` seconds.
        """
        # As it is: what unpacks on the way could be of any size.
        headers = {**self._traced(), "Accept-Encoding": "identity"}
        with self._told(operation) as outcome:
            async with (
                asyncio.timeout(deadline_s),
                self._client.stream("GET", url, headers=headers) as response,
            ):
                outcome.status = response.status_code
                content = bytearray()
                async for chunk in response.aiter_raw():
                    content += chunk
                    if len(content) > most_bytes:
                        raise TooLarge
            return HttpResponse(
                status=response.status_code,
                headers=dict(response.headers),
                content=bytes(content),
            )

    def _traced(self) -> dict[str, str]:
        return dict(self._trace_headers()) if self._trace_headers else {}

    @contextmanager
    def _told(self, operation: str) -> Iterator[_Outcome]:
        """Tell of a call when it has ended, whichever way; errors become ProviderUnavailable."""
        outcome = _Outcome()
        start = time.perf_counter()
        try:
            yield outcome
        except (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout) as error:
            raise ProviderUnavailable(
                f"{self._provider} cannot be reached", ambiguous=False
            ) from error
        except (httpx2.TimeoutException, TimeoutError) as error:
            outcome.timed_out = True
            raise ProviderUnavailable(
                f"{self._provider} did not answer in time", ambiguous=True
            ) from error
        except asyncio.CancelledError:
            outcome.timed_out = True  # whoever called had a deadline of their own
            raise
        except httpx2.TransportError as error:
            outcome.status = None
            raise ProviderUnavailable(
                f"The connection to {self._provider} broke", ambiguous=True
            ) from error
        finally:
            if self._on_call:
                self._on_call(
                    HttpCall(
                        provider=self._provider,
                        operation=operation,
                        outcome=outcome.label,
                        seconds=time.perf_counter() - start,
                    )
                )

    async def close(self) -> None:
        await self._client.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.close()


async def fetch(
    target: Target, *, headers: Mapping[str, str], timeout_s: float, max_bytes: int
) -> HttpResponse:
    """GET a stranger's URL from a machine that was checked; follow no redirect.

    The whole answer must come within `timeout_s` and unpack to `max_bytes` at most. Raises
    TooLarge, and ProviderUnavailable, whose extra `timed_out` tells the one case from the others.
    """
    sent = {"Accept-Encoding": "gzip", **headers, "Host": target.host_header}
    # A client of its own: connections are kept by address, and an address may have many hosts.
    client = httpx2.AsyncClient(
        timeout=httpx2.Timeout(timeout_s, connect=min(timeout_s, _CONNECT_S)),
        follow_redirects=False,
        trust_env=False,
    )
    unreachable: Exception | None = None
    try:
        async with asyncio.timeout(timeout_s), client:
            for origin in target.origins():
                try:
                    return await _get(client, origin, target, headers=sent, max_bytes=max_bytes)
                except (httpx2.ConnectError, httpx2.ConnectTimeout) as error:
                    unreachable = error  # the host may have an address that this machine has not
    except (httpx2.TimeoutException, TimeoutError) as error:
        raise ProviderUnavailable(
            f"{target.host} did not answer in time", timed_out=True
        ) from error
    except httpx2.TransportError as error:
        raise ProviderUnavailable(
            f"The connection to {target.host} broke", timed_out=False
        ) from error
    raise ProviderUnavailable(f"{target.host} cannot be reached", timed_out=False) from unreachable


async def _get(
    client: httpx2.AsyncClient,
    origin: str,
    target: Target,
    *,
    headers: Mapping[str, str],
    max_bytes: int,
) -> HttpResponse:
    # The certificate is checked against the name, though the connection is to an address.
    extensions = {"sni_hostname": target.host}
    url = origin + target.request_path
    async with client.stream("GET", url, headers=headers, extensions=extensions) as response:
        packed = bytearray()
        async for chunk in response.aiter_raw():
            packed += chunk
            if len(packed) > max_bytes:
                raise TooLarge
        encoding = response.headers.get("content-encoding", "identity")
        return HttpResponse(
            status=response.status_code,
            headers=dict(response.headers),
            content=_unpacked(bytes(packed), encoding, max_bytes),
        )


def _unpacked(packed: bytes, encoding: str, max_bytes: int) -> bytes:
    """Unpack a body, never to more than `max_bytes`: a bomb is found out before it goes off."""
    if encoding not in ("gzip", "x-gzip"):
        return packed
    unpacker = zlib.decompressobj(_GZIP)
    try:
        content = unpacker.decompress(packed, max_bytes + 1)
    except zlib.error as error:
        raise ProviderUnavailable("The answer cannot be unpacked", timed_out=False) from error
    if len(content) > max_bytes:
        raise TooLarge
    return content
