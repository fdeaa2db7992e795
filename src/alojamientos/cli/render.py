"""`alojamientos render`: the files that are derived from definitions and settings."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from alojamientos.cli import settings_files
from alojamientos.kit.errors import AlojamientosError
from alojamientos.monitoring import generate
from alojamientos.settings import Settings, load_settings

_CHECK = typer.Option("--check", help="Change nothing; show what is not current, and exit 1.")
_ROOT = typer.Option(help="Root of the repository.", exists=True, file_okay=False)
_ALERTMANAGER = typer.Option(
    "--alertmanager",
    help="Write only Alertmanager's files, into this folder, for the mail server of the settings.",
    file_okay=False,
)
_SECRETS = Path("/run/secrets")  # where containers find theirs


def render(
    check: Annotated[bool, _CHECK] = False,
    root: Annotated[Path, _ROOT] = Path(),
    alertmanager: Annotated[Path | None, _ALERTMANAGER] = None,
) -> None:
    """Write the files derived from the definitions and settings, or check that they are current."""
    try:
        if alertmanager is not None:
            configure_alertmanager(alertmanager, load_settings(check_production=False))
            typer.echo(f"rendered {alertmanager / 'alertmanager.yml'}")
        elif not check:
            _write(root)
        elif diffs := generate.check(root, settings_files.files()):
            typer.echo("\n".join(diffs))
            typer.echo("Not current; run `alojamientos render` and commit the result.", err=True)
            raise typer.Exit(1)
    except AlojamientosError as error:
        Console(stderr=True).print(error.message, style="red", markup=False)
        raise typer.Exit(1) from error


def configure_alertmanager(folder: Path, settings: Settings, *, secrets: Path = _SECRETS) -> None:
    """Write Alertmanager's files into `folder`; it will read its secrets from `secrets`.

    A secret whose file is empty or missing is left out: no login at the mail server, no heartbeat.
    """
    mail, alert = settings.mail, settings.alert
    token = _given(secrets / "alert_bridge_token")
    generate.render_alertmanager(
        folder,
        generate.Delivery(
            mail=generate.MailTarget(
                host=mail.host,
                port=mail.port,
                sender=mail.sender,
                oncall=mail.oncall,
                devops=mail.devops,
                require_tls=mail.require_tls,
                username=mail.username,
                password_file=_given(secrets / "smtp_password"),
            ),
            heartbeat_url_file=_given(secrets / "heartbeat_url"),
            bridge=generate.Bridge(address=f"bridge:{alert.bridge_port}", token_file=token)
            if token and alert.reaches_whatsapp
            else None,
            dashboards=alert.dashboards_url.rstrip("/"),
        ),
    )


def _given(secret: Path) -> Path | None:
    return secret if secret.is_file() and secret.read_text(encoding="utf-8").strip() else None


def _write(root: Path) -> None:
    changed = generate.write(root, settings_files.files())
    for path in changed:
        typer.echo(f"{'rendered' if path.exists() else 'removed'} {path}")
    if not changed:
        typer.echo("Everything was current.")
