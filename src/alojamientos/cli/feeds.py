"""The verbs for calendar feeds: what is booked on Airbnb, Booking.com and the like."""

import sys
from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any

import orjson
import typer
from rich.console import Console
from rich.table import Table

from alojamientos.channels.ical import operations, queries
from alojamientos.channels.ical.domain import Source
from alojamientos.channels.ical.queries import Export, Feed, Occupied
from alojamientos.cli import feed_exports, session
from alojamientos.kit.clock import utc_now
from alojamientos.kit.errors import AlojamientosError, Invalid
from alojamientos.ops.feeds import read_now

app = typer.Typer(no_args_is_help=True, pretty_exceptions_enable=False)
feed_exports.register(app)
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
    longest_block: Annotated[
        int | None,
        typer.Option(
            min=1,
            help="Ignore closed nights of more than so many in a row: a host closes what is beyond"
            " its booking horizon.",
        ),
    ] = None,
) -> None:
    """Add a calendar: its nights are not sold here from the first reading on.

    Airbnb: Calendar > Availability > Connect to another website > Export calendar.
    Booking.com: Rates & availability > Sync calendars > Export.
    It is read within a minute, then every ten minutes; `feeds list` shows how that goes.
    """
    settings = session.running_settings()
    secret = (sys.stdin.readline() if url == "-" else url).strip()
    if not secret:
        raise Invalid("The address is missing; give it after `add`, or - and then type it")
    feed = session.in_transaction(
        settings,
        lambda tx: operations.add(
            tx,
            url=secret,
            cabin=cabin,
            source=source,
            actor=session.actor(),
            allow_private=settings.ical.allow_private_hosts,
            longest_block=longest_block,
        ),
    )
    print(f"feed {feed.id} added: {feed.label} ({feed.source}) for {feed.accommodation_name}")
    print("it is read within a minute; see: alojamientos feeds list")


@app.command("list")
def list_feeds(*, json: AsJson = False) -> None:
    """Show every calendar: those read, with what they block, and those that channels fetch."""
    feeds, occupied, exports = session.read(session.running_settings(), _everything)
    now = utc_now()
    if json:
        answer = {
            "feeds": [_as_json(feed, occupied.get(feed.id), now) for feed in feeds],
            "exports": [feed_exports.as_json(export) for export in exports],
        }
        print(orjson.dumps(answer, option=orjson.OPT_INDENT_2).decode())
        return
    if feeds:
        Console(highlight=False).print(_table(feeds, occupied, now))
    else:
        print("no feeds yet; add one with: alojamientos feeds add URL --cabin NAME")
    feed_exports.show(exports, now)


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
    settings = session.running_settings()
    done, late = session.run(
        settings, lambda database: read_now(database, feed_ids or [], deadline)
    )
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
    """Remove a calendar: the nights that it blocked can be sold here at once.

    An export that was made with --feed for it ends with it.
    """
    settings = session.running_settings()
    feed = session.read(settings, lambda conn: queries.feed(conn, feed_id))
    exports = session.read(settings, queries.exports)
    ending = [f" and export {one.id}" for one in exports if one.feed_id == feed_id]
    if not yes:
        typer.confirm(
            f"Remove {feed.label}{''.join(ending)} of {feed.accommodation_name} and free what it"
            " blocks?",
            abort=True,
        )
    events = session.in_transaction(
        settings, lambda tx: operations.remove(tx, feed_id=feed_id, actor=session.actor())
    )
    print(f"feed {feed_id}{''.join(ending)} removed; stays no longer blocked: {events}")


async def _everything(conn: Any) -> tuple[list[Feed], dict[int, Occupied], list[Export]]:
    return (
        await queries.feeds(conn),
        await queries.occupied(conn),
        await queries.exports(conn),
    )


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
        "longest_block": feed.longest_block,
        "stays": blocks.events if blocks else 0,
        "conflicts": blocks.conflicts if blocks else 0,
    }
