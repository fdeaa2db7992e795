"""Tables and JSON about money, for the owner's eyes."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import orjson
from rich.console import Console
from rich.table import Table

from alojamientos.cli.money_work import RefundPlan
from alojamientos.kit.money import format_money
from alojamientos.payments.owner_list import Line, Received, Task, Todo
from alojamientos.payments.plans import Share
from alojamientos.payments.queries import Balance

_DO = {
    Task.REFUND_BY_HAND: "give it back, then: alojamientos payments done {number}",
    Task.REFUND_REFUSED: "give it back by hand, then: alojamientos payments done {number}",
    Task.WHOSE: "alojamientos payments assign {number} CODE, or refund it at Mercado Pago",
    Task.DISPUTE: "answer it at Mercado Pago ({note})",
    Task.SHORT: "alojamientos payments refund {code} --all, or book for them again",
    Task.CREDIT: "alojamientos payments refund {code} --all, or --amount PESOS ({note})",
}


def print_json(value: Any) -> None:
    print(orjson.dumps(value, option=orjson.OPT_INDENT_2).decode())


def show(table: Table) -> None:
    Console(highlight=False).print(table)


def _table(*columns: str, right: tuple[str, ...] = ()) -> Table:
    table = Table(box=None, pad_edge=False)
    for name in columns:
        table.add_column(name, justify="right" if name in right else "left")
    return table


def todos(found: Sequence[Todo], *, zone: str) -> Table:
    """Return what waits for the owner, with the command that deals with each."""
    table = _table("since", "what", "booking", "amount", "do", right=("amount",))
    for one in found:
        values = {"number": one.number, "code": one.code or "CODE", "note": one.note}
        table.add_row(
            when(one.since, zone),
            one.task.value,
            one.code or "-",
            format_money(one.amount),
            _DO[one.task].format(**values),
        )
    return table


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """A booking's account and what it comes to."""

    code: str
    status: str
    lines: Sequence[Line]
    balance: Balance


def show_account(account: Account, *, zone: str) -> None:
    """Print a booking's account; money that lowers what is due has its minus."""
    table = _table(
        *("when", "what", "how", "amount", "entry", "by", "note"), right=("amount", "entry")
    )
    for line in account.lines:
        table.add_row(
            when(line.at, zone),
            line.kind.replace("_", " "),
            line.how,
            format_money(line.amount),
            "" if line.payment_id is None else str(line.payment_id),
            line.by,
            line.note,
        )
    print(f"{account.code}, {account.status}")
    if account.lines:
        show(table)
    print(_balance(account.balance))


def received(found: Sequence[Received], *, zone: str) -> Table:
    """Return the newest payments."""
    columns = ("when", "entry", "booking", "how", "amount", "given back", "status", "came to")
    table = _table(*columns, right=("entry", "amount", "given back"))
    for one in found:
        table.add_row(
            when(one.at, zone),
            str(one.payment_id),
            one.code or "-",
            one.how,
            format_money(one.amount),
            format_money(one.refunded) if one.refunded else "",
            f"{one.status}, disputed" if one.disputed else one.status,
            one.outcome.replace("_", " "),
        )
    return table


def show_plan(plan: RefundPlan) -> None:
    """Print what goes back of a booking, by which rule, and from which payments."""
    view, found = plan.view, plan.settlement
    print(f"{view.code}, {view.status.value}, {view.check_in} to {view.check_out}")
    if found is not None:
        print(
            f"cancelled {found.notice} days before arrival: {found.percent} % of"
            f" {format_money(found.paid)} paid"
        )
    if plan.shares:
        table = _table("entry", "how", "amount", right=("entry", "amount"))
        for share in plan.shares:
            how = "by hand: yours to do" if share.by_hand else f"Mercado Pago {share.provider_id}"
            table.add_row(str(share.payment_id), how, format_money(share.amount))
        show(table)
    print(f"to give back: {format_money(plan.amount)}")


def plan_json(plan: RefundPlan, *, dry_run: bool) -> dict[str, Any]:
    """Return a refund for a program; `paid` and `percent` are a cancellation's."""
    found = plan.settlement
    return {
        "code": plan.view.code,
        "cancel": found is not None,
        "dry_run": dry_run,
        "paid": found.paid if found else None,
        "percent": found.percent if found else None,
        "amount": plan.amount,
        "shares": as_json(plan.shares),
    }


def _balance(balance: Balance) -> str:
    due = "to pay" if balance.due >= 0 else "the guest's"
    return (
        f"price {format_money(balance.charged)} · paid {format_money(balance.paid)}"
        f" · {due} {format_money(abs(balance.due))}"
    )


def account_json(account: Account) -> dict[str, Any]:
    """Return a booking's account for a program."""
    balance = account.balance
    return {
        "code": account.code,
        "status": account.status,
        "charged": balance.charged,
        "paid": balance.paid,
        "due": balance.due,
        "lines": as_json(account.lines),
    }


def as_json(values: Sequence[Todo | Line | Received | Share]) -> list[dict[str, Any]]:
    return [asdict(value) for value in values]


def when(value: datetime, zone: str) -> str:
    return f"{value.astimezone(ZoneInfo(zone)):%Y-%m-%d %H:%M}"
