"""Faults around the application: other sites' calendars, the disk, guests' mailbox, alerts' way."""

from dataclasses import dataclass

from alojamientos.ops.drill.model import Fault, Hands

# Past both ages that are told, late (30 minutes) and stale (40): waiting them out takes no drill.
_SILENT_FOR_MINUTES = 45
# Past the 10 minutes that are told; the alert's own 5 pass in the drill.
_UNREAD_FOR_MINUTES = 15


@dataclass(frozen=True, slots=True)
class CalendarSilent:
    """A calendar's host stops answering."""

    def begin(self, hands: Hands) -> None:
        hands.outside.calendar.add()
        hands.outside.calendar.fall_silent(since_minutes=_SILENT_FOR_MINUTES)

    def end(self, hands: Hands) -> None:
        hands.outside.calendar.remove()


@dataclass(frozen=True, slots=True)
class NightSoldTwice:
    """A calendar brings in a stay whose nights are sold here."""

    def begin(self, hands: Hands) -> None:
        hands.outside.calendar.add()
        hands.outside.calendar.sell_a_sold_night()

    def end(self, hands: Hands) -> None:
        hands.outside.calendar.remove()


@dataclass(frozen=True, slots=True)
class DiskSeemsFull:
    """The node exporter tells of a disk with next to nothing free."""

    def begin(self, hands: Hands) -> None:
        hands.outside.disk.seem_full()

    def end(self, hands: Hands) -> None:
        hands.outside.disk.be_itself()


@dataclass(frozen=True, slots=True)
class MailboxShut:
    """The mailbox's server hangs up on the reader."""

    def begin(self, hands: Hands) -> None:
        hands.outside.guest_mail.shut(since_minutes=_UNREAD_FOR_MINUTES)

    def end(self, hands: Hands) -> None:
        hands.outside.guest_mail.open()


@dataclass(frozen=True, slots=True)
class AlertingCut:
    """Prometheus does not reach Alertmanager, and both are well."""

    def begin(self, hands: Hands) -> None:
        hands.outside.wire.cut()

    def end(self, hands: Hands) -> None:
        hands.outside.wire.mend()


# The last one may leave an alert behind that the next would stumble over.
FAULTS: tuple[Fault, ...] = (
    Fault(
        name="feed-conflict",
        summary="sell a stay here, and let a calendar bring in the same nights",
        expected=("ICalConflict",),
        within_s=240,
        trouble=NightSoldTwice(),
    ),
    Fault(
        name="disk-nearly-full",
        summary="answer for the node exporter: its own words, and of a disk more with 3 % free",
        expected=("DiskSpaceCritical",),
        held=("DiskSpaceLow",),
        within_s=480,
        trouble=DiskSeemsFull(),
    ),
    Fault(
        name="mailbox-shut",
        summary=(
            f"shut the mailbox that guests write to, its last reading set {_UNREAD_FOR_MINUTES}"
            " minutes back in the database"
        ),
        expected=("MailboxNotRead",),
        within_s=480,
        trouble=MailboxShut(),
    ),
    Fault(
        name="alerting-cut",
        summary="give Prometheus a wrong address for Alertmanager: both live, no alert arrives",
        expected=("PrometheusNotificationsFailing",),
        within_s=480,
        mailed=False,
        heartbeat_stops=True,
        trouble=AlertingCut(),
    ),
    Fault(
        name="feed-dead",
        summary=(
            f"silence a calendar's host, its last reading set {_SILENT_FOR_MINUTES} minutes back"
            " in the database"
        ),
        expected=("ICalSyncStale",),
        held=("ICalSyncDelayed",),
        # Some minutes of a feed are much to a stack that has not lived for long.
        lingers=("ErrorBudgetTicket", "ErrorBudgetExhausted"),
        within_s=480,
        trouble=CalendarSilent(),
    ),
)
