"""Give a channel the calendar that it must not sell against, and note what it was told."""

import hashlib
import hmac
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from alojamientos.channels.ical import writer
from alojamientos.channels.ical.domain import export_label
from alojamientos.channels.ical.events import ExportFetched
from alojamientos.channels.ical.statements import EXPORTED
from alojamientos.channels.ical.store import calendar_export, calendar_export_served
from alojamientos.channels.ical.writer import Entry
from alojamientos.kit.clock import today_in
from alojamientos.kit.db import Transaction
from alojamientos.kit.errors import NotFound
from alojamientos.reservations.store import accommodation

_PAST = timedelta(days=30)  # hosts show what has just ended
_REMEMBERED = timedelta(days=7)  # what was withdrawn, for echoes of it
_SECOND = timedelta(seconds=1)
_AGENT = re.compile(r"[^A-Za-z0-9 ._+-]")
_LONGEST_AGENT = 40

_export = calendar_export.c
_served = calendar_export_served.c


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """One state of a calendar: its entity tag, and since when it has been like that."""

    etag: str
    changed_at: datetime  # a whole second


@dataclass(frozen=True, slots=True, kw_only=True)
class Contents:
    """A calendar, not yet written."""

    version: Version
    name: str
    entries: Sequence[Entry]


def new_secret() -> str:
    """Return a secret that nobody can guess."""
    return secrets.token_urlsafe(32)


def hash_secret(secret: str) -> bytes:
    """Return what is stored of a secret: 256 random bits need no salt."""
    return hashlib.sha256(secret.encode("utf-8", errors="surrogatepass")).digest()


async def look(
    tx: Transaction, *, secret: str, cabin: str, domain: str, agent: str | None, now: datetime
) -> Contents:
    """Return the calendar at an address; `agent` is who takes it away, None when nobody does.

    Raises NotFound, in the same way whatever is wrong with the address.
    """
    row = await _locked(tx, hash_secret(secret))
    # The index has compared hashes, so that time tells nothing of the secret; nor of the cabin.
    if row is None or not hmac.compare_digest(row.slug.encode(), cabin.encode()):
        raise NotFound
    since = today_in(row.time_zone, now) - _PAST
    found = await tx.conn.execute(EXPORTED, {"export_id": row.id, "since": since, "now": now})
    entries = [Entry(**entry) for entry in found.mappings()]
    digest = writer.digest(entries, name=row.name, domain=domain)
    version = Version(etag=f'"{digest}"', changed_at=_changed_at(row, digest, now))
    changes: dict[str, Any] = {"content_hash": digest, "changed_at": version.changed_at}
    if agent is not None:
        if row.served_hash != digest:
            await _note_served(tx, row.id, entries, domain=domain, now=now)
        changes |= {
            "served_hash": digest,
            "last_fetched_at": now,
            "last_agent": clean_agent(agent),
            "fetches": _export.fetches + 1,
        }
        tx.emit(
            ExportFetched(
                export_id=row.id,
                export=export_label(row.id, row.slug, row.source),
                stays=len(entries),
                changed=row.served_hash != digest,
            )
        )
    await tx.conn.execute(sa.update(calendar_export).where(_export.id == row.id).values(**changes))
    return Contents(version=version, name=row.name, entries=entries)


def clean_agent(text: str) -> str:
    """Return what a fetcher calls itself, as far as that can be shown: a stranger wrote it."""
    return _AGENT.sub("", text.partition("/")[0]).strip()[:_LONGEST_AGENT] or "unknown"


async def _locked(tx: Transaction, secret_hash: bytes) -> Any:
    """Return an export, locked: two fetches at once note one after the other what they took."""
    query = (
        sa.select(
            *(_export.id, _export.source, _export.content_hash, _export.changed_at),
            *(_export.served_hash, accommodation.c.slug, accommodation.c.name),
            accommodation.c.time_zone,
        )
        .join_from(calendar_export, accommodation, accommodation.c.id == _export.accommodation_id)
        .where(_export.secret_hash == secret_hash)
        .with_for_update(of=calendar_export)
    )
    return (await tx.conn.execute(query)).one_or_none()


def _changed_at(row: Any, digest: str, now: datetime) -> datetime:
    """Return since when it has been so; HTTP tells whole seconds, so a change makes a new one."""
    if row.content_hash == digest:
        since: datetime = row.changed_at
        return since.astimezone(UTC)
    second = now.astimezone(UTC).replace(microsecond=0)
    return second if row.changed_at is None else max(second, row.changed_at + _SECOND)


async def _note_served(
    tx: Transaction, export_id: int, entries: Sequence[Entry], *, domain: str, now: datetime
) -> None:
    mine = _served.export_id == export_id
    await tx.conn.execute(
        sa.update(calendar_export_served)
        .where(mine, _served.withdrawn_at.is_(None))
        .values(withdrawn_at=now)
    )
    if entries:
        statement = insert(calendar_export_served)
        await tx.conn.execute(
            statement.on_conflict_do_update(
                index_elements=["export_id", "uid", "starts_on", "ends_on"],
                set_={"withdrawn_at": None},
            ),
            [
                {
                    "export_id": export_id,
                    "uid": one.uid(domain),
                    "starts_on": one.starts_on,
                    "ends_on": one.ends_on,
                }
                for one in entries
            ],
        )
    await tx.conn.execute(
        sa.delete(calendar_export_served).where(mine, _served.withdrawn_at < now - _REMEMBERED)
    )
