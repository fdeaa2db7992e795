"""The real processes of the application, in a folder of their own, and what they cost."""

import contextlib
import os
import shlex
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import httpx2
import psutil
import psycopg
from benchmarks._servers import free_port, percentile, process, servers

from alojamientos.ops.simulator import voice

SECRET = "benchmark-app-secret"  # noqa: S105 - of a server that lives for a minute
NUMBER = "1122334455667"
LODGING = "reservas@benchmark.example"


@dataclass(frozen=True)
class Stack:
    dsn: str
    web_url: str
    simulator_url: str
    smtp_port: int
    worker_log: Path
    web: psutil.Process
    worker: psutil.Process
    stop_worker: Callable[[], None]


@contextlib.contextmanager
def stack(*, poll_s: int = 10) -> Iterator[Stack]:
    """Start everything; a mailbox that is read every `poll_s` seconds, as it is by default."""
    with servers() as server, contextlib.ExitStack() as parts:
        ports = {
            name: free_port()
            for name in (
                "WEB_PORT",
                "WORKER_METRICS_PORT",
                "STACK_SIMULATOR_PORT",
                "STACK_MAIL_HTTP_PORT",
                "SMTP_PORT",
                "STACK_IMAP_PORT",
            )
        }
        simulator_url = f"http://127.0.0.1:{ports['STACK_SIMULATOR_PORT']}"
        mailbox = {
            "MAIL_ENABLED": "true",
            "MAIL_SENDER": LODGING,
            "IMAP_HOST": "127.0.0.1",
            "IMAP_PORT": str(ports["STACK_IMAP_PORT"]),
            "IMAP_USERNAME": LODGING,
            "IMAP_PASSWORD": "benchmark",
            "IMAP_REQUIRE_TLS": "false",
            "IMAP_POLL_S": str(poll_s),
        }
        environment = {
            **os.environ,
            **{name: str(port) for name, port in ports.items()},
            **mailbox,
            "DATABASE_URL": server.dsn,
            "REDIS_URL": server.redis_url,
            "STACK_STATE_DIR": str(server.folder / "state"),
            "WHATSAPP_APP_SECRET": SECRET,
            "WHATSAPP_PHONE_NUMBER_ID": NUMBER,
            "WHATSAPP_BASE_URL": simulator_url,
            "MERCADOPAGO_BASE_URL": simulator_url,
            "TRANSCRIBER": "command",
            "TRANSCRIBER_COMMAND": shlex.join((sys.executable, "-m", voice.__name__)),
        }

        def part(*verb: str) -> tuple[psutil.Process, contextlib.ExitStack]:
            own = parts.enter_context(contextlib.ExitStack())
            log = server.folder / f"{verb[-1]}.log"
            command = [sys.executable, "-m", "alojamientos", *verb]
            return psutil.Process(own.enter_context(process(command, log, environment)).pid), own

        part("simulators", "providers")
        part("simulators", "mail")
        web, _ = part("serve")
        worker, worker_stack = part("worker")
        web_url = f"http://127.0.0.1:{ports['WEB_PORT']}"
        for url, log in (
            (f"{simulator_url}/_control/whatsapp/chats", "providers.log"),
            (f"http://127.0.0.1:{ports['STACK_MAIL_HTTP_PORT']}/api/messages", "mail.log"),
            (f"{web_url}/api/v1/readyz", "serve.log"),
            (f"http://127.0.0.1:{ports['WORKER_METRICS_PORT']}/metrics", "worker.log"),
        ):
            wait_with_log(lambda url=url: answers(url), server.folder / log)  # type: ignore[misc]
        yield Stack(
            dsn=server.dsn,
            web_url=web_url,
            simulator_url=simulator_url,
            smtp_port=ports["SMTP_PORT"],
            worker_log=server.folder / "worker.log",
            web=web,
            worker=worker,
            stop_worker=worker_stack.close,
        )


def wait_with_log(ready: Callable[[], bool], log: Path, seconds: float = 30) -> None:
    """Wait until `ready`, else end with what `log` says."""
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


def cpu_seconds(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


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


def judge(what: str, latencies: list[float], *, expected: int, bar_s: float | None) -> bool:
    """Print how long replies took; return whether all came and the bar on p95 was kept."""
    if not latencies:
        print(f"{what}: none of {expected} answered")
        return False
    p50, p95 = percentile(latencies, 0.5), percentile(latencies, 0.95)
    bar = "" if bar_s is None else f"; bar: p95 ≤ {bar_s * 1000:.0f} ms"
    print(
        f"{what}: p50 {p50 * 1000:.0f} ms, p95 {p95 * 1000:.0f} ms,"
        f" max {max(latencies) * 1000:.0f} ms ({len(latencies)} of {expected} answered{bar})"
    )
    return (bar_s is None or p95 <= bar_s) and len(latencies) == expected
