import asyncio
import contextlib
import os
import signal
import smtplib
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Coroutine
from email.message import EmailMessage
from typing import Any

import aiosmtplib
import httpx2
import orjson
import pytest
from tests.conftest import free_port, wait_until

from alojamientos.cli import simulators
from alojamientos.ops.simulator import serving
from alojamientos.ops.simulator.config import SimulatorConfig
from alojamientos.ops.simulator.mail import Mailbox
from alojamientos.settings import load_settings


def mail(
    subject="¡Alerta! ServiceDown", text="Se cayó la web", html="<p>Se cayó <b>la web</b></p>"
):
    message = EmailMessage()
    message["From"] = "Alertas <alertas@reservas.com>"
    message["To"] = "oncall@reservas.com, dueña <owner@reservas.com>"
    message["Subject"] = subject
    message.set_content("Se cayó la web")
    if html:
        message.add_alternative(html, subtype="html")
    return message


class Part:
    """One of the processes that the launcher starts."""

    def __init__(self, name: str, folder, **ports: int) -> None:
        self.ports = ports
        environment = {
            "PATH": os.environ["PATH"],
            "STACK_STATE_DIR": str(folder),
            **{variable: str(port) for variable, port in ports.items()},
        }
        self.log = (folder / f"{name}.log").open("w+b")
        self.process = subprocess.Popen(
            [sys.executable, "-m", "alojamientos", "simulators", name],
            stdout=self.log,
            stderr=self.log,
            env=environment,
            cwd=folder,
        )
        for port in ports.values():
            wait_until(lambda port=port: listens(port) or self.process.poll() is not None, name)

    def stop(self) -> list[dict[str, object]]:
        self.process.send_signal(signal.SIGTERM)
        assert self.process.wait(10) == 0
        self.log.seek(0)
        lines = self.log.read().splitlines()
        self.log.close()
        return [orjson.loads(line) for line in lines]


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def test_mail_is_kept_shown_and_outlives_a_restart(tmp_path):
    ports = {"SMTP_PORT": free_port(), "STACK_MAIL_HTTP_PORT": free_port()}
    url = f"http://127.0.0.1:{ports['STACK_MAIL_HTTP_PORT']}"
    sink = Part("mail", tmp_path, **ports)
    empty = httpx2.get(url)
    with smtplib.SMTP("127.0.0.1", ports["SMTP_PORT"]) as smtp:
        smtp.send_message(mail())
        smtp.send_message(mail(subject="", html=""))
    lines = sink.stop()
    sink = Part("mail", tmp_path, **ports)

    listed = httpx2.get(f"{url}/api/messages").json()
    second, first = listed
    inbox = httpx2.get(url)
    page = httpx2.get(f"{url}/messages/{first['id']}")
    plain = httpx2.get(f"{url}/messages/{second['id']}")
    html = httpx2.get(f"{url}/messages/{first['id']}/html")
    one = httpx2.get(f"{url}/api/messages/{first['id']}").json()
    missing = [
        httpx2.get(url + p).status_code
        for p in ("/messages/x", "/messages/x/html", "/api/messages/x")
    ]
    deleted = httpx2.delete(f"{url}/api/messages")
    after = httpx2.get(f"{url}/api/messages").json()
    sink.stop()

    assert "No mail yet" in empty.text
    assert '<html lang="en">' in empty.text
    assert first["to"] == ["oncall@reservas.com", "owner@reservas.com"]
    assert first["from"] == "Alertas <alertas@reservas.com>"
    assert first["subject"] == "¡Alerta! ServiceDown"
    assert first["text"].strip() == "Se cayó la web"
    assert "<b>la web</b>" in first["html"]
    assert set(first) == {
        *("id", "to", "from", "subject", "text", "html", "received_at"),
        *("message_id", "in_reply_to", "auto_submitted", "calendar"),
    }
    assert one == first
    assert "¡Alerta! ServiceDown" in inbox.text
    assert "(no subject)" in inbox.text
    assert "sandbox" in page.text
    assert "Se cayó la web" in plain.text
    assert "<b>la web</b>" in html.text
    assert "default-src 'none'" in html.headers["content-security-policy"]
    assert missing == [404, 404, 404]
    assert deleted.status_code == 204
    assert after == []
    assert [line["event"] for line in lines] == [
        "simulator.start_finished",
        "simulator.mail_received",
        "simulator.mail_received",
        "simulator.stop_finished",
    ]
    assert not any("reservas.com" in orjson.dumps(line).decode() for line in lines)


def test_the_providers_run_as_a_process_and_log_traces_but_no_phone(tmp_path):
    port = free_port()
    part = Part("providers", tmp_path, STACK_SIMULATOR_PORT=port)
    trace = "00-" + "ab" * 16 + "-" + "cd" * 8 + "-01"
    body = {"wa_id": "5492944111111", "text": "Hola", "traceparent": trace}

    httpx2.post(f"http://127.0.0.1:{port}/_control/whatsapp/inbound", json=body)
    httpx2.post(
        f"http://127.0.0.1:{port}/v25.0/1122334455667/messages",
        json={
            "messaging_product": "whatsapp",
            "to": "5492944111111",
            "type": "text",
            "text": {"body": "Hola"},
        },
        headers={"Authorization": "Bearer dev-only-whatsapp-token", "traceparent": trace},
    )
    lines = part.stop()

    events = [line["event"] for line in lines]
    assert events[0] == "simulator.start_finished"
    assert events[-1] == "simulator.stop_finished"
    traced = [line for line in lines if line.get("trace_id") == "ab" * 16]
    assert {"simulator.webhook_sent", "simulator.request_served"} <= {
        str(line["event"]) for line in traced
    }
    assert not any("2944111111" in orjson.dumps(line).decode() for line in lines)
    assert (tmp_path / "simulators" / "state.json").exists()


def test_a_taken_port_is_named_with_its_setting(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        environment = {"PATH": os.environ["PATH"], "STACK_SIMULATOR_PORT": str(port)}
        ended = subprocess.run(
            [sys.executable, "-m", "alojamientos", "simulators", "providers"],
            capture_output=True,
            text=True,
            check=False,
            env=environment,
            cwd=tmp_path,
        )

    assert ended.returncode == 2
    assert "STACK_SIMULATOR_PORT" in ended.stderr


def test_only_the_newest_500_mails_stay(tmp_path):
    mailbox = Mailbox(tmp_path)
    for number in range(502):
        mailbox.keep(f"Subject: {number}\r\n\r\nx".encode(), sender="a@b.c", recipients=["d@e.f"])

    assert len(Mailbox(tmp_path).newest_first()) == 500
    assert mailbox.newest_first()[0].subject == "501"
    assert mailbox.newest_first()[0].to == ["d@e.f"]
    assert mailbox.newest_first()[0].from_ == "a@b.c"
    assert len(list(tmp_path.glob("*.eml"))) == 500


def test_a_mail_is_listed_with_its_thread_and_its_calendar(tmp_path):
    answer = mail()
    answer["Message-ID"] = "<2@x>"
    answer["In-Reply-To"] = "<1@x>"
    answer["Auto-Submitted"] = "auto-replied"
    answer.add_attachment(b"BEGIN:VCALENDAR", maintype="text", subtype="calendar")

    kept = Mailbox(tmp_path).keep(bytes(answer), sender="a@b.c", recipients=["d@e.f"])

    assert (kept.message_id, kept.in_reply_to) == ("<2@x>", "<1@x>")
    assert kept.auto_submitted == "auto-replied"
    assert kept.calendar.strip() == "BEGIN:VCALENDAR"


def test_a_sink_may_keep_fewer_mails_and_knows_how_many_came(tmp_path):
    mailbox = Mailbox(tmp_path, most=2)
    for number in range(3):
        mailbox.keep(f"Subject: {number}\r\n\r\nx".encode(), sender="a@b.c", recipients=["d@e.f"])

    assert [kept.subject for kept in mailbox.newest_first()] == ["2", "1"]
    assert mailbox.taken == 3


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff\xfe\x00",
        b"Content-Type: text/plain; charset=nonsense\r\n\r\n\xe1\xe9",
        b"To: \xff\xff<<>>,;:\r\nSubject: =?x?y?z?=\r\n\r\nx",
        b"Content-Type: multipart/mixed\r\n\r\nno parts",
        b"Content-Type: multipart/alternative; boundary=a\r\n\r\n--a\r\n\r\n",
    ],
)
def test_mail_that_is_hardly_mail_is_kept_all_the_same(tmp_path, content):
    mailbox = Mailbox(tmp_path)

    mailbox.keep(content, sender="a@b.c\r\nX: y", recipients=["d@e.f"])

    assert len(Mailbox(tmp_path).newest_first()) == 1


@contextlib.asynccontextmanager
async def until_terminated(work: Coroutine[Any, Any, None], *ports: int) -> AsyncIterator[None]:
    """Serve in this process; SIGTERM ends it, as it ends the launcher's."""
    task = asyncio.create_task(work)
    while not all(listens(port) for port in ports):
        await asyncio.sleep(0.01)
    yield
    os.kill(os.getpid(), signal.SIGTERM)
    await task


async def test_the_sink_serves_smtp_and_its_pages(tmp_path):
    smtp, http = free_port(), free_port()
    url = f"http://127.0.0.1:{http}"
    sink = serving.serve_mail(folder=tmp_path, host="127.0.0.1", smtp_port=smtp, http_port=http)

    async with until_terminated(sink, smtp, http), httpx2.AsyncClient(trust_env=False) as client:
        await aiosmtplib.send(mail(), hostname="127.0.0.1", port=smtp)
        [kept] = (await client.get(f"{url}/api/messages")).json()
        state = (await client.get(f"{url}/_control/mailbox")).json()
        path = f"messages/{kept['id']}"
        pages = [
            (await client.get(f"{url}/{page}")).text
            for page in ("", path, f"{path}/html", f"api/{path}")
        ]
        missing = await client.get(f"{url}/api/messages/x")
        await client.delete(f"{url}/api/messages")

    assert all("¡Alerta! ServiceDown" in page for page in (pages[0], pages[1], pages[3]))
    assert "<b>la web</b>" in pages[2]
    assert missing.status_code == 404
    assert state == {"taken": 1, "unread": 0}
    assert not listens(smtp)
    assert not list(tmp_path.glob("*.eml"))


async def test_the_providers_serve_until_they_are_terminated(tmp_path):
    port = free_port()
    config = SimulatorConfig(state_file=tmp_path / "state.json")

    async with until_terminated(serving.serve_providers(config, host="127.0.0.1", port=port), port):
        pass

    assert not listens(port)
    with socket.create_server(("127.0.0.1", port)), pytest.raises(serving.PortTaken, match="SMTP"):
        await serving.serve_mail(
            folder=tmp_path, host="127.0.0.1", smtp_port=port, http_port=free_port()
        )


def test_the_simulators_take_their_values_from_the_settings(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("WHATSAPP_ACCESS_TOKEN", "mine")
    monkeypatch.setenv("WEB_PORT", "8777")

    config = simulators.simulator_config(load_settings(check_production=False))

    assert config.whatsapp_access_token == "mine"
    assert config.whatsapp_webhook_url == "http://127.0.0.1:8777/api/v1/webhooks/whatsapp"
