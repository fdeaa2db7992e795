"""A mailbox over IMAP: a real server (pymap) whose mails live in this process's memory."""

import asyncio
import contextlib
import socket
from argparse import Namespace
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime
from functools import partial
from weakref import WeakSet

from proxyprotocol.noop import ProxyProtocolNoop
from proxyprotocol.reader import ProxyProtocolReader
from pymap.backend.dict import Config, DictBackend
from pymap.backend.dict.filter import FilterSet
from pymap.backend.dict.mailbox import MailboxSet
from pymap.imap import IMAPServer
from pymap.parsing.message import AppendMessage

INBOX = "INBOX"
ServeImap = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


class ImapMailbox:
    """The folders of one account, and whether its server lets anybody in."""

    def __init__(self, folders: MailboxSet) -> None:
        self._folders = folders
        self._open = True
        self._connected: WeakSet[asyncio.StreamWriter] = WeakSet()

    def shut(self) -> None:
        """Hang up on everybody, now and from now on; mails go on arriving."""
        self._open = False
        for writer in self._connected:
            writer.close()

    def open(self) -> None:
        """Let people in again."""
        self._open = True

    async def unread(self) -> int:
        """Return how many mails its reader could read and has not; none while it is shut."""
        if not self._open:
            return 0
        return (await (await self._folders.get_mailbox(INBOX)).snapshot()).unseen

    async def serve(
        self, serve: ServeImap, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        """Let `serve` begin with one connection, if the mailbox is open."""
        if not self._open:
            writer.close()
            return
        self._connected.add(writer)
        await serve(reader, writer)

    async def deliver(self, content: bytes) -> None:
        """Put a mail into the inbox, unseen, as a mail server does."""
        inbox = await self._folders.get_mailbox(INBOX)
        await inbox.append(
            AppendMessage(literal=content, when=datetime.now(UTC), flag_set=frozenset())
        )


@contextlib.asynccontextmanager
async def serving_mailbox(
    listener: socket.socket, *, username: str, password: str, certificate: str | None = None
) -> AsyncIterator[ImapMailbox]:
    """Serve one account on `listener`; with `certificate` (a file with its key) STARTTLS, too."""
    arguments = Namespace(
        demo_data=False,
        demo_user=username,
        demo_password=password,
        host=None,
        port=0,
        debug=False,
        cert=certificate,
        key=certificate,
        passlib_cfg=None,
        tls=certificate is not None,
        proxy_protocol=None,
        inherited_sockets=None,
    )
    backend, config = await DictBackend.init(arguments)
    folders = MailboxSet()
    await _known(config, username, folders)
    serve = ProxyProtocolReader(ProxyProtocolNoop()).get_callback(IMAPServer(backend.login, config))
    mailbox = ImapMailbox(folders)
    server = await asyncio.start_server(partial(mailbox.serve, serve), sock=listener)
    try:
        yield mailbox
    finally:
        server.close()


async def _known(config: Config, username: str, folders: MailboxSet) -> None:
    config.set_cache[username] = (folders, FilterSet())
    await folders.get_mailbox(INBOX)
