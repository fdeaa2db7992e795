"""Any sequence of bookings, on real PostgreSQL, ends as a model of a few lines says."""

import asyncio
from dataclasses import dataclass

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from tests.integration.reservations.conftest import (
    NO_LOCKS,
    POLICY,
    TODAY,
    ZONE,
    Desk,
    Told,
    nights,
)

from alojamientos.entrypoints import demo
from alojamientos.kit import db
from alojamientos.kit.clock import today_in
from alojamientos.kit.errors import AlojamientosError
from alojamientos.reservations import invariants, operations, queries
from alojamientos.reservations.domain import Stay
from alojamientos.reservations.events import ReservationChanged
from alojamientos.reservations.views import ReservationView

UNITS = (1, 2)
stays = st.builds(nights, st.integers(0, 9), st.integers(3, 5))
units = st.sampled_from(UNITS)
picks = st.integers(0, 99)


@dataclass
class Booked:
    """What the model knows of a reservation: `status` as stored, and whether its time is up."""

    view: ReservationView
    guest: str
    status: str = "pre_reserved"
    overdue: bool = False

    @property
    def effective(self) -> str:
        return "expired" if self.status == "pre_reserved" and self.overdue else self.status

    @property
    def blocks(self) -> bool:
        return self.effective in ("pre_reserved", "confirmed")

    def is_on(self, unit: int, stay: Stay) -> bool:
        return self.view.accommodation_id == unit and self.view.stay.overlaps(stay)


class Bookings(RuleBasedStateMachine):
    dsn = ""

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.told = Told()
        self.database = db.Database(db.create_engine(self.dsn, pool_size=1), self.told)
        self.desk = Desk(self.database, self.told, self.dsn, NO_LOCKS)
        self.desk.sql("TRUNCATE reservation, guest, manual_block CASCADE")
        self.model: list[Booked] = []
        self.blocked: list[tuple[int, Stay]] = []

    def teardown(self) -> None:
        self.runner.run(self.database.close())
        self.runner.close()

    def taken(self, unit: int, stay: Stay, but: Booked | None = None) -> bool:
        return any(
            found.blocks and found.is_on(unit, stay) for found in self.model if found is not but
        ) or any(where == unit and block.overlaps(stay) for where, block in self.blocked)

    def expire(self, unit: int, stay: Stay, but: Booked | None = None) -> None:
        for found in self.model:
            if found is not but and found.effective == "expired" and found.is_on(unit, stay):
                found.status = "expired"

    def pick(self, number: int) -> Booked:
        return self.model[number % len(self.model)]

    def outcome(self, work) -> str:
        """Run one use case; return its error's code, or ok."""
        try:
            self.runner.run(work)
        except AlojamientosError as refusal:
            return refusal.code
        return "ok"

    @rule(unit=units, stay=stays, guest=st.sampled_from(["ana", "eva", "leo"]))
    def hold(self, unit: int, stay: Stay, guest: str) -> None:
        open_holds = sum(
            found.guest == guest and found.effective == "pre_reserved" for found in self.model
        )
        if self.taken(unit, stay):
            expected = "dates_taken"
        elif open_holds >= POLICY.max_open_holds:
            expected = "too_many_holds"
            self.expire(unit, stay)
        else:
            expected = "ok"
            self.expire(unit, stay)
        made: list[ReservationView] = []

        async def work() -> None:
            made.append(await self.desk.hold(stay, unit=unit, guest=guest))

        assert self.outcome(work()) == expected
        self.model += [Booked(view, guest) for view in made]

    @rule(unit=units, stay=stays)
    def block(self, unit: int, stay: Stay) -> None:
        self.desk.sql(
            "INSERT INTO manual_block (accommodation_id, starts_on, ends_on) VALUES (%s, %s, %s)",
            *(unit, stay.check_in, stay.check_out),
        )
        self.blocked.append((unit, stay))

    @rule()
    def unblock(self) -> None:
        self.desk.sql("DELETE FROM manual_block")
        self.blocked.clear()

    @precondition(lambda self: self.model)
    @rule(number=picks)
    def let_time_pass(self, number: int) -> None:
        found = self.pick(number)
        self.desk.run_out(found.view)
        found.overdue = True

    @precondition(lambda self: self.model)
    @rule(number=picks)
    def confirm(self, number: int) -> None:
        found = self.pick(number)
        expected = "ok" if found.status in ("pre_reserved", "confirmed") else "not_confirmable"

        assert self.outcome(self.desk.confirm(found.view)) == expected
        if expected == "ok":
            found.status = "confirmed"

    @precondition(lambda self: self.model)
    @rule(number=picks)
    def revive(self, number: int) -> None:
        found = self.pick(number)
        unit, stay = found.view.accommodation_id, found.view.stay
        expected = "ok"
        if found.status == "cancelled":
            expected = "not_confirmable"
        elif found.status != "confirmed":
            self.expire(unit, stay, but=found)
            expected = "dates_taken" if self.taken(unit, stay, but=found) else "ok"

        assert self.outcome(self.desk.revive(found.view)) == expected
        if expected == "ok":
            found.status = "confirmed"

    @precondition(lambda self: self.model)
    @rule(number=picks)
    def cancel(self, number: int) -> None:
        found = self.pick(number)
        expected = "not_cancellable" if found.effective == "expired" else "ok"

        assert self.outcome(self.desk.cancel(found.view)) == expected
        if expected == "ok":
            found.status = "cancelled"

    @rule()
    def sweep(self) -> None:
        self.runner.run(self.desk.do(lambda tx: operations.expire_due_holds(tx, limit=100)))
        for found in self.model:
            found.status = found.effective

    @rule(stay=stays)
    def look(self, stay: Stay) -> None:
        async def offers() -> dict[int, bool]:
            async with self.database.read() as conn:
                found = await queries.offers(conn, stay=stay, guests=2, policy=POLICY)
            return {offer.accommodation.id: offer.available for offer in found}

        seen = self.runner.run(offers())
        assert {unit: seen[unit] for unit in UNITS} == {
            unit: not self.taken(unit, stay) for unit in UNITS
        }

    @invariant()
    def statuses_are_those_of_the_model(self) -> None:
        stored = self.desk.sql("SELECT status FROM reservation ORDER BY id")
        assert [status for (status,) in stored] == [found.status for found in self.model]

    @invariant()
    def everything_that_must_hold_does(self) -> None:
        async def check() -> list[str]:
            async with self.database.read() as conn:
                findings = await invariants.check_all(conn)
            return [line for finding in findings for line in finding.violations]

        assert self.runner.run(check()) == []

    @invariant()
    def what_was_told_is_what_happened(self) -> None:
        told: dict[int, str] = {}
        for fact in self.told.facts:
            if isinstance(fact, ReservationChanged):
                assert told.get(fact.reservation_id) == fact.previous
                told[fact.reservation_id] = fact.status
        assert told == {found.view.id: found.status for found in self.model}


def test_any_sequence_of_bookings_ends_as_the_model_says(database_url):
    demo.load(database_url, today=TODAY)
    assert today_in(ZONE) == TODAY  # stays are counted from the day the module loaded

    class OnThisDatabase(Bookings):
        dsn = database_url

    run_state_machine_as_test(
        OnThisDatabase,
        settings=settings(
            max_examples=25,
            stateful_step_count=25,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
