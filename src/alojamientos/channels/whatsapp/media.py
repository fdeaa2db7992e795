"""What guests send besides text: https://developers.facebook.com/docs/whatsapp/cloud-api/reference/media.

Two steps: an address that is good for five minutes, then the bytes behind it, with the token. The
token goes to the provider's own hosts only, and what comes must be what the webhook announced.
"""

import base64
import binascii
import hashlib
import hmac
import re
from typing import Any
from urllib.parse import urlsplit

from alojamientos.channels.base import Media, MediaNotFetched
from alojamientos.channels.whatsapp import untrusted
from alojamientos.conversation.messages import InboundMessage
from alojamientos.kit.errors import ProviderError
from alojamientos.kit.http import HttpClient, HttpResponse, TooLarge

LARGEST = 5 * 1024 * 1024  # bytes: twenty minutes of a voice note
_DEADLINE_S = 10.0
_TRIES = 2  # the address may have run out, and a hiccup be over
_HOSTS = (".fbsbx.com", ".facebook.com", ".whatsapp.net")
_HTTPS = 443
_MEDIA_ID = re.compile(r"[0-9A-Za-z_-]{1,64}")
_PLAIN = re.compile(r"[!-~]+")  # what an address is made of; libraries differ about the rest
_LOST = (401, 404, 410)  # the address has run out


class WhatsAppMedia:
    """Fetch with the client that also sends: `base_url` is the one it was given."""

    def __init__(self, *, http: HttpClient, base_url: str, api_version: str) -> None:
        self._http = http
        self._api_version = api_version
        self._own = _origin(base_url)

    async def fetch(self, message: InboundMessage) -> Media:
        """Return what `message` carries; raises MediaNotFetched."""
        media_id = message.media_id or ""
        if not _MEDIA_ID.fullmatch(media_id):
            raise MediaNotFetched("The media has no usable id")
        error: ProviderError | None = None
        for _ in range(_TRIES):
            try:
                return await self._fetch(media_id, announced=message.media_sha256)
            except MediaNotFetched:
                raise
            except TooLarge as too_large:
                raise MediaNotFetched(f"It is larger than {LARGEST} bytes") from too_large
            except ProviderError as again:
                error = again
        raise MediaNotFetched("WhatsApp did not hand it out") from error

    async def _fetch(self, media_id: str, *, announced: str | None) -> Media:
        path = f"/{self._api_version}/{media_id}"
        told = _told(await self._http.request("GET", path, operation="get_media"))
        url = untrusted.text(told, "url", limit=4096)
        if not self._is_the_providers(url):
            raise MediaNotFetched("Its address is not one of the provider's")
        size = told.get("file_size")
        if isinstance(size, int) and size > LARGEST:
            raise MediaNotFetched(f"It is larger than {LARGEST} bytes")
        response = await self._http.download(
            url, operation="download_media", most_bytes=LARGEST, deadline_s=_DEADLINE_S
        )
        if response.status in _LOST or response.status >= 500:  # noqa: PLR2004 - server errors
            raise ProviderError(f"The download answered {response.status}")
        if response.status != 200 or not response.content:  # noqa: PLR2004 - also a redirect
            raise MediaNotFetched(f"The download answered {response.status}")
        _check(response.content, (announced, untrusted.text(told, "sha256", limit=128)))
        mime_type = untrusted.text(told, "mime_type", limit=100).partition(";")[0].strip().lower()
        return Media(content=response.content, mime_type=mime_type)

    def _is_the_providers(self, url: str) -> bool:
        """Tell whether the token may go to `url`: a host of Meta's, or where all calls go."""
        if not _PLAIN.fullmatch(url) or "\\" in url:
            return False
        if _origin(url) == self._own:
            return True
        scheme, host, port = _origin(url)
        return scheme == "https" and port == _HTTPS and host.endswith(_HOSTS)


def _origin(url: str) -> tuple[str, str, int | None]:
    """Return scheme, host and port; of nothing at all for an address with a user or nonsense."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return "", "", None
    if "@" in parts.netloc or parts.hostname is None:
        return "", "", None
    return parts.scheme, parts.hostname, port or {"https": _HTTPS, "http": 80}.get(parts.scheme)


def _told(response: HttpResponse) -> dict[str, Any]:
    """Return what the look-up says; raises ProviderError, MediaNotFetched."""
    if not response.ok:
        if response.status == 429 or response.status >= 500:  # noqa: PLR2004 - may pass
            raise ProviderError(f"The look-up answered {response.status}")
        raise MediaNotFetched(f"The look-up answered {response.status}")
    try:
        told = untrusted.load(response.content)
    except ValueError as error:
        raise MediaNotFetched("The look-up answered no JSON") from error
    return told if isinstance(told, dict) else {}


def _check(content: bytes, digests: tuple[str | None, ...]) -> None:
    """Compare with every digest that was told, and want one; raises MediaNotFetched."""
    told = [digest for digest in digests if digest]
    actual = hashlib.sha256(content).digest()
    if not told or not all(hmac.compare_digest(actual, _decoded(digest)) for digest in told):
        raise MediaNotFetched("It is not what was announced: the checksum differs")


def _decoded(digest: str) -> bytes:
    """Return a SHA-256 from hex or base64: the webhook writes one, the look-up the other."""
    try:
        if len(digest) == hashlib.sha256().digest_size * 2:
            return bytes.fromhex(digest)
        return base64.b64decode(digest, validate=True)
    except (ValueError, binascii.Error):
        return b""
