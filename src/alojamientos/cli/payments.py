"""The verbs for money: what came in, what goes back, what waits for the owner."""

import getpass
from datetime import date
from typing import Annotated

import typer
from sqlalchemy.ext.asyncio import AsyncConnection

from alojamientos.cli import money_database, money_tables, money_work
from alojamientos.cli.money_tables import Account
from alojamientos.cli.money_work import RefundPlan, RefundWish
from alojamientos.entrypoints import container
from alojamientos.kit import codes
from alojamientos.kit.clock import today_in
from alojamientos.kit.db import Transaction
from alojamientos.kit.errors import Invalid
from alojamientos.kit.money import format_money, parse_money
from alojamientos.ops.launcher import config
from alojamientos.payments import by_hand, orphans, owner_list, queries, refunds
from alojamientos.payments.entries import Entry, Recorded
from alojamientos.payments.events import Method
from alojamientos.reservations.queries import by_code
from alojamientos.settings import Settings, load_settings

_EPILOG = (
    "Amounts are pesos as you write them: 150000, 150.000 or 1500,50. In --json they are whole"
    " centavos. CODE is a booking's code; dashes and case do not matter."
)

app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Enter, refund and follow guests' money. Start with: alojamientos payments list",
    epilog=_EPILOG,
)
Code = Annotated[str, typer.Argument(help="The booking's code, as XXXX-XXXX-XXXX.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object, nothing else.")]
DryRun = Annotated[
    bool, typer.Option("--dry-run", help="Show what would be done, and do nothing of it.")
]
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask.")]
Note = Annotated[str, typer.Option(help="A line of your own; guests do not see it.")]
Quiet = Annotated[bool, typer.Option("--quiet", help="Send the guest no message about it.")]
Deadline = Annotated[float, typer.Option(help="Seconds to wait for the worker.", min=1)]


@app.command("list")
def list_payments(
    code: Annotated[
        str | None, typer.Argument(help="A booking's code: show its whole account.")
    ] = None,
    *,
    todo: Annotated[bool, typer.Option("--todo", help="Show what waits for you only.")] = False,
    limit: Annotated[int, typer.Option(help="How many of the newest payments.", min=1)] = 30,
    json: AsJson = False,
) -> None:
    """Show the newest payments and what waits for you, or one booking's account.

    The column `entry` is the number that `revert` takes.
    """
    settings = _settings()
    if code is not None:
        _show_account(settings, code, json=json)
        return
    waiting = money_database.read(settings, owner_list.todo)
    newest = (
        []
        if todo
        else money_database.read(settings, lambda conn: owner_list.recent(conn, limit=limit))
    )
    if json:
        money_tables.print_json(
            {"todo": money_tables.as_json(waiting), "payments": money_tables.as_json(newest)}
        )
        return
    zone = settings.app.time_zone
    if newest:
        money_tables.show(money_tables.received(newest, zone=zone))
        print()
    elif not todo:
        print("no payments yet; enter one with: alojamientos payments record CODE AMOUNT\n")
    if waiting:
        print("waiting for you:")
        money_tables.show(money_tables.todos(waiting, zone=zone))
    else:
        print("nothing waits for you")


@app.command()
def record(
    code: Code,
    amount: Annotated[str, typer.Argument(help="Pesos: 150000, 150.000 or 1500,50.")],
    *,
    method: Annotated[Method, typer.Option(help="How it came.")],
    on: Annotated[
        str | None, typer.Option(help="Day on which it came, YYYY-MM-DD; today when not given.")
    ] = None,
    note: Note = "",
    over: Annotated[
        bool, typer.Option("--over", help="Take more than what is left to pay.")
    ] = False,
    again: Annotated[
        bool, typer.Option("--again", help="Enter it although one like it is there.")
    ] = False,
    quiet: Quiet = False,
    dry_run: DryRun = False,
    json: AsJson = False,
) -> None:
    """Enter money that did not come through Mercado Pago: a deposit, a part, or the balance.

    With the deposit in, a hold is confirmed. The guest gets a receipt with what is left to pay.
    A mistake is taken back with `revert`; nothing is ever deleted.

    Example: alojamientos payments record ABCD-EFGH-JKMN 150.000 --method cash --note "recibo 12"
    """
    settings = _settings()
    now = container.clock_of(settings)()
    today = today_in(settings.app.time_zone, now)
    entry = Entry(
        amount=parse_money(amount),
        method=method,
        received_on=_day(on) if on else today,
        note=note,
    )
    done = money_database.write(
        settings,
        lambda tx: by_hand.record(
            tx,
            code=_code(code),
            entry=entry,
            actor=_actor(),
            today=today,
            now=now,
            over=over,
            again=again,
            tell=not quiet,
        ),
        rehearse=dry_run,
    )
    _show_recorded(done, "would be entered" if dry_run else "entered", json=json)


@app.command()
def revert(
    entry: Annotated[int, typer.Argument(help="Number of the entry, as `list CODE` shows it.")],
    *,
    note: Note = "",
    quiet: Quiet = False,
    dry_run: DryRun = False,
    json: AsJson = False,
) -> None:
    """Take back a payment that was entered by mistake, by a counter-entry.

    Both stay in the account. The booking keeps its dates and owes the money again; the guest
    gets a correction. To give money back that did come, use `refund`.
    """
    done = money_database.write(
        _settings(),
        lambda tx: by_hand.revert(tx, payment_id=entry, actor=_actor(), note=note, tell=not quiet),
        rehearse=dry_run,
    )
    _show_recorded(done, "would be taken back" if dry_run else "taken back", json=json)


@app.command()
def refund(
    code: Code,
    *,
    amount: Annotated[str | None, typer.Option(help="Pesos to give back.")] = None,
    everything: Annotated[
        bool, typer.Option("--all", help="Give back all that is left of what was paid.")
    ] = False,
    cancel: Annotated[
        bool,
        typer.Option(
            "--cancel", help="Cancel the booking; what goes back is the policy's, or --all."
        ),
    ] = False,
    note: Note = "",
    yes: Yes = False,
    dry_run: DryRun = False,
    json: AsJson = False,
) -> None:
    """Give money back: shown first, then to the payments that it came from, newest first.

    What came through Mercado Pago goes back there by itself. Cash, transfers, and payments of
    more than 180 days are yours to give back; say `done` when you have.

    Example: alojamientos payments refund ABCD-EFGH-JKMN --cancel --dry-run
    """
    if (cancel and amount is not None) or not (cancel or everything or amount is not None):
        raise Invalid("Say one of --amount PESOS, --all, --cancel, or --cancel --all")
    if everything and amount is not None:
        raise Invalid("Say --amount or --all, not both", field="amount")
    if json and not (yes or dry_run):
        raise Invalid("--json asks nothing: say --yes or --dry-run with it", field="json")
    settings = _settings()
    wish = RefundWish(
        code=_code(code),
        amount=None if amount is None else parse_money(amount),
        cancel=cancel,
        everything=everything,
    )
    plan = money_database.read(
        settings, lambda conn: money_work.look(conn, wish, settings=settings)
    )
    if not json:
        money_tables.show_plan(plan)
    if not dry_run:
        if not yes:
            typer.confirm(_question(plan), abort=True)
        money_database.write(
            settings,
            lambda tx: money_work.give_back(
                tx, wish, plan, settings=settings, actor=_actor(), note=note
            ),
        )
    if json:
        money_tables.print_json(money_tables.plan_json(plan, dry_run=dry_run))
    elif dry_run:
        print("nothing was done")
    else:
        print(f"done; see how it goes: alojamientos payments list {plan.view.code}")


@app.command()
def done(
    number: Annotated[int, typer.Argument(help="Number of the refund, as `list --todo` shows it.")],
    *,
    note: Note = "",
    yes: Yes = False,
    dry_run: DryRun = False,
) -> None:
    """Say that you have given back by hand what was waiting for you; the guest is told.

    This has no way back: say it when the money is gone.
    """
    settings = _settings()

    async def work(tx: Transaction) -> int:
        return await refunds.made_by_hand(tx, refund_id=number, actor=_actor(), note=note)

    amount = money_database.write(settings, work, rehearse=True)
    if dry_run:
        print(f"refund {number}: {format_money(amount)} would be given back")
        return
    if not yes:
        typer.confirm(f"Have you given back {format_money(amount)}?", abort=True)
    money_database.write(settings, work)
    print(f"refund {number}: {format_money(amount)} given back")


@app.command()
def link(code: Code, *, deadline: Deadline = 30, json: AsJson = False) -> None:
    """Get the link to pay: the deposit of a hold, the balance of a confirmed booking.

    The running worker makes it and sends it to the guest; it is printed here too.
    """
    settings = _settings()
    found = money_database.run(
        settings,
        lambda database: money_work.get_link(database, _code(code), deadline=deadline),
    )
    if json:
        money_tables.print_json(
            {"url": found.url, "amount": found.amount, "expires_at": found.expires_at}
        )
    else:
        print(f"{found.url}\n{format_money(found.amount)}, until", end=" ")
        print(money_tables.when(found.expires_at, settings.app.time_zone))


@app.command()
def assign(
    payment: Annotated[str, typer.Argument(help="Mercado Pago's number of the payment.")],
    code: Code,
) -> None:
    """Say whose booking a payment is for that came without a reference of ours.

    It then confirms a hold, lowers a balance, or goes back from a cancelled booking.
    """
    money_database.write(
        _settings(),
        lambda tx: orphans.assign(tx, provider_id=payment, code=_code(code), actor=_actor()),
    )
    print(f"payment {payment} is for {_code(code)}; see: alojamientos payments list {_code(code)}")


@app.command()
def reconcile(*, deadline: Deadline = 60, json: AsJson = False) -> None:
    """Ask Mercado Pago now for payments that no notification told of; exit 1 if any waits for you.

    The worker does so every five minutes by itself.
    """
    settings = _settings()
    waited = money_database.run(
        settings, lambda database: money_work.reconcile(database, deadline=deadline)
    )
    waiting = money_database.read(settings, owner_list.todo)
    if json:
        money_tables.print_json({"seconds": waited, "todo": money_tables.as_json(waiting)})
    elif waiting:
        money_tables.show(money_tables.todos(waiting, zone=settings.app.time_zone))
    else:
        print(f"done in {waited:.1f} s; nothing waits for you")
    if waiting:
        raise typer.Exit(1)


def _settings() -> Settings:
    return config.running(load_settings(check_production=False))


def _actor() -> str:
    return f"cli:{getpass.getuser()}"


def _code(text: str) -> str:
    code = codes.canonical(text)
    if code is None:
        raise Invalid(f"{text!r} is no booking's code; it has 12 letters and digits", field="code")
    return code


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise Invalid(f"{text!r} is no day; write it as 2027-01-15", field="on") from error


def _question(plan: RefundPlan) -> str:
    money = f"give back {format_money(plan.amount)}" if plan.amount else "give back nothing"
    first = f"Cancel {plan.view.code} and {money}" if plan.settlement else money.capitalize()
    return f"{first}?"


def _show_recorded(done: Recorded, verb: str, *, json: bool) -> None:
    if json:
        money_tables.print_json(
            {
                "entry": done.payment_id,
                "code": done.code,
                "amount": done.amount,
                "left": done.left,
                "status": done.status.value,
                "confirmed": done.confirmed,
            }
        )
        return
    confirmed = ", which confirms it" if done.confirmed else f" ({done.status.value})"
    print(f"entry {done.payment_id}: {format_money(done.amount)} {verb} for {done.code}{confirmed}")
    rest = "left to pay" if done.left >= 0 else "more than the price"
    print(f"{rest}: {format_money(abs(done.left))}")


def _show_account(settings: Settings, code: str, *, json: bool) -> None:
    async def look(conn: AsyncConnection) -> Account:
        view = await by_code(conn, _code(code))
        return Account(
            code=view.code,
            status=view.status.value,
            lines=await owner_list.account(conn, reservation_id=view.id),
            balance=await queries.balance(conn, reservation_id=view.id),
        )

    account = money_database.read(settings, look)
    if json:
        money_tables.print_json(money_tables.account_json(account))
    else:
        money_tables.show_account(account, zone=settings.app.time_zone)
