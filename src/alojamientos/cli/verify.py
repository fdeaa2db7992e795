"""`alojamientos verify`: what a healthy stack shows, with the evidence."""

from typing import Annotated

import orjson
import typer
from rich.console import Console

from alojamientos.kit.errors import Invalid
from alojamientos.ops.launcher import config
from alojamientos.ops.verify import checks, report
from alojamientos.ops.verify.clients import Addresses, Stack
from alojamientos.settings import Settings, load_settings


def verify(
    *,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Check the running stack: health, targets, metrics, rules, invariants, logs.

    Prints the evidence of every check and where to look when it failed; exit 1 when one did.
    """
    settings = config.running(load_settings(check_production=False))
    logs = settings.stack.state_dir / "logs"
    with Stack(_addresses(settings)) as stack:
        results = list(checks.run(stack, logs if logs.is_dir() else None))
    if json:
        print(orjson.dumps(report.as_json(results), option=orjson.OPT_INDENT_2).decode())
    else:
        Console(highlight=False).print(report.table(results))
    if not all(result.ok for result in results):
        raise typer.Exit(1)


def _addresses(settings: Settings) -> Addresses:
    if settings.app.web_host not in ("127.0.0.1", "localhost", "0.0.0.0"):
        raise Invalid(
            f"WEB_HOST is {settings.app.web_host}: run verify on the machine that serves, or set"
            " WEB_HOST to 127.0.0.1 for it",
            field="WEB_HOST",
        )
    base = "http://127.0.0.1"
    token = settings.app.metrics_token
    return Addresses(
        web=f"{base}:{settings.app.web_port}",
        worker=f"{base}:{settings.app.worker_metrics_port}",
        prometheus=f"{base}:{settings.stack.prometheus_port}",
        alertmanager=f"{base}:{settings.stack.alertmanager_port}",
        api_token=settings.app.api_token.get_secret_value(),
        metrics_token=token.get_secret_value() if token else None,
    )
