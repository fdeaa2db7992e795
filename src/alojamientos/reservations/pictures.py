"""Where the cabins are and what they look like."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from alojamientos.kit.db import Transaction
from alojamientos.kit.errors import Invalid, NotFound

LARGEST = 5 * 1024 * 1024  # bytes: WhatsApp's limit on a picture
LONGEST_CAPTION = 200
_MAGIC = {b"\x89PNG\r\n\x1a\n": "image/png", b"\xff\xd8\xff": "image/jpeg"}
_EXTENSIONS = {"image/png": "png", "image/jpeg": "jpg"}
_DIGEST = 12

_SITES = sa.text(
    """SELECT a.id, a.slug, a.name, a.address, a.latitude, a.longitude,
        (SELECT json_agg(json_build_array(p.id, p.position, p.caption, p.mime_type,
             encode(sha256(p.content), 'hex')) ORDER BY p.position)
         FROM accommodation_photo p WHERE p.accommodation_id = a.id) AS photos
    FROM accommodation a WHERE a.active ORDER BY a.capacity, a.id"""
)
_CONTENT = sa.text("SELECT mime_type, content FROM accommodation_photo WHERE id = :id")
_ADD = sa.text(
    """INSERT INTO accommodation_photo (accommodation_id, position, caption, mime_type, content)
    SELECT a.id, coalesce(max(p.position), 0) + 1, :caption, :mime_type, :content
    FROM accommodation a LEFT JOIN accommodation_photo p ON p.accommodation_id = a.id
    WHERE a.slug = :slug AND a.active GROUP BY a.id RETURNING id"""
)
_LOCK_CABIN = sa.text("SELECT id FROM accommodation WHERE slug = :slug FOR UPDATE")
_REMOVE = sa.text("DELETE FROM accommodation_photo WHERE id = :id")
_PLACE = sa.text(
    """UPDATE accommodation SET address = :address, latitude = :latitude, longitude = :longitude
    WHERE slug = :slug AND active"""
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Photo:
    """A picture of a cabin; `name` ends its address, and changes with what it shows."""

    id: int
    position: int
    caption: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """One cabin's place and pictures; latitude and longitude are both there or both not."""

    accommodation_id: int
    slug: str
    name: str
    address: str
    latitude: float | None
    longitude: float | None
    photos: tuple[Photo, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """A picture's bytes."""

    mime_type: str
    content: bytes


class InvalidPicture(Invalid):
    """Guests cannot be sent this as a picture."""

    code = "invalid_picture"


class NoSuchPicture(NotFound):
    """There is no such picture."""

    code = "no_such_picture"


async def sites(conn: AsyncConnection) -> Sequence[Site]:
    """Return every active cabin's place and pictures, smallest cabin first."""
    return [
        Site(
            accommodation_id=row.id,
            slug=row.slug,
            name=row.name,
            address=row.address,
            latitude=row.latitude,
            longitude=row.longitude,
            photos=tuple(_photo(values) for values in row.photos or ()),
        )
        for row in await conn.execute(_SITES)
    ]


async def content(conn: AsyncConnection, *, name: str) -> Content:
    """Return the picture of this name; raises NoSuchPicture, also when it shows something else."""
    number, _, rest = name.partition("-")
    if not (number.isascii() and number.isdigit() and len(number) < 10):  # noqa: PLR2004 - int4
        raise NoSuchPicture
    row = (await conn.execute(_CONTENT, {"id": int(number)})).one_or_none()
    if row is None:
        raise NoSuchPicture
    found = Content(mime_type=row.mime_type, content=bytes(row.content))
    if rest != _rest(hashlib.sha256(found.content).hexdigest(), found.mime_type):
        raise NoSuchPicture
    return found


async def add(tx: Transaction, *, slug: str, picture: bytes, caption: str) -> int:
    """Add a picture behind a cabin's others and return its id.

    Raises InvalidPicture, and NoSuchPicture when there is no such cabin.
    """
    mime_type = next((kind for magic, kind in _MAGIC.items() if picture.startswith(magic)), None)
    if mime_type is None:
        raise InvalidPicture("Only JPEG and PNG can be sent to guests", field="picture")
    if len(picture) > LARGEST:
        raise InvalidPicture(
            f"The picture has {len(picture)} bytes; at most {LARGEST} can be sent", field="picture"
        )
    caption = " ".join(caption.split())
    if len(caption) > LONGEST_CAPTION:
        raise InvalidPicture(
            f"The caption is longer than {LONGEST_CAPTION} characters", field="caption"
        )
    await tx.conn.execute(_LOCK_CABIN, {"slug": slug})
    values = {"slug": slug, "caption": caption, "mime_type": mime_type, "content": picture}
    photo_id: int | None = await tx.conn.scalar(_ADD, values)
    if photo_id is None:
        raise _no_cabin(slug)
    return photo_id


async def remove(tx: Transaction, *, photo_id: int) -> None:
    """Remove a picture; raises NoSuchPicture."""
    if not (await tx.conn.execute(_REMOVE, {"id": photo_id})).rowcount:
        raise NoSuchPicture(f"There is no picture {photo_id}", field="photo_id")


async def locate(
    tx: Transaction, *, slug: str, address: str, latitude: float, longitude: float
) -> None:
    """Say where a cabin is, in degrees; raises Invalid and NoSuchPicture."""
    for field, value, most in (("latitude", latitude, 90), ("longitude", longitude, 180)):
        if not -most <= value <= most:
            raise Invalid(f"{field} must be between -{most} and {most} degrees", field=field)
    values = {
        "slug": slug,
        "address": " ".join(address.split()),
        "latitude": latitude,
        "longitude": longitude,
    }
    if not (await tx.conn.execute(_PLACE, values)).rowcount:
        raise _no_cabin(slug)


def _no_cabin(slug: str) -> NoSuchPicture:
    return NoSuchPicture(f"There is no cabin {slug!r}; use its short name", field="cabin")


def _photo(values: Sequence[Any]) -> Photo:
    photo_id, position, caption, mime_type, digest = values
    return Photo(
        id=photo_id,
        position=position,
        caption=caption,
        name=f"{photo_id}-{_rest(digest, mime_type)}",
    )


def _rest(digest: str, mime_type: str) -> str:
    return f"{digest[:_DIGEST]}.{_EXTENSIONS[mime_type]}"
