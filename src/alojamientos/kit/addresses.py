"""Addresses that a person has entered: what may be asked there, and on which machine.

A server that fetches what it is told to can be told to fetch from inside its own network. So the
name is resolved here, every address it has must be a public one, and the connection is made to
the address that was checked: a name that changes its mind between check and use gains nothing.
"""

import asyncio
import contextlib
import ipaddress
import re
import socket
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

from alojamientos.kit.errors import Invalid

_PORTS = {"http": 80, "https": 443}
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_LONGEST = 2_000


class AddressRefused(Invalid):
    """The address leads to a machine that is not on the public Internet."""

    code = "address_refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """Where to connect for a URL: the addresses were checked, `host` is what to ask them for."""

    url: str
    scheme: str
    host: str
    port: int
    addresses: tuple[str, ...]

    def origins(self) -> list[str]:
        """Return the origins to connect to, with an address in the place of the name."""
        return [
            f"{self.scheme}://{f'[{address}]' if ':' in address else address}:{self.port}"
            for address in self.addresses
        ]

    @property
    def request_path(self) -> str:
        """Return path and query as they stand in the URL: what is escaped there stays so."""
        parts = urlsplit(self.url)
        query = f"?{parts.query}" if parts.query else ""
        return (parts.path or "/") + query

    @property
    def host_header(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _PORTS[self.scheme] else f"{host}:{self.port}"


def check_url(url: str, *, allow_private: bool = False) -> SplitResult:
    """Return the parts of an http(s) URL; raises Invalid, which never repeats the URL.

    Only https to a name on its usual port is let through, unless private machines are: whoever is
    on the way could put nights into a calendar that comes in clear.
    """
    if len(url) > _LONGEST or any(ord(letter) <= ord(" ") for letter in url):
        raise Invalid("The URL is too long or has spaces in it; copy it again", field="url")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise Invalid("The URL cannot be read; copy it again", field="url") from None
    if parts.scheme not in (_PORTS if allow_private else ("https",)):
        raise Invalid("The URL must start with https://", field="url")
    if not parts.hostname:
        raise Invalid("The URL has no host; it should look like https://host/path", field="url")
    if parts.username is not None or parts.password is not None:
        raise Invalid("The URL must not have a user or password before its host", field="url")
    if not allow_private and port not in (None, _PORTS["https"]):
        raise Invalid("The URL must not name a port other than 443", field="url")
    if not allow_private and _is_address(parts.hostname):
        raise AddressRefused("The URL must name its host, not give a number for it", field="url")
    return parts


def _is_address(host: str) -> bool:
    """Tell whether a host is an address, in any of the ways in which systems take one."""
    with contextlib.suppress(ValueError):
        ipaddress.ip_address(host)
        return True
    # Also 2130706433, 0x7f.1 and 127.1, which the resolver reads as inet_aton does.
    return re.fullmatch(r"(?:0x[0-9a-f]*|\d+)", host.rstrip(".").rpartition(".")[2]) is not None


async def resolve(url: str, *, allow_private: bool = False) -> Target:
    """Find the machine that `url` leads to.

    Raises Invalid for a URL that may not be asked for, AddressRefused when any address of its
    host is not public, and OSError when the host has none.
    """
    parts = check_url(url, allow_private=allow_private)
    host = parts.hostname or ""
    port = parts.port or _PORTS[parts.scheme]
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    addresses = tuple(dict.fromkeys(str(entry[4][0]) for entry in found))
    if not allow_private and not all(is_public(address) for address in addresses):
        raise AddressRefused(
            f"{host} is not a machine on the public Internet, so it is not asked", field="url"
        )
    return Target(url=url, scheme=parts.scheme, host=host, port=port, addresses=addresses)


def is_public(text: str) -> bool:
    """Tell whether anyone on the Internet would reach the same machine at this IP address."""
    address = ipaddress.ip_address(text.partition("%")[0])
    if isinstance(address, ipaddress.IPv6Address):
        # An IPv6 address that carries an IPv4 one is as public as that.
        inner = address.ipv4_mapped or address.sixtofour
        if address in _NAT64:
            inner = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        if inner is not None:
            return is_public(str(inner))
        if address.teredo is not None:
            return False
    return address.is_global and not address.is_multicast and not address.is_reserved
