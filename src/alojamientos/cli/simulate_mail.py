"""`alojamientos simulate email`: a guest who writes mails."""

import asyncio
import random
import secrets
import sys
from typing import Annotated

import orjson
import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from alojamientos.cli.simulating import AsJson, Deadline, create_client, show_line
from alojamientos.kit.clock import today_in
from alojamientos.kit.errors import Invalid
from alojamientos.ops.launcher import config
from alojamientos.ops.simulator.journeys import new_name
from alojamientos.ops.simulator.mail_guest import MailGuest, sink_client
from alojamientos.ops.simulator.mail_journey import MailReport, book_by_mail
from alojamientos.settings import Settings, load_settings


def email(
    *,
    json: AsJson = False,
    seed: Annotated[int | None, typer.Option(help="Draws the same stay again.")] = None,
    deadline: Deadline = 30.0,
) -> None:
    """Play a whole booking by mail, then audit it; exit 1 when anything is not as it must be.

    The guest writes over SMTP to the simulated mailbox, chooses by number in a mail that arrives
    twice, pays, and has an absence note answer the confirmation.
    """
    settings = config.running(load_settings(check_production=False))
    if not config.own_mailbox(settings):
        raise Invalid(
            "The mailbox is not the simulated one: IMAP_HOST or SMTP_HOST names a real server"
        )
    console = Console(stderr=json, quiet=json, highlight=False)
    report = asyncio.run(_book(settings, console, seed=seed, deadline_s=deadline))
    if json:
        print(orjson.dumps(report.to_json(), option=orjson.OPT_INDENT_2).decode())
    else:
        _show(console, report)
    if not report.is_well:
        broken = [name for name, holds in report.audit.items() if not holds]
        reason = report.reason or ("not so: " + ", ".join(broken) if broken else report.outcome)
        print(f"Not well: {reason}", file=sys.stderr)
        raise typer.Exit(1)


async def _book(
    settings: Settings, console: Console, *, seed: int | None, deadline_s: float
) -> MailReport:
    async with create_client(settings) as client, sink_client() as http:
        guest = MailGuest(
            address=f"guest-{secrets.token_hex(4)}@example.com",
            name=new_name(random.Random(seed)),  # noqa: S311 - a guest's name
            lodging=settings.guest_mail.mail_sender,
            smtp_port=settings.mail.port,
            sink_url=f"http://127.0.0.1:{settings.stack.mail_http_port}",
            deadline_s=deadline_s,
            on_line=lambda line: show_line(console, line),
            http=http,
        )
        zone = settings.app.time_zone
        return await book_by_mail(client, guest, seed=seed, today=today_in(zone), zone=zone)


def _show(console: Console, report: MailReport) -> None:
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
    good = report.outcome == "confirmed"
    rows = {
        "outcome": f"[{'bold green' if good else 'bold red'}]{report.outcome}[/]",
        "reservation": report.code or "-",
        "stay": f"{report.check_in} to {report.check_out}, {report.guests} guests",
        "timings": " · ".join(f"{name} {s:.2f} s" for name, s in report.timings.items()) or "-",
        "slowest reply": f"{max(report.reply_seconds, default=0):.3f} s",
    }
    for name, value in rows.items():
        table.add_row(f"[dim]{name}[/]", value)
    for name, holds in report.audit.items():
        table.add_row(
            "[dim]audit[/]", f"[{'green]yes' if holds else 'bold red]NO'}[/]  {escape(name)}"
        )
    console.print()
    console.print(table)
