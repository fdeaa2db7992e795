"""Guests and conversations."""

from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Query

from alojamientos.console import conversations, erasing, guests
from alojamientos.console.api.room import ACTOR, DryRun, Id, Limit, Room
from alojamientos.console.conversations import Conversation
from alojamientos.console.guests import Erased, Guest
from alojamientos.conversation.mails import Line


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversationShape:
    conversation: Conversation
    lines: list[Line]


@dataclass(frozen=True, slots=True)
class _People:
    room: Room

    async def guests(
        self,
        words: Annotated[
            str | None, Query(max_length=200, description="Part of name, address or phone")
        ] = None,
        limit: Limit = 50,
    ) -> list[Guest]:
        return await self.room.read(lambda conn: guests.search(conn, words=words, limit=limit))

    async def guest(self, guest_id: Id) -> Guest:
        return await self.room.read(lambda conn: guests.guest(conn, guest_id))

    async def export(self, guest_id: Id) -> dict[str, Any]:
        return await self.room.write(lambda tx: guests.export(tx, guest_id=guest_id, actor=ACTOR))

    async def erase(self, guest_id: Id, *, dry_run: DryRun = False) -> Erased:
        return await self.room.write(
            lambda tx: erasing.erase(tx, guest_id=guest_id, actor=ACTOR), dry_run=dry_run
        )

    async def conversations(
        self, *, paused: Annotated[bool, Query()] = False, limit: Limit = 50
    ) -> list[Conversation]:
        return await self.room.read(
            lambda conn: conversations.conversations(conn, limit=limit, paused=paused)
        )

    async def conversation(self, conversation_id: Id, lines: Limit = 30) -> ConversationShape:
        found, said = await self.room.read(
            lambda conn: conversations.conversation(conn, conversation_id, lines=lines)
        )
        return ConversationShape(conversation=found, lines=said)


def add_routes(router: APIRouter, room: Room) -> None:
    people = _People(room)
    router.get("/guests", summary="Find guests")(people.guests)
    router.get("/guests/{guest_id}", summary="One guest")(people.guest)
    # A POST, for it is written into the audit.
    router.post("/guests/{guest_id}/export", summary="All that is kept about a guest")(
        people.export
    )
    router.post("/guests/{guest_id}/erase", summary="Delete a guest's personal data")(people.erase)
    router.get("/conversations", summary="Who wrote last")(people.conversations)
    router.get("/conversations/{conversation_id}", summary="What was said last")(
        people.conversation
    )
