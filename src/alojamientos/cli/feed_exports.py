"""The verbs for the calendars that channels fetch from us."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from alojamientos.channels.ical import api, operations, queries
from alojamientos.channels.ical.domain import Source
from alojamientos.channels.ical.queries import Export
from alojamientos.cli import session
from alojamientos.kit.clock import utc_now
from alojamientos.settings import Settings

_WHERE = {
    Source.AIRBNB: "Calendar > Availability > Connect to another website > Import calendar",
    Source.BOOKING: "Rates & availability > Sync calendars > Import calendar",
    Source.VRBO: "Calendar > Import / Export > Import calendar",
    Source.GOOGLE: "Other calendars > From URL",
    Source.OTHER: "where it asks for a calendar to import or to subscribe to",
}
ExportId = Annotated[int, typer.Argument(help="Number of the export, as `feeds list` shows it.")]
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask.")]


def register(app: typer.Typer) -> None:
    """Add the verbs to those of feeds."""
    app.command("export")(give_out)
    app.command("rotate")(rotate)
    app.command("unexport")(take_back)


def give_out(
    *,
    cabin: Annotated[str, typer.Option(help="Short name of the cabin.")],
    channel: Annotated[
        Source, typer.Option("--for", help="Who fetches it; other: a phone, or another system.")
    ],
    feed: Annotated[
        int | None,
        typer.Option(
            help="Number of the feed that comes from the same place, when there are several or"
            " it is none of the big ones: what comes from there is not sent back."
        ),
    ] = None,
) -> None:
    """Make a cabin's calendar for a channel, so that it sells no night that is taken.

    Prints its secret address, this once: paste it where the channel asks for a calendar to import.
    It holds stays, holds and closed nights, without names, and not what came from that channel.
    Connect every channel with this system only, not with one another.
    """
    settings = session.running_settings()
    export, secret = session.in_transaction(
        settings,
        lambda tx: operations.give_out(
            tx, cabin=cabin, source=channel, feed_id=feed, actor=session.actor()
        ),
    )
    print(f"export {export.id} made: {export.label} for {export.accommodation_name}")
    _tell_address(settings, export, secret)


def rotate(export_id: ExportId, *, yes: Yes = False) -> None:
    """Give a calendar a new secret address; the old one finds nothing from now on.

    Do it when the address got into wrong hands or was lost, then paste the new one.
    """
    settings = session.running_settings()
    export = session.read(settings, lambda conn: queries.export(conn, export_id))
    if not yes:
        typer.confirm(
            f"Renew the address of {export.label}? {export.source.value} gets nothing until the"
            " new one is pasted there",
            abort=True,
        )
    export, secret = session.in_transaction(
        settings,
        lambda tx: operations.rotate(tx, export_id=export_id, actor=session.actor(), now=utc_now()),
    )
    print(f"export {export.id} has a new address: {export.label}")
    _tell_address(settings, export, secret)


def take_back(export_id: ExportId, *, yes: Yes = False) -> None:
    """Give a calendar out no longer: the channel hears nothing new and may sell taken nights."""
    settings = session.running_settings()
    export = session.read(settings, lambda conn: queries.export(conn, export_id))
    if not yes:
        typer.confirm(
            f"Stop {export.label}? {export.source.value} may then sell nights that are taken here",
            abort=True,
        )
    session.in_transaction(
        settings,
        lambda tx: operations.take_back(tx, export_id=export_id, actor=session.actor()),
    )
    print(f"export {export.id} taken back: its address finds nothing any more")


def show(exports: Sequence[Export], now: datetime) -> None:
    """Print the calendars that are given out, or how to give one out."""
    if not exports:
        print("no exports yet; make one with: alojamientos feeds export --cabin NAME --for airbnb")
        return
    table = Table(box=None, pad_edge=False)
    for name in ("export", "cabin", "for", "last fetched", "by what", "fetches", "leaves out"):
        table.add_column(name)
    for one in exports:
        table.add_row(
            *(str(one.id), one.accommodation_slug, one.source.value),
            fetched(one, now),
            one.last_agent or "-",
            str(one.fetches),
            _leaves_out(one),
        )
    Console(highlight=False).print(table)


def fetched(export: Export, now: datetime) -> str:
    """Say when a channel has last asked, and whether it has at its present address."""
    if export.last_fetched_at is None:
        return "never"
    minutes = (now - export.last_fetched_at).total_seconds() / 60
    text = f"{minutes:.0f} min ago" if minutes < 120 else f"{minutes / 60:.0f} h ago"  # noqa: PLR2004
    return f"{text}, not since rotated" if export.is_stale_address else text


def as_json(export: Export) -> dict[str, Any]:
    """Return what a program may want to know of an export."""
    return {
        "id": export.id,
        "cabin": export.accommodation_slug,
        "for": export.source.value,
        "export": export.label,
        "feed": export.feed_id,
        "last_fetched_at": export.last_fetched_at,
        "last_agent": export.last_agent,
        "fetches": export.fetches,
        "rotated_at": export.rotated_at,
        "created_at": export.created_at,
    }


def _leaves_out(export: Export) -> str:
    if export.feed_id is not None:
        return f"feed {export.feed_id}"
    return "nothing" if export.source is Source.OTHER else f"what is from {export.source.value}"


def _tell_address(settings: Settings, export: Export, secret: str) -> None:
    path = api.PATH.format(secret=secret, cabin=export.accommodation_slug)
    print(settings.app.public_base_url.rstrip("/") + path)
    print(f"Paste it at {export.source.value}: {_WHERE[export.source]}.")
    print("It is shown this once. Whoever has it sees which nights are taken.")
