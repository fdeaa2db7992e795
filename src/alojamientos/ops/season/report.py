"""How a season went, for people and programs."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from alojamientos.ops.season.audit import Verdict

_SHOWN = 20  # findings of one check on the page; the JSON has all


@dataclass(frozen=True, slots=True, kw_only=True)
class SeasonReport:
    """What happened in a season, and whether all of it ended well."""

    seed: int
    days: int
    starts_at: datetime
    ends_at: datetime
    seconds: float  # that it really took
    stops: int  # instants that were played; time was skipped in between
    counts: dict[str, int]
    notes: tuple[str, ...]
    verdicts: tuple[Verdict, ...]

    @property
    def is_clean(self) -> bool:
        return not any(verdict.findings for verdict in self.verdicts)

    def to_json(self) -> dict[str, Any]:
        return {
            "seed": self.seed,
            "days": self.days,
            "starts_at": self.starts_at.isoformat(),
            "ends_at": self.ends_at.isoformat(),
            "seconds": round(self.seconds, 1),
            "stops": self.stops,
            "clean": self.is_clean,
            "counts": dict(sorted(self.counts.items())),
            "notes": list(self.notes),
            "audit": [
                {"name": v.name, "looked_at": v.looked_at, "findings": list(v.findings)}
                for v in self.verdicts
            ],
        }

    def to_markdown(self) -> str:
        """Return the report as a page."""
        verdict = "ended clean" if self.is_clean else "did not end clean"
        lines = [
            f"# A season of {self.days} days {verdict}",
            "",
            f"Seed {self.seed}, from {self.starts_at:%Y-%m-%d} to {self.ends_at:%Y-%m-%d}.",
            f"Played in {self.seconds:.0f} s, with {self.stops} stops of the clock.",
            "",
            "## Audit",
            "",
            "| check | of | findings |",
            "|---|---:|---:|",
            *(f"| {v.name} | {v.looked_at} | {len(v.findings) or 'none'} |" for v in self.verdicts),
            "",
        ]
        for one in self.verdicts:
            if one.findings:
                lines += [f"### {one.name}", "", *(f"- {line}" for line in one.findings[:_SHOWN])]
                left = len(one.findings) - _SHOWN
                lines += [f"- and {left} more"] if left > 0 else []
                lines.append("")
        lines += ["## What happened", "", "| what | times |", "|---|---:|"]
        lines += [f"| {name} | {count} |" for name, count in sorted(self.counts.items())]
        if self.notes:
            lines += ["", "## What went otherwise than somebody wanted", ""]
            lines += [f"- {note}" for note in self.notes]
        return "\n".join(lines) + "\n"
