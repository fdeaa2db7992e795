"""The owner's API under /api/v1/owner: one bearer token, every act in the audit."""

from alojamientos.console.api.room import Guards, Room
from alojamientos.console.api.router import create_router

__all__ = ["Guards", "Room", "create_router"]
