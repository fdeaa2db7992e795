"""What must be true at the end of a season. Pure: each check names what breaks it.

The checks compare what the application believes with what the providers did; none asks the
application whether it was right.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise

from alojamientos.ops.season.audit_mails import (
    SILENT,
    days_due,
    days_untold,
    mails_missing,
    mails_twice,
    mails_unanswered,
)
from alojamientos.ops.season.audit_nights import SOLD, not_converged, not_exported, overlaps
from alojamientos.ops.season.evidence import (
    Evidence,
    KnownPayment,
    Line,
    Sent,
    Stay,
    Taken,
)

_CHARGED = SOLD | {"no_show"}  # whose nights can be sold again
_CONFIRMED = re.compile(r"confirmad[ao]", re.IGNORECASE)
_SERVER_ERROR = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """One check's result; `looked_at` is of how many things."""

    name: str
    looked_at: int
    findings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Check:
    """A named condition: how many things it is about, and a line for each that breaks it."""

    name: str
    about: Callable[[Evidence], int]
    findings: Callable[[Evidence], Iterable[str]]


def audit(evidence: Evidence) -> list[Verdict]:
    """Run every check."""
    return [
        Verdict(
            name=check.name,
            looked_at=check.about(evidence),
            findings=tuple(check.findings(evidence)),
        )
        for check in CHECKS
    ]


def holds_overdue(evidence: Evidence) -> Iterator[str]:
    """No hold outlives its deadline."""
    for stay in evidence.stays:
        if stay.overdue:
            yield f"{stay.code} is still held after its deadline"


def money_unaccounted(evidence: Evidence) -> Iterator[str]:
    """Every payment that came in has confirmed its booking, or has been given back."""
    known = {payment.id: payment for payment in evidence.payments}
    stays = {stay.id: stay for stay in evidence.stays}
    kept: Counter[int] = Counter()  # by reservation, what is with us
    deposits: Counter[int] = Counter()
    for taken in evidence.taken:
        if not taken.came_in:
            continue
        payment = known.get(taken.id)
        if payment is None:
            yield f"payment {taken.id} came in and nobody knows of it"
            continue
        if payment.amount != taken.amount or payment.refunded > taken.given_back:
            yield (
                f"payment {taken.id} is {taken.amount} less {taken.given_back} at the provider,"
                f" and {payment.amount} less {payment.refunded} here"
            )
        if taken.kept:
            stay = stays.get(payment.reservation_id or 0)
            kept[stay.id if stay else 0] += taken.kept
            deposits[stay.id if stay else 0] += payment.outcome in ("confirmed", "revived")
            yield from _kept_wrongly(taken, payment, stay, evidence.references)
    for stay_id in kept.keys() & stays.keys():
        if kept[stay_id] > stays[stay_id].total or deposits[stay_id] > 1:
            yield f"{stays[stay_id].code} was paid more than was asked, and nothing was given back"


def _kept_wrongly(
    taken: Taken, payment: KnownPayment, stay: Stay | None, references: Mapping[str, int]
) -> Iterator[str]:
    if stay is None:
        yield f"payment {taken.id} is kept for no booking"
    elif references.get(taken.reference) != stay.id:
        yield f"payment {taken.id} is kept for {stay.code}, but was for another"
    elif not stay.was_confirmed and payment.outcome != "partial":
        yield f"payment {taken.id} is kept, and {stay.code} is {stay.status}"


def ledger_wrong(evidence: Evidence) -> Iterator[str]:
    """The ledger charges what blocks nights, and has paid and returned as the provider has."""
    charged: Counter[int] = Counter()
    left: Counter[str] = Counter()  # what of each payment is still with us
    for entry in evidence.ledger:
        if entry.kind in ("charged", "released"):
            charged[entry.reservation_id] += entry.amount
        elif entry.payment is not None:
            left[entry.payment] -= entry.amount
    for stay in evidence.stays:
        due = stay.total if stay.status in _CHARGED else 0
        if charged[stay.id] != due:
            yield f"{stay.code} is {stay.status} and charged {charged[stay.id]}, not {due}"
    ours = {payment.id for payment in evidence.payments if payment.reservation_id is not None}
    for taken in evidence.taken:
        if taken.came_in and taken.id in ours and left[taken.id] != taken.kept:
            yield (
                f"payment {taken.id}: the ledger keeps {left[taken.id]}, the provider {taken.kept}"
            )
    for payment in left.keys() - {taken.id for taken in evidence.taken}:
        yield f"payment {payment} is in the ledger, and the provider has none"


def unanswered(evidence: Evidence) -> Iterator[str]:
    """Everything that came in was dealt with, and every guest heard something after their word."""
    by_id = {item.external_id: item for item in evidence.received if item.source == "whatsapp"}
    for item in evidence.received:
        if item.outcome is None:
            yield f"{item.source} {item.event_type} {item.id} was never dealt with"
        elif item.outcome == "failed":
            yield f"{item.source} {item.event_type} {item.id} failed"
        elif item.outcome == "answered" and not item.replies and item.source != "mercadopago":
            yield f"{item.source} {item.event_type} {item.id} was answered with nothing"
    for number, lines in _chats(evidence.lines).items():
        for line in lines:
            if not line.outgoing and line.id not in by_id:
                yield f"message {line.n} of {number} never came in"
        said = [line for line in lines if not line.outgoing]
        last = said[-1] if said else None
        known = by_id.get(last.id) if last else None
        if last is None or known is None or known.outcome in SILENT:
            continue
        if not any(line.outgoing and line.n > last.n for line in lines):
            yield f"message {last.n} of {number} was the last word"


def twice(evidence: Evidence) -> Iterator[str]:
    """Nobody is told the same thing twice."""
    times = Counter(line.reference for line in evidence.lines if line.outgoing and line.reference)
    for reference, count in times.items():
        if count > 1:
            yield f"{reference} reached its guest {count} times"
    for number, lines in _chats(evidence.lines).items():
        for one, other in pairwise(lines):
            if one.outgoing and other.outgoing and one.text == other.text:
                yield f"{number} was told the same twice in a row (messages {one.n}, {other.n})"
    seen = Counter((item.source, item.external_id) for item in evidence.received)
    for (source, _), count in seen.items():
        if count > 1:
            yield f"something from {source} was taken in {count} times"


def undelivered(evidence: Evidence) -> Iterator[str]:
    """What was to be said has reached its guest, this way or another, and nothing else has."""
    ways: defaultdict[int | None, list[Sent]] = defaultdict(list)
    for message in evidence.sent:
        ways[message.instead_of].append(message)

    def went_out(message: Sent) -> bool:
        return message.status == "sent" or any(map(went_out, ways[message.id]))

    reached = {line.reference for line in evidence.lines if line.outgoing}
    for message in evidence.sent:
        what = f"{message.channel} message {message.id} ({message.kind})"
        if not went_out(message):
            yield f"{what} is {message.status}, {message.error or 'no error'}"
        elif (
            message.status == "sent"
            and message.channel == "whatsapp"
            and message.reference not in reached
        ):
            yield f"{what} counts as sent, and its guest has not got it"
    known = {message.reference for message in evidence.sent}
    for line in evidence.lines:
        if line.outgoing and line.reference not in known:
            yield f"message {line.n} to {line.number} is not in the outbox"


def untold(evidence: Evidence) -> Iterator[str]:
    """Every guest whose stay was confirmed has read so, on each way that there is to them."""
    chats = _chats(evidence.lines)
    for stay in evidence.stays:
        if not stay.was_confirmed:
            continue
        lines = [line for number in stay.numbers for line in chats.get(number, [])]
        read = (line.text for line in lines if line.outgoing)
        if stay.numbers and not any(_confirms(stay, text) for text in read):
            yield f"{stay.code} was confirmed and its guest was not told"
        mails = [
            mail
            for mail in evidence.mails
            if mail.to == stay.email and _confirms(stay, f"{mail.subject} {mail.text}")
        ]
        if stay.email and not mails:
            yield f"{stay.code} was confirmed and its guest got no mail of it"
        elif stay.email and not any(f"UID:{stay.code}@" in mail.calendar for mail in mails):
            yield f"{stay.code} was confirmed and its mail has no calendar entry"


def _confirms(stay: Stay, text: str) -> bool:
    return stay.code in text and _CONFIRMED.search(text) is not None


def unwritten(evidence: Evidence) -> Iterator[str]:
    """Every act of the owner is in the audit trail."""
    for action, times in evidence.acts.items():
        if (written := evidence.audited.get(action, 0)) != times:
            yield f"{action} was done {times} times, and is written down {written} times"


def server_errors(evidence: Evidence) -> Iterator[str]:
    """No webhook is answered with an error of ours."""
    for name, count in evidence.webhooks.items():
        if int(name.rpartition(":")[2]) >= _SERVER_ERROR:
            yield f"{count} webhooks were answered {name}"


CHECKS: tuple[Check, ...] = (
    Check("no overlap", lambda e: len(e.stays) + len(e.blocks) + len(e.kept), overlaps),
    Check("no hold outlives its deadline", lambda e: len(e.stays), holds_overdue),
    Check(
        "every payment confirmed or refunded",
        lambda e: sum(taken.came_in for taken in e.taken),
        money_unaccounted,
    ),
    Check("ledger balanced", lambda e: len(e.ledger), ledger_wrong),
    Check("nothing unanswered", lambda e: len(e.received), unanswered),
    Check("every mail answered once", lambda e: len(e.written), mails_unanswered),
    Check("no message twice", lambda e: len(e.lines), twice),
    Check("no mail twice", lambda e: len(e.mails), mails_twice),
    Check("every message delivered", lambda e: len(e.sent), undelivered),
    Check("every mail arrived", lambda e: len(e.mails), mails_missing),
    Check("every confirmation told", lambda e: len(e.stays), untold),
    Check("every stay's days told", days_due, days_untold),
    Check("every feed converged", lambda e: len(e.feeds), not_converged),
    Check("every host knows our nights", lambda e: len(e.feeds), not_exported),
    Check("every act written down", lambda e: sum(e.acts.values()), unwritten),
    Check("no job failed", lambda _: 1, lambda e: (f"{job} failed" for job in e.failed_jobs)),
    Check("nobody astray", lambda e: len({line.number for line in e.lines}), lambda e: e.astray),
    Check("no server error", lambda e: sum(e.webhooks.values()), server_errors),
    Check("own invariants hold", lambda _: 1, lambda e: e.invariants),
)


def _chats(lines: Iterable[Line]) -> dict[str, list[Line]]:
    chats: defaultdict[str, list[Line]] = defaultdict(list)
    for line in sorted(lines, key=lambda line: (line.number, line.n)):
        chats[line.number].append(line)
    return chats
