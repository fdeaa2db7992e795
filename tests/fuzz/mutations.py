"""Turn what a provider sends into what it hopefully never does."""

import copy
import json
import random
from collections.abc import Iterator
from typing import Any

_VALUES: tuple[Any, ...] = (
    *(None, True, False, 0, -1, 1, 2**31, 2**63, -(2**63) - 1, 10**40, 0.5, 1e308, float("inf")),
    *("", " ", "0", "\x00", "\ud800", "ñandú 🦙", "a" * 5_000, "%s%n{0}", "../../etc/passwd"),
    *("'; DROP TABLE reservation; --", "${jndi:ldap://127.0.0.1/x}", "http://169.254.169.254/"),
    *("99999999999999999999", "-5", "NaN", "2026-02-31", "\u202etxt.exe", "\r\nBcc: x@example.com"),
    *([], {}, [[]], [None] * 50, {"": ""}, {"id": {"id": {"id": []}}}),
)
_DEEP = 50  # levels
_DEEPER_SHARE = 0.02
_DEEPER = 100_000  # more than any reader may recurse into


def mutated(rng: random.Random, value: Any) -> Any:
    """Return a copy of the JSON `value` with one to four things wrong somewhere in it."""
    broken = copy.deepcopy(value)
    for _ in range(rng.randint(1, 4)):
        places = list(_places(broken))
        if not places:
            return copy.deepcopy(rng.choice(_VALUES))
        _break(rng, *rng.choice(places))
    return broken


def garbled(rng: random.Random, body: bytes) -> bytes:
    """Return `body` with bytes changed, cut, doubled or put in."""
    content = bytearray(body)
    if rng.random() < _DEEPER_SHARE:
        at = rng.randrange(len(content) + 1)
        content[at:at] = rng.choice((b"[", b'{"a":')) * _DEEPER
    for _ in range(rng.randint(1, 8)):
        at = rng.randrange(len(content) + 1)
        match rng.randrange(4):
            case 0 if at < len(content):
                content[at] = rng.randrange(256)
            case 1:
                del content[at : at + rng.randint(1, 30)]
            case 2:
                content[at:at] = content[at : at + rng.randint(1, 30)]
            case _:
                content[at:at] = rng.randbytes(rng.randint(1, 8))
    return bytes(content)


def encoded(value: Any) -> bytes:
    """Return JSON as a careless writer makes it: with Infinity, and surrogates as escapes."""
    return json.dumps(value).encode()


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Yield every container and key below `value`."""
    keys: Any = ()
    if isinstance(value, dict):
        keys = list(value)
    elif isinstance(value, list):
        keys = range(len(value))
    for key in keys:
        yield value, key
        yield from _places(value[key])


def _break(rng: random.Random, container: Any, key: Any) -> None:
    match rng.randrange(7):
        case 0 | 1 | 2:
            container[key] = copy.deepcopy(rng.choice(_VALUES))
        case 3:
            del container[key]
        case 4 if isinstance(container, list):
            container.extend(copy.deepcopy(container[key]) for _ in range(rng.randint(1, 5)))
        case 4:
            container[f"{key}\u200b"] = container.pop(key)
        case 5:
            for _ in range(rng.choice((1, 2, _DEEP))):
                container[key] = [container[key]]
        case _:
            container[key] = str(container[key])[: rng.randint(0, 20)]
