"""Who books: a guest, known by what the channels report of them."""

from alojamientos.kit.db import Transaction
from alojamientos.reservations import domain, statements

IDENTITY_KINDS = ("wa_id", "bsuid", "email")


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
    found = (await tx.conn.execute(statements.IDENTIFY, values)).one()
    if found.id is None:
        # Someone else has just made this guest: a new statement sees theirs.
        await tx.conn.execute(statements.DROP_ORPHAN, {"id": found.person})
        found = (await tx.conn.execute(statements.IDENTIFY, values)).one()
    if found.learns:
        await tx.conn.execute(statements.LEARN_GUEST, {"id": found.id, **values})
    return int(found.id)


async def link_identity(tx: Transaction, *, known: tuple[str, str], new: tuple[str, str]) -> None:
    """Let `new` (kind and value) name whom `known` names; what names someone already stays."""
    names = {
        "known_kind": known[0],
        "known_value": known[1],
        "new_kind": new[0],
        "new_value": new[1],
    }
    await tx.conn.execute(statements.LINK_IDENTITY, names)
