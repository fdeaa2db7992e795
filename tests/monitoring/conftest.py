"""The monitoring programs themselves; a test that cannot have them fails rather than passes."""

from pathlib import Path

import pytest
from aiosmtpd.controller import Controller
from tests.conftest import free_port

from alojamientos.monitoring.generate import (
    Addresses,
    Delivery,
    MailTarget,
    NativeConfig,
    render_native,
)
from alojamientos.ops.launcher.promtools import (
    NEWEST,
    OLDEST,
    ensure_promtools,
    find_promtool,
)
from alojamientos.ops.launcher.tools import ensure_tools, find_tool

ROOT = Path(__file__).parents[2]
TOOLS = ROOT / ".tools"


@pytest.fixture(scope="session")
def tool():
    """Find a monitoring program by name; what is missing is downloaded once."""
    ensure_tools(TOOLS, print)
    return lambda name: str(find_tool(name, TOOLS))


@pytest.fixture(scope="session")
def promtools() -> dict[str, str]:
    """The promtool of each Prometheus that the rules shall work with, by its age."""
    ensure_promtools(TOOLS, print)
    found = {age: find_promtool(age, TOOLS) for age in (OLDEST, NEWEST)}
    return {age: str(path) for age, path in found.items()}


@pytest.fixture
def addresses() -> Addresses:
    """Free ports for every part; nothing listens there yet."""
    return Addresses(**{name: f"127.0.0.1:{free_port()}" for name in Addresses.__slots__})


@pytest.fixture
def mail() -> MailTarget:
    return MailTarget(
        host="127.0.0.1",
        port=free_port(),
        sender="alertas@example.com",
        oncall="oncall@example.com,owner@example.com",
        devops="devops@example.com",
        require_tls=False,
    )


@pytest.fixture
def native(tmp_path: Path, addresses: Addresses, mail: MailTarget) -> NativeConfig:
    return render_native(tmp_path / "native", addresses, Delivery(mail=mail))


class Sink:
    def __init__(self) -> None:
        self.mails: list[tuple[list[str], str]] = []

    async def handle_DATA(self, _server, _session, envelope) -> str:  # noqa: N802 - aiosmtpd's
        self.mails.append((list(envelope.rcpt_tos), envelope.content.decode()))
        return "250 OK"


@pytest.fixture
def sink(mail):
    sink = Sink()
    controller = Controller(sink, hostname=mail.host, port=mail.port)
    controller.start()
    yield sink
    controller.stop()
