"""All of the owner's routes behind their guards."""

from fastapi import APIRouter, Depends

from alojamientos.console.api import bookings, offers, people, records
from alojamientos.console.api.room import PREFIX, Guards, Room, not_stored, storable
from alojamientos.reservations.schemas import problems


def create_router(room: Room, *, guards: Guards) -> APIRouter:
    """Return the routes; the token is asked for before anything else is looked at."""
    router = APIRouter(
        prefix=PREFIX,
        tags=["owner"],
        dependencies=[
            Depends(guards.rate_limit),
            Depends(guards.token),
            Depends(storable),
            Depends(not_stored),
        ],
        responses=problems(401, 404, 409, 422, 429, 503),
    )
    for part in (offers, bookings, people, records):
        part.add_routes(router, room)
    return router
