"""The verbs that keep the lodging's data: a backup, and the way back."""

from pathlib import Path
from typing import Annotated

import typer

from alojamientos.cli.desk import Desk, Yes, open_desk, print_pairs
from alojamientos.entrypoints import migrate as migrations
from alojamientos.kit import audit
from alojamientos.kit.clock import utc_now
from alojamientos.kit.dates import format_instant
from alojamientos.kit.errors import AlojamientosError
from alojamientos.ops.backup import dump as dumps
from alojamientos.ops.backup import restore as restores
from alojamientos.ops.backup.manifest import Manifest
from alojamientos.ops.launcher.table import console


def backup(
    *,
    to: Annotated[
        Path | None, typer.Option("--to", help="Folder; BACKUP_FOLDER when not given.")
    ] = None,
    keep: Annotated[
        int, typer.Option(min=0, help="Delete all but so many of its newest; 0 deletes none.")
    ] = 0,
) -> None:
    """Write a backup of the whole database and read it again, every table, before it counts.

    It can run while guests book. The file has guests' data: it can be read by you alone; copy it
    to another machine, for a backup on the same disk is none. By cron, every night:

    17 4 * * * cd /srv/alojamientos && .venv/bin/alojamientos backup --keep 30

    BACKUP_METRICS_FILE tells monitoring of it: alert BackupStale when none came for 26 hours.
    """
    desk = open_desk()
    settings = desk.settings.backup
    folder = to or settings.folder
    with console(stderr=True).status("backup") as status:
        path, manifest = dumps.write(
            _dsn(desk),
            folder=folder,
            now=utc_now(),
            on_progress=lambda text: status.update(f"backup: {text}"),
        )
    desk.write(
        lambda tx: audit.record(
            tx,
            actor=desk.actor,
            action="backup.made",
            subject=f"backup:{path.name}",
            bytes=manifest.size,
            rows=manifest.rows,
        )
    )
    print(f"{path}: {manifest.size} bytes, {len(manifest.tables)} tables, {manifest.rows} rows")
    if keep:
        for gone in dumps.tidy(folder, keep=keep):
            print(f"deleted: {gone}")
    if settings.metrics_file is not None:
        dumps.tell(settings.metrics_file, at=utc_now())


def restore(
    file: Annotated[Path, typer.Argument(help="A backup: alojamientos-20270115-041700123.dump.")],
    *,
    test: Annotated[
        bool, typer.Option("--test", help="Into a database of its own that is dropped again.")
    ] = False,
    replace: Annotated[
        bool, typer.Option("--replace", help="Put it in the place of what the database has.")
    ] = False,
    while_running: Annotated[
        bool,
        typer.Option(
            "--while-running",
            help="Although web and worker run: guests wait, and what they write meanwhile is lost.",
        ),
    ] = False,
    yes: Yes = False,
) -> None:
    """Bring the database back from a backup: all of it or nothing, with every table counted.

    --test shows that a backup is good and touches nothing that runs: do it now and then. In
    earnest, web and worker have to be stopped (or --while-running), and a database with data is
    refused unless you say --replace; what it has is backed up first, beside the file.
    """
    desk = open_desk()
    dsn = _dsn(desk)
    manifest = Manifest.read(file)
    manifest.check(file)
    _show(manifest, desk)
    if test:
        with restores.scratch(dsn) as scratch:
            _restore(file, scratch, manifest, replace=False, running=True)
        print("good: every table came back with its rows; nothing else was touched")
        return
    before = restores.present(dsn)
    if before.tables and replace:
        if not yes:
            typer.confirm(
                f"Replace the {before.reservations or 0} bookings that are there now?", abort=True
            )
        path, _ = dumps.write(dsn, folder=file.parent, now=utc_now())
        print(f"what was there: {path}")
    _restore(file, dsn, manifest, replace=replace, running=while_running)
    migrations.upgrade(dsn)
    desk.write(
        lambda tx: audit.record(
            tx,
            actor=desk.actor,
            action="backup.restored",
            subject=f"backup:{file.name}",
            rows=manifest.rows,
        )
    )
    print("restored: every table has its rows again")


def _restore(file: Path, dsn: str, manifest: Manifest, *, replace: bool, running: bool) -> None:
    with console(stderr=True).status(f"restoring {manifest.rows} rows"):
        restores.restore(file, dsn=dsn, manifest=manifest, replace=replace, running=running)


def _show(manifest: Manifest, desk: Desk) -> None:
    print_pairs(
        [
            ("backup of", format_instant(manifest.made_at, zone=desk.zone)),
            ("rows", manifest.rows),
            ("bookings", manifest.tables.get("public.reservation", 0)),
            ("schema", manifest.revision),
        ]
    )


def _dsn(desk: Desk) -> str:
    url = desk.settings.database.url
    if url is None:
        raise AlojamientosError(
            "There is no database: set DATABASE_URL, or start the stack with `make up`"
        )
    return url.get_secret_value()
