"""What must be true of the mails of a season, and of what each stay's own days bring. Pure."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from alojamientos.ops.season.evidence import Evidence, Sent, Stay

SILENT = frozenset({"ignored", "paused"})  # outcomes after which nothing need be said
_ANSWER = "auto-replied"
# Notices that a stay has once in its life, unless it is moved.
_ONCE_A_STAY = frozenset(
    {"confirmation_mail", "expiry_mail", "cancellation_mail", "hold_reminder_mail"}
)


@dataclass(frozen=True, slots=True)
class _Day:
    """A day of a stay on which its guest is told something, and in which hours that is done."""

    what: str
    kinds: frozenset[str]
    statuses: frozenset[str]
    first_hour: int
    settles: timedelta = timedelta(0)  # after the confirmation


_ARRIVAL = _Day(
    "reminder before the arrival",
    frozenset({"arrival", "arrival_mail"}),
    frozenset({"confirmed", "completed"}),
    first_hour=9,
    settles=timedelta(hours=6),
)
_THANKS = _Day(
    "thanks after the stay",
    frozenset({"thanks", "thanks_mail"}),
    frozenset({"confirmed", "completed"}),
    first_hour=10,
)
_LAST_HOUR = 21
_TIME_ENOUGH = timedelta(hours=2)  # the season stops once an hour at least


def mails_unanswered(evidence: Evidence) -> Iterator[str]:
    """Every mail that wants an answer has one, and what no person wrote has none."""
    known = {item.external_id: item for item in evidence.received if item.source == "email"}
    answers = Counter(mail.answers for mail in evidence.mails if mail.automatic == _ANSWER)
    for mail in {mail.id: mail for mail in evidence.written}.values():
        item, times = known.get(mail.id), answers[mail.id]
        what = f"mail {mail.id} of {mail.sender}"
        if item is None:
            yield f"{what} never came in"
        elif mail.absence:
            if times:
                yield f"{what} says that nobody is there, and was answered"
        elif item.outcome not in SILENT and times != 1:
            yield f"{what} was answered {times} times"


def mails_twice(evidence: Evidence) -> Iterator[str]:
    """No mail comes twice, and nobody is mailed the same news of a stay twice."""
    for message_id, count in Counter(mail.id for mail in evidence.mails if mail.id).items():
        if count > 1:
            yield f"mail {message_id} came {count} times"
    # Who asks the same twice is answered the same twice.
    words = Counter(
        (mail.to, mail.subject, mail.text) for mail in evidence.mails if mail.automatic != _ANSWER
    )
    for (_, subject, _), count in words.items():
        if count > 1:
            yield f"the mail {subject!r} came {count} times, word for word"
    sent = {message.id: message for message in evidence.sent if message.channel == "email"}
    news = Counter(
        (mail.to, message.kind, message.stay)
        for mail in evidence.mails
        if (message := sent.get(mail.outbox_id or 0)) is not None and message.kind in _ONCE_A_STAY
    )
    for (to, kind, stay), count in news.items():
        if count > 1:
            yield f"{to} got {count} mails {kind} about reservation {stay}"


def mails_missing(evidence: Evidence) -> Iterator[str]:
    """What counts as mailed has arrived, and nothing arrived that we did not send."""
    arrived = {mail.outbox_id for mail in evidence.mails}
    sent = {message.id for message in evidence.sent if message.channel == "email"}
    for message in evidence.sent:
        if message.channel == "email" and message.status == "sent" and message.id not in arrived:
            yield f"email message {message.id} ({message.kind}) counts as sent, and did not arrive"
    for mail in evidence.mails:
        if mail.outbox_id is not None and mail.outbox_id not in sent:
            yield f"the mail {mail.subject!r} is not in the outbox"


def days_due(evidence: Evidence) -> int:
    """Return how many guests were to be told something because their day had come."""
    return sum(_is_due(*each, now=evidence.now) for each in _days(evidence))


def days_untold(evidence: Evidence) -> Iterator[str]:
    """Who comes is reminded once before, and who was here is thanked once."""
    told: defaultdict[int | None, list[Sent]] = defaultdict(list)
    for message in evidence.sent:
        if message.instead_of is None:
            told[message.stay].append(message)
    for stay, day, dates in _days(evidence):
        times = sum(message.kind in day.kinds for message in told[stay.id])
        if times > 1 and not stay.moved:
            yield f"{stay.code} has {times} messages: {day.what}"
        elif times == 0 and _is_due(stay, day, dates, now=evidence.now):
            yield f"{stay.code} has had no {day.what}"


def _days(evidence: Evidence) -> Iterator[tuple[Stay, _Day, tuple[date, ...]]]:
    for stay in evidence.stays:
        before = stay.check_in - timedelta(days=evidence.reminder_days)
        yield stay, _ARRIVAL, (before, stay.check_in)
        yield stay, _THANKS, (stay.check_out + timedelta(days=1),)


def _is_due(stay: Stay, day: _Day, dates: tuple[date, ...], *, now: datetime | None) -> bool:
    """Tell whether there was time enough in decent hours to tell a guest."""
    if stay.settled_at is None or now is None or stay.status not in day.statuses:
        return False
    if not (stay.numbers or stay.email):
        return False  # there is no way to them
    first = stay.settled_at + day.settles
    return any(
        min(datetime.combine(each, time(_LAST_HOUR), tzinfo=now.tzinfo), now)
        - max(datetime.combine(each, time(day.first_hour), tzinfo=now.tzinfo), first)
        >= _TIME_ENOUGH
        for each in dates
    )
