"""Pictures of the demo cabins, drawn here: a cabin by a lake, by day and at dusk."""

import functools
import struct
import zlib
from dataclasses import dataclass

_WIDTH, _HEIGHT = 480, 320
_SHORE, _HORIZON = 250, 190
_SIGNATURE = b"\x89PNG\r\n\x1a\n"

_Colour = tuple[int, int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Light:
    sky: _Colour
    mountain: _Colour
    lake: _Colour
    grass: _Colour
    wall: _Colour
    roof: _Colour
    window: _Colour


_DAY = _Light(
    sky=(158, 208, 240),
    mountain=(106, 130, 140),
    lake=(52, 120, 170),
    grass=(96, 150, 76),
    wall=(150, 98, 58),
    roof=(110, 44, 34),
    window=(225, 240, 250),
)
_DUSK = _Light(
    sky=(70, 58, 110),
    mountain=(44, 40, 72),
    lake=(34, 40, 86),
    grass=(36, 56, 44),
    wall=(84, 54, 40),
    roof=(52, 24, 26),
    window=(255, 208, 96),
)


@functools.cache
def draw(*, rooms: int, dusk: bool) -> bytes:
    """Return a PNG of a cabin with so many windows."""
    light = _DUSK if dusk else _DAY
    rows = bytearray()
    for y in range(_HEIGHT):
        rows.append(0)  # no filter
        for x in range(_WIDTH):
            rows += bytes(_colour(x, y, light, rooms))
    header = struct.pack(">IIBBBBB", _WIDTH, _HEIGHT, 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(bytes(rows), 9)), (b"IEND", b""))
    return _SIGNATURE + b"".join(_chunk(kind, data) for kind, data in chunks)


def _colour(x: int, y: int, light: _Light, rooms: int) -> _Colour:
    left, width = 150, 70 + 35 * rooms
    top, middle = 180, left + width / 2
    if left <= x < left + width and top <= y < _SHORE + 20:
        inside = (x - left) % (width // rooms)
        is_window = 15 <= inside < 40 and top + 25 <= y < top + 55  # noqa: PLR2004 - a window's frame
        return light.window if is_window else light.wall
    if top - 60 <= y < top and abs(x - middle) < (y - top + 60) / 60 * (width / 2 + 14):
        return light.roof
    if y >= _SHORE:
        return light.grass
    if y >= _HORIZON:
        return light.lake
    peaks = ((90, 60), (260, 30), (410, 80))
    if any(y - height > abs(x - peak) * 0.9 for peak, height in peaks):
        return light.mountain
    return light.sky


def _chunk(kind: bytes, data: bytes) -> bytes:
    checksum = struct.pack(">I", zlib.crc32(kind + data))
    return struct.pack(">I", len(data)) + kind + data + checksum
