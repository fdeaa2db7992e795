"""What must be written because of what happened to mails: the owner is told."""

from collections.abc import Callable, Mapping
from datetime import datetime

from alojamientos.channels import outbox
from alojamientos.channels.email.events import MailSetAside
from alojamientos.channels.events import MessageUndelivered
from alojamientos.conversation import owner_mails
from alojamientos.conversation.messages import Reply
from alojamientos.conversation.turn import ConversationPolicy
from alojamientos.kit.clock import today_in
from alojamientos.kit.db import Consequence, Transaction

_NOTICE = "owner_notice"


def create(
    *, policy: ConversationPolicy, now: Callable[[], datetime], owner: str | None
) -> Mapping[type, Consequence]:
    """Build the part of the table that is about mails; `owner` is an address, if mail goes."""
    if owner is None:
        return {}

    async def undelivered(tx: Transaction, fact: MessageUndelivered) -> None:
        if fact.channel != "email":
            return
        sent = await outbox.load(tx.conn, outbox_id=fact.outbox_id)
        if sent is None or sent.address == owner:
            return  # the owner's own mails do not arrive: this one would not either
        reply = owner_mails.undelivered(
            sent.address,
            sent.kind,
            fact.code,
            lodging=policy.lodging_name,
            permanent=fact.permanent,
        )
        await tell(tx, reply, key=f"undelivered:{fact.outbox_id}")

    async def set_aside(tx: Transaction, fact: MailSetAside) -> None:
        reply = owner_mails.set_aside(fact.address, fact.nature, lodging=policy.lodging_name)
        today = today_in(policy.time_zone, now())  # a flood is told of once a day
        await tell(
            tx, reply, key=f"set-aside:{fact.nature}:{fact.address or fact.inbox_id}:{today}"
        )

    async def tell(tx: Transaction, reply: Reply, *, key: str) -> None:
        await outbox.put(
            tx, channel="email", address=owner, reply=reply, dedupe_key=key, kind=_NOTICE
        )

    return {MessageUndelivered: undelivered, MailSetAside: set_aside}
