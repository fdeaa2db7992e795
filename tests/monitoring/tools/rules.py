"""The committed rules, and a file with only those that an alert needs."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

RULES = Path(__file__).parents[3] / "monitoring/prometheus"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One alert as it stands in its file, and the recording rules of all files."""

    alert: dict[str, Any]
    recordings: tuple[dict[str, Any], ...]

    @property
    def needs(self) -> tuple[dict[str, Any], ...]:
        """The recording rules that the alert reads, each after those that it reads itself."""
        wanted: list[dict[str, Any]] = []

        def collect(text: str) -> None:
            for rule in self.recordings:
                if rule["record"] in text and rule not in wanted:
                    collect(str(rule["expr"]))
                    wanted.append(rule)

        collect(str(self.alert["expr"]))
        return tuple(wanted)


@cache
def committed(folder: Path = RULES) -> dict[str, Rule]:
    """Return the alerts of the rule files below `folder` by name."""
    rules = [
        rule
        for path in sorted(folder.rglob("*.yml"))
        if path.parent.name in ("alerts", "rules")
        for group in yaml.load(path.read_text("utf-8"), yaml.CSafeLoader)["groups"]
        for rule in group["rules"]
    ]
    recordings = tuple(rule for rule in rules if "record" in rule)
    return {
        rule["alert"]: Rule(alert=rule, recordings=recordings) for rule in rules if "alert" in rule
    }


@cache
def recordings(folder: Path = RULES) -> dict[tuple[str, str], dict[str, Any]]:
    """Return the recording rules by their name and the level that they are of, if of one only."""
    any_rule = next(iter(committed(folder).values()))
    return {
        (rule["record"], rule.get("labels", {}).get("slo", "")): rule
        for rule in any_rule.recordings
    }


def document(*groups: tuple[dict[str, Any], ...]) -> str:
    """Return a rule file with one group for each tuple of rules."""
    numbered = [{"name": f"group {n}", "rules": list(rules)} for n, rules in enumerate(groups)]
    return yaml.dump({"groups": numbered}, Dumper=yaml.CSafeDumper, allow_unicode=True)
