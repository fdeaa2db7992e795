"""`alojamientos payments`, as a program of its own against a real database."""

import asyncio
import json
import os
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from tests.integration.payments.test_money_by_hand import code_of, enter, total

from alojamientos.kit.clock import AHEAD, today_in, utc_now


@pytest.fixture
def payments(till, tmp_path):
    """Run the verb and return what it printed; its exit code is `code`."""

    async def run(*args: str, answer: str = "", code: int = 0, **env: str) -> str:
        process = await asyncio.create_subprocess_exec(
            str(Path(sys.executable).with_name("alojamientos")),
            "payments",
            *args,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            cwd=tmp_path,
            env={
                **os.environ,
                "DATABASE_URL": till.dsn,
                "STACK_STATE_DIR": str(tmp_path / "state"),
                "STACK_SIMULATE_PROVIDERS": "false",
                "MAIL_ENABLED": "true",
                "OWNER_EMAIL": "duenio@example.com",
                "COLUMNS": "220",
                **env,
            },
        )
        output = (await process.communicate(answer.encode()))[0].decode()
        assert process.returncode == code, output
        assert "Traceback" not in output
        return output

    return run


async def paid(till, provider) -> tuple[str, int, str]:
    """Return a booking whose deposit was paid by link: its code, its id, its payment."""
    reservation, reference = await till.hold_with_link()
    payment = provider.pay(reference)
    await till.apply(payment)
    return await code_of(till, reservation), reservation, payment


def told(till):
    query = "SELECT kind, channel, content->>'text' AS text FROM outbox_message ORDER BY id"
    return till.sql(query)


async def working(till, verb):
    """Run a verb that waits for the worker, with one that works."""
    waiting = asyncio.ensure_future(verb)
    while not waiting.done():
        await till.work()
        await asyncio.sleep(0.05)
    return await waiting


async def test_nothing_yet_says_how_to_begin(payments):
    text = await payments("list")

    assert "payments record CODE AMOUNT" in text
    assert "nothing waits for you" in text


async def test_money_is_entered_shown_and_taken_back(till, payments):
    reservation = await till.hold()
    till.sql("UPDATE guest SET email = 'ana@example.com'")
    code = await code_of(till, reservation)
    deposit = await till.deposit(reservation)
    pesos = f"{deposit // 100:,}".replace(",", ".")

    entered = await payments(
        *("record", code.lower().replace("-", ""), pesos, "--method", "cash"),
        *("--note", "recibo 12"),
    )
    part = await payments("record", code, "1000,50", "--method", "transfer")
    account = await payments("list", code)
    overview = await payments("list")
    back = await payments("revert", "2", "--note", "wrong guest")
    as_json = json.loads(await payments("list", code, "--json"))

    assert f"entry 1: $ {pesos} entered for {code}, which confirms it" in entered
    assert f"entry 2: $ 1.000,50 entered for {code} (confirmed)" in part
    assert "recibo 12" in account
    assert f"paid $ {(deposit + 1000_50) // 100:,}".replace(",", ".") in account
    assert "transfer" in overview
    assert f"entry 2: $ 1.000,50 taken back for {code}" in back
    assert (as_json["paid"], as_json["due"]) == (deposit, await total(till, reservation) - deposit)
    assert as_json["lines"][-1]["kind"] == "reverted"
    assert as_json["lines"][-1]["note"] == "wrong guest"
    assert [one["kind"] for one in told(till) if one["channel"] == "email"] == [
        "confirmation_mail",
        "receipt_mail",
    ]
    assert await till.violations() == {}


async def test_a_guest_whose_deposit_came_in_cash_is_mailed_where_to_come_as_any_other(
    till, payments
):
    reservation = await till.hold()
    till.sql("UPDATE guest SET email = 'ana@example.com'")
    code, deposit = await code_of(till, reservation), await till.deposit(reservation)

    await payments(
        *("record", code, str(deposit // 100), "--method", "cash"), STAY_ADDRESS="Ruta 40 km 2"
    )

    facts = "SELECT content->'facts' AS facts FROM outbox_message WHERE kind = 'confirmation_mail'"
    [mailed] = till.sql(facts)
    assert "Ruta 40 km 2" in str(mailed["facts"])


async def test_money_is_entered_on_the_day_of_the_clock_that_everything_goes_by(
    till, payments, tmp_path
):
    code = await code_of(till, await till.hold())
    clock = tmp_path / "clock"
    clock.write_bytes(AHEAD.pack(timedelta(days=3) // timedelta(microseconds=1)))

    await payments("record", code, "1000", "--method", "cash", SIMULATED_CLOCK=str(clock))

    [entry] = till.sql("SELECT received_on FROM hand_payment")
    zone = "America/Argentina/Buenos_Aires"
    assert entry["received_on"] == today_in(zone, utc_now() + timedelta(days=3))


async def test_a_dry_run_does_nothing(till, provider, payments):
    code, reservation, payment = await paid(till, provider)
    before = till.sql("SELECT count(*) AS lines FROM ledger_entry")

    entered = await payments("record", code, "1000", "--method", "card", "--dry-run")
    refunded = await payments("refund", code, "--cancel", "--dry-run")
    part = json.loads(await payments("refund", code, "--amount", "5", "--dry-run", "--json"))

    assert "would be entered" in entered
    assert "nothing was done" in refunded
    assert "100 % of" in refunded
    assert f"Mercado Pago {payment}" in refunded
    assert (part["amount"], part["dry_run"], part["cancel"]) == (5_00, True, False)
    assert till.sql("SELECT count(*) AS lines FROM ledger_entry") == before
    assert await till.status(reservation) == "confirmed"
    assert told(till) == []
    assert provider.refunds(payment) == []


async def test_a_refund_is_shown_asked_about_and_made(till, provider, payments):
    code, _, payment = await paid(till, provider)

    no = await payments("refund", code, "--amount", "100", answer="n\n", code=1)
    yes = await payments("refund", code, "--amount", "100", answer="y\n")
    await till.work()

    assert "to give back: $ 100" in no
    assert "Give back $ 100?" in yes
    assert [one["amount"] for one in provider.refunds(payment)] == [100]


async def test_cancelling_gives_back_by_the_policy_and_cash_is_the_owners_to_do(
    till, provider, payments
):
    code, reservation, payment = await paid(till, provider)
    await enter(till, reservation, 10_000_00)

    text = await payments("refund", code, "--cancel", "--yes")
    await till.work()
    waiting = await payments("list", "--todo")
    number, since = till.sql(
        "SELECT id, extract(epoch FROM created_at)::float8 AS at FROM refund WHERE by_hand"
    )[0].values()
    measured = await till.waiting_for_owner()
    owner = [one for one in told(till) if one["kind"] == "owner_money"]
    rehearsed = await payments("done", str(number), "--dry-run")
    done = await payments("done", str(number), "--yes", "--note", "CBU")
    again = await payments("done", str(number), "--yes", code=2)

    assert "by hand: yours to do" in text
    assert await till.status(reservation) == "cancelled"
    [act] = till.sql("SELECT detail FROM audit_entry WHERE action = 'booking.cancelled'")
    assert act["detail"]["previous"] == "confirmed"
    assert act["detail"]["refunded"] == act["detail"]["paid"]
    assert len(provider.refunds(payment)) == 1
    assert f"payments done {number}" in waiting
    assert measured == {
        "owner_money_tasks_open": 1,
        "owner_money_tasks_oldest_timestamp_seconds": pytest.approx(since),
    }
    assert await till.waiting_for_owner() == {"owner_money_tasks_open": 0}
    assert f"payments done {number}" in owner[0]["text"]
    assert "would be given back" in rehearsed
    assert "$ 10.000 given back" in done
    assert "nothing to do by hand" in again
    assert "nothing waits for you" in await payments("list", "--todo")
    assert (await till.balance(reservation)).due == 0
    assert await till.violations() == {}


async def test_the_link_for_the_balance_is_made_by_the_worker_and_printed(till, provider, payments):
    code, _, _ = await paid(till, provider)

    text = await working(till, payments("link", code))
    again = json.loads(await working(till, payments("link", code, "--json")))

    assert "pref_id=" in text
    assert again["url"] in text


async def test_a_hold_has_its_link_printed(till, payments):
    reservation, _ = await till.hold_with_link()

    assert "pref_id=" in await working(till, payments("link", await code_of(till, reservation)))


async def test_without_a_worker_the_wait_ends_with_what_to_look_at(till, provider, payments):
    code, _, _ = await paid(till, provider)

    text = await payments("link", code, "--deadline", "1", code=2)

    assert "Is the worker running" in text


async def test_an_orphan_waits_and_is_given_to_its_booking(till, provider, payments):
    reservation, _ = await till.hold_with_link()
    code = await code_of(till, reservation)
    deposit = await till.deposit(reservation)
    payment = provider.pay("nobody knows", amount=deposit / 100)
    await till.apply(payment)

    waiting = await payments("list", "--todo")
    given = await payments("assign", payment, code)
    await till.work()
    again = await payments("assign", payment, code, code=2)

    assert f"payments assign {payment} CODE" in waiting
    assert f"payment {payment} is for {code}" in given
    assert "belongs to a booking already" in again
    assert await till.status(reservation) == "confirmed"
    assert (await till.balance(reservation)).paid == deposit
    assert await till.unreconciled() == 0
    assert await till.violations() == {}


async def test_money_of_a_booking_that_was_cancelled_without_a_word_waits(till, provider, payments):
    code, reservation, _ = await paid(till, provider)
    await till.cancel(reservation)

    assert f"payments refund {code} --all" in await payments("list", "--todo")
    await payments("refund", code, "--all", "--yes")
    assert "nothing waits for you" in await payments("list", "--todo")
    await till.work()
    assert (await till.balance(reservation)).due == 0


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (("record", "nope", "5", "--method", "cash"), "no booking's code"),
        (("record", "0000-0000-0000", "5", "--method", "cash"), "no such reservation"),
        (("record", "0000-0000-0000", "5.5.5", "--method", "cash"), "'5.5.5' is none"),
        (("record", "0000-0000-0000", "5", "--method", "cash", "--on", "mañana"), "is no day"),
        (("record", "0000-0000-0000", "5", "--method", "beans"), "beans"),
        (("revert", "7"), "no such payment by hand"),
        (("refund", "0000-0000-0000"), "Say one of --amount"),
        (("refund", "0000-0000-0000", "--amount", "5", "--all"), "not both"),
        (("refund", "0000-0000-0000", "--all", "--json"), "--yes or --dry-run"),
        (("done", "7", "--yes"), "no such refund"),
        (("assign", "7", "0000-0000-0000"), "no such reservation"),
        (("link", "0000-0000-0000"), "no such reservation"),
    ],
)
async def test_what_cannot_be_done_is_said_with_its_reason(payments, args, said):
    assert said in await payments(*args, code=2)
