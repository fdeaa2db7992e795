"""Read every feed every ten minutes, each at its own moment of them."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol
from zoneinfo import ZoneInfo

from alojamientos.channels.ical import importing, queries
from alojamientos.channels.ical.client import FeedClient, Fetched
from alojamientos.channels.ical.domain import FeedError, NoSuchFeed, Reading
from alojamientos.channels.ical.feed import parse
from alojamientos.channels.ical.queries import Feed
from alojamientos.jobs import queue
from alojamientos.jobs.registry import Job
from alojamientos.kit.clock import today_in
from alojamientos.kit.db import Database, Transaction

SYNC = "ical.sync"
SYNC_FEED = "ical.sync_feed"
_LANES = 3  # so many feeds are read at a time: slow hosts must not take the worker from guests
_PRIORITY = -1


class Recorder(Protocol):
    """Know feeds before they fail; `telemetry.recorder.Recorder` is one."""

    def expect_feed(self, *, feed: str) -> None: ...


async def request_sync(tx: Transaction, *, feed_id: int, forced: bool = False) -> None:
    """Queue the reading of a feed, unless one waits already; `forced`: even before its turn."""
    await queue.enqueue(
        tx.conn,
        SYNC_FEED,
        lock=f"feeds:{feed_id % _LANES}",
        queueing_lock=f"feed:{feed_id}:{forced}",
        priority=_PRIORITY,
        feed_id=feed_id,
        forced=forced,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Work:
    database: Database
    client: FeedClient
    recorder: Recorder
    now: Callable[[], datetime]
    domain: str

    async def sync(self) -> None:
        """Queue the reading of every feed whose turn it is."""
        async with self.database.read() as conn:
            feeds = await queries.feeds(conn, active_only=True)
        for feed in feeds:
            self.recorder.expect_feed(feed=feed.label)
        due = [feed.id for feed in feeds if feed.next_sync_at <= self.now()]
        if due:
            async with self.database.begin() as tx:
                for feed_id in due:
                    await request_sync(tx, feed_id=feed_id)

    async def sync_feed(self, *, feed_id: int, forced: bool = False) -> None:
        """Read one feed and store what it says, or that it could not be read."""
        try:
            async with self.database.read() as conn:
                feed = await queries.feed(conn, feed_id)
            # It may have been read since this was queued.
            if forced or (feed.active and feed.next_sync_at <= self.now()):
                await self._sync(feed)
        except NoSuchFeed:
            return  # removed meanwhile

    async def _sync(self, feed: Feed) -> None:
        try:
            fetched = await self.client.fetch(
                feed.url,
                etag=feed.etag if feed.is_settled else None,
                last_modified=feed.last_modified if feed.is_settled else None,
            )
            reading = await self._read(feed, fetched)
        except FeedError as error:
            failure = error  # the name above ends with its block
            await self.database.run(
                lambda tx: importing.note_failure(
                    tx, feed_id=feed.id, error=failure, today=self._today(feed), now=self.now()
                )
            )
            return
        await self.database.run(
            lambda tx: importing.take_in(
                tx,
                feed_id=feed.id,
                reading=reading,
                etag=fetched.etag,
                last_modified=fetched.last_modified,
                today=self._today(feed),
                now=self.now(),
                domain=self.domain,
            )
        )

    async def _read(self, feed: Feed, fetched: Fetched) -> Reading | None:
        if fetched.content is None:
            return None
        # In a thread: reading a long calendar takes longer than a guest should wait.
        return await asyncio.to_thread(
            parse,
            fetched.content,
            source=feed.source,
            zone=ZoneInfo(feed.time_zone),
            today=self._today(feed),
            longest_block=feed.longest_block,
        )

    def _today(self, feed: Feed) -> date:
        return today_in(feed.time_zone, self.now())


def create_jobs(
    *,
    database: Database,
    client: FeedClient,
    recorder: Recorder,
    now: Callable[[], datetime],
    domain: str,
) -> list[Job]:
    """Return the jobs of this room; `domain` is what the names of our own events end with."""
    work = _Work(database=database, client=client, recorder=recorder, now=now, domain=domain)
    return [
        # Every minute, to find the feeds whose turn it is.
        Job(SYNC, work.sync, every="* * * * *", timeout_s=30),
        Job(SYNC_FEED, work.sync_feed, timeout_s=90),
    ]
