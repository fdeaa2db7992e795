"""The way out by mail: what the server's answers mean for a message."""

from collections.abc import Callable
from datetime import datetime
from email.errors import MessageError

from alojamientos.channels.base import DeliveryPostponed, DeliveryRefused, DeliveryUncertain
from alojamientos.channels.email import drawing
from alojamientos.conversation.messages import Reply
from alojamientos.kit.smtp import MailNotTaken, SmtpClient

CHANNEL = "email"
_OPERATOR_S = 60.0  # the account or its server's settings: a person has to act


class EmailClient:
    """Send as one lodging from `sender`; answers of people go to `reply_to`, if anywhere."""

    def __init__(
        self,
        *,
        smtp: SmtpClient,
        sender: str,
        lodging: str,
        now: Callable[[], datetime],
        reply_to: str | None = None,
    ) -> None:
        self._smtp = smtp
        self._sender = sender
        self._lodging = lodging
        self._now = now
        self._reply_to = reply_to

    def split(self, reply: Reply) -> tuple[Reply, ...]:
        """Return `reply` as it is: any length fits into a mail."""
        return (reply,)

    async def send(self, *, address: str, reply: Reply, reference: str) -> str:
        """Send one mail and return its Message-ID, the same for every try of it.

        Raises as `base.Sender` says.
        """
        try:
            message = drawing.draw(
                reply,
                lodging=self._lodging,
                sender=self._sender,
                recipient=address,
                reply_to=self._reply_to,
                now=self._now(),
            )
        except (ValueError, MessageError) as error:  # what email says to a strange address
            raise DeliveryRefused("The address is not one", code="invalid_address") from error
        message_id = f"<{reference.replace(':', '.')}@{self._sender.rpartition('@')[2]}>"
        message["Message-ID"] = message_id
        try:
            await self._smtp.send(message, sender=self._sender, recipient=address)
        except MailNotTaken as error:
            raise _meaning(error) from error
        return message_id

    async def acknowledge(self, *, external_id: str, typing: bool = False) -> None:
        """Do nothing: a mail has no ticks to turn blue."""


def _meaning(error: MailNotTaken) -> DeliveryPostponed | DeliveryUncertain | DeliveryRefused:
    if error.ambiguous:
        return DeliveryUncertain(error.message)
    code = f"smtp_{error.reply}" if error.reply else "unreachable"
    if error.permanent:
        return DeliveryRefused(error.message, code=code)
    return DeliveryPostponed(
        error.message, code=code, retry_in_s=_OPERATOR_S if error.account else None
    )
