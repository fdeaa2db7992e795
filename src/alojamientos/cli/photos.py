"""The verbs for what guests are shown of the cabins: pictures, and where they are."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated, TypeVar

import orjson
import typer
from rich.console import Console
from rich.table import Table

from alojamientos.kit import db
from alojamientos.kit.db import Transaction
from alojamientos.kit.errors import Invalid
from alojamientos.ops.launcher import config
from alojamientos.reservations import pictures
from alojamientos.settings import load_settings

T = TypeVar("T")
app = typer.Typer(no_args_is_help=True, pretty_exceptions_enable=False)
Cabin = Annotated[str, typer.Argument(help="Short name of the cabin, as `photos list` shows it.")]


@app.command("list")
def list_photos(
    *, json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False
) -> None:
    """Show every cabin's pictures and place."""
    sites = _run(lambda tx: pictures.sites(tx.conn))
    if json:
        print(orjson.dumps({"cabins": sites}, option=orjson.OPT_INDENT_2).decode())
        return
    if not sites:
        print("no cabins yet")
        return
    table = Table(box=None, padding=(0, 2, 0, 0))
    for heading in ("cabin", "place", "photo", "shows"):
        table.add_column(heading, style="dim" if heading == "photo" else None)
    for site in sites:
        where = "-" if site.latitude is None else f"{site.latitude}, {site.longitude}"
        for number, photo in enumerate(site.photos or (None,)):
            first = number == 0
            table.add_row(
                site.slug if first else "",
                f"{site.address} ({where})".strip() if first else "",
                str(photo.id) if photo else "none yet",
                (photo.caption or "-") if photo else "",
            )
    Console(highlight=False).print(table)


@app.command()
def add(
    cabin: Cabin,
    file: Annotated[Path, typer.Argument(help="A JPEG or PNG of at most 5 MB.")],
    *,
    caption: Annotated[str, typer.Option(help="What it shows, in guests' words.")] = "",
) -> None:
    """Add a picture; guests who ask for photos get the first three of a cabin."""
    try:
        picture = file.read_bytes()
    except OSError as error:
        raise Invalid(f"{file} cannot be read: {error.strerror}", field="file") from error
    photo_id = _run(lambda tx: pictures.add(tx, slug=cabin, picture=picture, caption=caption))
    print(
        f"photo {photo_id} added to {cabin}; remove it with: alojamientos photos remove {photo_id}"
    )


@app.command()
def remove(photo_id: Annotated[int, typer.Argument(help="Its number in `photos list`.")]) -> None:
    """Remove a picture."""
    _run(lambda tx: pictures.remove(tx, photo_id=photo_id))
    print(f"photo {photo_id} removed")


@app.command()
def locate(
    cabin: Cabin,
    latitude: Annotated[float, typer.Option(help="Degrees, south is negative: -40.7617")],
    longitude: Annotated[float, typer.Option(help="Degrees, west is negative: -71.6463")],
    address: Annotated[str, typer.Option(help="As a guest would look for it.")] = "",
) -> None:
    """Say where a cabin is; guests who ask get it as a point on the map."""
    _run(
        lambda tx: pictures.locate(
            tx, slug=cabin, address=address, latitude=latitude, longitude=longitude
        )
    )
    print(f"{cabin} is at {latitude}, {longitude}")


def _run(work: Callable[[Transaction], Awaitable[T]]) -> T:
    settings = config.running(load_settings(check_production=False))
    url = settings.database.url
    if url is None:
        raise Invalid("There is no database; start the stack with `make up`, or set DATABASE_URL")

    async def run() -> T:
        database = db.Database(db.create_engine(url.get_secret_value(), pool_size=2))
        try:
            async with database.begin() as tx:
                return await work(tx)
        finally:
            await database.close()

    return asyncio.run(run())
