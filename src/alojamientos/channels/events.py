"""What happened to messages on their way out, told after the commit."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageUndelivered:
    """A message of ours did not reach its guest and will not. `code` is what a server said.

    `permanent`: the address itself does not work.
    """

    channel: str
    outbox_id: int
    code: str
    permanent: bool = False
