"""What must be written because of what calendars say: the owner is told of a night sold twice."""

from collections.abc import Callable, Mapping
from dataclasses import asdict
from datetime import datetime

from alojamientos.channels import outbox
from alojamientos.channels.ical import conflicts
from alojamientos.channels.ical.events import ConflictFound
from alojamientos.conversation import conflict_mail
from alojamientos.conversation.turn import ConversationPolicy
from alojamientos.kit.clock import today_in
from alojamientos.kit.db import Consequence, Transaction


def create(
    *, policy: ConversationPolicy, now: Callable[[], datetime], owner: str | None
) -> Mapping[type, Consequence]:
    """Build the part of the table that is about calendars; `owner` is an address, if mail goes."""
    if owner is None:
        return {}

    async def sold_twice(tx: Transaction, fact: ConflictFound) -> None:
        instant = now()
        found = await conflicts.claims(tx.conn, fact)
        await outbox.put(
            tx,
            channel="email",
            address=owner,
            reply=conflict_mail.conflict(
                found.cabin,
                [conflict_mail.Claim(**asdict(one)) for one in found.claims],
                lodging=policy.lodging_name,
                today=today_in(policy.time_zone, instant),
            ),
            # A conflict that comes up again, later, is told of again.
            dedupe_key=f"conflict:{fact.event_id}:{fact.reservation_id}:{fact.other_event_id}"
            f":{instant:%Y%m%dT%H%M}",
            kind="conflict",
            reservation_id=fact.reservation_id,
        )

    return {ConflictFound: sold_twice}
