"""Bookings that the owner writes down: by phone, at the door, from a friend."""

import re
from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import StrEnum

import sqlalchemy as sa

from alojamientos.kit import audit
from alojamientos.kit.db import Transaction
from alojamientos.kit.errors import Invalid
from alojamientos.kit.locks import UnitLocks
from alojamientos.reservations import cabins, guests, operations, stays
from alojamientos.reservations.domain import Policy, Stay
from alojamientos.reservations.events import Channel
from alojamientos.reservations.store import guest as guest_table
from alojamientos.reservations.views import ReservationView

_PHONE = re.compile(r"\+[1-9]\d{6,14}", re.ASCII)
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_LONGEST = 200
_MOST_HOLDS = 1000  # the owner knows how many dates they keep for one guest


class Deposit(StrEnum):
    """What a booking by hand waits for."""

    ASKED = "asked"  # the dates are held until it is paid
    WAIVED = "waived"  # confirmed at once


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Who comes; a phone in E.164 and an address are optional."""

    name: str
    phone: str | None = None
    email: str | None = None

    def check(self) -> None:
        """Raise Invalid, naming the field and the fix."""
        if not self.name.strip() or len(self.name) > _LONGEST or not self.name.isprintable():
            raise Invalid(f"name must be one line of at most {_LONGEST} letters", field="name")
        if self.phone is not None and not _PHONE.fullmatch(self.phone):
            raise Invalid("phone must be + and digits, such as +5492944123456", field="phone")
        if self.email is not None and not (
            len(self.email) <= _LONGEST and _EMAIL.fullmatch(self.email)
        ):
            raise Invalid("email must be an address such as ana@example.com", field="email")


async def book(
    tx: Transaction,
    *,
    cabin: str,
    stay: Stay,
    guests: int,
    person: Person,
    deposit: Deposit,
    hold: timedelta,
    policy: Policy,
    locks: UnitLocks,
    today: date,
    actor: str,
    total: int | None = None,
    any_length: bool = False,
    note: str = "",
) -> ReservationView:
    """Book `stay` for `person`, by the same rules as every channel.

    The price is today's unless a `total` was agreed, in centavos. Raises what `operations.hold`
    does, and Invalid.
    """
    person.check()
    found = await cabins.cabin(tx.conn, cabin, today=today)
    if not found.active:
        raise Invalid(f"{cabin} is off sale; put it back first", field="cabin")
    guest_id = await _identify(tx, person)
    view = await operations.hold(
        tx,
        accommodation_id=found.accommodation.id,
        stay=stay,
        guests=guests,
        guest_id=guest_id,
        channel=Channel.MANUAL,
        policy=replace(policy, hold=hold, max_open_holds=_MOST_HOLDS),
        locks=locks,
        today=today,
        total=total,
        any_length=any_length,
    )
    if deposit is Deposit.WAIVED:
        view = await operations.confirm(tx, reservation_id=view.id, reason="deposit waived")
    await audit.record(
        tx,
        actor=actor,
        action="booking.added",
        subject=f"booking:{view.code}",
        cabin=cabin,
        check_in=stay.check_in,
        check_out=stay.check_out,
        guests=guests,
        total=view.total,
        agreed=total is not None,
        deposit=deposit.value,
    )
    if note:
        await stays.add_note(tx, reservation_id=view.id, text=note, actor=actor)
    return view


async def _identify(tx: Transaction, person: Person) -> int:
    """Return the guest, known by address or phone; one of whom only the name is known is new."""
    known = {"name": person.name.strip(), "phone": person.phone}
    if person.email is not None:
        return await guests.identify_guest(tx, kind="email", value=person.email, **known)
    if person.phone is not None:
        wa_id = person.phone.removeprefix("+")
        return await guests.identify_guest(tx, kind="wa_id", value=wa_id, **known)
    statement = sa.insert(guest_table).values(known).returning(guest_table.c.id)
    return int((await tx.conn.execute(statement)).scalar_one())
