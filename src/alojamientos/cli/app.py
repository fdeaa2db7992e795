"""The command `alojamientos`: its verbs, each loaded only when it is the one that was asked for."""

import importlib
import sys
from dataclasses import dataclass
from typing import Any

import typer
from typer import core

from alojamientos.kit.errors import AlojamientosError


@dataclass(frozen=True, slots=True)
class _Verb:
    """Where a verb lives and the line that introduces it."""

    module: str
    attribute: str
    panel: str
    help: str


_RUN = "Run it"
_OWN = "Run the lodging"
_TRY = "Try it"
_CHECK = "Check it"
_PARTS = "Single parts (make up starts all of them)"

VERBS: dict[str, _Verb] = {
    "up": _Verb("stack", "up", _RUN, "Start everything and keep it running; Ctrl-C stops it."),
    "down": _Verb("stack", "down", _RUN, "Stop everything, in order."),
    "status": _Verb("stack", "status", _RUN, "Show every part: state, URL, pid, log file."),
    "logs": _Verb("stack", "logs", _RUN, "Follow the logs of all parts, or of one, or one trace."),
    "restart": _Verb("stack", "restart", _RUN, "Restart one part of the running stack."),
    "payments": _Verb("payments", "app", _RUN, "Enter, refund and follow guests' money."),
    "feeds": _Verb("feeds", "app", _RUN, "Read calendars of Airbnb, Booking.com and the like."),
    "photos": _Verb("photos", "app", _RUN, "What guests are shown of the cabins: pictures, place."),
    "today": _Verb("today", "today", _OWN, "Show arrivals, departures, cleaning, balances."),
    "bookings": _Verb("bookings", "app", _OWN, "Look up, add, move and cancel bookings."),
    "guests": _Verb("guests", "app", _OWN, "Find guests; export and delete their data."),
    "conversations": _Verb("conversations", "app", _OWN, "See who wrote, and what was said."),
    "messages": _Verb("failures", "messages", _OWN, "See messages that failed; send them again."),
    "jobs": _Verb("failures", "jobs", _OWN, "See jobs that were given up; run them again."),
    "audit": _Verb("audit", "app", _OWN, "See who did what."),
    "blocks": _Verb("blocks", "app", _OWN, "Keep nights for yourself."),
    "cabins": _Verb("cabins", "app", _OWN, "Add cabins, change them, take them off sale."),
    "prices": _Verb("prices", "app", _OWN, "Set prices, seasons, holidays and minimum nights."),
    "backup": _Verb("backups", "backup", _OWN, "Back up the database, and check the backup."),
    "restore": _Verb("backups", "restore", _OWN, "Bring the database back, or try a backup."),
    "simulate": _Verb("simulate", "app", _TRY, "Play guests against the running stack."),
    "drill": _Verb("drill", "drill", _TRY, "Break something on purpose and time the alert mail."),
    "verify": _Verb("verify", "verify", _CHECK, "Check the running stack, with evidence per item."),
    "render": _Verb("render", "render", _CHECK, "Write the files derived from the definitions."),
    "serve": _Verb("serve", "serve", _PARTS, "Run web: API, webhooks, /metrics."),
    "worker": _Verb("serve", "worker", _PARTS, "Run the worker: messages, deliveries, timers."),
    "bridge": _Verb("serve", "bridge", _PARTS, "Run the bridge from alerts to WhatsApp."),
    "migrate": _Verb("migrate", "migrate", _PARTS, "Bring the database's schema up to date."),
    "simulators": _Verb("simulators", "app", _PARTS, "Run the fake providers or the mail sink."),
}


class _Verbs(core.TyperGroup):
    """Show all verbs from the table; import the module of the one that runs."""

    def resolve_command(self, ctx: Any, args: list[str]) -> tuple[str | None, Any, list[str]]:
        name, command, rest = super().resolve_command(ctx, args)
        return name, command and _load(str(name)), rest


def _load(name: str) -> Any:
    verb = VERBS[name]
    module = importlib.import_module(f"alojamientos.cli.{verb.module}")
    target = getattr(module, verb.attribute)
    if isinstance(target, typer.Typer):
        return typer.main.get_group(target)
    single = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
    single.command(name)(target)
    return typer.main.get_command(single)


app = typer.Typer(
    cls=_Verbs,
    name="alojamientos",
    help="Bookings for small lodgings over WhatsApp, and monitoring that works.",
    epilog="Start with: make up — then, in another terminal: alojamientos simulate booking",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)


def _introduce(name: str, verb: _Verb) -> None:
    @app.command(name, help=verb.help, rich_help_panel=verb.panel)
    def _placeholder() -> None:
        raise AssertionError(name)  # pragma: no cover - resolve_command puts the real one in place


for _name, _verb in VERBS.items():
    _introduce(_name, _verb)


def main() -> None:
    """Run the command line; an expected error is one message on stderr and exit code 2."""
    try:
        app(prog_name="alojamientos")
    except AlojamientosError as error:
        print(f"Error: {error.message}", file=sys.stderr)
        sys.exit(2)
