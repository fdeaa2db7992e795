"""The one client for outgoing mail: a deadline, errors by what they mean, every try told of."""

import asyncio
import contextlib
import ssl
import time
from collections.abc import Callable
from email.message import EmailMessage
from email.policy import SMTP

import aiosmtplib

from alojamientos.kit.errors import ProviderError
from alojamientos.kit.http import HttpCall

PROVIDER = "smtp"
_IMPLICIT_TLS = 465
_FIRST_PERMANENT = 500
_QUIT_S = 2.0


class MailNotTaken(ProviderError):  # noqa: N818 - reads as a sentence where it is raised
    """The mail server did not take the mail.

    `permanent` when it never will; `ambiguous` when it may have taken it all the same. `reply`
    is the server's code, or None; `account` when it is about us and not about this mail.
    """

    def __init__(
        self,
        message: str,
        *,
        reply: int | None = None,
        permanent: bool = False,
        ambiguous: bool = False,
        account: bool = False,
    ) -> None:
        self.reply = reply
        self.permanent = permanent
        self.ambiguous = ambiguous
        self.account = account
        super().__init__(message)


class SmtpClient:
    """Hand mails to one server, each over a connection of its own.

    Port 465 speaks TLS from the start; with `require_tls` any other must offer STARTTLS.
    `timeout_s` is the deadline of a whole delivery.
    """

    def __init__(
        self,
        *,
        host: str,
        port: int,
        timeout_s: float,
        username: str | None = None,
        password: str | None = None,
        require_tls: bool = True,
        tls_context: ssl.SSLContext | None = None,
        on_call: Callable[[HttpCall], None] | None = None,
    ) -> None:
        self._host = host
        self._port = port
        self._timeout_s = timeout_s
        self._username = username
        self._password = password
        self._require_tls = require_tls
        self._tls_context = tls_context
        self._on_call = on_call

    async def send(self, message: EmailMessage, *, sender: str, recipient: str) -> None:
        """Deliver one mail; raises MailNotTaken."""
        attempt = _Attempt()
        start = time.perf_counter()
        try:
            async with asyncio.timeout(self._timeout_s):
                await self._deliver(attempt, message.as_bytes(policy=SMTP), sender, recipient)
            attempt.outcome = "2xx"
        except aiosmtplib.SMTPResponseException as error:
            attempt.outcome = f"{error.code // 100}xx"
            raise _refused(error) from error
        except aiosmtplib.SMTPNotSupported as error:
            attempt.outcome = "5xx"
            raise MailNotTaken(
                "The mail server does not support what this needs", account=True
            ) from error
        except TimeoutError as error:
            attempt.outcome = "timeout"
            raise MailNotTaken(
                "The mail server did not answer in time", ambiguous=attempt.handed_over
            ) from error
        except (aiosmtplib.SMTPException, OSError) as error:
            raise MailNotTaken(
                "The mail server cannot be reached", ambiguous=attempt.handed_over
            ) from error
        finally:
            if self._on_call:
                self._on_call(
                    HttpCall(
                        provider=PROVIDER,
                        operation="send_mail",
                        outcome=attempt.outcome,
                        seconds=time.perf_counter() - start,
                    )
                )

    async def _deliver(
        self, attempt: "_Attempt", content: bytes, sender: str, recipient: str
    ) -> None:
        client = aiosmtplib.SMTP(
            hostname=self._host,
            port=self._port,
            username=self._username,
            password=self._password,
            use_tls=self._port == _IMPLICIT_TLS,
            start_tls=self._require_tls and self._port != _IMPLICIT_TLS,
            tls_context=self._tls_context,
            timeout=self._timeout_s,
        )
        try:
            await client.connect()
            await client.mail(sender)
            await client.rcpt(recipient)
            attempt.handed_over = True
            await client.data(content)
            attempt.handed_over = False  # it is there: what follows is politeness
            with contextlib.suppress(aiosmtplib.SMTPException, OSError, TimeoutError):
                await client.quit(timeout=_QUIT_S)
        finally:
            client.close()


class _Attempt:
    """How far a delivery has got: from `handed_over` on, silence may mean success."""

    def __init__(self) -> None:
        self.outcome = "unreachable"
        self.handed_over = False


def _refused(error: aiosmtplib.SMTPResponseException) -> MailNotTaken:
    ours = isinstance(
        error,
        aiosmtplib.SMTPAuthenticationError
        | aiosmtplib.SMTPSenderRefused
        | aiosmtplib.SMTPHeloError,
    )
    return MailNotTaken(
        f"The mail server answered {error.code}",
        reply=error.code,
        permanent=error.code >= _FIRST_PERMANENT and not ours,
        account=ours,
    )
