"""Where channels and browsers fetch the cabins' pictures. Public: they are shown to anyone."""

from fastapi import APIRouter, Response

from alojamientos.kit.db import Database
from alojamientos.reservations import pictures
from alojamientos.reservations.schemas import problems

PATH = "/api/v1/photos"
_FOR_EVER = "public, max-age=31536000, immutable"  # another picture has another name


def create_router(*, database: Database) -> APIRouter:
    """Return the route."""
    router = APIRouter(tags=["pictures"], responses=problems(503))

    @router.get(
        PATH + "/{name}",
        summary="A picture of a cabin",
        response_class=Response,
        responses={**problems(404), 200: {"content": {"image/png": {}, "image/jpeg": {}}}},
    )
    async def photo(name: str) -> Response:
        async with database.read() as conn:
            found = await pictures.content(conn, name=name)
        return Response(
            found.content,
            media_type=found.mime_type,
            headers={"Cache-Control": _FOR_EVER, "X-Content-Type-Options": "nosniff"},
        )

    return router
