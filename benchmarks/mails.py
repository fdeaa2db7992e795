"""Mails through the real processes: from a guest's mail to ours, and what one costs.

    python -m benchmarks.mails [--quick]

Starts PostgreSQL, Valkey, web, worker and the mail sink, an SMTP and IMAP server, in a folder of
its own. Guests write two mails a second, each with an address of their own. Shown are the seconds
from a mail's arrival in our inbox to ours that answers it taken by the SMTP server, and those that
the guest waits: they begin when the mail is handed in, and the mailbox is read every ten seconds.
"""

import argparse
import asyncio
import email.utils
import sys
import time
from email.message import EmailMessage
from email.policy import SMTP

import aiosmtplib
import psycopg
from benchmarks._stack import (
    LODGING,
    Stack,
    cpu_seconds,
    database_now,
    judge,
    open_messages,
    receipt_to_reply,
    stack,
    wait_with_log,
)

RATE = 2
POLL_S = 10
WAIT_BAR_S = POLL_S + 5.0
TEXTS = ("¿Tenés lugar del 15 al 18 de enero para 4?", "Hola, ¿cuánto sale la cabaña chica?")


def address(number: int) -> str:
    return f"guest-{number}@benchmark.example"


async def write(stack: Stack, number: int) -> float:
    """Hand in one mail and return when, in the time of the machine that the database runs on."""
    mail = EmailMessage(policy=SMTP)
    mail["From"], mail["To"] = address(number), LODGING
    mail["Subject"] = "Consulta"
    mail["Date"] = email.utils.localtime()
    mail["Message-ID"] = f"<{number}.{time.time_ns()}@benchmark.example>"
    mail.set_content(TEXTS[number % len(TEXTS)])
    await aiosmtplib.send(mail, hostname="127.0.0.1", port=stack.smtp_port, start_tls=False)
    return time.time()


async def converse(stack: Stack, *, seconds: float) -> dict[int, float]:
    """Let guests write at a steady rate; return when each did."""
    written: dict[int, float] = {}
    start = time.perf_counter()

    async def guest(number: int) -> None:
        written[number] = await write(stack, number)

    async with asyncio.TaskGroup() as group:
        for number in range(int(seconds * RATE)):
            await asyncio.sleep(max(0.0, start + number / RATE - time.perf_counter()))
            group.create_task(guest(number))
    return written


def answered_at(dsn: str) -> dict[str, float]:
    """Return when the first mail to each guest was taken, by address."""
    with psycopg.connect(dsn) as conn:
        rows = conn.execute(
            "SELECT e.conversation_key, extract(epoch FROM min(m.sent_at))::float8"
            " FROM inbox_event e JOIN outbox_message m ON m.in_reply_to = e.id"
            " WHERE m.status = 'sent' GROUP BY e.conversation_key"
        ).fetchall()
    return {str(key): float(at) for key, at in rows}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer mails, coarser figures")
    seconds = 15 if parser.parse_args().quick else 60
    with stack(poll_s=POLL_S) as running:
        since = database_now(running.dsn)
        cpu = cpu_seconds(running.worker)
        written = asyncio.run(converse(running, seconds=seconds))
        count = len(written)

        def all_answered() -> bool:
            return len(answered_at(running.dsn)) >= count and open_messages(running.dsn) == 0

        wait_with_log(all_answered, running.worker_log, 3 * POLL_S)
        cpu = cpu_seconds(running.worker) - cpu
        by_key = answered_at(running.dsn)
        waits = [
            at - written[number]
            for number in written
            for key, at in by_key.items()
            if key.endswith(f":{address(number)}")
        ]
        print(f"CPU per mail at {RATE}/s: worker {cpu / count * 1000:.1f} ms (read, handle, send)")
        kept = [
            judge(
                f"mail, receipt to reply at {RATE}/s",
                receipt_to_reply(running.dsn, since),
                expected=count,
                bar_s=None,
            ),
            judge(
                f"mail, from the guest's to ours, read every {POLL_S} s",
                waits,
                expected=count,
                bar_s=WAIT_BAR_S,
            ),
        ]
    return 0 if all(kept) else 1


if __name__ == "__main__":
    sys.exit(main())
