"""What is around the application and can break: a calendar, the disk, the mailbox, a wire."""

from dataclasses import dataclass
from typing import Protocol


class Calendar(Protocol):
    """A calendar that is the drill's own, so that nobody else's is touched."""

    def add(self) -> None:
        """Publish it at the fake host and import it."""

    def fall_silent(self, *, since_minutes: float) -> None:
        """Let the host answer no more, and the last reading be so long ago."""

    def sell_a_sold_night(self) -> None:
        """Book and pay a stay here, and let the calendar book the same nights."""

    def remove(self) -> None:
        """Undo all of it, whatever of it was done."""


class Disk(Protocol):
    """A disk, as the node exporter tells of it."""

    def seem_full(self) -> None:
        """Tell of one that is nearly full, and the truth about everything else."""

    def be_itself(self) -> None:
        """Tell the truth alone."""


class GuestMail(Protocol):
    """The mailbox that guests write to."""

    def shut(self, *, since_minutes: float) -> None:
        """Let its server hang up on the reader, and the last reading be so long ago."""

    def open(self) -> None:
        """Let the reader in again."""


class Wire(Protocol):
    """The way from Prometheus to Alertmanager."""

    def cut(self) -> None: ...

    def mend(self) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Outside:
    """All of it."""

    calendar: Calendar
    disk: Disk
    guest_mail: GuestMail
    wire: Wire
