"""From a notice to a message that waits to go out."""

from alojamientos.channels import outbox
from alojamientos.conversation.notices import Notice
from alojamientos.kit.db import Transaction


async def tell(tx: Transaction, *notices: Notice | None) -> None:
    """Queue what there is to tell, each once; None is nothing to tell."""
    for notice in notices:
        if notice is not None:
            await outbox.put(
                tx,
                channel=notice.channel,
                address=notice.address,
                reply=notice.reply,
                dedupe_key=notice.dedupe_key,
                kind=notice.kind,
                reservation_id=notice.reservation_id,
            )
