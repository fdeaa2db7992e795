"""The assistant's silence in a conversation, while a person has the word."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from alojamientos.conversation.events import ConversationPaused, ConversationResumed
from alojamientos.conversation.store import conversation
from alojamientos.kit.db import Transaction


class PauseReason(StrEnum):
    """Why the assistant is silent; the values are those of `conversation.pause_reason`."""

    ASKED = "asked"  # the guest wants a person
    OWNER_WROTE = "owner_wrote"  # from the phone, in the same chat
    OWNER = "owner"  # told us to be silent


@dataclass(frozen=True, slots=True, kw_only=True)
class Pause:
    """Until when, and why."""

    until: datetime
    reason: PauseReason


async def pause(
    tx: Transaction, *, channel: str, address: str, until: datetime, reason: PauseReason
) -> Pause:
    """Keep silent until `until`; a pause that lasts longer stays. Return what holds now.

    The conversation is made if there is none yet: an owner may be the first to write.
    """
    new = insert(conversation).values(
        channel=channel, address=address, state={}, paused_until=until, pause_reason=reason.value
    )
    longer = sa.func.coalesce(conversation.c.paused_until < new.excluded.paused_until, sa.true())
    row = (
        await tx.conn.execute(
            new.on_conflict_do_update(
                index_elements=["channel", "address"],
                set_={
                    "paused_until": sa.case(
                        (longer, new.excluded.paused_until), else_=conversation.c.paused_until
                    ),
                    "pause_reason": sa.case(
                        (longer, new.excluded.pause_reason), else_=conversation.c.pause_reason
                    ),
                    "updated_at": sa.func.now(),
                },
            ).returning(conversation.c.paused_until, conversation.c.pause_reason)
        )
    ).one()
    tx.emit(ConversationPaused(channel=channel, reason=row.pause_reason, until=row.paused_until))
    return Pause(until=row.paused_until, reason=PauseReason(row.pause_reason))


async def resume(tx: Transaction, *, channel: str, address: str, now: datetime) -> bool:
    """Let the assistant answer again; return False when it is not silent at `now`."""
    result = await tx.conn.execute(
        sa.update(conversation)
        .where(
            conversation.c.channel == channel,
            conversation.c.address == address,
            conversation.c.paused_until > now,
        )
        .values(paused_until=None, pause_reason=None, updated_at=sa.func.now())
    )
    if result.rowcount:
        tx.emit(ConversationResumed(channel=channel))
    return bool(result.rowcount)


async def paused(
    conn: AsyncConnection, *, channel: str, address: str, now: datetime
) -> Pause | None:
    """Return the pause that a conversation is in at `now`, or None."""
    row = (
        await conn.execute(
            sa.select(conversation.c.paused_until, conversation.c.pause_reason).where(
                conversation.c.channel == channel,
                conversation.c.address == address,
                conversation.c.paused_until > now,
            )
        )
    ).one_or_none()
    if row is None:
        return None
    return Pause(until=row.paused_until, reason=PauseReason(row.pause_reason))
