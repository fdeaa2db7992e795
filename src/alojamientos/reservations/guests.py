"""Who books: a guest, known by what the channels report of them."""

from alojamientos.kit.db import Transaction
from alojamientos.reservations import domain, statements

IDENTITY_KINDS = ("wa_id", "bsuid", "email")
_LOCK_CLASS = 103  # of advisory locks; always taken before those of a booking


async def identify_guest(
    tx: Transaction,
    *,
    kind: str,
    value: str,
    name: str | None = None,
    phone: str | None = None,
    email: str | None = None,
) -> int:
    """Return the id of whom `kind` and `value` identify, making the guest if unknown.

    What is given besides fills what was unknown and never overwrites. Raises InvalidGuest.
    """
    value = value.strip().lower() if kind == "email" else value.strip()
    if kind not in IDENTITY_KINDS:
        raise domain.InvalidGuest(f"kind must be one of {', '.join(IDENTITY_KINDS)}", field="kind")
    if not value:
        raise domain.InvalidGuest(f"{kind} must not be empty", field=kind)
    values = {
        "kind": kind,
        "value": value,
        "name": name,
        "phone": phone,
        "email": email or (value if kind == "email" else None),
    }
    found = (await tx.conn.execute(statements.FIND_GUEST, values)).one_or_none()
    if found is None:
        lock = {"lock_class": _LOCK_CLASS, "identity": f"{kind}:{value}"}
        await tx.conn.execute(statements.LOCK_IDENTITY, lock)
        found = (await tx.conn.execute(statements.FIND_GUEST, values)).one_or_none()
    if found is None:
        made = await tx.conn.execute(statements.ADD_GUEST, values)
        return int(made.scalar_one())
    if found.learns:
        await tx.conn.execute(statements.LEARN_GUEST, {"id": found.id, **values})
    return int(found.id)
