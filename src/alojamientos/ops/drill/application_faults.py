"""Faults of what the application does, and of the providers that it talks to.

Processes live, machines answer, and yet guests are not served: so these drills bring guests of
their own. What they leave in the error budgets they make good: an alert on the budget of three
days would otherwise stay for hours, and no other drill could be played.
"""

from dataclasses import dataclass

from alojamientos.ops.drill.model import Fault, Hands


@dataclass(frozen=True, slots=True)
class Frozen:
    """A part's processes live and do nothing."""

    part: str

    def begin(self, hands: Hands) -> None:
        hands.freeze_part(self.part)

    def end(self, hands: Hands) -> None:
        hands.thaw_part(self.part)


FAULTS: tuple[Fault, ...] = (
    Fault(
        name="worker-stuck",
        summary="stop the worker's clock: it lives and does nothing",
        expected=("WorkerDown",),
        held=("CollectorFailing", "JobsStalled"),
        within_s=120,
        trouble=Frozen("worker"),
    ),
)
