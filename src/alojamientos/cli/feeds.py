"""The verbs for calendar feeds: what is booked on Airbnb, Booking.com and the like."""

import asyncio
import getpass
import sys
import time
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import Annotated, Any, TypeVar

import orjson
import typer
from rich.console import Console
from rich.table import Table

from alojamientos.channels.ical import jobs, operations, queries
from alojamientos.channels.ical.domain import Source
from alojamientos.channels.ical.queries import Feed, Occupied
from alojamientos.kit import db
from alojamientos.kit.clock import utc_now
from alojamientos.kit.errors import AlojamientosError, Invalid
from alojamientos.ops.launcher import config
from alojamientos.settings import Settings, load_settings

T = TypeVar("T")
_POLL_S = 0.2

app = typer.Typer(no_args_is_help=True, pretty_exceptions_enable=False)
FeedId = Annotated[int, typer.Argument(help="Number of the feed, as `feeds list` shows it.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object, nothing else.")]


@app.command()
def add(
    url: Annotated[
        str,
        typer.Argument(
            help="Secret address of the calendar; - reads it from standard input, so that it"
            " stays out of the shell's history."
        ),
    ],
    *,
    cabin: Annotated[str, typer.Option(help="Short name of the cabin that it belongs to.")],
    source: Annotated[
        Source | None, typer.Option(help="Whose calendar it is; guessed from the address.")
    ] = None,
) -> None:
    """Add a calendar: its nights are not sold here from the first reading on.

    Airbnb: Calendar > Availability > Connect to another website > Export calendar.
    Booking.com: Rates & availability > Sync calendars > Export.
    It is read within a minute, then every ten minutes; `feeds list` shows how that goes.
    """
    settings = _settings()
    secret = (sys.stdin.readline() if url == "-" else url).strip()
    if not secret:
        raise Invalid("The address is missing; give it after `add`, or - and then type it")
    feed = _in_transaction(
        settings,
        lambda tx: operations.add(
            tx,
            url=secret,
            cabin=cabin,
            source=source,
            actor=_actor(),
            allow_private=settings.ical.allow_private_hosts,
        ),
    )
    print(f"feed {feed.id} added: {feed.label} ({feed.source}) for {feed.accommodation_name}")
    print("it is read within a minute; see: alojamientos feeds list")


@app.command("list")
def list_feeds(*, json: AsJson = False) -> None:
    """Show every calendar: when it was read, what it blocks, what went wrong."""
    feeds, occupied = _read(_settings(), _everything)
    now = utc_now()
    if json:
        rows = [_as_json(feed, occupied.get(feed.id), now) for feed in feeds]
        print(orjson.dumps({"feeds": rows}, option=orjson.OPT_INDENT_2).decode())
    elif not feeds:
        print("no feeds yet; add one with: alojamientos feeds add URL --cabin NAME")
    else:
        Console(highlight=False).print(_table(feeds, occupied, now))


@app.command()
def sync(
    feed_ids: Annotated[
        list[int] | None, typer.Argument(help="Numbers of feeds; all of them when none is given.")
    ] = None,
    *,
    deadline: Annotated[float, typer.Option(help="Seconds to wait for the worker.", min=1)] = 60,
) -> None:
    """Read calendars now; exit 1 when one of them could not be read.

    The running worker does it, so that metrics and logs tell of it as ever.
    """
    settings = _settings()
    done, late = _run(settings, lambda database: _sync(database, feed_ids or [], deadline))
    for feed in done:
        blocked = f"failed: {feed.last_error}" if feed.failures else "read"
        print(f"feed {feed.id} {feed.label}: {blocked}")
    if late:
        numbers = ", ".join(str(feed_id) for feed_id in late)
        raise AlojamientosError(
            f"No worker has read feed {numbers} within {deadline:g} s; it stays queued."
            " Is the worker running? alojamientos status"
        )
    if any(feed.failures for feed in done):
        raise typer.Exit(1)


@app.command()
def remove(
    feed_id: FeedId,
    *,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Remove a calendar: the nights that it blocked can be sold here at once."""
    settings = _settings()
    feed = _read(settings, lambda conn: queries.feed(conn, feed_id))
    if not yes:
        typer.confirm(
            f"Remove {feed.label} of {feed.accommodation_name} and free what it blocks?", abort=True
        )
    events = _in_transaction(
        settings, lambda tx: operations.remove(tx, feed_id=feed_id, actor=_actor())
    )
    print(f"feed {feed_id} removed; stays no longer blocked: {events}")


def _settings() -> Settings:
    return config.running(load_settings(check_production=False))


def _actor() -> str:
    return f"cli:{getpass.getuser()}"


def _run(settings: Settings, work: Callable[[db.Database], Awaitable[T]]) -> T:
    url = settings.database.url
    if url is None:
        raise AlojamientosError(
            "There is no database: set DATABASE_URL, or start the stack with `make up`"
        )

    async def run() -> T:
        database = db.Database(
            db.create_engine(url.get_secret_value(), pool_size=2, application_name="feeds")
        )
        try:
            return await work(database)
        finally:
            await database.close()

    return asyncio.run(run())


def _read(settings: Settings, work: Callable[[Any], Awaitable[T]]) -> T:
    async def read(database: db.Database) -> T:
        async with database.read() as conn:
            return await work(conn)

    return _run(settings, read)


def _in_transaction(settings: Settings, work: Callable[[db.Transaction], Awaitable[T]]) -> T:
    return _run(settings, lambda database: database.run(work))


async def _everything(conn: Any) -> tuple[list[Feed], dict[int, Occupied]]:
    return await queries.feeds(conn), await queries.occupied(conn)


async def _sync(
    database: db.Database, wanted: Sequence[int], deadline: float
) -> tuple[list[Feed], list[int]]:
    """Queue the readings, wait for them; return the feeds that were read and those that wait."""
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


def _table(feeds: Sequence[Feed], occupied: dict[int, Occupied], now: datetime) -> Table:
    table = Table(box=None, pad_edge=False)
    for name in ("feed", "cabin", "calendar", "last read", "stays", "conflicts", "state"):
        table.add_column(name)
    for feed in feeds:
        blocks = occupied.get(feed.id, Occupied(events=0, conflicts=0))
        table.add_row(
            str(feed.id),
            feed.accommodation_slug,
            f"{feed.label} ({feed.source})",
            "never" if feed.last_success_at is None else f"{_minutes(feed, now):.0f} min ago",
            str(blocks.events),
            str(blocks.conflicts),
            _state(feed),
        )
    return table


def _state(feed: Feed) -> str:
    if not feed.active:
        return "not read"
    if feed.failures:
        return f"{feed.last_error}, {feed.failures} times in a row"
    if feed.vanishing_since is not None:
        return "most of it is gone: held for a day"
    return "waiting" if feed.last_success_at is None else "ok"


def _minutes(feed: Feed, now: datetime) -> float:
    return (now - feed.read_at).total_seconds() / 60


def _as_json(feed: Feed, blocks: Occupied | None, now: datetime) -> dict[str, Any]:
    return {
        "id": feed.id,
        "cabin": feed.accommodation_slug,
        "feed": feed.label,
        "source": feed.source.value,
        "active": feed.active,
        "last_success_at": feed.last_success_at,
        "age_minutes": round(_minutes(feed, now), 1),
        "next_sync_at": feed.next_sync_at,
        "failures": feed.failures,
        "last_error": feed.last_error,
        "held_since": feed.vanishing_since,
        "stays": blocks.events if blocks else 0,
        "conflicts": blocks.conflicts if blocks else 0,
    }
