"""Voice notes of guests who do not exist: real Ogg Opus, silent, with the words in a comment.

A transcriber of sound finds nothing in one and the guest is asked to write; this module run with a
file is a transcriber that reads the comment, so that the whole way can be played without a model.
https://www.rfc-editor.org/rfc/rfc7845
"""

import struct
import sys
from collections.abc import Iterator
from pathlib import Path

MIME_TYPE = "audio/ogg; codecs=opus"
_RATE = 48_000  # granules per second, whatever was recorded
_PACKET = 960  # granules in a packet of 20 ms
_SILENCE = b"\xf8\xff\xfe"
_SECONDS_PER_WORD = 0.4
_COMMENT = b"WORDS="
_FIRST, _LAST = 2, 4  # page flags
_FULL = 255  # bytes in a segment; as many segments in a page
_POLYNOMIAL = 0x04C11DB7


def speak(words: str) -> bytes:
    """Return a voice note that lasts about as long as saying `words` takes."""
    packets = max(1, round(len(words.split()) * _SECONDS_PER_WORD * _RATE / _PACKET))
    head = b"OpusHead" + struct.pack("<BBHIhB", 1, 1, 0, _RATE, 0, 0)
    comment = _COMMENT + words.encode()
    tags = b"OpusTags" + struct.pack("<I", 0) + struct.pack("<II", 1, len(comment)) + comment
    pages = [_page([head], number=0, granule=0, flags=_FIRST), _page([tags], number=1, granule=0)]
    for start in range(0, packets, _FULL):
        count = min(_FULL, packets - start)
        end = start + count
        flags = _LAST if end == packets else 0
        granule = end * _PACKET
        pages.append(_page([_SILENCE] * count, number=len(pages), granule=granule, flags=flags))
    return b"".join(pages)


def words_in(content: bytes) -> str:
    """Return the words of a voice note that `speak` made; "" for any other."""
    for packet in _packets(content):
        if packet.startswith(b"OpusTags"):
            _, found, words = packet.partition(_COMMENT)
            return words.decode("utf-8", "replace") if found else ""
    return ""


def _page(packets: list[bytes], *, number: int, granule: int, flags: int = 0) -> bytes:
    """Return one page (RFC 3533, section 6) of whole packets, with its checksum."""
    lacing = b"".join(b"\xff" * (len(p) // _FULL) + bytes([len(p) % _FULL]) for p in packets)
    header = struct.pack("<4sBBqIII", b"OggS", 0, flags, granule, 1, number, 0)
    page = header + bytes([len(lacing)]) + lacing + b"".join(packets)
    return page[:22] + struct.pack("<I", _checksum(page)) + page[26:]


def _checksum(data: bytes) -> int:
    value = 0
    for byte in data:
        value ^= byte << 24
        for _ in range(8):
            value = (value << 1) ^ (_POLYNOMIAL if value & 0x80000000 else 0)
        value &= 0xFFFFFFFF
    return value


def _packets(content: bytes) -> Iterator[bytes]:
    """Return the packets of an Ogg stream, as far as it is one."""
    start = 0
    while content[start : start + 4] == b"OggS" and len(content) > start + 27:
        segments = content[start + 27 : start + 27 + content[start + 26]]
        start += 27 + len(segments)
        packet = b""
        for length in segments:
            packet += content[start : start + length]
            start += length
            if length < _FULL:
                yield packet
                packet = b""


if __name__ == "__main__":
    print(words_in(Path(sys.argv[1]).read_bytes()))  # noqa: T201 - what a transcriber does
