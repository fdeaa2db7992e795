"""WhatsApp through the real processes: from receipt to reply, and what a webhook costs.

    python -m benchmarks.webhooks [--quick]

Starts PostgreSQL, Valkey, web, worker and the provider simulators in a folder of its own, first
plays guests who write and who press buttons at 20 messages a second (bar: p95 from receipt to
reply accepted ≤ 300 ms) and some who speak (fetching the note, starting a program that knows its
words, answering: what comes on top of a model's own time), then, with the worker stopped, signs
and posts webhooks as fast as eight clients can.
"""

import argparse
import asyncio
import base64
import contextlib
import os
import shlex
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from statistics import median
from typing import Any

import httpx2
import orjson
import psutil
import psycopg

from alojamientos.channels.whatsapp import signature, webhook
from alojamientos.entrypoints import demo, migrate
from alojamientos.ops.launcher.servers import Postgres, Valkey
from alojamientos.ops.simulator import voice

SECRET = "benchmark-app-secret"  # noqa: S105 - of a server that lives for a minute
NUMBER = "1122334455667"
RATE = 20
CLIENTS = 8
BAR_S = 0.3
TEXTS = ("Hola", "¿Tenés lugar del 15 al 18 de enero para 4?", "¿Cuánto sale?", "Gracias!")
BUTTONS = (("ask", "Ver fechas"), ("other_dates", "Otras fechas"))


@dataclass(frozen=True)
class Kind:
    """One way to turn to the lodging: messages a second, and the bar on p95, if there is one."""

    name: str
    rate: int
    bar_s: float | None = None

    def message(self, number: int) -> dict[str, Any]:
        text = TEXTS[number // 200 % len(TEXTS)]
        if self.name == "audio":
            note = base64.b64encode(voice.speak(text)).decode()
            return {"media": {"kind": "audio", "base64": note, "mime_type": voice.MIME_TYPE}}
        if self.name == "button":
            choice, title = BUTTONS[number // 200 % len(BUTTONS)]
            return {"button": {"id": choice, "title": title}}
        return {"text": text}


KINDS = (Kind("text", RATE, BAR_S), Kind("button", RATE, BAR_S), Kind("audio", 1))


@dataclass(frozen=True)
class Stack:
    dsn: str
    web_url: str
    simulator_url: str
    worker_log: Path
    web: psutil.Process
    worker: psutil.Process
    stop_worker: Callable[[], None]


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def wait_for(ready: Callable[[], bool], log: Path, seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not ready():
        if time.monotonic() > deadline:
            tail = log.read_text(errors="replace")[-2000:]
            raise SystemExit(f"{log.stem} was not ready within {seconds:.0f} s:\n{tail}")
        time.sleep(0.05)


def answers(url: str) -> bool:
    with contextlib.suppress(httpx2.TransportError):
        return httpx2.get(url, timeout=2, trust_env=False).status_code < 500
    return False


def accepts(dsn: str) -> bool:
    with contextlib.suppress(psycopg.OperationalError), psycopg.connect(dsn, connect_timeout=2):
        return True
    return False


@contextlib.contextmanager
def running(
    command: list[str], log: Path, environment: dict[str, str] | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, stdout=output, stderr=output, env=environment, cwd=log.parent
        )
    try:
        yield process
    finally:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@contextlib.contextmanager
def stack() -> Iterator[Stack]:
    """Start everything; the database writes to disk as it would for real."""
    with tempfile.TemporaryDirectory() as name, contextlib.ExitStack() as parts:
        folder = Path(name)
        postgres = Postgres(data=folder / "postgres", port=free_port(), password="benchmark")  # noqa: S106 - lives for a minute
        postgres.initialise()
        parts.enter_context(running(postgres.command(), folder / "postgres.log"))
        dsn = postgres.dsn("postgres")
        wait_for(lambda: accepts(dsn), folder / "postgres.log")
        migrate.upgrade(dsn)
        demo.load(dsn)
        valkey = Valkey(directory=folder, port=free_port())
        parts.enter_context(running(valkey.command(), folder / "valkey.log"))
        ports = {
            name: free_port()
            for name in ("WEB_PORT", "WORKER_METRICS_PORT", "STACK_SIMULATOR_PORT")
        }
        simulator_url = f"http://127.0.0.1:{ports['STACK_SIMULATOR_PORT']}"
        environment = {
            **os.environ,
            **{name: str(port) for name, port in ports.items()},
            "DATABASE_URL": dsn,
            "REDIS_URL": valkey.url,
            "STACK_STATE_DIR": str(folder / "state"),
            "WHATSAPP_APP_SECRET": SECRET,
            "WHATSAPP_PHONE_NUMBER_ID": NUMBER,
            "WHATSAPP_BASE_URL": simulator_url,
            "MERCADOPAGO_BASE_URL": simulator_url,
            "TRANSCRIBER": "command",
            "TRANSCRIBER_COMMAND": shlex.join((sys.executable, "-m", voice.__name__)),
        }

        def part(*verb: str) -> tuple[subprocess.Popen[bytes], contextlib.ExitStack]:
            own = parts.enter_context(contextlib.ExitStack())
            command = [sys.executable, "-m", "alojamientos", *verb]
            log = folder / f"{verb[0]}.log"
            return own.enter_context(running(command, log, environment)), own

        part("simulators", "providers")
        web, _ = part("serve")
        worker, worker_stack = part("worker")
        web_url = f"http://127.0.0.1:{ports['WEB_PORT']}"
        chats = f"{simulator_url}/_control/whatsapp/chats"
        wait_for(lambda: answers(chats), folder / "simulators.log")
        wait_for(lambda: answers(f"{web_url}/api/v1/readyz"), folder / "serve.log")
        metrics = f"http://127.0.0.1:{ports['WORKER_METRICS_PORT']}/metrics"
        wait_for(lambda: answers(metrics), folder / "worker.log")
        yield Stack(
            dsn=dsn,
            web_url=web_url,
            simulator_url=simulator_url,
            worker_log=folder / "worker.log",
            web=psutil.Process(web.pid),
            worker=psutil.Process(worker.pid),
            stop_worker=worker_stack.close,
        )


def cpu_seconds(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


def percentile(values: list[float], share: float) -> float:
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]


def address(number: int) -> str:
    return f"54911{number:08d}"


async def converse(stack: Stack, kind: Kind, *, seconds: float) -> list[float]:
    """Play guests at a steady rate; return the seconds from each receipt to its reply."""
    count = int(seconds * kind.rate)
    since = database_now(stack.dsn)
    cpu = cpu_seconds(stack.web), cpu_seconds(stack.worker)
    async with httpx2.AsyncClient(base_url=stack.simulator_url, trust_env=False) as phone:

        async def say(number: int) -> None:
            guest = address(number % 200)  # each speaks every ten seconds
            body = {"wa_id": guest, **kind.message(number)}
            (await phone.post("/_control/whatsapp/inbound", json=body)).raise_for_status()

        start = time.perf_counter()
        async with asyncio.TaskGroup() as group:
            for number in range(count):
                await asyncio.sleep(max(0.0, start + number / kind.rate - time.perf_counter()))
                group.create_task(say(number))
    wait_for(lambda: open_messages(stack.dsn) == 0, stack.worker_log, 30)
    cpu = cpu_seconds(stack.web) - cpu[0], cpu_seconds(stack.worker) - cpu[1]
    print(
        f"CPU per {kind.name} at {kind.rate}/s: web {cpu[0] / count * 1000:.1f} ms (webhook, three"
        f" statuses), worker {cpu[1] / count * 1000:.1f} ms (handle, deliver, acknowledge)"
    )
    return receipt_to_reply(stack.dsn, since)


def judge(kind: Kind, latencies: list[float], expected: int) -> bool:
    """Print how long replies took; return whether the bar was kept."""
    p50, p95 = percentile(latencies, 0.5), percentile(latencies, 0.95)
    bar = "" if kind.bar_s is None else f"; bar: p95 ≤ {kind.bar_s * 1000:.0f} ms"
    print(
        f"{kind.name}, receipt to reply at {kind.rate}/s: p50 {p50 * 1000:.0f} ms,"
        f" p95 {p95 * 1000:.0f} ms, max {max(latencies) * 1000:.0f} ms"
        f" ({len(latencies)} of {expected} answered{bar})"
    )
    return (kind.bar_s is None or p95 <= kind.bar_s) and len(latencies) == expected


def database_now(dsn: str) -> datetime:
    with psycopg.connect(dsn) as conn:
        row = conn.execute("SELECT clock_timestamp()").fetchone()
    assert row is not None
    instant: datetime = row[0]
    return instant


def open_messages(dsn: str) -> int:
    with psycopg.connect(dsn) as conn:
        row = conn.execute(
            "SELECT (SELECT count(*) FROM inbox_event WHERE processed_at IS NULL)"
            " + (SELECT count(*) FROM outbox_message WHERE status IN ('queued', 'sending'))"
        ).fetchone()
    return int(row[0]) if row else 0


def receipt_to_reply(dsn: str, since: datetime) -> list[float]:
    """Return the seconds from each message's receipt to its last reply, by the database's clock."""
    with psycopg.connect(dsn) as conn:
        rows = conn.execute(
            "SELECT extract(epoch FROM max(m.sent_at) - e.received_at)::float8"
            " FROM inbox_event e JOIN outbox_message m ON m.in_reply_to = e.id"
            " WHERE m.status = 'sent' AND e.received_at >= %s GROUP BY e.id, e.received_at",
            (since,),
        ).fetchall()
    return [float(row[0]) for row in rows]


def signed(number: int) -> tuple[bytes, dict[str, str]]:
    guest = address(1_000_000 + number)
    message = {
        "from": guest,
        "id": f"wamid.benchmark{number}",
        "timestamp": str(int(time.time())),
        "type": "text",
        "text": {"body": TEXTS[1]},
    }
    value = {
        "messaging_product": "whatsapp",
        "metadata": {"display_phone_number": "5491144440000", "phone_number_id": NUMBER},
        "contacts": [{"profile": {"name": "Ana"}, "wa_id": guest}],
        "messages": [message],
    }
    body = orjson.dumps(
        {
            "object": "whatsapp_business_account",
            "entry": [{"id": "1", "changes": [{"field": "messages", "value": value}]}],
        }
    )
    return body, {
        "Content-Type": "application/json",
        signature.HEADER: signature.sign(secret=SECRET, body=body),
    }


async def take_in(stack: Stack, *, rounds: int, size: int) -> None:
    """Post signed webhooks from several clients at once and print rate and cost."""
    rates, costs, waits = [], [], []
    async with httpx2.AsyncClient(base_url=stack.web_url, trust_env=False, timeout=30) as meta:
        for round_number in range(rounds):
            numbers = iter(range(round_number * size, (round_number + 1) * size))

            async def client(numbers: Iterator[int] = numbers) -> None:
                for number in numbers:
                    body, headers = signed(number)
                    start = time.perf_counter()
                    response = await meta.post(webhook.PATH, content=body, headers=headers)
                    waits.append(time.perf_counter() - start)
                    assert response.status_code == 200, response.text

            cpu, start = cpu_seconds(stack.web), time.perf_counter()
            await asyncio.gather(*(client() for _ in range(CLIENTS)))
            rates.append(size / (time.perf_counter() - start))
            costs.append((cpu_seconds(stack.web) - cpu) / size * 1000)
    print(
        f"signed webhooks, {CLIENTS} clients, {rounds} rounds of {size}:"
        f" {median(rates):.0f}/s ({min(rates):.0f}…{max(rates):.0f}),"
        f" CPU in web {median(costs):.2f} ms ({min(costs):.2f}…{max(costs):.2f}) per message,"
        f" p50 {percentile(waits, 0.5) * 1000:.1f} ms, p95 {percentile(waits, 0.95) * 1000:.1f} ms"
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer rounds, coarser figures")
    quick = parser.parse_args().quick
    seconds = 10 if quick else 60
    with stack() as running_stack:
        asyncio.run(converse(running_stack, KINDS[0], seconds=3))  # warm
        kept = [
            judge(
                kind,
                asyncio.run(converse(running_stack, kind, seconds=seconds)),
                seconds * kind.rate,
            )
            for kind in KINDS
        ]
        running_stack.stop_worker()
        asyncio.run(take_in(running_stack, rounds=3, size=500 if quick else 2000))
    return 0 if all(kept) else 1


if __name__ == "__main__":
    sys.exit(main())
