"""What was asked of simulated traffic, what came of it, and whether that is well."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from alojamientos.kit.errors import Invalid

SERVER_ERROR = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class TrafficPlan:
    """How fast, how long and with which randomness; the rate is messages per second."""

    rate: float
    seconds: float
    seed: int
    deadline_s: float = 30.0


@dataclass(slots=True, kw_only=True)
class TrafficReport:
    """What came of the traffic; `problems` is empty when all is well."""

    plan: TrafficPlan
    seconds: float = 0.0
    conversations: Counter[str] = field(default_factory=Counter)  # by scenario
    outcomes: Counter[str] = field(default_factory=Counter)
    sent: int = 0
    forged: int = 0
    answered: int = 0
    unanswered: int = 0
    doubled: int = 0
    latencies: list[float] = field(default_factory=list)
    statuses: Counter[str] = field(default_factory=Counter)  # provider:status of every webhook
    unexpected_4xx: int = 0
    server_errors: int = 0
    unreachable: int = 0
    reasons: Counter[str] = field(default_factory=Counter)
    invariants: dict[str, Any] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)

    def latency(self, share: float) -> float | None:
        """Return the reply latency that `share` of the answers kept, seconds."""
        if not self.latencies:
            return None
        ordered = sorted(self.latencies)
        return ordered[min(len(ordered) - 1, round(share * (len(ordered) - 1)))]

    def to_json(self) -> dict[str, Any]:
        return {
            "rate": self.plan.rate,
            "seconds": round(self.seconds, 1),
            "seed": self.plan.seed,
            "messages": {
                "sent": self.sent,
                "forged": self.forged,
                "answered": self.answered,
                "unanswered": self.unanswered,
                "answered_twice": self.doubled,
            },
            "conversations": dict(self.conversations),
            "outcomes": dict(self.outcomes),
            "webhooks": dict(self.statuses),
            "unexpected_4xx": self.unexpected_4xx,
            "5xx": self.server_errors,
            "unreachable": self.unreachable,
            "reply_seconds": {
                "p50": self.latency(0.5),
                "p95": self.latency(0.95),
                "max": self.latency(1.0),
            },
            "reasons": dict(self.reasons),
            "invariants": self.invariants,
            "problems": self.problems,
        }


def judge(report: TrafficReport) -> None:
    """Name what must not have happened."""
    for name, count in report.statuses.items():
        status = int(name.rpartition(":")[2])
        report.server_errors += count if status >= SERVER_ERROR else 0
        report.unreachable += count if status == 0 else 0
    checks = (
        (report.unanswered, "messages went unanswered"),
        (report.server_errors, "webhooks were answered with 5xx"),
        (report.unreachable, "webhooks found nobody listening"),
        (report.unexpected_4xx, "webhooks got a status that they should not"),
        (report.doubled, "answers came twice"),
        (report.outcomes["astray"], "conversations did not get where the guest wanted"),
        (report.outcomes["broke_off"], "conversations broke off"),
    )
    report.problems += [f"{int(count)} {words}" for count, words in checks if count]
    report.problems += [
        f"invariant broken: {one.get('name')} ({one.get('violations')})"
        for one in report.invariants.get("invariants", ())
        if one.get("violations")
    ]
    if not report.invariants.get("ok") and not any("invariant" in p for p in report.problems):
        problem = report.invariants.get("problem", "the check did not say ok")
        report.problems.append(f"invariants: {problem}")


def parse_rate(text: str) -> float:
    """Read "5/s", "120/min" or "5" as messages per second; raises Invalid."""
    number, _, unit = text.strip().partition("/")
    divisors = {"": 1, "s": 1, "sec": 1, "m": 60, "min": 60, "h": 3600}
    try:
        rate = float(number) / divisors[unit.strip()]
    except (ValueError, KeyError):
        rate = 0
    if not 0 < rate <= 200:  # noqa: PLR2004 - more than one simulator can sign and count
        raise Invalid(
            f"--rate {text!r} cannot be used; write for example 5/s or 30/min, at most 200/s",
            field="rate",
        )
    return rate
