"""The one client for a mailbox: deadlines, errors by what they mean, every call told of.

The library speaks IMAP with blocking calls: each runs in a thread, and one that takes too long is
ended by closing its connection under it.
"""

import asyncio
import contextlib
import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Protocol, TypeVar

import imapclient
from imapclient.exceptions import IMAPClientAbortError, IMAPClientError, LoginError

from alojamientos.kit.errors import ProviderError
from alojamientos.kit.http import HttpCall

PROVIDER = "imap"
OPERATION = "read_mailbox"
IMPLICIT_TLS = 993
_T = TypeVar("_T")


class MailboxUnavailable(ProviderError):  # noqa: N818 - reads as a sentence where it is raised
    """The mailbox cannot be read at the moment.

    `account` when it is about our account or the server's settings: a person has to act.
    """

    def __init__(self, message: str, *, account: bool = False) -> None:
        self.account = account
        super().__init__(message)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """One mail as the server has it; `content` is at most its first `ImapClient.largest` bytes."""

    uid: int
    content: bytes
    size: int
    arrived_at: datetime | None

    @property
    def is_whole(self) -> bool:
        return self.size <= len(self.content)


class _Library(Protocol):
    """What is used of imapclient, which has no types."""

    def login(self, username: str, password: str) -> Any: ...
    def starttls(self, ssl_context: ssl.SSLContext | None) -> Any: ...
    def select_folder(self, folder: str) -> dict[bytes, Any]: ...
    def noop(self) -> Any: ...
    def search(self, criteria: list[Any]) -> list[int]: ...
    def fetch(self, messages: list[int], data: list[str]) -> dict[int, dict[bytes, Any]]: ...
    def add_flags(self, messages: list[int], flags: list[bytes], *, silent: bool) -> Any: ...
    def move(self, messages: list[int], folder: str) -> Any: ...
    def copy(self, messages: list[int], folder: str) -> Any: ...
    def delete_messages(self, messages: list[int], *, silent: bool) -> Any: ...
    def uid_expunge(self, messages: list[int]) -> Any: ...
    def has_capability(self, capability: str) -> bool: ...
    def folder_exists(self, folder: str) -> bool: ...
    def create_folder(self, folder: str) -> Any: ...
    def logout(self) -> Any: ...
    def shutdown(self) -> None: ...


class ImapClient:
    """Read one folder of one account over a connection that is kept between calls.

    Port 993 speaks TLS from the start; with `require_tls` any other must offer STARTTLS.
    `timeout_s` is the deadline of each call. `done_folder`: where dealt-with mails are moved to;
    without it they are marked as seen and stay.
    """

    def __init__(
        self,
        *,
        host: str,
        port: int,
        username: str,
        password: str,
        folder: str = "INBOX",
        done_folder: str | None = None,
        timeout_s: float = 20.0,
        largest: int = 512 * 1024,
        require_tls: bool = True,
        tls_context: ssl.SSLContext | None = None,
        on_call: Callable[[HttpCall], None] | None = None,
    ) -> None:
        self.name = f"{username}@{host}/{folder}"
        self.largest = largest
        self._host = host
        self._port = port
        self._username = username
        self._password = password
        self._folder = folder
        self._done_folder = done_folder
        self._timeout_s = timeout_s
        self._require_tls = require_tls
        self._tls_context = tls_context
        self._on_call = on_call
        self._library: _Library | None = None
        self._validity = 0

    async def look(self) -> int:
        """Connect, or see what is new on the connection there is; return the UIDVALIDITY.

        While that number stays, a UID means the same mail (RFC 9051, 2.3.1.1).
        """
        if self._library is not None:
            try:
                await self._call("look", self._library.noop)
            except MailboxUnavailable:
                pass  # the server hangs up on who is quiet for long: once more, from the start
            else:
                return self._validity
        await self._call("connect", self._connect)
        return self._validity

    async def uids_after(self, uid: int) -> list[int]:
        """Return the UIDs above `uid`, in order."""
        found = await self._search(["UID", f"{uid + 1}:*"])
        return [each for each in found if each > uid]  # "n:*" has the last one even below n

    async def uids_since(self, day: date, *, unseen: bool) -> list[int]:
        """Return the UIDs of mails that arrived on `day` or later, in order."""
        return await self._search(["SINCE", day, *(["UNSEEN"] if unseen else [])])

    async def last_uid(self) -> int:
        """Return the highest UID there is, or 0."""
        return max(await self._search(["UID", "1:*"]), default=0)

    async def fetch(self, uid: int) -> Fetched | None:
        """Return one mail, left unseen, or None when it is gone."""
        body = f"BODY.PEEK[]<0.{self.largest}>"
        wanted = [body, "RFC822.SIZE", "INTERNALDATE"]
        found = await self._call("fetch", self._open.fetch, [uid], wanted)
        parts = found.get(uid)
        if not parts or b"BODY[]<0>" not in parts:
            return None
        content = parts[b"BODY[]<0>"] or b""
        arrived_at = parts.get(b"INTERNALDATE")
        return Fetched(
            uid=uid,
            content=content,
            size=int(parts.get(b"RFC822.SIZE", len(content))),
            arrived_at=arrived_at.astimezone() if isinstance(arrived_at, datetime) else None,
        )

    async def mark_done(self, uid: int) -> None:
        """Mark a mail as seen, and move it if there is a folder for that."""
        await self._call("mark", self._mark, self._open, uid)

    async def close(self) -> None:
        """Say goodbye, if that is quick."""
        library, self._library = self._library, None
        if library is None:
            return
        try:
            async with asyncio.timeout(2):
                await asyncio.to_thread(library.logout)
        except (IMAPClientError, OSError, TimeoutError):
            _hang_up(library)

    async def _search(self, criteria: list[Any]) -> list[int]:
        return sorted(await self._call("search", self._open.search, criteria))

    @property
    def _open(self) -> _Library:
        if self._library is None:
            raise MailboxUnavailable("The connection to the mail server was lost")
        return self._library

    def _connect(self) -> None:
        library: _Library = imapclient.IMAPClient(
            self._host,
            self._port,
            ssl=self._port == IMPLICIT_TLS,
            ssl_context=self._tls_context if self._port == IMPLICIT_TLS else None,
            timeout=self._timeout_s,
        )
        self._library = library  # known from here on, so that a deadline can hang it up
        if self._require_tls and self._port != IMPLICIT_TLS:
            library.starttls(self._tls_context)
        library.login(self._username, self._password)
        if self._done_folder and not library.folder_exists(self._done_folder):
            library.create_folder(self._done_folder)
        answer = library.select_folder(self._folder)
        self._validity = int(answer.get(b"UIDVALIDITY", 0))

    def _mark(self, library: _Library, uid: int) -> None:
        library.add_flags([uid], [rb"\Seen"], silent=True)
        if self._done_folder is None:
            return
        if library.has_capability("MOVE"):
            library.move([uid], self._done_folder)
            return
        library.copy([uid], self._done_folder)
        library.delete_messages([uid], silent=True)
        if library.has_capability("UIDPLUS"):
            library.uid_expunge([uid])  # a plain EXPUNGE would take others' mails with it

    async def _call(self, what: str, function: Callable[..., _T], *arguments: Any) -> _T:
        """Run `function` in a thread; raises MailboxUnavailable."""
        start = time.perf_counter()
        outcome = "unreachable"
        try:
            async with asyncio.timeout(self._timeout_s):
                result = await asyncio.to_thread(function, *arguments)
            outcome = "2xx"
        except TimeoutError as error:
            outcome = "timeout"
            raise MailboxUnavailable("The mail server did not answer in time") from error
        except LoginError as error:
            outcome = "4xx"
            raise MailboxUnavailable("The mail server refused the account", account=True) from error
        except (IMAPClientAbortError, OSError, ValueError) as error:
            raise MailboxUnavailable("The mail server cannot be reached") from error
        except IMAPClientError as error:
            outcome = "5xx"
            raise MailboxUnavailable(
                f"The mail server did not do what was asked: {what}", account=True
            ) from error
        else:
            return result
        finally:
            if outcome != "2xx":
                self._drop()
            if self._on_call:
                self._on_call(
                    HttpCall(
                        provider=PROVIDER,
                        operation=OPERATION,
                        outcome=outcome,
                        seconds=time.perf_counter() - start,
                    )
                )

    def _drop(self) -> None:
        """Hang up: nothing is known of this connection any more, and a thread may wait on it."""
        library, self._library = self._library, None
        if library is not None:
            _hang_up(library)


def _hang_up(library: _Library) -> None:
    with contextlib.suppress(IMAPClientError, OSError):
        library.shutdown()
