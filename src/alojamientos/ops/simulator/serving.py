"""Run the simulators as processes: ports, signals, first and last log line."""

import asyncio
import contextlib
import logging
import signal
import socket
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import uvicorn
from starlette.applications import Starlette

from alojamientos.kit.clock import utc_now
from alojamientos.kit.errors import AlojamientosError
from alojamientos.ops.simulator import log_events
from alojamientos.ops.simulator.config import MailAccount, SimulatorConfig
from alojamientos.ops.simulator.mail import MOST_KEPT, Inbox, Mailbox, create_protocol
from alojamientos.ops.simulator.mail_pages import create_mail_app
from alojamientos.ops.simulator.server import create_app
from alojamientos.telemetry import logs

if TYPE_CHECKING:
    from alojamientos.ops.simulator.mailbox import ImapMailbox

_GRACE_S = 3  # for requests under way; a chat that is waited for is cut


class PortTaken(AlojamientosError):  # noqa: N818 - reads as a sentence where it is raised
    """A port is in use by another program."""


async def serve_providers(
    config: SimulatorConfig,
    *,
    host: str,
    port: int,
    now: Callable[[], datetime] = utc_now,
) -> None:
    """Serve the fake providers until SIGTERM or SIGINT; raises PortTaken."""
    listener = _listen(host, port, setting="STACK_SIMULATOR_PORT")
    app = create_app(config, clock=lambda: now().timestamp())
    await _serve("simulators", app, listener)


async def serve_mail(
    *,
    folder: Path,
    host: str,
    smtp_port: int,
    http_port: int,
    account: MailAccount | None = None,
    most: int = MOST_KEPT,
) -> None:
    """Serve the mail sink, SMTP and HTTP, until SIGTERM or SIGINT; raises PortTaken.

    With `account` mails to it can be read over IMAP, too. `most`: how many are kept.
    """
    smtp_listener = _listen(host, smtp_port, setting="SMTP_PORT")
    http_listener = _listen(host, http_port, setting="STACK_MAIL_HTTP_PORT")
    logging.getLogger("mail.log").setLevel(logging.WARNING)  # it tells of every SMTP command
    mailbox = Mailbox(folder, most=most)
    loop = asyncio.get_running_loop()
    async with contextlib.AsyncExitStack() as stack:
        inbox: Inbox | None = None
        served: ImapMailbox | None = None
        if account is not None:
            listener = _listen(host, account.port, setting="STACK_IMAP_PORT")
            served = await stack.enter_async_context(_mailbox(listener, account))
            inbox = Inbox(address=account.address, deliver=served.deliver)
        smtp = await loop.create_server(lambda: create_protocol(mailbox, inbox), sock=smtp_listener)
        stack.callback(smtp.close)
        await _serve("mail", create_mail_app(mailbox, served), http_listener)


def _mailbox(
    listener: socket.socket, account: MailAccount
) -> contextlib.AbstractAsyncContextManager["ImapMailbox"]:
    try:
        # Its server is an extra, which who has servers of their own can do without.
        from alojamientos.ops.simulator.mailbox import serving_mailbox  # noqa: PLC0415
    except ImportError as error:
        raise AlojamientosError(
            "The simulated mailbox needs the extra `servers`; install it, or set IMAP_HOST"
        ) from error
    return serving_mailbox(listener, username=account.address, password=account.password)


class _Server(uvicorn.Server):
    """uvicorn without its own signal handlers, which end by killing the process."""

    def __init__(self, config: uvicorn.Config, *, part: str) -> None:
        super().__init__(config)
        self._part = part

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        loop = asyncio.get_running_loop()
        numbers = (signal.SIGTERM, signal.SIGINT)
        for number in numbers:
            loop.add_signal_handler(number, self._stop)
        try:
            yield
        finally:
            for number in numbers:
                loop.remove_signal_handler(number)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started and sockets:
            host, port = sockets[0].getsockname()[:2]
            logs.get_logger().info(log_events.STARTED, part=self._part, host=host, port=port)

    def _stop(self) -> None:
        if isinstance(self.config.app, Starlette):
            getattr(self.config.app.state, "hang_up", _nothing)()
        self.should_exit = True


def _nothing() -> None:
    """Stop what has nobody waiting."""


async def _serve(part: str, app: Starlette, listener: socket.socket) -> None:
    config = uvicorn.Config(
        app, access_log=False, log_config=None, timeout_graceful_shutdown=_GRACE_S
    )
    await _Server(config, part=part).serve([listener])
    logs.get_logger().info(log_events.STOPPED, part=part)


def _listen(host: str, port: int, *, setting: str) -> socket.socket:
    try:
        return socket.create_server((host, port), backlog=512)
    except OSError as error:
        raise PortTaken(
            f"{host}:{port} cannot be used: {error.strerror}; stop what uses it or set {setting}"
        ) from error
