"""Whose message it is: numbers, scoped ids and addresses are names of one guest."""

from alojamientos.conversation import store
from alojamientos.conversation.messages import InboundMessage
from alojamientos.kit.db import Transaction
from alojamientos.reservations import operations


async def whose(tx: Transaction, message: InboundMessage) -> int:
    """Return the guest who wrote, making one if nobody is known by any of the message's ids."""
    kind = _kind(message)
    if kind == "wa_id" and message.bsuid:
        # Either id may be the first that we see, and the other the only one next time.
        await operations.link_identity(
            tx, known=("bsuid", message.bsuid), new=("wa_id", message.address)
        )
    guest_id = await operations.identify_guest(
        tx, kind=kind, value=message.address, name=message.profile_name
    )
    if kind == "wa_id" and message.bsuid:
        await operations.link_identity(
            tx, known=("wa_id", message.address), new=("bsuid", message.bsuid)
        )
    return guest_id


async def move(tx: Transaction, message: InboundMessage, *, guest_id: int) -> None:
    """Follow a guest to their new number: bookings, conversation and notices go along."""
    if message.new_address is None or message.new_address == message.address:
        return
    await operations.link_identity(
        tx, known=(_kind(message), message.address), new=("wa_id", message.new_address)
    )
    await store.follow(
        tx.conn,
        channel=message.channel,
        address=message.address,
        new_address=message.new_address,
        guest_id=guest_id,
    )


def _kind(message: InboundMessage) -> str:
    if message.channel == "email":
        return "email"
    return "bsuid" if message.address == message.bsuid else "wa_id"
