"""Ask the running worker to read calendars, and see how it goes."""

import asyncio
import time
from collections.abc import Sequence

from alojamientos.channels.ical import jobs, queries
from alojamientos.channels.ical.queries import Feed
from alojamientos.kit.db import Database

_POLL_S = 0.2


async def read_now(
    database: Database, wanted: Sequence[int], deadline: float
) -> tuple[list[Feed], list[int]]:
    """Have the worker read feeds (all when none are named) and wait at most `deadline` seconds.

    Returns the feeds that were read, as they are then, and the numbers of those that still wait.
    """
    async with database.begin() as tx:
        feeds = (
            [await queries.feed(tx.conn, feed_id) for feed_id in dict.fromkeys(wanted)]
            if wanted
            else await queries.feeds(tx.conn, active_only=True)
        )
        for feed in feeds:
            await jobs.request_sync(tx, feed_id=feed.id, forced=True)
    before = {feed.id: feed.last_attempt_at for feed in feeds}
    done: dict[int, Feed] = {}
    until = time.monotonic() + deadline
    while len(done) < len(before) and time.monotonic() < until:
        await asyncio.sleep(_POLL_S)
        async with database.read() as conn:
            for feed in await queries.feeds(conn):
                if feed.id in before and feed.last_attempt_at != before[feed.id]:
                    done[feed.id] = feed
    return list(done.values()), [feed_id for feed_id in before if feed_id not in done]
