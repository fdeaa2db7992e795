"""Collect the evidence: the database over SQL, the providers over their control API."""

from datetime import date
from email.utils import parseaddr
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import psycopg
from psycopg.rows import dict_row

from alojamientos.ops.season.clock import REAL_TIME
from alojamientos.ops.season.evidence import (
    Block,
    Entry,
    Evidence,
    Feed,
    Kept,
    KnownPayment,
    Line,
    Mail,
    Received,
    Sent,
    Stay,
    Taken,
    Written,
    nights_between,
)
from alojamientos.ops.season.season import Season

_STAYS = """
    SELECT r.id, r.code, r.accommodation_id AS unit, r.check_in, r.check_out, r.status, r.total,
           r.confirmed_at IS NOT NULL AS was_confirmed,
           greatest(r.confirmed_at, moved.at) AS settled_at, moved.at IS NOT NULL AS moved,
           r.status = 'pre_reserved' AND r.hold_expires_at < %(now)s AS overdue,
           ARRAY(SELECT c.address FROM conversation c
                  WHERE c.guest_id = r.guest_id AND c.channel = 'whatsapp') AS numbers,
           coalesce(
               (SELECT c.address FROM conversation c
                 WHERE c.guest_id = r.guest_id AND c.channel = 'email' LIMIT 1),
               (SELECT g.email FROM guest g WHERE g.id = r.guest_id)) AS email
      FROM reservation r CROSS JOIN LATERAL (
           SELECT max(happened_at) AS at FROM audit_entry
            WHERE subject = 'booking:' || r.code AND action = 'booking.moved') moved
     ORDER BY r.id
"""
_BLOCKS = """
    SELECT e.feed_id AS feed, e.uid, e.accommodation_id AS unit, e.starts_on, e.ends_on, e.kind,
           ARRAY(SELECT c.reservation_id FROM calendar_conflict c
                  WHERE c.event_id = e.id AND c.resolved_at IS NULL) AS conflicts
      FROM calendar_event e WHERE e.cancelled_at IS NULL
"""
_KEPT = "SELECT accommodation_id AS unit, starts_on, ends_on FROM manual_block"
_AUDITED = "SELECT action, count(*) AS times FROM audit_entry GROUP BY action"
_LEDGER = """
    SELECT l.reservation_id, l.kind, l.amount,
           CASE p.provider WHEN 'hand' THEN 'hand:' || p.id ELSE p.provider_id END AS payment
      FROM ledger_entry l LEFT JOIN payment p ON p.id = l.payment_id
"""
_PAYMENTS = """
    SELECT CASE provider WHEN 'hand' THEN 'hand:' || id ELSE provider_id END AS id,
           reservation_id, amount, refunded, status, outcome FROM payment
"""
_RECEIVED = """
    SELECT i.id, i.source, i.external_id, i.event_type,
           CASE WHEN i.processed_at IS NOT NULL THEN coalesce(i.outcome, 'done') END AS outcome,
           (SELECT count(*) FROM outbox_message o WHERE o.in_reply_to = i.id) AS replies
      FROM inbox_event i ORDER BY i.id
"""
# Another way that a message takes is a message of its own, whose key names the one before.
_SENT = """
    SELECT id, channel, kind, status, error_code AS error, reservation_id AS stay,
           substring(dedupe_key FROM '^(?:plain|template|mail):(\\d+)$')::bigint AS instead_of
      FROM outbox_message ORDER BY id
"""
_LINKS = "SELECT external_reference, reservation_id FROM payment_link"
_FEEDS = "SELECT id, url, accommodation_id AS unit, failures FROM calendar_feed WHERE active"
# A periodic job may fail while a provider is away: its next turn is its next try. So it counts by
# its last success; a day is longer than any of them waits.
_JOBS = """
    SELECT DISTINCT task_name AS job FROM procrastinate_jobs
     WHERE status = 'failed' AND task_name <> ALL (%(periodic)s)
    UNION
    SELECT job_name FROM job_heartbeat
     WHERE job_name = ANY (%(periodic)s)
       AND coalesce(last_success_at, '-infinity') < %(now)s - interval '26 hours'
"""
_CENTAVOS = 100


async def evidence(season: Season) -> Evidence:
    """Look at everything once; the season must have come to rest."""
    hands, today = season.hands, season.today()
    async with await psycopg.AsyncConnection.connect(
        season.stack.dsn, row_factory=dict_row, options=REAL_TIME
    ) as conn:
        asked = {"now": season.clock.now(), "periodic": list(season.stack.schedule)}

        async def rows(query: str) -> list[dict[str, Any]]:
            cursor = await conn.execute(query.encode(), asked)
            return await cursor.fetchall()

        stays = await rows(_STAYS)
        blocks = await rows(_BLOCKS)
        feeds = await rows(_FEEDS)
        mails, written = await _mails(season)
        return Evidence(
            today=today,
            now=season.clock.now().astimezone(ZoneInfo(season.zone)),
            reminder_days=season.stack.settings.stay.reminder_days,
            stays=tuple(Stay(**{**row, "numbers": tuple(row["numbers"])}) for row in stays),
            blocks=tuple(
                Block(**{**row, "conflicts": frozenset(row["conflicts"])}) for row in blocks
            ),
            kept=tuple(Kept(**row) for row in await rows(_KEPT)),
            ledger=tuple(Entry(**row) for row in await rows(_LEDGER)),
            payments=tuple(KnownPayment(**row) for row in await rows(_PAYMENTS)),
            taken=(*await _taken_there(season), *season.cash_box),
            references={
                **{row["external_reference"]: row["reservation_id"] for row in await rows(_LINKS)},
                **{f"hand:{row['code']}": row["id"] for row in stays},
            },
            received=tuple(Received(**row) for row in await rows(_RECEIVED)),
            sent=tuple(Sent(**row) for row in await rows(_SENT)),
            lines=await _lines(season),
            mails=mails,
            written=written,
            feeds=await _published(season, feeds, today=today),
            acts=dict(season.acts),
            audited={row["action"]: row["times"] for row in await rows(_AUDITED)},
            failed_jobs=tuple(row["job"] for row in await rows(_JOBS)),
            invariants=await _broken(season),
            astray=tuple(season.notes),
            webhooks=await hands.webhook_statuses(),
        )


async def _lines(season: Season) -> tuple[Line, ...]:
    lines: list[Line] = []
    for chat in await season.hands.control("GET", "/_control/whatsapp/chats"):
        number = chat["wa_id"]
        lines += [
            Line(
                number=number,
                n=entry["n"],
                outgoing=entry["direction"] == "out",
                id=entry["id"],
                text=entry.get("text") or "",
                reference=entry.get("callback_data"),
            )
            for entry in await season.hands.chat(number)
        ]
    return tuple(lines)


async def _mails(season: Season) -> tuple[tuple[Mail, ...], tuple[Written, ...]]:
    """Return what the lodging has sent to people, and guests to the lodging, oldest first."""
    response = await season.post.http.get(f"{season.post.url}/api/messages", timeout=60)
    kept = list(reversed(response.raise_for_status().json()))
    lodging = season.stack.settings.guest_mail.mail_sender
    return (
        tuple(
            Mail(
                to=", ".join(mail["to"]),
                subject=mail["subject"],
                text=mail["text"],
                id=mail["message_id"],
                answers=mail["in_reply_to"],
                automatic=mail["auto_submitted"],
                calendar=mail["calendar"],
            )
            for mail in kept
            if lodging not in mail["to"]
        ),
        tuple(
            Written(
                id=mail["message_id"],
                sender=parseaddr(mail["from"])[1],
                absence=bool(mail["auto_submitted"]),
            )
            for mail in kept
            if lodging in mail["to"]
        ),
    )


async def _published(
    season: Season, feeds: list[dict[str, Any]], *, today: date
) -> tuple[Feed, ...]:
    """Pair each feed with the calendar that its host publishes."""
    calendars = await season.hands.control("GET", "/_control/calendars")
    by_path = {_path(calendar["url"]): calendar for calendar in calendars}
    found = []
    for feed in feeds:
        calendar = by_path.get(_path(feed["url"]))
        events = calendar["events"] if calendar else []
        found.append(
            Feed(
                id=feed["id"],
                label=calendar["id"] if calendar else f"of feed {feed['id']}, at no host",
                unit=feed["unit"],
                failures=feed["failures"],
                events={
                    event["uid"]: (
                        date.fromisoformat(event["starts_on"]),
                        date.fromisoformat(event["ends_on"]),
                    )
                    for event in events
                    if date.fromisoformat(event["ends_on"]) > today
                },
                closed=frozenset(
                    night
                    for event in (calendar["imported"].values() if calendar else ())
                    for night in nights_between(
                        date.fromisoformat(event["starts_on"]),
                        date.fromisoformat(event["ends_on"]),
                    )
                    if night >= today
                ),
            )
        )
    return tuple(found)


async def _broken(season: Season) -> tuple[str, ...]:
    answer = await season.hands.invariants()
    return tuple(
        f"{one['name']}: {one['violations']}"
        for one in answer.get("invariants", ())
        if one.get("violations")
    )


async def _taken_there(season: Season) -> list[Taken]:
    """Return what was paid at Mercado Pago."""
    account = await season.hands.control("GET", "/_control/mercadopago")
    return [_taken(payment) for payment in account["payments"].values()]


def _taken(payment: dict[str, Any]) -> Taken:
    return Taken(
        id=str(payment["id"]),
        status=payment["status"],
        reference=payment.get("external_reference") or "",
        amount=round(payment["transaction_amount"] * _CENTAVOS),
        given_back=round(payment["transaction_amount_refunded"] * _CENTAVOS),
    )


def _path(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.path}?{parts.query}"
