"""A limit on how often one client may ask, counted in Redis; without Redis everyone may."""

import ipaddress
import math
from collections.abc import Awaitable, Callable, Iterable, Sequence

from starlette.requests import Request

from alojamientos.kit.errors import AlojamientosError
from alojamientos.kit.redis import Circuit, Redis, RedisError

# A sliding window from two counters: the last window counts by the share of it that is still in
# view. Returns 0, or the milliseconds after which one more call will fit. Server's clock.
_SCRIPT = """
local limit, window = tonumber(ARGV[1]), tonumber(ARGV[2])
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local index, passed = math.floor(now / window), now % window
local stored = redis.call('HMGET', KEYS[1], 'index', 'count', 'last')
local count, last = tonumber(stored[2]) or 0, tonumber(stored[3]) or 0
local age = index - (tonumber(stored[1]) or 0)
if age == 1 then count, last = 0, count elseif age ~= 0 then count, last = 0, 0 end
if count + 1 > limit then
    return math.ceil(window - passed + window * math.max(0, 1 - (limit - 1) / count))
end
if count + last * (1 - passed / window) + 1 > limit then
    return math.ceil(window * (1 - (limit - 1 - count) / last) - passed)
end
redis.call('HSET', KEYS[1], 'index', index, 'count', count + 1, 'last', last)
redis.call('PEXPIRE', KEYS[1], 2 * window)
return 0
"""
_IPV6_PREFIX = 64  # what one customer of a provider has all of

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class RateLimited(AlojamientosError):  # noqa: N818 - reads as a sentence where it is raised
    """You ask too often; wait as long as Retry-After says."""

    status = 429
    code = "rate_limited"
    title = "Too many requests"


class RateLimiter:
    """Allow `limit` calls per client in any `window_s` seconds.

    Redis away lets everyone through and is told to `on_unavailable`.
    """

    def __init__(
        self,
        redis: Redis | None,
        *,
        limit: int,
        window_s: float = 60.0,
        on_unavailable: Callable[[Exception | None], None] | None = None,
        circuit: Circuit | None = None,
    ) -> None:
        self.limit = limit
        self._window_ms = int(window_s * 1000)
        self._script = None if redis is None else redis.register_script(_SCRIPT)
        self._on_unavailable = on_unavailable
        self._circuit = circuit or Circuit()

    async def wait_s(self, client: str) -> float:
        """Count a call of `client`; return 0, or the seconds until one more will be allowed."""
        if self._script is None or self._circuit.is_open:
            self._unavailable(None)
            return 0.0
        try:
            wait_ms = await self._script(
                keys=[f"rate:{client}"], args=[self.limit, self._window_ms]
            )
        except RedisError as error:
            self._circuit.failed()
            self._unavailable(error)
            return 0.0
        self._circuit.worked()
        return int(wait_ms) / 1000

    def _unavailable(self, error: Exception | None) -> None:
        if self._on_unavailable is not None:
            self._on_unavailable(error)


def parse_networks(text: str) -> tuple[Network, ...]:
    """Read comma-separated addresses and networks; raises ValueError naming a bad one."""
    return tuple(
        ipaddress.ip_network(part.strip(), strict=False) for part in text.split(",") if part.strip()
    )


def client_address(
    peer: str | None, forwarded: Iterable[str], *, trusted: Sequence[Network]
) -> str:
    """Return who asks: the peer, or whom the trusted proxies in between say that they got it from.

    `forwarded` are the X-Forwarded-For headers. They are read from the right, where the proxy
    nearest to us wrote: anything left of the first address that we do not trust may be forged.
    """
    address = _address(peer or "")
    if address is None:
        return "unknown"
    hops = [hop for header in forwarded for hop in header.split(",")]
    while hops and _is_in(address, trusted):
        nearer = _address(hops.pop())
        if nearer is None:
            break
        address = nearer
    if isinstance(address, ipaddress.IPv6Address):
        return str(ipaddress.ip_network((address, _IPV6_PREFIX), strict=False))
    return str(address)


def _address(text: str) -> Address | None:
    """Read an address, also with a port or in brackets; an IPv4 one mapped into IPv6 is IPv4."""
    text = text.strip()
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address


def _is_in(address: Address, networks: Sequence[Network]) -> bool:
    return any(address in network for network in networks)


def limit_requests(
    limiter: RateLimiter,
    *,
    trusted: Sequence[Network] = (),
    on_limited: Callable[[Request], None] | None = None,
) -> Callable[[Request], Awaitable[None]]:
    """Build the FastAPI dependency that refuses clients which ask too often with RateLimited."""

    async def rate_limit(request: Request) -> None:
        peer = request.client.host if request.client else None
        forwarded = request.headers.getlist("x-forwarded-for")
        wait_s = await limiter.wait_s(client_address(peer, forwarded, trusted=trusted))
        if wait_s:
            if on_limited is not None:
                on_limited(request)
            raise RateLimited(retry_after_s=math.ceil(wait_s), limit=limiter.limit)

    return rate_limit
