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
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from statistics import median
from typing import Any

import httpx2
import orjson
from benchmarks._servers import percentile
from benchmarks._stack import (
    NUMBER,
    SECRET,
    Stack,
    cpu_seconds,
    database_now,
    judge,
    open_messages,
    receipt_to_reply,
    stack,
    wait_with_log,
)

from alojamientos.channels.whatsapp import signature, webhook
from alojamientos.ops.simulator import voice

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
    wait_with_log(lambda: open_messages(stack.dsn) == 0, stack.worker_log, 30)
    cpu = cpu_seconds(stack.web) - cpu[0], cpu_seconds(stack.worker) - cpu[1]
    print(
        f"CPU per {kind.name} at {kind.rate}/s: web {cpu[0] / count * 1000:.1f} ms (webhook, three"
        f" statuses), worker {cpu[1] / count * 1000:.1f} ms (handle, deliver, acknowledge)"
    )
    return receipt_to_reply(stack.dsn, since)


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
                f"{kind.name}, receipt to reply at {kind.rate}/s",
                asyncio.run(converse(running_stack, kind, seconds=seconds)),
                expected=seconds * kind.rate,
                bar_s=kind.bar_s,
            )
            for kind in KINDS
        ]
        running_stack.stop_worker()
        asyncio.run(take_in(running_stack, rounds=3, size=500 if quick else 2000))
    return 0 if all(kept) else 1


if __name__ == "__main__":
    sys.exit(main())
