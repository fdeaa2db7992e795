"""What the owner's verbs share: the database, who asks, looking before leaping, tables."""

import asyncio
import getpass
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated, Any, TypeVar

import orjson
import typer
from rich.table import Table
from rich.text import Text
from sqlalchemy.ext.asyncio import AsyncConnection

from alojamientos.entrypoints import container
from alojamientos.kit import db
from alojamientos.kit.clock import today_in
from alojamientos.kit.errors import AlojamientosError
from alojamientos.ops.launcher import config
from alojamientos.ops.launcher.table import console
from alojamientos.settings import Settings, load_settings

T = TypeVar("T")

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object, nothing else.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]
DryRun = Annotated[
    bool, typer.Option("--dry-run", help="Check everything and show it; change nothing.")
]


@dataclass(frozen=True, slots=True)
class Desk:
    """The running lodging as a verb sees it."""

    settings: Settings

    @property
    def zone(self) -> str:
        return self.settings.app.time_zone

    @property
    def now(self) -> datetime:
        return container.clock_of(self.settings)()

    @property
    def today(self) -> date:
        return today_in(self.zone, self.now)

    @property
    def actor(self) -> str:
        """Return who is at the keyboard, for the audit."""
        return f"cli:{getpass.getuser()}"

    def run(self, work: Callable[[db.Database], Awaitable[T]]) -> T:
        """Run `work` on the database. Facts have their consequences here as anywhere else."""
        url = self.settings.database.url
        if url is None:
            raise AlojamientosError(
                "There is no database: set DATABASE_URL, or start the stack with `make up`"
            )

        async def run() -> T:
            engine = db.create_engine(
                url.get_secret_value(), pool_size=2, application_name="alojamientos-cli"
            )
            database = db.Database(engine, consequences=container.consequences_of(self.settings))
            try:
                return await work(database)
            finally:
                await database.close()

        return asyncio.run(run())

    def read(self, work: Callable[[AsyncConnection], Awaitable[T]]) -> T:
        async def read(database: db.Database) -> T:
            async with database.read() as conn:
                return await work(conn)

        return self.run(read)

    def write(self, work: Callable[[db.Transaction], Awaitable[T]]) -> T:
        return self.run(lambda database: database.run(work))

    def rehearse(self, work: Callable[[db.Transaction], Awaitable[T]]) -> T:
        """Do `work` with all of its checks, and undo it."""

        async def rehearse(database: db.Database) -> T:
            async with database.rehearse() as tx:
                return await work(tx)

        return self.run(rehearse)

    def change(
        self,
        work: Callable[[db.Transaction], Awaitable[T]],
        *,
        show: Callable[[T], None],
        ask: str,
        yes: bool,
        dry_run: bool,
    ) -> T | None:
        """Rehearse `work` and show what it does, ask, then do it; None when it was not done.

        Without `yes` somebody has to agree; with `dry_run` nothing changes.
        """
        if dry_run or not yes:
            show(self.rehearse(work))
        if dry_run:
            print("nothing was changed (--dry-run)")
            return None
        if not yes:
            typer.confirm(ask, abort=True)
        return self.write(work)


def open_desk() -> Desk:
    """Return the desk of the stack or database that the settings name."""
    return Desk(config.running(load_settings(check_production=False)))


def print_json(value: object) -> None:
    print(orjson.dumps(value, option=orjson.OPT_INDENT_2, default=str).decode())


def print_table(columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Print `rows` under `columns`; those that end in > are aligned to the right.

    A cell is shown as it is: what a guest wrote is no markup.
    """
    table = Table(box=None, pad_edge=False)
    for name in columns:
        right = name.endswith(">")
        table.add_column(name.removesuffix(">"), justify="right" if right else "left")
    for row in rows:
        table.add_row(*(Text(_plain(cell)) for cell in row))
    console().print(table)


def print_pairs(pairs: Sequence[tuple[str, Any]]) -> None:
    """Print what is known of one thing, a line for each."""
    grid = Table(box=None, pad_edge=False, show_header=False)
    grid.add_column(style="bold")
    grid.add_column(overflow="fold")
    for name, value in pairs:
        grid.add_row(name, Text(_plain(value)))
    console().print(grid)


def _plain(value: object) -> str:
    text = "-" if value is None or value == "" else str(value)
    return "".join(letter if letter.isprintable() or letter == "\n" else " " for letter in text)
