"""The conversation's row: one per channel and address."""

from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB, insert
from sqlalchemy.ext.asyncio import AsyncConnection

from alojamientos.conversation.state import State
from alojamientos.kit.db import metadata

# Free-form messages are allowed this long after the guest's last one (WhatsApp's rule).
WINDOW = timedelta(hours=24)

conversation = sa.Table(
    "conversation",
    metadata,
    sa.Column("id", sa.BigInteger, primary_key=True),
    sa.Column("channel", sa.Text, nullable=False),
    sa.Column("address", sa.Text, nullable=False),
    sa.Column("guest_id", sa.BigInteger),
    sa.Column("state", JSONB, nullable=False),
    sa.Column("paused_until", sa.DateTime(timezone=True)),
    sa.Column("pause_reason", sa.Text),
    sa.Column("window_expires_at", sa.DateTime(timezone=True)),
    sa.Column("last_inbound_at", sa.DateTime(timezone=True)),
    sa.Column("updated_at", sa.DateTime(timezone=True)),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversation:
    """A conversation as stored."""

    id: int
    guest_id: int | None
    state: State
    paused_until: datetime | None
    pause_reason: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Where a guest can be written to."""

    channel: str
    address: str


async def peek(conn: AsyncConnection, *, channel: str, address: str) -> State:
    """Return the state of a conversation, or a fresh one."""
    found = await conn.scalar(
        sa.select(conversation.c.state).where(
            conversation.c.channel == channel, conversation.c.address == address
        )
    )
    return State.from_json(found or {})


async def open_for_update(
    conn: AsyncConnection, *, channel: str, address: str, heard_at: datetime
) -> Conversation:
    """Return the conversation, made if it is new, locked until the transaction ends.

    `heard_at` moves the messaging window on, never back.
    """
    statement = insert(conversation).values(
        channel=channel,
        address=address,
        state={},
        last_inbound_at=heard_at,
        window_expires_at=heard_at + WINDOW,
    )
    statement = statement.on_conflict_do_update(
        index_elements=["channel", "address"],
        set_={
            "last_inbound_at": sa.func.greatest(
                conversation.c.last_inbound_at, statement.excluded.last_inbound_at
            ),
            "window_expires_at": sa.func.greatest(
                conversation.c.window_expires_at, statement.excluded.window_expires_at
            ),
        },
    )
    row = (
        await conn.execute(
            statement.returning(
                conversation.c.id,
                conversation.c.guest_id,
                conversation.c.state,
                conversation.c.paused_until,
                conversation.c.pause_reason,
            )
        )
    ).one()
    return Conversation(
        id=row.id,
        guest_id=row.guest_id,
        state=State.from_json(row.state),
        paused_until=row.paused_until,
        pause_reason=row.pause_reason,
    )


async def save(
    conn: AsyncConnection,
    *,
    conversation_id: int,
    guest_id: int,
    state: State,
    paused_until: datetime | None,
    pause_reason: str | None,
) -> None:
    """Keep what the conversation knows now."""
    await conn.execute(
        sa.update(conversation)
        .where(conversation.c.id == conversation_id)
        .values(
            guest_id=guest_id,
            state=state.to_json(),
            paused_until=paused_until,
            pause_reason=pause_reason,
            updated_at=sa.func.now(),
        )
    )


async def follow(
    conn: AsyncConnection, *, channel: str, address: str, new_address: str, guest_id: int
) -> None:
    """Go on at `new_address` where the conversation at `address` is; one that is there stays."""
    c = conversation.c
    carried = [c.channel, sa.literal(new_address), sa.literal(guest_id), c.state, c.paused_until]
    carried += [c.pause_reason, c.window_expires_at, c.last_inbound_at]
    columns = ["channel", "address", "guest_id", "state", "paused_until"]
    columns += ["pause_reason", "window_expires_at", "last_inbound_at"]
    query = sa.select(*carried).where(c.channel == channel, c.address == address)
    await conn.execute(insert(conversation).from_select(columns, query).on_conflict_do_nothing())
    # The newest is where the guest is written to.
    await conn.execute(
        sa.update(conversation)
        .where(c.channel == channel, c.address == new_address)
        .values(last_inbound_at=sa.func.now())
    )


async def window_of(conn: AsyncConnection, *, channel: str, address: str) -> datetime | None:
    """Return until when a guest may be written to freely, or None when they never wrote."""
    until: datetime | None = await conn.scalar(
        sa.select(conversation.c.window_expires_at).where(
            conversation.c.channel == channel, conversation.c.address == address
        )
    )
    return until


async def guest_of(conn: AsyncConnection, *, channel: str, address: str) -> int | None:
    """Return whose conversation it is, or None when that is not known."""
    guest_id: int | None = await conn.scalar(
        sa.select(conversation.c.guest_id).where(
            conversation.c.channel == channel, conversation.c.address == address
        )
    )
    return guest_id


async def address_of(conn: AsyncConnection, *, guest_id: int) -> Address | None:
    """Return where `guest_id` last wrote from, or None when they never did."""
    row = (
        await conn.execute(
            sa.select(conversation.c.channel, conversation.c.address)
            .where(conversation.c.guest_id == guest_id)
            .order_by(conversation.c.last_inbound_at.desc().nulls_last())
            .limit(1)
        )
    ).one_or_none()
    return Address(channel=row.channel, address=row.address) if row else None
