"""What happened to mails, told after the commit."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class MailTaken:
    """A mail was stored: `nature` is what it is, `duplicate` that it had been before."""

    inbox_id: int | None
    nature: str
    kind: str
    size: int
    attachments: int
    duplicate: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class MailSetAside:
    """A mail that wants an answer and gets none from us: a person should look into the mailbox."""

    inbox_id: int
    nature: str
    address: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MailboxFailed:
    """The mailbox could not be read; it is tried again in `retry_in_s`."""

    error: str
    failures: int
    retry_in_s: float
