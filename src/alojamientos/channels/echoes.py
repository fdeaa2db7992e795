"""What the owner writes to guests past us, from the phone: the assistant leaves them the word."""

from collections.abc import Callable
from datetime import datetime, timedelta

from alojamientos.channels import inbox
from alojamientos.conversation import pausing
from alojamientos.conversation.pausing import PauseReason
from alojamientos.jobs.registry import Job, Retry
from alojamientos.kit.db import Database

ECHO = "messages.echo"  # the job, and
EVENT_TYPE = "echo"  # the kind of event that it is about


def create_job(*, database: Database, pause: timedelta, now: Callable[[], datetime]) -> Job:
    """Return the job that pauses the conversation in which the owner wrote, for `pause`."""

    async def heed(*, event_id: int) -> None:
        async with database.begin() as tx:
            event = await inbox.load(tx.conn, event_id=event_id, lock=True)
            if event is None or event.processed_at is not None or event.conversation_key is None:
                return
            channel, _, address = event.conversation_key.partition(":")
            written_at = event.sent_at or event.received_at
            until = written_at + pause
            late = until <= now()  # an echo that comes days later silences nobody
            if not late:
                await pausing.pause(
                    tx,
                    channel=channel,
                    address=address,
                    until=until,
                    reason=PauseReason.OWNER_WROTE,
                )
            await inbox.mark_processed(
                tx, event_id=event_id, outcome="ignored" if late else "paused"
            )

    return Job(ECHO, heed, retry=Retry(attempts=50, first_s=1, cap_s=60))
