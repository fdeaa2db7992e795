"""Fetch a feed: conditionally, within limits, and from public machines only."""

import asyncio
import math
from dataclasses import dataclass
from datetime import UTC
from email.utils import parsedate_to_datetime
from urllib.parse import urljoin

from alojamientos.channels.ical.domain import ErrorType, FeedError
from alojamientos.kit import addresses, http
from alojamientos.kit.clock import utc_now
from alojamientos.kit.errors import Invalid, ProviderUnavailable
from alojamientos.kit.http import HttpResponse

MAX_BYTES = 2_000_000
_REDIRECTS = 3
_NOT_MODIFIED = 304
_REDIRECT = range(300, 400)
_TOO_MANY = 429
_CLIENT_ERROR, _SERVER_ERROR = 400, 500
_RETRY_AFTER_DIGITS = 5
_LONGEST_VALIDATOR = 500
# Airbnb answers 403 to what does not look like a program that people use.
_HEADERS = {
    "User-Agent": "Mozilla/5.0 (compatible; Alojamientos/1.0; calendar sync)",
    "Accept": "text/calendar, text/plain;q=0.5, */*;q=0.1",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """A feed's bytes, and what to ask with next time; None: nothing is new."""

    content: bytes | None
    etag: str | None
    last_modified: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedClient:
    """Fetch feeds; `timeout_s` is for all of it, names and redirects too."""

    timeout_s: float = 20.0
    allow_private: bool = False

    async def fetch(self, url: str, *, etag: str | None, last_modified: str | None) -> Fetched:
        """Fetch a feed unless it is as it was; raises FeedError, whose text holds no URL."""
        try:
            async with asyncio.timeout(self.timeout_s):
                return await self._fetch(url, etag=etag, last_modified=last_modified)
        except TimeoutError as error:
            raise FeedError(ErrorType.TIMEOUT, "The host did not answer in time") from error

    async def _fetch(self, url: str, *, etag: str | None, last_modified: str | None) -> Fetched:
        headers = dict(_HEADERS)
        if etag:
            headers["If-None-Match"] = etag
        if last_modified:
            headers["If-Modified-Since"] = last_modified
        asked = url
        for _ in range(1 + _REDIRECTS):
            response = await self._get(asked, headers)
            location = response.headers.get("location")
            if response.status == _NOT_MODIFIED:
                return Fetched(content=None, etag=etag, last_modified=last_modified)
            if response.status not in _REDIRECT:
                _check_status(response)
                return Fetched(
                    content=response.content,
                    etag=_validator(response, "etag"),
                    last_modified=_validator(response, "last-modified"),
                )
            if not location:
                raise FeedError(ErrorType.REDIRECT, "The host redirects to nowhere")
            asked = _follow(asked, location)
        raise FeedError(ErrorType.REDIRECT, f"The host redirects more than {_REDIRECTS} times")

    async def _get(self, url: str, headers: dict[str, str]) -> HttpResponse:
        try:
            target = await addresses.resolve(url, allow_private=self.allow_private)
        except Invalid as error:
            raise FeedError(ErrorType.ADDRESS_REFUSED, error.message) from error
        except (OSError, UnicodeError) as error:
            raise FeedError(ErrorType.UNREACHABLE, "The host's name leads nowhere") from error
        try:
            return await http.fetch(
                target, headers=headers, timeout_s=self.timeout_s, max_bytes=MAX_BYTES
            )
        except http.TooLarge as error:
            limit = f"The feed is longer than {MAX_BYTES // 1_000_000} MB"
            raise FeedError(ErrorType.TOO_LARGE, limit) from error
        except ProviderUnavailable as error:
            timed_out = error.extra.get("timed_out")
            kind = ErrorType.TIMEOUT if timed_out else ErrorType.UNREACHABLE
            raise FeedError(kind, error.message) from error


def _follow(url: str, location: str) -> str:
    try:
        there = urljoin(url, location)
    except ValueError as error:
        raise FeedError(ErrorType.REDIRECT, "The host redirects to what is no URL") from error
    if url.startswith("https:") and not there.startswith("https:"):
        raise FeedError(ErrorType.REDIRECT, "The host redirects from https to what anyone can read")
    return there


def _check_status(response: HttpResponse) -> None:
    status = response.status
    if status < _CLIENT_ERROR:
        return
    kind = ErrorType.HTTP_5XX if status >= _SERVER_ERROR else ErrorType.HTTP_4XX
    raise FeedError(
        ErrorType.RATE_LIMITED if status == _TOO_MANY else kind,
        f"The host answered {status}",
        retry_after_s=_retry_after(response.headers.get("retry-after", "")),
    )


def _retry_after(value: str) -> int | None:
    """Return the seconds that a host wants to be left alone (RFC 9110 10.2.3: or an instant)."""
    if value.isascii() and value.isdigit():
        return int(value) if len(value) <= _RETRY_AFTER_DIGITS else None
    try:
        at = parsedate_to_datetime(value)
    except (ValueError, OverflowError):
        return None
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    return max(0, math.ceil((at - utc_now()).total_seconds()))


def _validator(response: HttpResponse, name: str) -> str | None:
    value = response.headers.get(name)
    return value if value and len(value) <= _LONGEST_VALIDATOR else None
