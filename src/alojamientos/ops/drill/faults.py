"""The faults that a drill can play, each with the alerts that it must raise and no others."""

from dataclasses import dataclass

from alojamientos.ops.drill import application_faults, outside_faults
from alojamientos.ops.drill.model import Fault, Hands
from alojamientos.ops.drill.traffic import paced


@dataclass(frozen=True, slots=True)
class Killed:
    """A part dies and stays down."""

    part: str

    def begin(self, hands: Hands) -> None:
        hands.stop_part(self.part, kill=True)

    def end(self, hands: Hands) -> None:
        hands.start_part(self.part)


@dataclass(frozen=True, slots=True)
class KilledWithMailWaiting(Killed):
    """A part dies that Alertmanager then wants to send a mail through."""

    def begin(self, hands: Hands) -> None:
        hands.stop_part(self.part, kill=True)
        hands.post_alert()


@dataclass(frozen=True, slots=True)
class KilledWhileNoticesCome(Killed):
    """A part dies without which web must refuse what WhatsApp tells of the alert's own delivery.

    Nobody else asks much of a quiet stack: those refusals are most of its requests, and alerts on
    their share would hold for hours. `good` requests make up for them.
    """

    good: int

    def end(self, hands: Hands) -> None:
        hands.start_part(self.part)
        paced(lambda: hands.application.ask("GET", "/"), times=self.good, per_s=300)


PART_FAULTS: tuple[Fault, ...] = (
    Fault(
        name="backend-down",
        summary="kill web: nobody can book",
        expected=("ServiceDown",),
        held=("ServiceNotReady", "CollectorFailing", "JourneyFailing"),
        within_s=120,
        trouble=Killed("web"),
    ),
    Fault(
        name="worker-down",
        summary="kill the worker: nobody answers guests",
        expected=("WorkerDown",),
        held=("CollectorFailing", "JourneyFailing"),
        within_s=120,
        trouble=Killed("worker"),
    ),
    Fault(
        name="database-down",
        summary=(
            "kill PostgreSQL behind its living exporter; afterwards 6,000 good requests, for those"
            " refused meanwhile"
        ),
        expected=("DatabaseDown",),
        held=("ServiceNotReady", "CollectorFailing", "JourneyFailing"),
        aftermath=(
            *("HighErrorRate", "ElevatedErrorRate", "SloOutage"),
            *("ErrorBudgetBurnFast", "ErrorBudgetBurnSlow", "ErrorBudgetTicket"),
        ),
        within_s=150,
        trouble=KilledWhileNoticesCome("postgres", good=6000),
    ),
    Fault(
        name="redis-down",
        summary="kill Valkey behind its living exporter",
        expected=("RedisDown",),
        held=("CollectorFailing", "JourneyFailing"),
        within_s=210,
        trouble=Killed("valkey"),
    ),
    Fault(
        name="exporter-down",
        summary="kill the node exporter: the machine is not watched",
        expected=("MonitoringTargetDown",),
        within_s=720,
        trouble=Killed("node_exporter"),
    ),
    Fault(
        name="alertmanager-down",
        summary="stop Alertmanager: alerts fire and cannot be sent",
        expected=("AlertmanagerDown",),
        held=("PrometheusNotificationsFailing",),
        within_s=420,
        mailed=False,
        trouble=Killed("alertmanager"),
    ),
    Fault(
        name="mail-down",
        summary="kill the mail server and let Alertmanager try to send",
        expected=("AlertmanagerNotificationsFailing",),
        # Alertmanager tries for the 5 minutes of the group's turn before it counts a failure.
        within_s=720,
        # The last failure that it counted stays in the alert's window for 15 minutes.
        recovery_s=1200,
        mailed=False,
        trouble=KilledWithMailWaiting("mail"),
    ),
)
ALL = (*PART_FAULTS, *application_faults.FAULTS, *outside_faults.FAULTS)
BY_NAME = {fault.name: fault for fault in ALL}
