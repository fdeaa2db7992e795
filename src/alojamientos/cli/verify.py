"""`alojamientos verify`: what a healthy stack shows, with the evidence."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import orjson
import typer
from rich.console import Console

import alojamientos
from alojamientos.kit.errors import Invalid
from alojamientos.ops.launcher import config
from alojamientos.ops.verify import checklist, item, leaks, report, soundness
from alojamientos.ops.verify.clients import Addresses, Stack
from alojamientos.settings import Settings, load_settings

_LOOPBACK = "http://127.0.0.1"


def verify(
    *,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
    junit: Annotated[
        Path | None, typer.Option(help="Also write JUnit XML here, for CI.", dir_okay=False)
    ] = None,
    wait: Annotated[
        float,
        typer.Option(min=0, help="Seconds for what settles by itself, such as the first scrapes."),
    ] = 120,
    grafana: Annotated[
        str | None, typer.Option(help="Grafana's address; without it its files are read.")
    ] = None,
    grafana_token: Annotated[
        str | None, typer.Option(envvar="GRAFANA_TOKEN", help="Of a service account that reads.")
    ] = None,
) -> None:
    """Go through the specification's checklist on the running stack, with evidence.

    Items 1 to 8 are the checklist's; the others hold beyond it. What a stack that has just
    started does not show yet is waited for. A test mail is sent. The manual test of the
    specification, stopping the backend until the mail is there, is `alojamientos drill
    backend-down`. Exit 1 when an item failed; what is not applicable has not passed.
    """
    settings = config.running(load_settings(check_production=False))
    with Stack(_addresses(settings, grafana=grafana, token=grafana_token)) as stack:
        results = item.run(_items(stack, settings), wait_s=wait, on_wait=_Progress().show)
    if junit is not None:
        junit.write_text(report.junit(results), encoding="utf-8")
    if json:
        print(orjson.dumps(report.as_json(results), option=orjson.OPT_INDENT_2).decode())
    else:
        Console(highlight=False).print(report.table(results))
    if not all(result.ok for result in results):
        raise typer.Exit(1)


class _Progress:
    """Say on stderr what is waited for, once for each change."""

    def __init__(self) -> None:
        self._last: Sequence[str] = ()

    def show(self, names: Sequence[str]) -> None:
        if names != self._last:
            print(f"waiting for: {'; '.join(names)}", file=sys.stderr)
        self._last = names


def _items(stack: Stack, settings: Settings) -> list[item.Item]:
    logs = settings.stack.state_dir / "logs"
    files = Path(alojamientos.__file__).parents[2] / "monitoring" / "grafana"
    place = checklist.Place(
        logs=logs if logs.is_dir() else None, grafana_files=files if files.is_dir() else None
    )
    searched = leaks.Leaks(settings, place.logs).item(stack)
    return [*checklist.items(stack, place), *soundness.items(stack), searched]


def _addresses(settings: Settings, *, grafana: str | None, token: str | None) -> Addresses:
    if settings.app.web_host not in ("127.0.0.1", "localhost", "0.0.0.0"):
        raise Invalid(
            f"WEB_HOST is {settings.app.web_host}: run verify on the machine that serves, or set"
            " WEB_HOST to 127.0.0.1 for it",
            field="WEB_HOST",
        )
    metrics = settings.app.metrics_token
    stack = settings.stack
    own_mail = config.own_mail_sink(settings)
    return Addresses(
        web=f"{_LOOPBACK}:{settings.app.web_port}",
        worker=f"{_LOOPBACK}:{settings.app.worker_metrics_port}",
        prometheus=f"{_LOOPBACK}:{stack.prometheus_port}",
        alertmanager=f"{_LOOPBACK}:{stack.alertmanager_port}",
        api_token=settings.app.api_token.get_secret_value(),
        metrics_token=metrics.get_secret_value() if metrics else None,
        mail=f"{_LOOPBACK}:{stack.mail_http_port}" if own_mail else None,
        grafana=grafana.rstrip("/") if grafana else None,
        grafana_token=token,
    )
