"""`alojamientos render`: the monitoring's files from their definitions."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from alojamientos.kit.errors import AlojamientosError
from alojamientos.monitoring import generate

_CHECK = typer.Option("--check", help="Change nothing; show what is not current, and exit 1.")
_ROOT = typer.Option(help="Root of the repository.", exists=True, file_okay=False)


def render(check: Annotated[bool, _CHECK] = False, root: Annotated[Path, _ROOT] = Path()) -> None:
    """Write the monitoring's files from their definitions, or check that they are current."""
    try:
        if not check:
            _write(root)
        elif diffs := generate.check(root):
            typer.echo("\n".join(diffs))
            typer.echo("Not current; run `alojamientos render` and commit the result.", err=True)
            raise typer.Exit(1)
    except AlojamientosError as error:
        Console(stderr=True).print(error.message, style="red", markup=False)
        raise typer.Exit(1) from error


def _write(root: Path) -> None:
    changed = generate.write(root)
    for path in changed:
        typer.echo(f"{'rendered' if path.exists() else 'removed'} {path}")
    if not changed:
        typer.echo("Everything was current.")
