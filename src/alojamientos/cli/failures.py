"""The verbs for what failed: messages to guests, and jobs."""

from dataclasses import asdict
from typing import Annotated

import typer

from alojamientos.cli.desk import AsJson, open_desk, print_json, print_table
from alojamientos.console import failures
from alojamientos.console.failures import FailedJob, FailedMessage
from alojamientos.kit.dates import format_instant
from alojamientos.kit.db import Transaction

messages = typer.Typer(no_args_is_help=True, pretty_exceptions_enable=False)
jobs = typer.Typer(no_args_is_help=True, pretty_exceptions_enable=False)
Limit = Annotated[int, typer.Option(min=1, max=1000, help="At most as many.")]
Ids = Annotated[list[int], typer.Argument(metavar="ID...", help="As `failed` shows them.")]
_SHORT = 60


@messages.command("failed")
def failed_messages(*, limit: Limit = 50, json: AsJson = False) -> None:
    """Show messages that did not reach their guest, and the provider's code for why."""
    desk = open_desk()
    found = desk.read(lambda conn: failures.messages(conn, limit=limit))
    if json:
        print_json({"messages": [asdict(each) for each in found]})
    elif not found:
        print("no message has failed")
    else:
        print_table(
            ("id>", "written", "channel", "to", "kind", "why", "tries>", "text"),
            [
                (
                    *(each.id, format_instant(each.created_at, zone=desk.zone)),
                    *(each.channel, each.address, each.kind, each.error_code, each.attempts),
                    _shortened(each.text),
                )
                for each in found
            ],
        )


@messages.command()
def resend(ids: Ids) -> None:
    """Send messages that failed once more; the running worker does it at once. All, or none.

    See why each failed first: what the provider refuses, it will refuse again.
    """
    desk = open_desk()

    async def work(tx: Transaction) -> list[FailedMessage]:
        return [await failures.resend(tx, message_id=each, actor=desk.actor) for each in ids]

    for found in desk.write(work):
        print(f"message {found.id} is queued again")


@jobs.command("failed")
def failed_jobs(*, limit: Limit = 50, json: AsJson = False) -> None:
    """Show jobs that were given up; the log has their reasons, by the job's id."""
    desk = open_desk()
    found = desk.read(lambda conn: failures.jobs(conn, limit=limit))
    if json:
        print_json({"jobs": [asdict(each) for each in found]})
    elif not found:
        print("no job has failed")
    else:
        print_table(
            ("id>", "job", "tries>", "given up"),
            [
                (
                    *(each.id, each.name, each.attempts),
                    format_instant(each.ended_at, zone=desk.zone) if each.ended_at else None,
                )
                for each in found
            ],
        )


@jobs.command()
def retry(ids: Ids) -> None:
    """Run jobs that were given up once more; the running worker does it at once. All, or none."""
    desk = open_desk()

    async def work(tx: Transaction) -> list[FailedJob]:
        return [await failures.retry(tx, job_id=each, actor=desk.actor) for each in ids]

    for found in desk.write(work):
        print(f"job {found.id} {found.name} is queued again")


def _shortened(text: str | None) -> str:
    line = " ".join((text or "").split())
    return line if len(line) <= _SHORT else line[: _SHORT - 1] + "…"
